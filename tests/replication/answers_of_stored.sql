-- Every reader over stored histories.
SELECT country, members(h), events(h), first_at(h), last_at(h), grain(h), time_zone(h) FROM by_country ORDER BY country;
SELECT country, c.* FROM by_country, cohorts(h, period => 'quarter', as_of => '2011-12-09') c
WHERE country <> 'all of cdnow' ORDER BY country, cohort, period_number;
SELECT c.* FROM by_country, cohorts(h, as_of => '1998-06-30') c WHERE country = 'all of cdnow' ORDER BY cohort, period_number;
SELECT country, c.* FROM by_country, churn(h, gap => 2, as_of => '2011-12-09') c
WHERE country IN ('France', 'Germany', 'Spain') ORDER BY country, period_start;
SELECT country, v.* FROM by_country, value_summary(h) v ORDER BY country;
SELECT c.* FROM (SELECT rollup(h) AS h FROM by_month) s, cohorts(s.h, as_of => '2011-12-09') c ORDER BY cohort, period_number;
SELECT country, count(*), sum(events), sum(amount) FROM by_month, history_rows(h) GROUP BY country ORDER BY country;
SELECT count(DISTINCT h) FROM by_month;
SELECT count(*) FROM by_month x JOIN by_month y USING (h);
