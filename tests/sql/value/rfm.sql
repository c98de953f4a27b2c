-- RFM against the judge (tests/judge/value/rfm.sql) on both data sets and on random tables of every kind.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET jit = off;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\i tests/judge/ask.sql
\i tests/judge/value/rfm.sql
SELECT to_regclass('public.orders') IS NULL AS load \gset
\if :load
\i demo/load.sql
\endif
\set ECHO all
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS rfm_test;
CREATE OR REPLACE VIEW rfm_test.shop AS SELECT member_id AS member, ordered_at AS at, amount FROM public.orders;
CREATE OR REPLACE VIEW rfm_test.cdnow AS SELECT member_id AS member, ordered_on AS at, amount FROM public.cdnow;
CREATE TEMP TABLE data AS
  SELECT 'shop' AS data, 'rfm_test.shop' AS tbl, 'UTC' AS zone, date '2011-12-09' AS last, date '2011-06-30' AS earlier,
         retention.history_agg(member, at, amount, 'day', 'UTC') AS h FROM rfm_test.shop
  UNION ALL SELECT 'cdnow', 'rfm_test.cdnow', NULL, '1998-06-30', '1997-09-30',
         retention.history_agg(member, at, amount) FROM rfm_test.cdnow;

-- Values and scores, by every method.
SELECT data, method, bins, days, mean, c.*
FROM data, (VALUES ('quantile', 5, false, false), ('quantile', 10, true, true), ('rank', 5, false, false), ('rank', 3, true, false),
                   ('ntile', 5, false, false), ('ntile', 7, false, true)) q (method, bins, days, mean),
     oracle.compare_rfm(h, tbl, bins, method, 'day', zone, last, days, mean, 'bigint') c
ORDER BY data, method, bins;
-- As of days in the past, and after the end.
SELECT data, as_of, c.* FROM data, LATERAL (VALUES (earlier), (last + 100)) d (as_of),
     oracle.compare_rfm(h, tbl, 5, 'quantile', 'day', zone, as_of) c ORDER BY data, as_of;
SELECT data, c.* FROM data, oracle.compare_classes(h, tbl, 'day', zone, last) c ORDER BY data;
SELECT data, method, map, c.*
FROM data, (VALUES ('quantile', 'rf10'), ('quantile', 'putler11'), ('rank', 'rfm8'), ('rank', 'rfm8 median')) q (method, map),
     oracle.compare_rfm_with_itself(h, last, earlier, method, map) c ORDER BY data, method, map;
-- pandas: qcut(recency, 5, labels=[5, 4, 3, 2, 1]) and qcut(monetary, 5, labels=[1, 2, 3, 4, 5]); frequency by cut at the
-- quantiles, since qcut refuses equal edges. The sum of all scores read as numbers, and the three most frequent.
SELECT sum(score::int) = 1431164 AS sum_is_that_of_pandas FROM data, retention.rfm(h, as_of => last) WHERE data = 'shop';
SELECT score, count(*) FROM data, retention.rfm(h, as_of => last) WHERE data = 'shop' GROUP BY 1 ORDER BY 2 DESC LIMIT 3; -- 330, 324, 208
-- The comparisons do find differences.
SELECT c.wrong > 0 AS found FROM data, oracle.compare_rfm(retention.slice(h, NULL, earlier), tbl, 5, 'quantile', 'day', zone, last) c
WHERE data = 'shop';

-- Random tables.
CALL oracle.make_all();
CREATE FUNCTION oracle.rfm_questions(s oracle.spec) RETURNS TABLE (question text, query text)
LANGUAGE plpgsql AS $$
DECLARE
  t text := 'random.t' || s.id;
  h text := format('(SELECT %s FROM %s)', oracle.aggregate(s), t);
  clock text := format('%L, %L', s.grain, s.zone);
  days date[] := (SELECT array_agg(e.day ORDER BY e.day) FROM oracle.events(t, s.grain, s.zone) e);
  last_day date := days[cardinality(days)];
  as_of date := CASE s.as_of WHEN 'later' THEN last_day + floor(oracle.u(1, s.id) * 60)::int
    WHEN 'earlier' THEN oracle.end_of_tick(s.grain, oracle.one_of(oracle.u(2, s.id), days)) END;
  earlier date := oracle.end_of_tick(s.grain, oracle.one_of(oracle.u(7, s.id), days));
  until date := greatest(coalesce(as_of, last_day), earlier);
  id_type text := CASE s.member_type WHEN 'integer' THEN 'bigint' WHEN 'varchar' THEN 'text' ELSE s.member_type END;
  distinct_days boolean := s.grain IN ('second', 'minute', 'hour', 'day') AND s.id % 2 = 0;
  has_amounts boolean := EXISTS (SELECT 1 FROM oracle.events(t, s.grain, s.zone) e WHERE e.amount IS NOT NULL);
  bins int := oracle.one_of(oracle.u(8, s.id), '{2,3,4,5,10,17}'::int[]);
BEGIN
  -- as of the end of the last tick a coarse history can be asked too
  until := CASE WHEN s.grain IN ('second', 'minute', 'hour', 'day') OR until >= last_day THEN until ELSE oracle.end_of_tick(s.grain, until) END;
  RETURN QUERY SELECT v.name, 'SELECT * FROM oracle.' || v.call FROM (VALUES
    ('rfm, quantile', format('compare_rfm(%s, %L, 5, %L, %s, %L)', h, t, 'quantile', clock, as_of)),
    ('rfm, quantile, other bins', format('compare_rfm(%s, %L, %s, %L, %s, %L, %L, %L)', h, t, bins, 'quantile', clock, as_of, distinct_days, true)),
    ('rfm, rank', format('compare_rfm(%s, %L, %s, %L, %s, %L, %L)', h, t, bins, 'rank', clock, as_of, distinct_days)),
    ('rfm, ntile', format('compare_rfm(%s, %L, %s, %L, %s, %L, false, %L, %L)', h, t, bins, 'ntile', clock, as_of, s.id % 3 = 0, id_type)),
    ('rfm8', format('compare_classes(%s, %L, %s, %L)', h, t, clock, as_of)),
    ('rfm with itself', format('compare_rfm_with_itself(%s, %L, %L, %L, %L)', h, until, earlier,
                               CASE WHEN s.id % 2 = 0 THEN 'quantile' ELSE 'rank' END,
                               CASE WHEN has_amounts AND s.id % 3 = 0 THEN 'putler11' ELSE 'rf10' END)),
    ('names of members', format('compare_names(%L, %L, %L)', t, s.amount_type <> 'none', CASE WHEN s.id % 2 = 0 THEN 'rank' ELSE 'quantile' END))
  ) v (name, call)
  WHERE NOT (v.name = 'rfm8' AND NOT has_amounts);
END $$;
CALL oracle.ask_all('oracle.rfm_questions');
SELECT question, count(*) AS tables, count(*) FILTER (WHERE answers > 0) AS with_answers,
       count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY question ORDER BY question COLLATE "C";
\x on
SELECT * FROM random.wrong;
\x off

-- Members in their own types, and NULL for everything.
SELECT count(*), bool_and(f.member::text = g.member) FROM data, retention.rfm(h, id => NULL::bigint, as_of => last) f
JOIN LATERAL retention.rfm(h, as_of => last) g ON g.member = f.member::text WHERE data = 'shop';
SELECT f.* FROM (SELECT retention.history_agg('11111111-2222-3333-4444-555555555555'::uuid, date '2024-01-01', 2.5) AS h) s,
  retention.rfm(h, id => NULL::uuid) f;
SELECT count(*) FROM data, retention.rfm(h, as_of => NULL, bins => NULL, method => NULL, cuts => NULL, map => NULL,
  distinct_days => NULL, monetary => NULL);
SELECT count(*) FROM retention.rfm(NULL);
SELECT count(*) FROM data, retention.rfm(h, as_of => '1990-01-01');
SELECT count(*) FROM data, retention.rfm_cuts(h, as_of => '1990-01-01');
SELECT count(*) FROM data, retention.rfm_segments(h, as_of => '1990-01-01');
SELECT retention.rfm_cuts_json(h, as_of => '1990-01-01') IS NULL AS is_null FROM data;
-- One member; without amounts; without amounts as of now.
SELECT f.* FROM (SELECT retention.history_agg('only', date '2024-01-01', 10) AS h) s, retention.rfm(h, as_of => '2024-01-31') f;
SELECT f.* FROM (SELECT retention.history_agg('only', date '2024-01-01') AS h) s, retention.rfm(h, as_of => '2024-01-31') f;
SELECT f.* FROM (SELECT retention.history_agg('only', date '2024-01-01') AS h) s, retention.rfm_segments(h, map => 'none') f;
-- A member whose events have no amounts, among others that have: 0.
SELECT f.member, f.monetary, f.m FROM (SELECT retention.history_agg(x, date '2024-01-01', a) AS h FROM (VALUES ('a', 5), ('b', NULL)) v (x, a)) s,
  retention.rfm(h) f ORDER BY 1;
-- A word about bins that nobody is in.
SET client_min_messages = notice;
SELECT measure, score, members FROM (SELECT retention.history_agg(x, date '2024-01-01' + x % 3) AS h FROM generate_series(1, 9) x) s,
  retention.rfm_cuts(h, bins => 4);
SET client_min_messages = warning;

-- Maps: the built-in ones, proved over all cells, and those of users.
SELECT map, count(DISTINCT segment) AS segments, count(*) AS rules, count(DISTINCT chinese) AS chinese FROM retention.segment_maps() GROUP BY map ORDER BY map COLLATE "C";
-- Every segment has a Chinese name of its own, the same in all maps; a report takes it with a join that loses and doubles nobody.
SELECT count(*) AS segments, count(chinese) AS named, count(DISTINCT chinese) AS names, bool_and(chinese LIKE '%客户') AS customers,
       string_agg(chinese, ' ' ORDER BY rule) FILTER (WHERE map = 'rfm8') AS rfm8
FROM (SELECT DISTINCT ON (segment) * FROM retention.segment_maps() ORDER BY segment, map) m;
SELECT count(*) AS wrong FROM (SELECT segment FROM retention.segment_maps() GROUP BY segment HAVING count(DISTINCT chinese) <> 1) w;
SELECT u.name, count(*) = (SELECT retention.members(h) FROM data WHERE data = 'cdnow') AS each_once, count(f.member) = count(n.chinese) AS all_named
FROM data, unnest('{rf10,putler11,rfm8,rfm8 median}'::text[]) u (name), retention.rfm(h, as_of => last, map => u.name) f,
     retention.segment_maps() n
WHERE data = 'cdnow' AND n.map = u.name AND n.segment = f.segment GROUP BY u.name ORDER BY u.name COLLATE "C";
CREATE FUNCTION pg_temp.span(span text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT CASE WHEN span IS NOT NULL THEN to_jsonb(string_to_array(span, '-')::int[]) END $$;
CREATE TEMP TABLE as_json AS
SELECT map, jsonb_build_object('rules', jsonb_agg(jsonb_strip_nulls(jsonb_build_object('segment', segment, 'r', pg_temp.span(r),
         'f', pg_temp.span(f), 'm', pg_temp.span(m), 'fm', pg_temp.span(fm))) ORDER BY rule)) AS json
FROM retention.segment_maps() WHERE map IN ('rf10', 'putler11') GROUP BY map;
SELECT map, problem, count(*) FROM as_json LEFT JOIN retention.check_segment_map(json) c ON true GROUP BY 1, 2 ORDER BY 1, 2;
-- The segment of every cell: a map written as JSON says the same as the built-in one.
SELECT map, count(*), count(*) FILTER (WHERE f.segment IS DISTINCT FROM g.segment) AS wrong, count(DISTINCT (f.r, f.f, f.m)) AS cells
FROM data, as_json, LATERAL retention.rfm(h, as_of => last, map => map) f
     JOIN LATERAL retention.rfm(h, as_of => last, map => json::text) g USING (member)
WHERE data = 'cdnow' GROUP BY map ORDER BY map;
SELECT * FROM retention.check_segment_map('{"rules": [{"segment": "best", "r": 3, "fm": [2.5, 3]}, {"segment": "good", "r": [2, 3], "m": 3}]}', 3)
ORDER BY problem DESC, r, f, m LIMIT 7;
SELECT count(*) FROM retention.check_segment_map('{"rules": [], "default": "all"}');
SELECT count(*) FROM retention.check_segment_map(NULL);
SELECT segment, members FROM data, retention.rfm_segments(h, as_of => last, bins => 3, map => '{"bins": 3, "rules": [{"segment": "active", "r": 3}], "default": "others"}')
WHERE data = 'shop';

-- What is refused.
CREATE FUNCTION pg_temp.outcome(sql text) RETURNS TABLE (state text, message text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE sql;
    state := '00000';
    message := 'no error';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
\pset format unaligned
\pset fieldsep ' | '
\pset tuples_only on
SELECT n, o.* FROM (VALUES
    (1, 'rfm(h, bins => 1)'), (2, 'rfm(h, bins => 101)'), (3, 'rfm(h, bins => 4)'), (4, 'rfm(h, method => ''best'')'),
    (5, 'rfm(h, method => ''fixed'')'), (6, 'rfm(h, cuts => ''{}'')'), (7, 'rfm(h, method => ''fixed'', cuts => ''{}'')'),
    (8, 'rfm(h, method => ''fixed'', cuts => ''{"recency": [1], "frequency": [2, 3]}'')'),
    (9, 'rfm(h, method => ''fixed'', cuts => ''{"recency": [2, 1], "frequency": [2, 3]}'')'),
    (10, 'rfm(h, method => ''fixed'', cuts => ''{"recency": [1, "x"], "frequency": [2, 3]}'')'),
    (11, 'rfm(h, method => ''fixed'', cuts => ''{"recency": [1], "frequency": [2]}'', map => ''none'')'),
    (12, 'rfm(h, method => ''fixed'', bins => 4, cuts => ''{"recency": [1], "frequency": [2], "monetary": [1]}'', map => ''none'')'),
    (13, 'rfm(h, method => ''fixed'', cuts => ''{"recency": [], "frequency": [], "monetary": []}'', map => ''none'')'),
    (14, 'rfm(h, map => ''rf11'')'), (15, 'rfm(h, map => ''{"rules": ['')'), (16, 'rfm(h, map => ''{}'')'),
    (17, 'rfm(h, map => ''[{"segment": "a", "r": [1, 2, 3]}]'')'), (18, 'rfm(h, map => ''[{"segment": "a", "r": [3, 2]}]'')'),
    (19, 'rfm(h, map => ''[{"segment": "a", "r": 6}]'')'), (20, 'rfm(h, map => ''[{"segment": "a", "r": 2.5}]'')'),
    (21, 'rfm(h, map => ''[{"segment": "", "r": 2}]'')'), (22, 'rfm(h, map => ''[{"r": 2}]'')'),
    (23, 'rfm(h, map => ''[{"segment": "a", "x": 2}]'')'), (24, 'rfm(h, map => ''[{"segment": "a", "r": [2, 5]}]'')'),
    (25, 'rfm(h, map => ''{"bins": 3, "rules": []}'')'), (26, 'rfm(h, map => repeat(''['', 100000))'),
    (27, 'rfm(h, map => ''['' || repeat('' '', 300000) || '']'')'), (28, 'rfm(h, monetary => ''sum'')'),
    (29, 'rfm(n, map => ''putler11'')'), (30, 'rfm(n, map => ''rfm8'')'), (31, 'rfm(m, distinct_days => true)'),
    (32, 'rfm(h, as_of => ''infinity'')'), (33, 'rfm(h, id => NULL::uuid)'), (34, 'rfm_cuts_json(h, method => ''ntile'')'),
    (35, 'rfm_migration(h, NULL, NULL)'), (36, 'rfm_migration(h, ''2024-01-02'', ''2024-01-01'')'),
    (37, 'rfm_migration(h, ''2024-01-01'', ''2024-01-02'', method => ''ntile'')'), (38, 'rfm_score(''{}'', 1, 1, 1)'),
    (39, 'rfm_score(''{"recency": [1], "frequency": [2]}'', ''NaN'', 1, 1)'), (40, 'check_segment_map(''{"rules": [1]}'')'),
    (41, 'check_segment_map(''[]'', 0)'), (42, 'rfm_cuts_agg(1, 2, 3, 5, ''ntile'')'), (43, 'rfm_cuts_agg(''Infinity'', 2, 3)'),
    (44, 'rfm_cuts_agg(1, 2, 3, b) FROM generate_series(2, 3) b')
  ) v (n, q),
  pg_temp.outcome('SELECT retention.' || q || CASE WHEN q LIKE '% FROM %' THEN '' ELSE $$ FROM (SELECT retention.history_agg(1, date '2024-01-01', 1) AS h,
    retention.history_agg(1, date '2024-01-01') AS n, retention.history_agg(1, date '2024-01-01', 1, 'month') AS m) s $$ END) o ORDER BY n;
\pset tuples_only off
\pset format aligned

-- The inside of an aggregate is not to be called (the words differ from one PostgreSQL to another, even of one major).
SELECT state IN ('42883', '0A000') AS refused FROM pg_temp.outcome('SELECT retention_internal.rfm_cuts_step(NULL, 1, 2, 3)');
-- Scores of tables with a row per member; missing values; plans.
SELECT retention.rfm_score(c, 10, 3, 100) AS all_three, retention.rfm_score(c - 'monetary', 10, 3) AS two, retention.rfm_score(c, 10, 3) AS missing,
       retention.rfm_score(c, NULL, 3, 1) AS no_recency, retention.rfm_score(NULL, 1, 1, 1) AS no_cuts
FROM (SELECT '{"recency": [30, 90], "frequency": [1, 4], "monetary": [50, 250]}'::jsonb) s (c);
CREATE TABLE rfm_test.members WITH (parallel_workers = 2) AS
  SELECT f.* FROM data, retention.rfm(h, as_of => last) f WHERE data = 'cdnow';
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT retention.rfm_cuts_agg(recency, frequency, monetary) FROM rfm_test.members;
SELECT retention.rfm_cuts_agg(recency, frequency, monetary) = (SELECT retention.rfm_cuts_json(h, as_of => last) FROM data WHERE data = 'cdnow')
       - '{mean}'::text[] || jsonb_build_object('mean', retention.rfm_cuts_agg(recency, frequency, monetary) -> 'mean') AS same
FROM rfm_test.members;
SELECT count(DISTINCT c) AS one FROM (
  SELECT retention.rfm_cuts_agg(recency, frequency, monetary, 7, 'rank') AS c FROM rfm_test.members
  UNION ALL SELECT retention.rfm_cuts_agg(recency, frequency, monetary, 7, 'rank') FROM (SELECT * FROM rfm_test.members ORDER BY monetary) t
  UNION ALL SELECT retention.rfm_cuts_agg(recency, frequency, monetary, 7, 'rank') FROM (SELECT * FROM rfm_test.members ORDER BY member DESC) t) u;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SELECT retention.rfm_cuts_agg(NULL, 1, 1), retention.rfm_cuts_agg(1, 1, NULL) ->> 'monetary' AS monetary;

-- Clusters: the members add up to them; every member is nearest to its own centre, in plain SQL; nothing depends on names.
CREATE TEMP TABLE clustered AS
  SELECT data, c.* FROM data, retention.rfm_cluster_members(h, k => 4, seed => 3, as_of => last) c;
CREATE TEMP TABLE cluster AS
  SELECT data, c.* FROM data, retention.rfm_clusters(h, k => 4, seed => 3, as_of => last) c;
SELECT data, count(*) AS clusters, sum(c.members) AS members, count(*) FILTER (WHERE (c.members, c.revenue) IS DISTINCT FROM (m.members, m.revenue)
         OR abs(c.silhouette - m.silhouette) > 1e-6) AS wrong
FROM cluster c FULL JOIN (SELECT data, cluster, count(*) AS members, sum(monetary) AS revenue, avg(silhouette) AS silhouette FROM clustered GROUP BY 1, 2) m
     USING (data, cluster) GROUP BY data ORDER BY data;
WITH unit AS (SELECT data, percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(monetary::float8)) AS unit FROM clustered WHERE monetary <> 0 GROUP BY data),
scale AS (SELECT data, unit, stddev_pop(ln(1 + recency::float8)) AS r, stddev_pop(ln(1 + frequency::float8)) AS f,
                 stddev_pop(ln(1 + monetary::float8 / unit)) AS m
          FROM clustered JOIN unit USING (data) GROUP BY data, unit),
distance AS (
  SELECT data, a.member, a.cluster AS own, a.silhouette, c.cluster,
         sqrt(((ln(1 + a.recency) - ln(1 + c.recency)) / r) ^ 2 + ((ln(1 + a.frequency) - ln(1 + c.frequency)) / f) ^ 2
              + ((ln(1 + a.monetary::float8 / unit) - ln(1 + c.monetary / unit)) / m) ^ 2) AS d
  FROM clustered a JOIN cluster c USING (data) JOIN scale USING (data)
)
SELECT data, count(*) AS members, count(*) FILTER (WHERE own_d > other_d + 1e-9 OR abs(silhouette - (other_d - own_d) / other_d) > 1e-6) AS wrong
FROM (SELECT data, member, silhouette, min(d) FILTER (WHERE cluster = own) AS own_d, min(d) FILTER (WHERE cluster <> own) AS other_d
      FROM distance GROUP BY 1, 2, 3) t GROUP BY data ORDER BY data;
-- scikit-learn's KMeans(k, n_init=50) on the same standardised logarithms: the least sum of squared distances it found
-- (tests/reference/rfm_clusters.py).
WITH unit AS (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(monetary::float8)) AS unit FROM clustered WHERE data = 'shop' AND monetary <> 0),
scale AS (SELECT unit, stddev_pop(ln(1 + recency::float8)) AS r, stddev_pop(ln(1 + frequency::float8)) AS f, stddev_pop(ln(1 + monetary::float8 / unit)) AS m
          FROM clustered, unit WHERE data = 'shop' GROUP BY unit)
SELECT k, round((sum(((ln(1 + a.recency) - ln(1 + rc)) / r) ^ 2 + ((ln(1 + a.frequency) - ln(1 + fc)) / f) ^ 2
              + ((ln(1 + a.monetary::float8 / unit) - ln(1 + mc / unit)) / m) ^ 2) / inertia)::numeric, 3) AS of_scikit_learn
FROM data, scale, (VALUES (2, 6523.569441594782), (3, 4760.9401212067405), (4, 3838.3101350418606), (6, 2760.109746985838)) v (k, inertia),
     LATERAL (SELECT m.*, c.recency AS rc, c.frequency AS fc, c.monetary AS mc
              FROM retention.rfm_cluster_members(h, k => k, as_of => last) m JOIN retention.rfm_clusters(h, k => k, as_of => last) c USING (cluster)) a
WHERE data = 'shop' GROUP BY k, inertia ORDER BY k;
SELECT data, count(*) AS k FROM data, retention.rfm_clusters(h, as_of => last) GROUP BY data ORDER BY data;
SELECT count(*), count(silhouette), sum(members) FROM data, retention.rfm_clusters(h, k => 1) WHERE data = 'shop';
SELECT count(*) AS other FROM (
  SELECT members, recency, frequency FROM cluster WHERE data = 'shop' EXCEPT SELECT c.members, c.recency, c.frequency
  FROM (SELECT retention.history_agg(md5(member::text), at, amount, 'day', 'UTC') AS h FROM rfm_test.shop) s, retention.rfm_clusters(h, 4, 3, '2011-12-09') c) t;
-- The same money in cents gives the same clusters.
SELECT count(*) AS members, count(*) FILTER (WHERE a.cluster <> b.cluster) AS other
FROM (SELECT retention.history_agg(member, at, 100 * amount, 'day', 'UTC') AS h FROM rfm_test.shop) s,
     retention.rfm_cluster_members(h, k => 4, seed => 3, as_of => '2011-12-09') b JOIN clustered a USING (member) WHERE a.data = 'shop';
SELECT count(*) FROM data, retention.rfm_clusters(h, as_of => '1990-01-01');
SELECT count(*) FROM retention.rfm_clusters(NULL);
SELECT count(*) FROM data, retention.rfm_clusters(h, k => 51);
SELECT c.* FROM (SELECT retention.history_agg(x, date '2024-01-01') AS h FROM generate_series(1, 3) x) s, retention.rfm_clusters(h, k => 3) c;

-- That everything can be cancelled is shown in whole/cancel.sql.
DROP SCHEMA rfm_test CASCADE;
