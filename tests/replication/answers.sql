-- Aggregates over rows: in one process, in parallel, and where the groups do not fit into memory. Nothing is written.
SELECT md5(history_agg(member_id, ordered_at, amount, 'day', 'Europe/London')::text) FROM orders;
SELECT country, md5(history_agg(member_id, ordered_at, amount, 'day', 'Europe/London')::text) FROM orders GROUP BY country ORDER BY country;
SELECT c.* FROM churn(history_of('cdnow', 'member_id', 'ordered_on', 'amount'), period => 'quarter') c ORDER BY period_start;

SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT history_agg(member_id, ordered_on, amount) FROM cdnow;
SELECT md5(history_agg(member_id, ordered_on, amount)::text) FROM cdnow;
SELECT md5(rollup(h)::text) FROM by_month;
RESET max_parallel_workers_per_gather;

SET work_mem = '64kB';
SELECT count(*), md5(string_agg(h::text, '' ORDER BY member_id))
FROM (SELECT member_id, history_agg(member_id, ordered_on, amount) AS h FROM cdnow GROUP BY member_id) s;
