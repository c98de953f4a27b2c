-- The aggregates in every place and plan in which PostgreSQL runs an aggregate: what they give there must be what they
-- give on their own, and that is held against the judge (tests/judge).
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET jit = off;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\set ECHO all
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS plans CASCADE;
RESET client_min_messages;
CREATE SCHEMA plans;
SET search_path = plans, public, retention;

-- 20,000 events of 1,500 members in two years, most of them of few members.
CREATE TABLE sales (n int, member bigint, at timestamptz, amount numeric, region text, channel int)
WITH (parallel_workers = 2);
INSERT INTO sales
SELECT n, floor(1500 * oracle.u(1, n) ^ 2), timestamptz '2023-01-01' + oracle.u(2, n) * interval '730 days',
       CASE WHEN oracle.u(3, n) > 0.05 THEN round((oracle.u(4, n) * 200 - 20)::numeric, 2) END,
       oracle.one_of(oracle.u(5, n), '{north,south,east,west}'::text[]), floor(oracle.u(6, n) * 3)
FROM generate_series(1, 20000) n;
ANALYZE sales;

-- The call that is used in most places, with a zone that is not the session's.
\set agg 'retention.history_agg(member, at, amount, \'day\', \'America/New_York\')'

-- Does the plan, as it was executed, match these patterns?
CREATE FUNCTION uses(query text, VARIADIC patterns text[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) ' || query LOOP
    plan := plan || line || E'\n';
  END LOOP;
  RETURN (SELECT bool_and(plan ~ p) FROM unnest(patterns) p);
END $$;

-- On its own: against the judge.
CREATE TABLE whole AS SELECT :agg AS h FROM sales;
SELECT 'rows' AS question, c.* FROM whole, oracle.compare_rows(h, 'sales', 'day', 'America/New_York') c
UNION ALL
SELECT 'cohorts', c.*
FROM whole, oracle.compare_cohorts(h, 'sales', 'week', 'day', 'America/New_York', '2024-12-30') c
UNION ALL
SELECT 'churn', c.*
FROM whole, oracle.compare_churn(h, 'sales', 'week', 3, 'day', 'America/New_York', '2024-12-30') c
UNION ALL
SELECT 'value', c.*
FROM whole, oracle.compare_value(h, 'sales', 'quarter', 'day', 'America/New_York', '2024-12-30') c;

-- Over no rows, over rows that are no events, and of no history.
SELECT :agg IS NULL AS no_rows, :agg FILTER (WHERE false) IS NULL AS none_filtered FROM sales WHERE n < 0;
SELECT retention.history_agg(NULL::bigint, at, amount) IS NULL AS no_member,
       retention.history_agg(member, NULL::date) IS NULL AS no_time,
       retention.rollup(NULL::retention.history) IS NULL AS no_history
FROM sales;
SELECT (SELECT count(*) FROM retention.history_rows(none.h)) AS rows,
       (SELECT count(*) FROM retention.cohorts(none.h)) AS cohorts,
       (SELECT count(*) FROM retention.churn(none.h)) AS churn,
       (SELECT count(*) FROM retention.value_summary(none.h)) AS value,
       (SELECT count(*) FROM retention.cohorts(w.h, entry => 'starts', starts => (SELECT none.h))) AS no_starts,
       (SELECT count(*) FROM retention.cohorts(w.h, as_of => '2022-12-30')) AS cohorts_before,
       (SELECT count(*) FROM retention.churn(w.h, as_of => '2022-12-30')) AS churn_before,
       (SELECT count(*) FROM retention.value_summary(w.h, as_of => '2022-12-30')) AS value_before
FROM whole w, (VALUES (NULL::retention.history)) none (h);

-- GROUP BY in groups, by sorting, by hashing, by hashing on disk: each history against the one of a WHERE.
CREATE TABLE by_region AS
  SELECT r.region, (SELECT :agg FROM sales s WHERE s.region = r.region) AS h FROM (SELECT DISTINCT region FROM sales) r;
CREATE TABLE by_member AS
  SELECT m.member, (SELECT :agg FROM sales s WHERE s.member = m.member) AS h
  FROM (SELECT DISTINCT member FROM sales WHERE member % 10 = 0) m;
SET max_parallel_workers_per_gather = 0;
SET enable_hashagg = off;
SELECT 'sorted groups' AS question, count(*) AS answers, count(*) FILTER (WHERE (a.h = b.h) IS NOT TRUE) AS wrong
FROM (SELECT region, :agg AS h FROM sales GROUP BY region) a FULL JOIN by_region b USING (region);
RESET enable_hashagg;
SET enable_sort = off;
SELECT 'hashed groups' AS question, count(*) AS answers, count(*) FILTER (WHERE (a.h = b.h) IS NOT TRUE) AS wrong
FROM (SELECT region, :agg AS h FROM sales GROUP BY region) a FULL JOIN by_region b USING (region);
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT 'hashed on disk' AS question, count(*) AS answers, count(*) FILTER (WHERE (a.h = b.h) IS NOT TRUE) AS wrong
FROM (SELECT member, :agg AS h FROM sales GROUP BY member) a RIGHT JOIN by_member b USING (member);
SELECT uses('SELECT member, ' || :'agg' || ' FROM sales GROUP BY member', 'HashAggregate', 'Disk Usage') AS on_disk;
RESET work_mem;
RESET hash_mem_multiplier;
RESET enable_sort;

-- FILTER, DISTINCT, ORDER BY, several in one query.
SELECT 'filter' AS question, count(*) AS answers, count(*) FILTER (WHERE (a.h = b.h) IS NOT TRUE) AS wrong
FROM (SELECT r.region, :agg FILTER (WHERE s.region = r.region) AS h
      FROM sales s, (SELECT DISTINCT region FROM sales) r GROUP BY r.region) a
     FULL JOIN by_region b USING (region);
SELECT 'distinct' AS question, 1 AS answers, (a.h = b.h IS NOT TRUE)::int AS wrong, a.h = c.h AS same_as_not_distinct
FROM (SELECT retention.history_agg(DISTINCT member, at::date, round(amount, -2)) AS h FROM sales) a,
     (SELECT retention.history_agg(member, day, amount) AS h
      FROM (SELECT DISTINCT member, at::date AS day, round(amount, -2) AS amount FROM sales) d) b,
     (SELECT retention.history_agg(member, at::date, round(amount, -2)) AS h FROM sales) c;
SELECT 'order by, and several' AS question, 4 AS answers,
       (a.h1 = w.h IS NOT TRUE)::int + (a.h2 = w.h IS NOT TRUE)::int
       + (retention.members(a.h3) IS DISTINCT FROM a.n3)::int + (retention.members(a.h4) IS DISTINCT FROM 4)::int AS wrong
FROM whole w,
     (SELECT retention.history_agg(member, at, amount, 'day', 'America/New_York' ORDER BY at DESC) AS h1,
             retention.history_agg(member, at, amount, 'day', 'America/New_York' ORDER BY member, amount) AS h2,
             retention.history_agg(member, at) FILTER (WHERE channel = 0) AS h3,
             count(DISTINCT member) FILTER (WHERE channel = 0) AS n3,
             retention.history_agg(region, at::timestamp, amount, 'month') AS h4
      FROM sales) a;

-- GROUPING SETS.
SELECT 'grouping sets' AS question, count(*) AS answers, count(*) FILTER (WHERE (g.h = s.h) IS NOT TRUE) AS wrong
FROM (SELECT region, channel, grouping(region, channel) AS kind, :agg AS h FROM sales GROUP BY CUBE (region, channel)) g,
     LATERAL (SELECT :agg AS h FROM sales s
              WHERE (s.region = g.region OR g.kind & 2 > 0) AND (s.channel = g.channel OR g.kind & 1 > 0)) s;

-- Window frames, growing, sliding, of peers, with a gap. Every history is kept, and compared after all were made.
CREATE TABLE few AS SELECT * FROM sales WHERE n <= 300;
CREATE TABLE frames AS
  SELECT n, at, channel,
         :agg OVER (ORDER BY n) AS growing,
         :agg OVER (ORDER BY n ROWS BETWEEN 5 PRECEDING AND 2 FOLLOWING) AS sliding,
         :agg OVER (ORDER BY n ROWS BETWEEN 9 PRECEDING AND 3 PRECEDING) AS behind,
         :agg OVER (PARTITION BY channel ORDER BY n / 10 DESC) AS peers,
         :agg OVER (ORDER BY n ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING EXCLUDE CURRENT ROW) AS around,
         :agg FILTER (WHERE channel = 1) OVER (ORDER BY n) AS filtered
  FROM few;
SELECT 'window frames' AS question, count(*) AS rows,
  count(*) FILTER (WHERE f.growing IS DISTINCT FROM (SELECT :agg FROM few e WHERE e.n <= f.n)) AS growing,
  count(*) FILTER (WHERE f.sliding IS DISTINCT FROM
                   (SELECT :agg FROM few e WHERE e.n BETWEEN f.n - 5 AND f.n + 2)) AS sliding,
  count(*) FILTER (WHERE f.behind IS DISTINCT FROM
                   (SELECT :agg FROM few e WHERE e.n BETWEEN f.n - 9 AND f.n - 3)) AS behind,
  count(*) FILTER (WHERE f.peers IS DISTINCT FROM
                   (SELECT :agg FROM few e WHERE e.channel = f.channel AND e.n / 10 >= f.n / 10)) AS peers,
  count(*) FILTER (WHERE f.around IS DISTINCT FROM
                   (SELECT :agg FROM few e WHERE e.n BETWEEN f.n - 3 AND f.n + 3 AND e.n <> f.n)) AS around,
  count(*) FILTER (WHERE f.filtered IS DISTINCT FROM (SELECT :agg FROM few e WHERE e.n <= f.n AND e.channel = 1)) AS filtered
FROM frames f;
CREATE TABLE daily AS SELECT at::date AS day, :agg AS h FROM few GROUP BY 1;
SELECT 'rollup in windows' AS question, count(*) AS answers, count(*) FILTER (WHERE (w.h = s.h) IS NOT TRUE) AS wrong
FROM (SELECT day, retention.rollup(h) OVER (ORDER BY day RANGE BETWEEN '29 days' PRECEDING AND CURRENT ROW) AS h
      FROM daily) w,
     LATERAL (SELECT :agg AS h FROM few WHERE at::date BETWEEN w.day - 29 AND w.day) s;

-- A history does not change because it was read, rolled up, passed on or kept.
CREATE FUNCTION changes() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  a retention.history := (SELECT retention.history_agg(member, at, amount) FROM sales WHERE channel = 0);
  b retention.history := (SELECT retention.history_agg(member, at, amount) FROM sales WHERE channel = 1);
  c retention.history := a;
  united retention.history;
  before text := md5(a::text) || md5(b::text) || md5(c::text);
BEGIN
  united := (SELECT retention.rollup(x) FROM (VALUES (a), (b)) v (x));
  PERFORM retention.rollup(x) FROM (VALUES (b), (c), (united)) v (x);
  PERFORM retention.rollup(x) OVER (ORDER BY n) FROM (VALUES (1, c), (2, a), (3, b)) v (n, x);
  PERFORM retention.without(a, '{1,2,3}'::bigint[]), retention.slice(b, '2023-02-01', '2023-03-01');
  PERFORM count(*) FROM retention.churn(c);
  RETURN CASE
    WHEN md5(a::text) || md5(b::text) || md5(c::text) <> before THEN 'changed'
    WHEN united = (SELECT retention.history_agg(member, at, amount) FROM sales WHERE channel IN (0, 1)) THEN 'none'
    ELSE 'the union is wrong' END;
END $$;
SELECT changes();
SELECT 'groups, rolled up and kept' AS question, 5 AS answers, (r.rolled = w.h IS NOT TRUE)::int
       + (SELECT count(*) FROM unnest(r.kept) k FULL JOIN by_region b ON k = b.h WHERE k IS NULL OR b.h IS NULL) AS wrong
FROM (SELECT retention.rollup(h) AS rolled, array_agg(h) AS kept
      FROM (SELECT :agg AS h FROM sales GROUP BY region OFFSET 0) g) r, whole w;

-- Parallel plans.
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT uses('SELECT region, ' || :'agg' || ' FROM sales GROUP BY region',
            'Finalize (Group|Hash)Aggregate', 'Partial (Group|Hash)Aggregate', 'Parallel Seq Scan') AS parallel_groups;
CREATE TABLE by_region_parallel AS SELECT region, :agg AS h FROM sales GROUP BY region;
SELECT 'parallel groups' AS question, count(*) AS answers, count(*) FILTER (WHERE (a.h = b.h) IS NOT TRUE) AS wrong
FROM by_region_parallel a FULL JOIN by_region b USING (region);
CREATE TABLE slices WITH (parallel_workers = 2) AS SELECT n % 200 AS slice, :agg AS h FROM sales GROUP BY 1;
SELECT uses('SELECT retention.rollup(h) FROM slices', 'Finalize Aggregate', 'Partial Aggregate') AS parallel_rollup;
CREATE TABLE rolled AS SELECT retention.rollup(h) AS h FROM slices;
SELECT 'parallel rollup' AS question, count(*) AS answers, count(*) FILTER (WHERE (r.h = w.h) IS NOT TRUE) AS wrong
FROM rolled r, whole w;

-- Partitioned tables, aggregated partition by partition: whole groups, or parts of groups.
CREATE TABLE by_hash (LIKE sales) PARTITION BY HASH (member);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE by_hash_2 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 2);
CREATE TABLE by_year (LIKE sales) PARTITION BY RANGE (at);
CREATE TABLE by_year_2023 PARTITION OF by_year FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE by_year_2024 PARTITION OF by_year FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO by_hash TABLE sales;
INSERT INTO by_year TABLE sales;
ANALYZE by_hash;
ANALYZE by_year;
SET enable_partitionwise_aggregate = on;
SET max_parallel_workers_per_gather = 0;
SELECT uses('SELECT region, ' || :'agg' || ' FROM by_year GROUP BY region', 'Finalize (Group|Hash)Aggregate',
            'Append.*Partial (Group|Hash)Aggregate.*Partial (Group|Hash)Aggregate') AS parts_of_groups,
       uses('SELECT member, ' || :'agg' || ' FROM by_hash GROUP BY member',
            'Append.*(Group|Hash)Aggregate.*(Group|Hash)Aggregate.*(Group|Hash)Aggregate') AS whole_groups;
SELECT 'partitions, parts of groups' AS question, count(*) AS answers,
       count(*) FILTER (WHERE (a.h = b.h) IS NOT TRUE) AS wrong
FROM (SELECT region, :agg AS h FROM by_year GROUP BY region) a FULL JOIN by_region b USING (region);
SELECT 'partitions, whole groups' AS question, count(*) AS answers,
       count(*) FILTER (WHERE (a.h = b.h) IS NOT TRUE) AS wrong
FROM (SELECT member, :agg AS h FROM by_hash GROUP BY member) a RIGHT JOIN by_member b USING (member);
SELECT 'partitions, one history' AS question, count(*) AS answers, count(*) FILTER (WHERE (p.h = w.h) IS NOT TRUE) AS wrong
FROM whole w, (SELECT :agg AS h FROM by_hash UNION ALL SELECT :agg FROM by_year) p;
RESET max_parallel_workers_per_gather;
RESET enable_partitionwise_aggregate;

-- Histories as values: told apart and found equal by hashing, sorting and joining. Nine histories and a NULL, of which
-- five are different.
CREATE TABLE histories AS
  SELECT h FROM by_region UNION ALL SELECT h FROM by_region_parallel UNION ALL SELECT h FROM whole
  UNION ALL SELECT NULL;
SELECT (SELECT count(*) FROM (SELECT DISTINCT h FROM histories) d) AS different, count(DISTINCT h) AS not_null,
       (SELECT count(*) FROM (SELECT h FROM histories GROUP BY h HAVING count(*) = 2) g) AS pairs,
       (SELECT count(*) FROM histories a JOIN histories b USING (h)) AS joined
FROM histories;
SET enable_hashagg = off;
SET enable_hashjoin = off;
SELECT (SELECT count(*) FROM (SELECT DISTINCT h FROM histories) d) AS different, count(DISTINCT h) AS not_null,
       (SELECT count(*) FROM (SELECT h FROM histories GROUP BY h HAVING count(*) = 2) g) AS pairs,
       (SELECT count(*) FROM histories a JOIN histories b USING (h)) AS joined
FROM histories;
RESET enable_hashagg;
RESET enable_hashjoin;
