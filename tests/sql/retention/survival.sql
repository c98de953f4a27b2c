-- How long members stay: against R's survival, against lifelines, and against plain SQL.
SET timezone = 'America/Los_Angeles';
SET datestyle = 'ISO';
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS survival_test CASCADE;
CREATE SCHEMA survival_test;
RESET client_min_messages;
SET search_path = survival_test, public, retention;

\set ECHO none
\i tests/judge/agree.sql
\set ECHO all
\set content `cat tests/reference/survival_members.csv`
CREATE TABLE members AS
SELECT c[1] AS data, c[2]::float8 AS duration, c[3]::boolean AS churned, c[4] AS grp, c[5] AS stratum, c[6]::float8 AS entry
FROM csv(:'content') c;
CREATE TABLE data AS
SELECT data, survival_agg(duration, churned, entry) AS d FROM members GROUP BY data;
SELECT data, count(*), count(entry) AS late, sum(duration) AS duration, count(*) FILTER (WHERE churned) AS churned
FROM members GROUP BY data ORDER BY data;

-- The curves of survfit: counts, survival, intervals on three scales, cumulative hazard.
\set content `cat tests/reference/survival_curves.csv`
CREATE TABLE curves AS
SELECT c[1] AS data, c[2] AS conf_type, c[3]::float8 AS tenure, c AS r FROM csv(:'content') c;
SELECT data, conf_type, count(r) AS published, count(d) AS given,
       count(*) FILTER (WHERE (at_risk, events, censored) = (r[4]::bigint, r[5]::bigint, r[6]::bigint)) AS counts,
       count(*) FILTER (WHERE agree(survival, r[7]) AND agree(cumulative_hazard, r[10])) AS estimates,
       count(*) FILTER (WHERE agree(survival_low, r[8]) AND agree(survival_high, r[9])) AS intervals
FROM (SELECT data, conf_type, s.*
      FROM data JOIN (SELECT DISTINCT data, conf_type FROM curves) c USING (data), survival(d, 0.95, conf_type) s) d
     FULL JOIN curves USING (data, conf_type, tenure)
GROUP BY data, conf_type ORDER BY data, conf_type;

-- Its medians and restricted means, up to the longest duration and up to 100.5.
\set content `cat tests/reference/survival_summaries.csv`
SELECT r[1] AS data, r[2] AS conf_type, r[3] AS tau,
       (members, events) = (r[4]::bigint, r[5]::bigint) AS counts,
       agree(median, r[6]) AND agree(median_low, r[7]) AND agree(median_high, r[8]) AS median,
       agree(restricted_mean, r[9])
       AND agree(restricted_mean_low, (r[9]::float8 - 1.959963984540054 * r[10]::float8)::text)
       AND agree(restricted_mean_high, least(r[9]::float8 + 1.959963984540054 * r[10]::float8, r[3]::float8)::text) AS mean
FROM csv(:'content') r JOIN data ON data = r[1], survival_summary(d, r[3]::float8, conf_type => r[2]) s
ORDER BY 1, 2, 3;

-- lifelines on waltons. Among intervals it has 0 to 0 where nobody is left.
\set content `cat tests/reference/waltons_members.csv`
CREATE TABLE waltons AS SELECT c[1]::float8 AS duration, c[2]::boolean AS churned, c[3] AS grp FROM csv(:'content') c;
\set content `cat tests/reference/waltons_curve.csv`
SELECT count(r) AS published, count(s) AS given,
       count(*) FILTER (WHERE (at_risk, events, censored) = (r[2]::bigint, r[3]::bigint, r[4]::bigint)) AS counts,
       count(*) FILTER (WHERE agree(survival, r[5])) AS survival,
       count(*) FILTER (WHERE agree(cumulative_hazard, r[8])) AS cumulative_hazard,
       count(*) FILTER (WHERE agree(survival_low, r[6]) AND agree(survival_high, r[7])) AS intervals,
       count(*) FILTER (WHERE survival = 0 AND survival_low IS NULL AND survival_high IS NULL) AS no_intervals
FROM (SELECT s.* FROM (SELECT survival_agg(duration, churned) AS d FROM waltons) w, survival(d) s) s
     FULL JOIN csv(:'content') r ON tenure = r[1]::float8;
SELECT median, round(restricted_mean::numeric, 8) AS mean_to_60  -- lifelines: 56 and 48.27749482
FROM (SELECT survival_agg(duration, churned) AS d FROM waltons) w, survival_summary(d, 60);

-- A median between two times, as of an even number of values; a curve that ends at just one half; never.
SELECT name, s.median, s.median_low, s.median_high, s.restricted_mean, s.up_to
FROM (SELECT 'four of four', survival_agg(t, true) FROM generate_series(1, 4) t
      UNION ALL SELECT 'two of four', survival_agg(t, t < 3) FROM generate_series(1, 4) t
      UNION ALL SELECT 'one of four', survival_agg(t, t < 2) FROM generate_series(1, 4) t
      UNION ALL SELECT 'all at once', survival_agg(0, true) FROM generate_series(1, 4) t) v (name, d), survival_summary(d) s;
-- Beyond the longest duration nothing is known, unless nobody is left.
SELECT name, s.restricted_mean, s.restricted_mean_low, s.restricted_mean_high, s.up_to, survival_at(d, tenure => 4) AS at_4, survival_at(d, 4.1) AS after_4
FROM (SELECT 'four of four', survival_agg(t, true) FROM generate_series(1, 4) t
      UNION ALL SELECT 'two of four', survival_agg(t, t < 3) FROM generate_series(1, 4) t) v (name, d), survival_summary(d, 5) s;
SELECT t, survival_at(d, t) FROM data, unnest('{-1, 0, 4.9, 5, 10, 11, 1022, 1023, NaN}'::float8[]) t WHERE data = 'lung';

-- Rates by stretches of tenure: every member's own time in them, in plain SQL.
SELECT data, width, count(r) AS stretches, count(*) FILTER (WHERE r.events = p.events AND agree(r.exposure, p.exposure::text)
       AND agree(r.rate, (p.events / nullif(p.exposure, 0))::text)) AS agree, sum(r.events) AS events
FROM (SELECT data, width, h.* FROM data, unnest('{7.5,30,365}'::float8[]) width, hazard_rates(d, width) h) r
     FULL JOIN (SELECT data, width, n * width AS tenure,
                       count(*) FILTER (WHERE churned AND duration >= n * width AND duration < (n + 1) * width) AS events,
                       sum(greatest(least(duration, (n + 1) * width) - greatest(coalesce(entry, 0), n * width), 0)) AS exposure
                FROM members, unnest('{7.5,30,365}'::float8[]) width, generate_series(0, floor(1300 / width)::int) n
                WHERE n * width <= (SELECT max(duration) FROM members m WHERE m.data = members.data)
                GROUP BY data, width, n) p USING (data, width, tenure)
GROUP BY data, width ORDER BY data, width;
-- R: poisson.test(33, 1000)$conf.int is 0.0227156816 0.0463442693.
SELECT events, exposure, rate, round(rate_low::numeric, 8) AS low, round(rate_high::numeric, 8) AS high
FROM (SELECT survival_agg(10, i <= 33) AS d FROM generate_series(1, 100) i) v, hazard_rates(d, 20);
-- Events on the bounds, of widths that are no binary fractions: each belongs to the stretch that begins there.
SELECT tenure, until, events
FROM (SELECT survival_agg(t, true) AS d FROM unnest('{4.1, 4.2, 4.3, 4.4}'::float8[]) t) v, hazard_rates(d, width => 0.1) WHERE tenure >= 4;
-- As many members as a rollup with itself can make: the interval of a rate takes no longer.
DO $$
DECLARE
  d survival_data := (SELECT survival_agg(10, i <= 33) FROM generate_series(1, 100) i);
BEGIN
  FOR i IN 1..50 LOOP
    d := (SELECT rollup(x) FROM unnest(ARRAY[d, d]) x);
  END LOOP;
  CREATE TEMP TABLE very_many AS SELECT d;
END $$;
SELECT events, rate, round(1e9 * (rate - rate_low)::numeric, 6) AS below, round(1e9 * (rate_high - rate)::numeric, 6) AS above
FROM very_many, hazard_rates(d, 20);
SELECT count(*) FROM hazard_rates(NULL);

-- The value: canonical whatever the order of rows, the plan and the merges; through its text.
CREATE TABLE big WITH (parallel_workers = 2) AS
SELECT i, (i * 7919 % 1000)::float8 / 8 AS duration, i % 3 = 0 AS churned,
       CASE WHEN i % 5 = 0 AND i * 7919 % 1000 > 0 THEN (i * 7919 % 1000)::float8 / 16 END AS entry
FROM generate_series(1::bigint, 100000) i;
ANALYZE big;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS SELECT survival_agg(duration, churned, entry)::text AS d FROM big;
SELECT (SELECT d FROM serial) = survival_agg(duration, churned, entry)::text AS other_order
FROM (SELECT * FROM big ORDER BY i * 31 % 1009, duration) b;
SELECT (SELECT d FROM serial) = rollup(d)::text AS rolled_up, count(*) AS parts
FROM (SELECT survival_agg(duration, churned, entry) AS d FROM big GROUP BY i % 7) p;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT survival_agg(duration, churned, entry) FROM big;
SELECT (SELECT d FROM serial) = survival_agg(duration, churned, entry)::text AS parallel FROM big;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
SELECT bool_and(d::text::survival_data::text = d::text) AS through_text FROM data;
COPY (SELECT data, d FROM data) TO PROGRAM 'cat > "$PWD/survival.copy"' (FORMAT binary);
CREATE TABLE copied (data text, d survival_data);
COPY copied FROM PROGRAM 'cat "$PWD/survival.copy"; rm "$PWD/survival.copy"' (FORMAT binary);
SELECT count(*) AS rows, bool_and(a.d::text = b.d::text) AS through_binary FROM data a JOIN copied b USING (data);
-- The counts of the big table in plain SQL.
SELECT count(*) AS steps,
       count(*) FILTER (WHERE (s.at_risk, s.events, s.censored) = (p.at_risk, p.events, p.censored)) AS agree
FROM (SELECT s.* FROM serial, survival(d::survival_data) s) s
     FULL JOIN (SELECT t.duration AS tenure,
                       (SELECT count(*) FROM big b WHERE b.duration >= t.duration AND coalesce(b.entry, -1) < t.duration) AS at_risk,
                       count(*) FILTER (WHERE churned) AS events, count(*) FILTER (WHERE NOT churned) AS censored
                FROM big t GROUP BY duration) p USING (tenure);

-- A history: the first lapse of every member, in plain SQL. Out at the end of a period if not active in the last `gap`
-- ones; a running period has not ended.
CREATE FUNCTION period(unit text, day date) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE unit WHEN 'day' THEN day - date '1900-01-01' WHEN 'week' THEN (day - date '1900-01-01') / 7
           ELSE (extract(year FROM day) * 12 + extract(month FROM day))::int END $$;
CREATE FUNCTION first_lapses(gap int, unit text, as_of date) RETURNS TABLE (tenure int, churned boolean) LANGUAGE sql AS $$
    WITH active AS (
        SELECT DISTINCT member_id, period(unit, ordered_on) AS p FROM cdnow WHERE ordered_on <= as_of),
    ended AS (SELECT period(unit, as_of + 1) - 1 AS p),
    lapses AS (  -- the first period at whose end there was no activity for `gap` ones
        SELECT member_id, min(p + gap) AS p
        FROM (SELECT *, lead(p) OVER (PARTITION BY member_id ORDER BY p) AS next FROM active) a
        WHERE next IS NULL OR next > p + gap GROUP BY member_id)
    SELECT CASE WHEN lapses.p <= ended.p THEN lapses.p - first.p ELSE greatest(ended.p - first.p, 0) END, lapses.p <= ended.p
    FROM (SELECT member_id, min(p) AS p FROM active GROUP BY member_id) first JOIN lapses USING (member_id), ended $$;
CREATE TABLE shopped AS SELECT history_agg(member_id, ordered_on, amount) AS h FROM cdnow;
CREATE TABLE questions AS SELECT * FROM (VALUES
    ('month', 1, date '1998-06-30'), ('month', 3, '1998-06-30'), ('month', 2, '1998-06-10'), ('month', 1, '1997-01-20'),
    ('week', 4, '1998-06-28'), ('week', 9, '1998-01-01'), ('day', 30, '1997-12-31'), ('month', 2, '1999-03-31')) v (unit, gap, as_of);
SELECT unit, gap, as_of, count(given) AS steps, sum(given.events) AS lapses,
       count(*) FILTER (WHERE (given.at_risk, given.events, given.censored) = (plain.at_risk, plain.events, plain.censored)) AS agree,
       count(*) FILTER (WHERE plain IS NULL) AS too_many
FROM (SELECT q.*, s.* FROM questions q, shopped, survival(h, unit, gap, as_of => as_of) s) given
     FULL JOIN (SELECT q.*, tenure::float8 AS tenure, count(*) FILTER (WHERE churned) AS events,
                       count(*) FILTER (WHERE NOT churned) AS censored,
                       sum(count(*)) OVER (PARTITION BY unit, gap, as_of ORDER BY tenure DESC) AS at_risk
                FROM questions q, first_lapses(gap, unit, as_of) GROUP BY unit, gap, as_of, tenure) plain
     USING (unit, gap, as_of, tenure)
GROUP BY unit, gap, as_of ORDER BY unit, gap, as_of;
-- All who begin in the first period and are lost there are lost from the ledger too.
SELECT gap, s.events, r.churned FROM shopped, unnest('{1, 2, 5}'::int[]) gap,
     LATERAL (SELECT h1 FROM (SELECT slice(h, '1997-01-01', '1997-01-31') AS h1) x) x,
     survival(h1, 'month', gap, as_of => '1998-06-30') s, churn(h1, 'month', gap, as_of => '1998-06-30') r
WHERE r.churned > 0;
SELECT s.* FROM shopped, survival_summary(h, 'month', 2, as_of => '1998-06-30', tau => 6) s;

-- Memberships: from first joining to first departing; spells that touch are one. In plain SQL, by the days on which the
-- periods end.
CREATE TABLE spells AS
SELECT i AS member, date '2020-01-01' + i * 37 % 700 AS joined, date '2020-01-01' + i * 37 % 700 + 1 + i * 7919 % 997 % 500 AS ended
FROM generate_series(1, 3000) i;
UPDATE spells SET ended = NULL WHERE ended > '2021-12-31' OR member % 5 > 0 AND member % 11 = 0;
INSERT INTO spells SELECT member, ended + member % 3 * 20, CASE WHEN member % 4 > 0 THEN ended + 50 + member % 100 END
FROM spells WHERE member % 5 = 0 AND ended IS NOT NULL;
CREATE TABLE contracts AS SELECT membership_agg(member, joined, ended) AS m FROM spells;
CREATE FUNCTION first_departures(unit text, as_of date) RETURNS TABLE (tenure int, churned boolean) LANGUAGE sql AS $$
    WITH stays AS (
        SELECT a.member, a.joined, CASE WHEN b.member IS NULL THEN a.ended ELSE b.ended END AS ended
        FROM (SELECT DISTINCT ON (member) * FROM spells ORDER BY member, joined) a
             LEFT JOIN spells b ON b.member = a.member AND b.joined = a.ended
        WHERE a.joined <= as_of),
    numbered AS (
        SELECT CASE unit WHEN '30 days' THEN (day - joined) / 30 ELSE period(unit, day) - period(unit, joined) END AS n, what, member
        FROM stays, LATERAL (VALUES ('departed', ended), ('running', as_of + 1)) v (what, day))
    SELECT CASE WHEN departed < running THEN departed ELSE running - 1 END, coalesce(departed < running, false)
    FROM (SELECT member, max(n) FILTER (WHERE what = 'departed') AS departed, max(n) FILTER (WHERE what = 'running') AS running
          FROM numbered GROUP BY member) m WHERE running > 0 $$;
SELECT unit, as_of, count(given) AS steps, sum(given.events) AS departures,
       count(*) FILTER (WHERE (given.at_risk, given.events, given.censored) = (plain.at_risk, plain.events, plain.censored)) AS agree,
       count(*) FILTER (WHERE plain IS NULL) AS too_many
FROM (SELECT unit, as_of, s.* FROM unnest('{day,30 days,month}'::text[]) unit, unnest('{2021-12-31,2021-06-15,2022-02-28}'::date[]) as_of,
             contracts, survival(m, unit, as_of) s) given
     FULL JOIN (SELECT unit, as_of, tenure::float8 AS tenure, count(*) FILTER (WHERE churned) AS events,
                       count(*) FILTER (WHERE NOT churned) AS censored,
                       sum(count(*)) OVER (PARTITION BY unit, as_of ORDER BY tenure DESC) AS at_risk
                FROM unnest('{day,30 days,month}'::text[]) unit, unnest('{2021-12-31,2021-06-15,2022-02-28}'::date[]) as_of,
                     first_departures(unit, as_of) GROUP BY unit, as_of, tenure) plain
     USING (unit, as_of, tenure)
GROUP BY unit, as_of ORDER BY unit, as_of;
-- Days are exact: the same as survival_agg over the days themselves, whatever the function.
SELECT count(*) AS steps, count(*) FILTER (WHERE a = b) AS same
FROM (SELECT s.* FROM contracts, survival(m, 'day', '2021-12-31') s) a
     FULL JOIN (SELECT s.* FROM (SELECT survival_agg(tenure, churned) AS d FROM first_departures('day', '2021-12-31')) f, survival(d) s) b USING (tenure);
SELECT s.members, s.events, s.median, s.up_to, x = s AS same
FROM contracts, survival_summary(m, 'day', '2021-12-31', tau => 300) s,
     (SELECT survival_agg(tenure, churned) AS d FROM first_departures('day', '2021-12-31')) f, survival_summary(d, 300) x;
SELECT count(*) FROM survival(NULL::memberships);
SELECT count(*) FROM survival_summary(NULL::memberships);

-- tenures: a row a member, of which survival_agg makes the same table; members come as what they are.
SELECT unit, gap, as_of, count(*) AS steps, count(*) FILTER (WHERE a = b) AS same
FROM (SELECT q.*, s.* FROM questions q, shopped, survival(h, unit, gap, as_of => as_of) s) a
     FULL JOIN (SELECT unit, gap, as_of, s.*
                FROM (SELECT unit, gap, as_of, survival_agg(tenure, churned) AS d
                      FROM questions q, shopped, tenures(h, unit, gap, as_of => as_of) GROUP BY unit, gap, as_of) t, survival(d) s) b
     USING (unit, gap, as_of, tenure)
GROUP BY unit, gap, as_of ORDER BY unit, gap, as_of;
SELECT count(*) AS members, count(*) FILTER (WHERE (first_day, last_day) = (first, last)) AS days
FROM shopped, tenures(h, id => NULL::bigint, period => 'day', gap => 30, as_of => '1997-12-31') t
     JOIN (SELECT member_id, min(ordered_on) AS first, max(ordered_on) FILTER (WHERE n = 0) AS last
           FROM (SELECT *, sum(CASE WHEN ordered_on > before + 30 THEN 1 ELSE 0 END) OVER (PARTITION BY member_id ORDER BY ordered_on) AS n
                 FROM (SELECT *, lag(ordered_on) OVER (PARTITION BY member_id ORDER BY ordered_on) AS before
                       FROM cdnow WHERE ordered_on <= '1997-12-31') o) o
           GROUP BY member_id) m ON m.member_id = t.member;
SELECT t.* FROM shopped, tenures(h, id => 1::bigint, as_of => '1998-06-30') t;
SELECT unit, as_of, count(*) AS steps, count(*) FILTER (WHERE a = b) AS same
FROM (SELECT unit, as_of, s.* FROM unnest('{day,30 days,month}'::text[]) unit, unnest('{2021-12-31,2021-06-15}'::date[]) as_of, contracts, survival(m, unit, as_of) s) a
     FULL JOIN (SELECT unit, as_of, s.*
                FROM (SELECT unit, as_of, survival_agg(tenure, churned) AS d
                      FROM unnest('{day,30 days,month}'::text[]) unit, unnest('{2021-12-31,2021-06-15}'::date[]) as_of, contracts,
                           tenures(m, unit, as_of) GROUP BY unit, as_of) t, survival(d) s) b
     USING (unit, as_of, tenure)
GROUP BY unit, as_of ORDER BY unit, as_of;
-- One row for everybody who has joined, also for those of whom nothing is known yet.
SELECT count(*) AS members, count(tenure) AS known, sum(last_day - first_day) AS days
FROM contracts, tenures(m, period => 'month', as_of => '2021-06-15');
SELECT count(DISTINCT member) AS members, count(DISTINCT member) FILTER (WHERE period('month', joined) < period('month', '2021-06-16')) AS known
FROM spells WHERE joined <= '2021-06-15';

-- winback: who comes back after the first lapse, in plain SQL.
CREATE FUNCTION first_returns(gap int, unit text, as_of date) RETURNS TABLE (member_id bigint, tenure int, returned boolean) LANGUAGE sql AS $$
    WITH active AS (
        SELECT DISTINCT member_id, period(unit, ordered_on) AS p FROM cdnow WHERE ordered_on <= as_of),
    ended AS (SELECT period(unit, as_of + 1) - 1 AS p),
    lapses AS (
        SELECT DISTINCT ON (member_id) member_id, a.p + gap AS p, next
        FROM (SELECT *, lead(p) OVER (PARTITION BY member_id ORDER BY p) AS next FROM active) a
        WHERE next IS NULL OR next > a.p + gap ORDER BY member_id, a.p)
    SELECT member_id, CASE WHEN next <= ended.p THEN next ELSE ended.p END - lapses.p, coalesce(next <= ended.p, false)
    FROM lapses, ended WHERE lapses.p <= ended.p $$;
SELECT unit, gap, as_of, count(given) AS steps, sum(given.returned) AS returns,
       count(*) FILTER (WHERE (given.at_risk, given.returned, given.censored) = (plain.at_risk, plain.returned, plain.censored)) AS agree,
       count(*) FILTER (WHERE plain IS NULL) AS too_many
FROM (SELECT q.*, w.* FROM questions q, shopped, winback(h, unit, gap, as_of => as_of) w) given
     FULL JOIN (SELECT unit, gap, as_of, tenure::float8 AS tenure, count(*) FILTER (WHERE returned) AS returned,
                       count(*) FILTER (WHERE NOT returned) AS censored,
                       sum(count(*)) OVER (PARTITION BY unit, gap, as_of ORDER BY tenure DESC) AS at_risk
                FROM questions q, first_returns(gap, unit, as_of) GROUP BY unit, gap, as_of, tenure) plain
     USING (unit, gap, as_of, tenure)
GROUP BY unit, gap, as_of ORDER BY unit, gap, as_of;
-- The same as survival_agg over its members; rates are what survival leaves.
SELECT count(*) AS steps, count(*) FILTER (WHERE (w.at_risk, w.returned, w.censored) = (s.at_risk, s.events, s.censored)) AS counts,
       count(*) FILTER (WHERE w.rate = 1 - s.survival AND (w.rate_low, w.rate_high) IS NOT DISTINCT FROM (1 - s.survival_high, 1 - s.survival_low)) AS rates
FROM (SELECT w.* FROM shopped, winback(h, 'month', 3, as_of => '1998-06-30') w) w
     FULL JOIN (SELECT s.* FROM (SELECT survival_agg(tenure, returned) AS d FROM shopped, winback_members(h, 'month', 3, as_of => '1998-06-30')) m, survival(d) s) s
     USING (tenure);
SELECT count(*) AS members, count(*) FILTER (WHERE (w.tenure, w.returned) = (p.tenure, p.returned)) AS agree
FROM shopped, winback_members(h, id => NULL::bigint, period => 'week', gap => 4, as_of => '1998-06-28') w
     FULL JOIN first_returns(4, 'week', '1998-06-28') p ON p.member_id = w.member;
-- Away from the end of February on; back in April, in March for those who looked in April only, in the running month.
SELECT as_of, w.* FROM unnest('{2024-02-29,2024-03-31,2024-04-20,2024-04-30}'::date[]) as_of,
     (SELECT history_agg(1, d) AS h FROM unnest('{2024-01-10,2024-04-15}'::date[]) d) v, winback_members(h, 'month', 1, as_of => as_of) w ORDER BY 1;
SELECT as_of, w.* FROM unnest('{2024-03-09,2024-03-10,2024-04-20,2024-04-30,2024-05-31}'::date[]) as_of,
     (SELECT membership_agg(1, j, e) AS m FROM (VALUES (date '2024-01-10', date '2024-03-10'), ('2024-04-15', NULL)) s (j, e)) v, winback_members(m, 'month', as_of) w ORDER BY 1;
SELECT as_of, w.* FROM unnest('{2024-04-20,2024-05-31}'::date[]) as_of,
     (SELECT membership_agg(1, j, e) AS m FROM (VALUES (date '2024-01-10', date '2024-03-10'), ('2024-04-15', NULL)) s (j, e)) v, winback(m, 'month', as_of) w ORDER BY 1;
-- Silence in time: of days it is a gap in periods of a day; with months the tables of members and of counts agree.
SELECT count(*) AS members, count(*) FILTER (WHERE a = b) AS same
FROM shopped, tenures(h, id => NULL::bigint, period => 'day', gap => 30, as_of => '1997-12-31') a
     FULL JOIN (SELECT b.* FROM shopped, tenures(h, id => NULL::bigint, period => 'day', silence => '30 days', as_of => '1997-12-31') b) b USING (member);
SELECT count(*) AS members, count(*) FILTER (WHERE a = b) AS same
FROM shopped, winback_members(h, id => NULL::bigint, period => 'day', gap => 30, as_of => '1997-12-31') a
     FULL JOIN (SELECT b.* FROM shopped, winback_members(h, id => NULL::bigint, period => 'day', silence => '30 days', as_of => '1997-12-31') b) b USING (member);
SELECT silence, count(*) AS steps, count(*) FILTER (WHERE (a.at_risk, a.events, a.censored) = (b.at_risk, b.events, b.censored)) AS same, sum(a.events) AS lapses
FROM (SELECT silence, s.* FROM shopped, unnest('{3 months,10 days,90 days}'::text[]) silence, survival(h, 'month', silence => silence, as_of => '1998-06-30') s) a
     FULL JOIN (SELECT silence, s.* FROM (SELECT silence, survival_agg(tenure, churned) AS d FROM shopped, unnest('{3 months,10 days,90 days}'::text[]) silence,
                       tenures(h, period => 'month', silence => silence, as_of => '1998-06-30') GROUP BY silence) t, survival(d) s) b USING (silence, tenure)
GROUP BY silence ORDER BY silence;
-- As many lapses and returns as the ledger counts, of the first of each member.
SELECT w.returned <= c.reactivated AS fewer, t.lapses <= c.churned AS fewer_lapses, m.returned = w.returned AS members
FROM shopped, LATERAL (SELECT sum(returned) AS returned FROM winback(h, 'month', silence => '10 days', as_of => '1998-06-30')) w,
     LATERAL (SELECT count(*) FILTER (WHERE returned) AS returned FROM winback_members(h, period => 'month', silence => '10 days', as_of => '1998-06-30')) m,
     LATERAL (SELECT count(*) FILTER (WHERE churned) AS lapses FROM tenures(h, period => 'month', silence => '10 days', as_of => '1998-06-30')) t,
     LATERAL (SELECT sum(reactivated) AS reactivated, sum(churned) AS churned FROM churn(h, 'month', silence => '10 days', as_of => '1998-06-30')) c;
SELECT count(*) FROM winback(NULL::history);
SELECT count(*) FROM winback_members(NULL::memberships, period => 'month');
SELECT count(*) FROM tenures(NULL::history, 'month');

-- Competing risks: lifelines.
\set content `cat tests/reference/causes_members.csv`
CREATE TABLE causes AS SELECT c[1]::float8 AS duration, c[2] AS cause FROM csv(:'content') c;
CREATE TABLE leaving AS SELECT survival_agg(duration, cause IS NOT NULL, NULL, 1, cause) AS d FROM causes;
\set content `cat tests/reference/causes_incidence.csv`
SELECT cause, count(r) AS published, count(i) AS given, count(*) FILTER (WHERE agree(incidence, r[3])) AS incidence,
       count(*) FILTER (WHERE agree(incidence_low, r[4]) AND agree(incidence_high, r[5]) OR at_risk = 1 AND r[4] IS NULL) AS intervals,
       round(max(incidence)::numeric, 9) AS at_the_end  -- where nobody is left lifelines divides by 0
FROM (SELECT i.* FROM leaving, cumulative_incidence(d) i) i
     FULL JOIN (SELECT r[1] AS cause, r[2]::float8 AS tenure, r FROM csv(:'content') r) r USING (cause, tenure)
GROUP BY cause ORDER BY cause;
-- The causes add up to all who have left. Censoring the other causes gives more.
SELECT count(*) AS times, count(*) FILTER (WHERE abs(1 - survival - incidence) < 1e-12) AS add_up,
       count(*) FILTER (WHERE (at_risk, events) = (all_at_risk, all_events)) AS counts
FROM (SELECT s.* FROM leaving, survival(d) s) s
     JOIN (SELECT tenure, sum(incidence) AS incidence, max(at_risk) AS all_at_risk, sum(events) AS all_events
           FROM leaving, cumulative_incidence(d) GROUP BY tenure) i USING (tenure);
SELECT max(incidence) < 1 - min(survival) AS naive_is_more
FROM leaving, cumulative_incidence(d) i, (SELECT survival_agg(duration, cause = 'price' AND cause IS NOT NULL) AS d FROM causes) n, survival(n.d)
WHERE cause = 'price';
-- Without a cause those who left come last; of those still there it does not matter; one cause is what survival leaves.
SELECT i.* FROM (SELECT survival_agg(i, i < 5, NULL, 1, CASE WHEN i % 2 = 1 THEN 'odd' END) AS d FROM generate_series(1, 6) i) v, cumulative_incidence(d) i;
SELECT count(*) AS steps, count(*) FILTER (WHERE agree(incidence, (1 - survival)::text)) AS agree
FROM data, cumulative_incidence(d) i JOIN LATERAL survival(d) s USING (tenure);
SELECT count(*) FROM cumulative_incidence(NULL);

-- A weight is as many rows, with entries and causes too; values merge; what 0.1.0 stored is what it was.
CREATE TABLE weighted AS SELECT i, (1 + i * 31 % 40)::float8 AS duration, i % 3 > 0 AS churned, CASE WHEN i % 5 = 0 THEN 0.5 END::float8 AS entry,
       1 + i % 4 AS weight, CASE i % 7 WHEN 0 THEN 'price' WHEN 1 THEN 'moved' END AS cause FROM generate_series(1, 200) i;
SELECT (SELECT survival_agg(duration, churned, entry, weight, cause)::text FROM weighted)
       = (SELECT survival_agg(duration, churned, entry, 1, cause)::text FROM weighted, generate_series(1, weight)) AS with_cause,
       (SELECT survival_agg(duration, churned, entry, weight)::text FROM weighted)
       = (SELECT survival_agg(duration, churned, entry)::text FROM weighted, generate_series(1, weight)) AS without,
       (SELECT rollup(d)::text FROM (SELECT survival_agg(duration, churned, entry, weight, cause) AS d FROM weighted GROUP BY i % 3) p)
       = (SELECT survival_agg(duration, churned, entry, weight, cause)::text FROM weighted) AS rolled_up,
       (SELECT d::text::survival_data::text = d::text FROM (SELECT survival_agg(duration, churned, entry, weight, cause) AS d FROM weighted) w) AS through_text;
CREATE TABLE big_causes WITH (parallel_workers = 2) AS SELECT i % 50 + 1.0 AS duration, i % 3 > 0 AS churned, 1 + i % 3 AS weight, 'cause ' || i % 5 AS cause
FROM generate_series(1, 100000) i;
ANALYZE big_causes;
SET max_parallel_workers_per_gather = 0;
SELECT md5(survival_agg(duration, churned, NULL, weight, cause)::text) AS serial FROM big_causes \gset
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT md5(survival_agg(duration, churned, NULL, weight, cause)::text) = :'serial' AS parallel FROM big_causes;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
SELECT s.members, s.events, s.median FROM (SELECT survival_agg(i, true, NULL, 1000000000000000) AS d FROM generate_series(1, 9) i) v, survival_summary(d) s;
SELECT agg.d::text = 'AQIzhiABAQEBMMaAApCAAQK+do+Rp/ox/g==' AS as_0_1_0
FROM (SELECT survival_agg(t, c, e) AS d FROM (VALUES (6, true, NULL), (6, false, NULL), (9.5, true, 4), (9.5, true, 4)) v (t, c, e)) agg;
SELECT s.tenure, s.at_risk, s.events, s.censored FROM survival('AQIzhiABAQEBMMaAApCAAQK+do+Rp/ox/g=='::survival_data) s;

-- Nobody, NULLs, one member, what is not taken.
SELECT survival_agg(NULL, true) IS NULL AS nobody, survival_agg(1, NULL) IS NULL AS no_outcome, survival_agg(1, true, NULL) IS NULL AS one;
SELECT count(*) FROM survival(NULL::survival_data);
SELECT count(*) FROM survival(NULL::history);
SELECT count(*) FROM survival_summary(NULL::survival_data);
SELECT rollup(NULL::survival_data) IS NULL AS nothing;
SELECT s.* FROM (SELECT survival_agg(7, false) AS d) v, survival(d) s;
SELECT s.* FROM (SELECT survival_agg(7, true) AS d) v, survival(d, NULL, NULL) s;
SELECT s.* FROM (SELECT survival_agg(7, false) AS d) v, survival_summary(d) s;
SELECT s.* FROM (SELECT history_agg(1, date '2020-01-15') AS h) v, survival(h, as_of => '2020-03-15') s;
SELECT s.* FROM (SELECT history_agg(1, date '2020-01-15') AS h) v, survival(h, as_of => '2019-01-01') s;
\pset format unaligned
\pset tuples_only on
SELECT o.* FROM unnest(ARRAY[
    $$SELECT survival_agg('NaN'::float8, true)$$,
    $$SELECT survival_agg(-1, true)$$,
    $$SELECT survival_agg(1, true, 'Infinity')$$,
    $$SELECT survival_agg(3, true, 3)$$,
    $$SELECT survival_agg(1, true, NULL, 0)$$,
    $$SELECT survival_agg(1, true, NULL, -1)$$,
    $$SELECT survival_agg(1, true, NULL, NULL)$$,
    $$SELECT survival_agg(i, true, NULL, 9223372036854775807) FROM generate_series(1, 2) i$$,
    $$SELECT cumulative_incidence(survival_agg(i, true, NULL, 1, i::text)) FROM generate_series(1, 4000) i$$,
    $$SELECT cumulative_incidence(survival_agg(1, true), 1)$$,
    $$SELECT tenures(h, 'month', 0) FROM shopped$$,
    $$SELECT winback(m, '3 hours') FROM contracts$$,
    $$SELECT survival(survival_agg(1, true), 95)$$,
    $$SELECT survival(survival_agg(1, true), conf_type => 'wilson')$$,
    $$SELECT survival_summary(survival_agg(1, true), tau => 0)$$,
    $$SELECT survival_summary(survival_agg(1, true), tau => 'NaN')$$,
    $$SELECT hazard_rates(survival_agg(1, true), 0)$$,
    $$SELECT hazard_rates(survival_agg(1, true), 1e-7)$$,
    $$SELECT hazard_rates(survival_agg(1e308, true), 1e308) FROM generate_series(1, 9)$$,
    $$SELECT hazard_rates(survival_agg(1e-300, true), 1e-300) FROM generate_series(1, 9)$$,
    $$SELECT survival(h, gap => 0) FROM shopped$$,
    $$SELECT survival(h, 'fortnight') FROM shopped$$,
    $$SELECT survival(m, '3 hours') FROM contracts$$,
    $$SELECT survival(NULL::memberships, 'fortnight')$$,
    $$SELECT '%'::survival_data$$,
    $$SELECT 'AAAA'::survival_data$$,
    $$SELECT (left(d::text, -4) || 'AAAA')::survival_data FROM data LIMIT 1$$,
    $$SELECT ''::survival_data$$]) q, outcome(q) o;
