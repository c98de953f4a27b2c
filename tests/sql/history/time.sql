-- One language for time: what is written, what it means, against PostgreSQL's own arithmetic of dates and intervals.
SET timezone = 'UTC';
SET client_min_messages = warning;
SET search_path = public, retention;
SELECT to_regclass('public.orders') IS NULL AS load \gset
\if :load
\i demo/load.sql
\endif
CREATE TEMP TABLE e AS SELECT member_id AS member, (ordered_at AT TIME ZONE 'UTC')::date AS day, amount FROM orders;
CREATE TEMP TABLE shop AS SELECT history_agg(member, day, amount) AS h FROM e;
CREATE TEMP TABLE asked (as_of date);
INSERT INTO asked VALUES ('2011-12-09'), ('2011-11-30'), ('2011-02-28'), ('2011-08-30'), ('2011-05-31');

-- The same period in many words.
SELECT count(DISTINCT answer) AS answers, count(*) AS words
FROM unnest('{month,Months,MONTHLY,"month "}'::text[]) word, shop,
     LATERAL (SELECT md5(string_agg(c::text, ' ' ORDER BY c)) AS answer FROM cohorts(h, word, as_of => '2011-12-09') c) a;
SELECT count(DISTINCT answer) AS answers, count(*) AS words
FROM unnest('{3 months,1 quarter,3 mons,quarter,QUARTERLY}'::text[]) word, shop,
     LATERAL (SELECT md5(string_agg(c::text, ' ' ORDER BY c)) AS answer FROM churn(h, 'month', silence => word, as_of => '2011-11-30') c) a;
SELECT count(DISTINCT answer) AS answers, count(*) AS words
FROM unnest(ARRAY['2 weeks', '14 days', '14Days', (interval '14 days')::text]) word, shop,
     LATERAL (SELECT md5(string_agg(c::text, ' ' ORDER BY c)) AS answer FROM churn(h, word, as_of => '2011-12-09') c) a;

-- Months since each member's own start: a start of 31 January, its months by date + interval.
SELECT c.cohort, c.period_number AS n, c.eligible, c.retained, c.active, (c.cohort + c.period_number * interval '1 month')::date AS from_day
FROM (SELECT history_agg(1, day) AS h FROM unnest('{2012-01-31,2012-02-28,2012-02-29,2012-03-30,2012-03-31}'::date[]) day) s,
     cohorts(h, '1 month', as_of => '2012-04-29') c ORDER BY 2;
WITH q AS (SELECT * FROM asked, (VALUES (1), (2), (3), (12)) v (months)),
first AS (SELECT as_of, months, member, min(day) AS start FROM q JOIN e ON day <= as_of GROUP BY 1, 2, 3),
cell AS (
  SELECT f.as_of, f.months, f.start AS cohort, n AS period_number, count(DISTINCT f.member) AS members, count(DISTINCT e.member) AS active, coalesce(sum(e.amount), 0) AS amount,
         (f.start + (n + 1) * f.months * interval '1 month')::date <= f.as_of + 1 AS ended
  FROM first f CROSS JOIN generate_series(0, 13) n
       LEFT JOIN e ON e.member = f.member AND e.day <= f.as_of AND e.day >= f.start + n * f.months * interval '1 month'
                  AND e.day < f.start + (n + 1) * f.months * interval '1 month'
  WHERE f.start + n * f.months * interval '1 month' <= f.as_of GROUP BY 1, 2, 3, 4
)
SELECT months, count(cell) AS cells, count(*) FILTER (WHERE
         (cell.members, cell.active, cell.amount, CASE WHEN cell.ended THEN cell.members ELSE 0 END, CASE WHEN cell.ended THEN cell.active ELSE 0 END)
         IS DISTINCT FROM (c.members, c.active, c.amount, c.eligible, c.retained)) AS wrong
FROM cell FULL JOIN (SELECT q.*, c.* FROM q, shop, cohorts(h, months || ' months', as_of => as_of) c) c USING (as_of, months, cohort, period_number)
GROUP BY months ORDER BY months;
-- A history of months has their beginnings, and the same months as the calendar.
SELECT count(*) AS cells, count(*) FILTER (WHERE a IS DISTINCT FROM b) AS wrong
FROM (SELECT history_agg(member, day, amount, 'month') AS h FROM e) s, LATERAL (SELECT a, b FROM cohorts(h, '1 month', as_of => '2011-11-30') a
     FULL JOIN cohorts(h, 'month', as_of => '2011-11-30') b USING (cohort, period_number)) x;

-- Stretches of months that all share end at as_of: number k from the last one begins k months before the day after it.
WITH q AS (SELECT * FROM asked, (VALUES (1), (2), (3)) v (months)),
bound AS (
  SELECT as_of, months, ((as_of + 1) - (k + 1) * months * interval '1 month')::date AS first_day, ((as_of + 1) - k * months * interval '1 month')::date AS next_day
  FROM q, generate_series(0, 13) k
  WHERE ((as_of + 1) - k * months * interval '1 month')::date > (SELECT min(day) FROM e)),
in_at_end AS (SELECT DISTINCT as_of, months, first_day, next_day, member FROM bound JOIN e ON day >= first_day AND day < next_day),
there AS (SELECT as_of, months, first_day AS period_start, count(*) AS closing FROM in_at_end GROUP BY 1, 2, 3),
lost AS (SELECT i.as_of, i.months, i.next_day AS period_start, count(*) AS churned
         FROM in_at_end i LEFT JOIN in_at_end j ON (j.as_of, j.months, j.first_day, j.member) = (i.as_of, i.months, i.next_day, i.member)
         WHERE j.member IS NULL GROUP BY 1, 2, 3)
SELECT months, count(t.closing) AS rows, count(*) FILTER (WHERE (t.closing, coalesce(l.churned, 0), true) IS DISTINCT FROM (c.closing, c.churned, c.complete)) AS wrong
FROM there t LEFT JOIN lost l USING (as_of, months, period_start)
     FULL JOIN (SELECT q.*, c.* FROM q, shop, churn(h, months || ' months', as_of => as_of) c) c USING (as_of, months, period_start)
GROUP BY months ORDER BY months;
SELECT c.period_start FROM shop, churn(h, '1 month', as_of => '2011-02-28') c ORDER BY 1;

-- Weeks, quarters and years that begin elsewhere. The example of PostHog's issue 25841:
SELECT c.cohort, c.period_number AS n, c.active
FROM (SELECT history_agg(m, d) AS h FROM (VALUES ('A', date '2024-03-02'), ('A', '2024-03-03'), ('B', '2024-03-03'), ('B', '2024-03-04'), ('B', '2024-03-10')) v (m, d)) s,
     cohorts(h, 'week from sunday', as_of => '2024-03-16') c ORDER BY 1, 2;
WITH unit (name, shift) AS (VALUES ('week from sunday', interval '6 days'), ('week from wednesday', '2 days'), ('quarter from february', '1 month'),
                                   ('quarter from december', '2 months'), ('year from april', '3 months'), ('year from january', '0')),
plain AS (
  SELECT name, (date_trunc(split_part(name, ' ', 1), day - shift) + shift)::date AS period_start, count(DISTINCT member) AS closing
  FROM unit, e GROUP BY 1, 2)
SELECT name, count(plain.closing) AS rows, count(*) FILTER (WHERE plain.closing IS DISTINCT FROM c.closing) AS wrong
FROM plain FULL JOIN (SELECT name, c.* FROM unit, shop, churn(h, name, as_of => '2011-12-09') c) c USING (name, period_start)
WHERE coalesce(c.closing, 1) > 0 GROUP BY name ORDER BY name COLLATE "C";
SELECT DISTINCT c.cohort FROM shop, cohorts(h, 'year from april', as_of => '2011-12-09') c ORDER BY 1;
SELECT count(*) FROM shop, cohort_members(h, '2011-03-06', 0, 'week from sunday', as_of => '2011-12-09');
SELECT count(*) FROM shop, cohort_members(h, '2011-03-07', 1, 'week from sunday', as_of => '2011-12-09');

-- Silence in time: in at the end of a period is whose last event lies in it. The end is the midnight after its last day.
CREATE TEMP TABLE silences AS
SELECT * FROM (VALUES ('day', '3 days', interval '3 days'), ('month', '90 days', '90 days'), ('month', '2 months', '2 months'), ('week', '1 month', '1 month'),
                      ('month', '10 days', '10 days'), ('7 days', '3 weeks', '21 days'), ('1 month', '45 days', '45 days')) v (period, silence, length);
CREATE TEMP TABLE judged AS
WITH bound AS (
  SELECT q.*, c.period_start, coalesce(lead(c.period_start) OVER (PARTITION BY period, silence ORDER BY c.period_start),
           CASE period WHEN 'month' THEN date '2012-01-01' WHEN 'week' THEN '2011-12-12' ELSE '2011-12-10' END) AS next_day
  FROM silences q, shop, churn(h, period, as_of => '2011-12-09') c),
last AS (
  SELECT b.period, b.silence, b.period_start, e.member, max(e.day) >= least(b.next_day, '2011-12-10') - b.length AS is_in
  FROM bound b JOIN e ON e.day < b.next_day AND e.day <= '2011-12-09' GROUP BY b.period, b.silence, b.period_start, b.next_day, b.length, e.member),
step AS (
  SELECT *, coalesce(lag(is_in) OVER w, false) AS was_in, coalesce(bool_or(is_in) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false) AS ever
  FROM last WINDOW w AS (PARTITION BY period, silence, member ORDER BY period_start))
SELECT period, silence, period_start, count(*) FILTER (WHERE was_in) AS opening, count(*) FILTER (WHERE is_in AND NOT was_in AND NOT ever) AS new,
       count(*) FILTER (WHERE is_in AND NOT was_in AND ever) AS reactivated, count(*) FILTER (WHERE was_in AND NOT is_in) AS churned,
       count(*) FILTER (WHERE is_in) AS closing
FROM step GROUP BY 1, 2, 3;
SELECT period, silence, count(j.closing) AS rows, count(*) FILTER (WHERE (j.opening, j.new, j.reactivated, j.churned, j.closing)
         IS DISTINCT FROM (c.opening, c.new, c.reactivated, c.churned, c.closing)) AS wrong,
       sum(CASE WHEN c.opening = c.retained + c.churned AND c.closing = c.opening - c.churned + c.new + c.reactivated THEN 0 ELSE 1 END) AS does_not_add_up
FROM judged j FULL JOIN (SELECT q.period, q.silence, c.* FROM silences q, shop, churn(h, period, silence => silence, as_of => '2011-12-09') c) c
     USING (period, silence, period_start)
GROUP BY 1, 2 ORDER BY 1, 2;
-- Growth, members and survival go by the same ledger.
SELECT q.period, q.silence, count(*) FILTER (WHERE (g.new, g.reactivated, g.churned) IS DISTINCT FROM (j.new, j.reactivated, j.churned)) AS wrong
FROM silences q, shop, growth(h, q.period, silence => q.silence, as_of => '2011-12-09') g JOIN judged j USING (period_start)
WHERE (j.period, j.silence) = (q.period, q.silence) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FILTER (WHERE change = 'new') AS new, count(*) FILTER (WHERE change = 'reactivated') AS reactivated, count(*) FILTER (WHERE change = 'churned') AS churned
FROM shop, churn_members(h, period_start => '2011-10-01', period => 'month', silence => '90 days', as_of => '2011-12-09');
SELECT new, reactivated, churned FROM judged WHERE (period, silence, period_start) = ('month', '90 days', '2011-10-01');
SELECT s.members = j.new AS members FROM shop, survival_summary(h, 'month', silence => '10 days', as_of => '2011-11-30') s,
     (SELECT sum(new) AS new FROM judged WHERE (period, silence) = ('month', '10 days') AND period_start < '2011-12-01') j;
-- As many days, or months, of silence as periods are a gap.
SELECT count(*) AS rows, count(*) FILTER (WHERE a IS DISTINCT FROM b) AS wrong FROM shop,
     LATERAL (SELECT a, b FROM churn(h, 'day', silence => '3 days') a FULL JOIN churn(h, '1 day', gap => 3) b USING (period_start)
              UNION ALL SELECT a, b FROM churn(h, 'month', silence => '3 months', as_of => '2011-11-30') a FULL JOIN churn(h, 'month', 3, as_of => '2011-11-30') b USING (period_start)) x;
SELECT v.churn_rate, v.lifespan FROM shop, LATERAL (SELECT round(churn_rate::numeric, 6) AS churn_rate, round(lifespan::numeric, 4) AS lifespan
  FROM value_summary(h, silence => '90 days', as_of => '2011-12-09')) v;
SELECT round(sum(churned)::numeric / sum(opening), 6) AS churn_rate FROM judged WHERE (period, silence) = ('month', '90 days') AND period_start < '2011-12-01';
SELECT * FROM shop, churn(h, gap => 2, silence => '60 days');
SELECT * FROM (SELECT history_agg(1, date '2020-01-01', NULL::numeric, 'month') AS h) s, churn(h, silence => '90 days');
SELECT count(*) FROM (SELECT history_agg(1, date '2020-01-01', NULL::numeric, 'month') AS h) s, churn(h, silence => '3 months');

-- Within n days of a sign-up: an order of the day itself is one.
CREATE TEMP TABLE signup AS SELECT member, min(day) - member::int % 12 AS day FROM e GROUP BY member;
SELECT c.retained FROM shop, (SELECT history_agg(member, day) AS starts FROM signup) s,
     retention_curve(h, '1 day', 'on or before', 'starts', starts, as_of => '2012-03-01') c WHERE c.period_number = 7;
SELECT count(*) FROM (SELECT DISTINCT s.member FROM signup s JOIN e USING (member) WHERE e.day BETWEEN s.day AND s.day + 7) x;
CREATE TEMP TABLE earlier AS SELECT member, min(day) - 5 AS day FROM e GROUP BY member;
SELECT c.period_number AS n, c.retained, plain.retained AS plain
FROM shop, (SELECT history_agg(member, day) AS starts FROM earlier) s,
     retention_curve(h, '30 days', 'on or before', 'starts', starts, as_of => '2012-03-01') c,
     LATERAL (SELECT count(DISTINCT s.member) AS retained FROM earlier s JOIN e USING (member)
              WHERE e.day BETWEEN s.day AND s.day + 30 * (c.period_number + 1) - 1 AND s.day + 30 * (c.period_number + 1) <= date '2012-03-02') plain
WHERE c.period_number < 3 ORDER BY 1;
-- In cohorts too, and in brackets: one that begins with period 0 counts, what lies outside of all does not.
SELECT sum(c.retained) AS retained FROM shop, (SELECT history_agg(member, day) AS starts FROM signup) s,
     cohorts(h, '1 day', 'on or before', 'starts', starts, as_of => '2012-03-01') c WHERE c.period_number = 7;
SELECT b, c.period_number, c.retained FROM shop, (SELECT history_agg(member, day) AS starts FROM signup) s, unnest('{"{0,1,8}","{1,8}"}'::text[]) b,
     retention_curve(h, '1 day', 'on or before', 'starts', starts, as_of => '2012-03-01', brackets => b::int[]) c ORDER BY 1, 2;
SELECT * FROM shop, cohorts(h, entry => 'starts');
SELECT count(*) FROM shop, (SELECT history_agg(member, day) FILTER (WHERE false) AS starts FROM signup) s, cohorts(h, entry => 'starts', starts => starts);
SELECT * FROM shop, cohorts(h, '1 day', brackets => '{{1,3},{7,9}}');

-- Horizons and the other stretches.
CREATE TEMP TABLE model AS SELECT '{"model": "bg/nbd", "parameters": {"r": 0.25, "alpha": 4, "a": 0.8, "b": 2.4}, "unit": "week"}'::clv_model AS m;
SELECT text, round(expected_purchases(m, text)::numeric, 9) AS expected
FROM model, unnest(ARRAY['1 year', '12 months', '4 quarters', 'year', (interval '1 year')::text, (interval '1 year 6 months')::text, '18 months', '52 weeks', '24 hours', '0 days']) text;
SELECT expected_purchases(m, '12') FROM model;
SELECT expected_purchases(m, interval '12'::text) FROM model;
SELECT expected_purchases(m, '6 hours') FROM model;
SELECT expected_purchases(m, '-1 week') FROM model;
SELECT p_alive(m, 1, 2, 3, '1.5 years') FROM model;
SELECT clv_value(m, 1, 2, 3, 10, '1 year', margin => 30) FROM model;
SELECT clv_value(m, 1, 2, 3, 10, '1 year', margin => -1) FROM model;
SELECT clv_value(m, 1, 2, 3, 10, '1 year', discount => 10) FROM model;
SELECT * FROM model, clv_score(m, 1, 2, 3, horizon => '1 year', confidence => 95);
SELECT * FROM shop, value_summary(h, margin => 30);
SELECT * FROM shop, wilson(1, 2, confidence => 95);
SELECT * FROM shop, repurchase(h, within => '3 months');
SELECT * FROM shop, tiers(h, '{"window": "12", "tiers": [{"name": "Silver", "from": 500}]}');
SELECT count(*) FROM shop, btyd(h, '2 weeks'), LATERAL (SELECT 1) x;
SELECT * FROM shop, btyd(h, 'fortnight');
SELECT * FROM shop, btyd(h, 'week from sunday');

-- Every reader says what it takes.
SELECT * FROM shop, churn(h, 'fortnight');
SELECT * FROM shop, churn(h, '24 hours');
SELECT * FROM shop, cohorts(h, 'fortnight');
SELECT * FROM shop, cohorts(h, '7');
SELECT * FROM shop, cohorts(h, '1 month 15 days');
SELECT * FROM shop, churn(h, silence => '90');
SELECT * FROM shop, engagement_days(h, '28');
SELECT * FROM (SELECT membership_agg(1, date '2020-01-01', NULL) AS m) s, cohorts(m, '24 hours');
SELECT * FROM (SELECT membership_agg(1, date '2020-01-01', NULL) AS m) s, churn(m, '24 hours');
SELECT * FROM (SELECT history_agg(1, date '2020-01-01', NULL::numeric, 'week') AS h) s, churn(h, 'week from sunday');
SELECT * FROM (SELECT history_agg(1, date '2020-01-01', NULL::numeric, 'month') AS h) s, churn(h, '1 month', as_of => '2020-02-10');

-- Zones have names. An offset has its sign the wrong way round.
SELECT history_agg(1, timestamptz '2024-01-01 20:00+00', NULL::numeric, 'day', 'UTC+8');
SELECT history_agg(1, timestamptz '2024-01-01 20:00+00', NULL::numeric, 'day', '+08');
SELECT history_agg(1, timestamptz '2024-01-01 20:00+00', NULL::numeric, 'day', 'GMT+8');
SELECT history_agg(1, timestamptz '2024-01-01 20:00+00', NULL::numeric, 'day', 'EST5');
SELECT history_agg(1, timestamptz '2024-01-01 20:00+00', NULL::numeric, 'day', 'Mars/Olympus');
SELECT history_agg(1, timestamptz '2024-01-01 20:00+00', NULL::numeric, 'day', NULL);
SELECT membership_agg(1, timestamptz '2024-01-01 20:00+00', NULL, NULL);
SELECT events(history_agg(1, timestamp '2024-01-01 20:00', NULL::numeric, 'day', NULL)) AS local_times_have_none;
SELECT zone, time_zone(history_agg(1, timestamptz '2024-01-01 20:00+00', NULL::numeric, 'day', zone)) AS named
FROM unnest('{UTC,utc,GMT,Etc/GMT-8,asia/shanghai,EST5EDT}'::text[]) zone GROUP BY zone ORDER BY zone COLLATE "C";
-- A value that 0.1.0 stored with such a zone stays what it was: eight hours behind UTC, where 04:00 of 1 January is still 31 December. It reads,
-- merges, and comes out of a dump; but nobody can make another.
-- As a table holds them: numeric_uplus copies whatever it is given.
CREATE FUNCTION pg_temp.as_stored(bytea) RETURNS history LANGUAGE internal STRICT AS 'numeric_uplus';
SET timezone = 'UTC';
CREATE TEMP TABLE of_0_1_0 AS
SELECT pg_temp.as_stored(decode('010003055554432b3802030380c0bef3a5b6d80280c0cbe4d6bed802fa8801fe88010405000b0e010200fa88010104c1de810a8192f40181897a5a1ac76136ed92f4', 'hex')) AS h;
SELECT time_zone(h), members(h), events(h), first_at(h), last_at(h) FROM of_0_1_0;
SELECT r.member, r.at AT TIME ZONE 'Etc/GMT+8' AS day_there, r.events, r.amount FROM of_0_1_0, history_rows(h) r ORDER BY 1, 2;
SELECT c.period_start, c.opening, c.new, c.retained, c.closing, c.complete FROM of_0_1_0, churn(h, 'day', as_of => '2024-01-02') c ORDER BY 1;
SELECT c.cohort, c.period_number, c.members, c.active, c.amount FROM of_0_1_0, cohorts(h, 'day') c ORDER BY 1, 2;
SELECT rollup(h) = h AS rolled_up, (h::text)::history = h AS out_and_in FROM of_0_1_0 GROUP BY h;
SELECT members(rollup(h)) FROM (SELECT h FROM of_0_1_0 UNION ALL SELECT history_agg(9, timestamptz '2024-01-01 20:00+00', 1, 'day', 'Etc/GMT+8')) t;
SELECT history_agg(7, timestamptz '2024-01-01 04:00+00', 10.5, 'day', 'UTC+8');
-- The same of the session's, where it is used.
SET timezone = 'UTC+8';
SELECT events(history_agg(1, timestamptz '2024-01-01 20:00+00'));
SELECT events(history_agg(1, date '2024-01-01'));
SELECT events(history_agg(1, timestamptz '2024-01-01 20:00+00', NULL::numeric, 'day', 'UTC'));
SET TIME ZONE 8;
SELECT events(history_agg(1, timestamptz '2024-01-01 20:00+00'));
SET timezone = 'Asia/Shanghai';
SELECT last_at(history_agg(1, timestamptz '2024-01-01 20:00+00')) AT TIME ZONE 'Asia/Shanghai' AS day;
