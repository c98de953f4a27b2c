-- What must hold between the answers of the extension, whatever the table: on all random tables (tests/judge/tables.sql).
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET jit = off;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\i tests/judge/ask.sql
\set ECHO all
CALL oracle.make_all();

CREATE FUNCTION oracle.properties(s oracle.spec) RETURNS TABLE (question text, query text)
LANGUAGE plpgsql AS $$
DECLARE
  agg text := oracle.aggregate(s);
  t text := 'random.t' || s.id;
  days date[] := (SELECT array_agg(e.day ORDER BY e.day) FROM oracle.events(t, s.grain, s.zone) e);
  last_day date := days[cardinality(days)];
  as_of date := CASE s.as_of WHEN 'earlier' THEN oracle.end_of_tick(s.grain, oracle.one_of(oracle.u(6, s.id), days))
                             ELSE last_day + s.id % 40 END;
BEGIN
  -- In every query: h the history, d the day as of which; s the parts of the history, by members.
  RETURN QUERY SELECT v.name, format(
    'WITH h AS MATERIALIZED (SELECT %1$s AS h, %3$L::date AS d FROM %2$s), '
    's AS MATERIALIZED (SELECT %1$s AS h, %3$L::date AS d FROM %2$s GROUP BY left(md5(member::text), 1) < ''6''), '
    'c AS (SELECT c.* FROM h, retention.cohorts(h.h, %4$L, as_of => h.d) c), '
    'l AS (SELECT l.* FROM h, retention.churn(h.h, %4$L, %5$s, as_of => h.d) l) ', agg, t, as_of, s.period, s.gap)
    || 'SELECT count(*) AS answers, count(*) FILTER (WHERE (' || v.holds || ') IS NOT TRUE) AS wrong FROM ' || v.of
  FROM (VALUES
    ('churn: the ledger balances', 'closing = opening - churned + new + reactivated AND retained + churned = opening', 'l'),
    ('churn: opening is the closing before', 'opening = before',
     '(SELECT l.*, lag(closing, 1, 0::bigint) OVER (ORDER BY period_start) AS before FROM l) l'),
    ('churn: rates of the counts',
     'CASE WHEN complete AND opening > 0 THEN retention_rate + churn_rate BETWEEN 1 - 1e-12 AND 1 + 1e-12
        AND churn_rate_low <= churn_rate + 1e-12 AND churn_rate <= churn_rate_high + 1e-12 AND churn_rate_low >= 0 AND churn_rate_high <= 1
      ELSE retention_rate IS NULL AND churn_rate IS NULL AND churn_rate_low IS NULL AND churn_rate_high IS NULL END', 'l'),
    ('churn: no period is missing', 'period_start = (before + step.one)::date OR before IS NULL',
     '(SELECT l.*, lag(period_start) OVER (ORDER BY period_start) AS before FROM l) l, '
     || format('(VALUES (interval %L)) step (one)', CASE s.period WHEN 'quarter' THEN '3 months' ELSE '1 ' || s.period END)),
    ('cohorts: retained <= eligible',
     'retained <= eligible AND eligible IN (0, members) AND retained <= active AND active <= members
      AND complete = (eligible = members) AND members > 0', 'c'),
    ('cohorts: rates of the counts',
     'CASE WHEN eligible > 0 THEN abs(rate - retained / eligible::float8) <= 1e-12
        AND 0 <= rate_low AND rate_low <= rate + 1e-12 AND rate <= rate_high + 1e-12 AND rate_high <= 1
      ELSE rate IS NULL AND rate_low IS NULL AND rate_high IS NULL END', 'c'),
    ('cohorts: the table is dense', 'low = 0 AND n = high + 1 AND sizes = 1 AND firsts = members',
     '(SELECT min(period_number) AS low, max(period_number) AS high, count(DISTINCT period_number) AS n,
        count(DISTINCT members) AS sizes, max(members) AS members, max(active) FILTER (WHERE period_number = 0) AS firsts
       FROM c GROUP BY cohort) c'),
    ('cohorts: all members, all money', 'c.members = v.members AND c.amount IS NOT DISTINCT FROM v.revenue',
     format('h, retention.value_summary(h.h, %L, as_of => h.d) v, (SELECT sum(members) FILTER (WHERE period_number = 0) AS members,
       sum(amount) AS amount FROM c) c', s.period)),
    ('cohorts and churn: newcomers', 'coalesce(c.members, 0) = l.new',
     'l LEFT JOIN (SELECT * FROM c WHERE period_number = 0) c ON c.cohort = l.period_start'),
    ('cohorts: entry by its own history', 'a IS NOT DISTINCT FROM c',
     format('c FULL JOIN (SELECT c.* FROM h, retention.cohorts(
          h.h, %L, entry => ''starts'', starts => h.h, as_of => h.d) c) a
       USING (cohort, period_number)', s.period)),
    ('cohorts: of events up to a day', 'a IS NOT DISTINCT FROM c',
     format('c FULL JOIN (SELECT c.* FROM h, retention.cohorts(retention.slice(h.h, %L, h.d), %L, as_of => h.d) c) a
       USING (cohort, period_number)', date_trunc('year', days[1]::timestamp)::date, s.period)),
    ('cohorts: the parts add up',
     '(c.members, c.eligible, c.retained, c.active, coalesce(c.amount, 0))
      = (a.members, a.eligible, a.retained, a.active, coalesce(a.amount, 0))',
     format('c FULL JOIN (SELECT cohort, period_number, sum(members) AS members, sum(eligible) AS eligible,
        sum(retained) AS retained, sum(active) AS active, sum(amount) AS amount
        FROM s, retention.cohorts(s.h, %L, as_of => s.d) c GROUP BY 1, 2) a USING (cohort, period_number)', s.period)),
    ('churn: the parts add up',
     '(l.opening, l.new, l.reactivated, l.retained, l.churned, l.closing)
      = (a.opening, a.new, a.reactivated, a.retained, a.churned, a.closing)',
     format('l FULL JOIN (SELECT period_start, sum(opening) AS opening, sum(new) AS new, sum(reactivated) AS reactivated,
        sum(retained) AS retained, sum(churned) AS churned, sum(closing) AS closing
        FROM s, retention.churn(s.h, %L, %s, as_of => s.d) l GROUP BY 1) a USING (period_start)', s.period, s.gap)),
    ('churn: of the rolled up parts', 'a IS NOT DISTINCT FROM l',
     format('l FULL JOIN (SELECT a.* FROM (SELECT retention.rollup(h) AS h, max(d) AS d FROM s) r,
        retention.churn(r.h, %L, %s, as_of => r.d) a) a USING (period_start)', s.period, s.gap))
  ) v (name, holds, of)
  -- a slice can begin in the year of the first event only if that does not cut a week
  WHERE NOT (v.name = 'cohorts: of events up to a day' AND s.grain = 'week');
END $$;

CALL oracle.ask_all('oracle.properties');
SELECT question, count(*) AS tables, count(*) FILTER (WHERE answers > 0) AS with_answers,
       count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY question ORDER BY question COLLATE "C";
\x on
SELECT * FROM random.wrong;
