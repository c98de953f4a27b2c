-- Do groups leave alike: against R's survdiff, against lifelines, and against plain SQL.
SET datestyle = 'ISO';
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS logrank_test CASCADE;
CREATE SCHEMA logrank_test;
RESET client_min_messages;
SET search_path = logrank_test, public, retention;
\set ECHO none
\i tests/judge/agree.sql
\set ECHO all
\set content `cat tests/reference/survival_members.csv`
CREATE TABLE members AS
SELECT c[1] AS data, c[2]::float8 AS duration, c[3]::boolean AS churned, c[4] AS grp, c[5] AS stratum FROM csv(:'content') c;
\set content `cat tests/reference/waltons_members.csv`
CREATE TABLE waltons AS SELECT c[1]::float8 AS duration, c[2]::boolean AS churned, c[3] AS grp FROM csv(:'content') c;
CREATE TABLE grouped AS
SELECT data, s AS stratified,
       CASE WHEN s THEN logrank_agg(duration, churned, grp, stratum) FILTER (WHERE stratum IS NOT NULL)
            ELSE logrank_agg(duration, churned, grp) END AS d
FROM members CROSS JOIN unnest('{f,t}'::boolean[]) s GROUP BY data, s;

\set content `cat tests/reference/survival_logrank.csv`
SELECT r[1] AS data, r[2] AS rho, r[3] AS stratified, count(*) AS groups,
       count(*) FILTER (WHERE members = r[5]::bigint AND agree(observed, r[6]) AND agree(expected, r[7]) AND agree(variance, r[8])) AS agree,
       min(t.df) AS df, bool_and(agree(t.chi_square, r[9]) AND t.df = r[10]::int AND agree(t.p_value, r[11])) AS test
FROM csv(:'content') r JOIN grouped l ON data = r[1] AND stratified = r[3]::boolean,
     logrank_groups(l.d, r[2]::float8) g, logrank(l.d, r[2]::float8) t
WHERE g.grp = r[4]
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- lifelines on waltons: 122.24912557300608, 2.0359832222856157e-28.
SELECT round(chi_square::numeric, 9) AS chi_square, df, (p_value * 1e28)::numeric(20, 9) AS p_value
FROM (SELECT logrank_agg(duration, churned, grp) AS d FROM waltons) w, logrank(d);

-- The same whatever the order of rows, the plan, or the names of strata that hold all.
CREATE TABLE big_groups WITH (parallel_workers = 2) AS
SELECT i, i * 7919 % 1000 AS duration, i % 3 = 0 AS churned, 'g' || i % 5 AS grp, 's' || i % 7 AS stratum
FROM generate_series(1::bigint, 100000) i;
ANALYZE big_groups;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial_groups AS SELECT logrank_agg(duration, churned, grp, stratum)::text AS d FROM big_groups;
SELECT (SELECT d FROM serial_groups) = logrank_agg(duration, churned, grp, stratum)::text AS other_order
FROM (SELECT * FROM big_groups ORDER BY i * 31 % 1009, duration) b;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT logrank_agg(duration, churned, grp, stratum) FROM big_groups;
SELECT (SELECT d FROM serial_groups) = logrank_agg(duration, churned, grp, stratum)::text AS parallel FROM big_groups;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
SELECT d::logrank_data::text = d AS through_text FROM serial_groups;
COPY (SELECT d::logrank_data FROM serial_groups) TO PROGRAM 'cat > "$PWD/logrank.copy"' (FORMAT binary);
CREATE TABLE copied (d logrank_data);
COPY copied FROM PROGRAM 'cat "$PWD/logrank.copy"; rm "$PWD/logrank.copy"' (FORMAT binary);
SELECT a.d = b.d::text AS through_binary FROM serial_groups a, copied b;
SELECT a = b AS one_stratum_is_none
FROM (SELECT logrank_agg(duration, churned, grp) AS d, logrank_agg(duration, churned, grp, 'all') AS e FROM big_groups) v,
     logrank(d) a, logrank(e) b;
-- What was expected, in plain SQL.
SELECT count(*) AS groups, count(*) FILTER (WHERE members = m AND observed = o AND abs(expected - e) < 1e-6) AS agree
FROM serial_groups s, logrank_groups(s.d::logrank_data) FULL JOIN (
    SELECT grp, max(m) AS m, sum(d) AS o, sum(e) AS e
    FROM (SELECT stratum, duration, grp, sum(d) OVER moment * n / sum(n) OVER moment AS e, d, m
          FROM (SELECT stratum, duration, grp, sum(gone) FILTER (WHERE churned) OVER same AS d,
                       sum(gone) OVER later AS n, row_number() OVER same AS first, m
                FROM (SELECT stratum, duration, grp, churned, count(x.grp) AS gone
                      FROM (SELECT DISTINCT stratum, duration FROM big_groups) a CROSS JOIN (SELECT DISTINCT grp FROM big_groups) b
                           CROSS JOIN unnest('{f,t}'::boolean[]) churned
                           LEFT JOIN big_groups x USING (stratum, duration, grp, churned)
                      GROUP BY 1, 2, 3, 4) c
                     JOIN (SELECT grp, count(*) AS m FROM big_groups GROUP BY grp) size USING (grp)
                WINDOW same AS (PARTITION BY stratum, duration, grp),
                       later AS (PARTITION BY stratum, grp ORDER BY duration DESC)) d
          WHERE first = 1 WINDOW moment AS (PARTITION BY stratum, duration)) e
    GROUP BY grp) p USING (grp);

-- Nothing to compare: one group, nobody who left, groups in strata of their own.
SELECT t.* FROM (SELECT logrank_agg(i, true, 'a') AS d FROM generate_series(1, 9) i) v, logrank(d) t;
SELECT t.* FROM (SELECT logrank_agg(i, false, (i % 2)::text) AS d FROM generate_series(1, 9) i) v, logrank(d) t;
SELECT t.* FROM (SELECT logrank_agg(i, true, (i % 2)::text, (i % 2)::text) AS d FROM generate_series(1, 9) i) v, logrank(d) t;
SELECT g.* FROM (SELECT logrank_agg(i, true, (i % 2)::text, nullif(i % 2, 0)::text) AS d FROM generate_series(1, 9) i) v, logrank_groups(d) g;
-- Two pairs that never meet: two degrees of freedom among four groups.
SELECT round(t.chi_square::numeric, 6) AS chi_square, t.df
FROM (SELECT logrank_agg(i, true, (i % 4)::text, (i % 2)::text) AS d FROM generate_series(1, 40) i) v, logrank(d) t;
-- Weights of which the last ones are all that counts: of two at risk one leaves, so that (O - E)^2 = V.
SELECT round(t.chi_square::numeric, 6) AS chi_square, t.df FROM (SELECT logrank_agg(i, true, (i % 2)::text) AS d FROM generate_series(1, 10) i) v, logrank(d, -100) t;
-- A weight is as many rows, with entries and strata too. Without ties, the test with entries is the score test of a Cox regression.
CREATE TABLE weighted AS SELECT i, (1 + i * 31 % 40)::float8 AS duration, i % 3 > 0 AS churned, chr(97 + i % 3) AS grp, nullif(i % 2, 0)::text AS stratum,
       CASE WHEN i % 5 = 0 THEN 0.5 END::float8 AS entry, 1 + i % 4 AS weight FROM generate_series(1, 200) i;
SELECT (SELECT logrank_agg(duration, churned, grp, stratum, entry, weight)::text FROM weighted)
       = (SELECT logrank_agg(duration, churned, grp, stratum, entry)::text FROM weighted, generate_series(1, weight)) AS repeated,
       (SELECT logrank_agg(duration, churned, grp, stratum, NULL, 1)::text FROM weighted)
       = (SELECT logrank_agg(duration, churned, grp, stratum)::text FROM weighted) AS plain;
SELECT agree(t.statistic, l.chi_square::text) AND agree(t.p_value, l.p_value::text) AS score_is_logrank
FROM (SELECT logrank_agg(i * 17 % 101, i % 3 > 0, (i % 2)::text, NULL, CASE WHEN i * 17 % 101 > i % 7 THEN i % 7 END) AS d,
             cox_fit_agg(i * 17 % 101, i % 3 > 0, ARRAY[i % 2], CASE WHEN i * 17 % 101 > i % 7 THEN i % 7 END) AS model
      FROM generate_series(1, 100) i) v, logrank(d) l, cox_tests(model) t
WHERE test = 'score';
-- What 0.1.0 stored is what it was.
SELECT logrank_agg(t, c, grp, s)::text = 'AQIBYQFiAgF4AXkDAICAgICAgICYgAEBAQGAgICAgICAhIABAQICgYCAgICAgJiAAQABR1vhGCYxTMs=' AS as_0_1_0
FROM (VALUES (6, true, 'b', NULL), (6, false, 'a', 'y'), (2.5, true, 'b', 'x'), (2.5, true, 'b', 'x')) v (t, c, grp, s);
SELECT g.grp, g.members, g.observed FROM logrank_groups('AQIBYQFiAgF4AXkDAICAgICAgICYgAEBAQGAgICAgICAhIABAQICgYCAgICAgJiAAQABR1vhGCYxTMs='::logrank_data) g;
SELECT logrank_agg(NULL, true, 'a') IS NULL AND logrank_agg(1, NULL, 'a') IS NULL AND logrank_agg(1, true, NULL) IS NULL AS nobody;
SELECT count(*) FROM logrank(NULL);
SELECT count(*) FROM logrank_groups(NULL);
\pset format unaligned
\pset tuples_only on
SELECT o.* FROM unnest(ARRAY[
    $$SELECT logrank_agg(-1, true, 'a')$$,
    $$SELECT logrank_agg(1, true, 'a', NULL, 2)$$,
    $$SELECT logrank_agg(1, true, 'a', NULL, NULL, 0)$$,
    $$SELECT logrank_agg(1, true, 'a', NULL, NULL, NULL)$$,
    $$SELECT logrank(logrank_agg(1, true, 'a'), 'NaN')$$,
    $$SELECT logrank(logrank_agg(i, true, (i % 2)::text), -100) FROM generate_series(1, 10000) i$$,
    $$SELECT logrank(logrank_agg(i, true, i::text)) FROM generate_series(1, 1001) i$$,
    $$SELECT '%'::logrank_data$$,
    $$SELECT 'AAAA'::logrank_data$$]) q, outcome(q) o;
