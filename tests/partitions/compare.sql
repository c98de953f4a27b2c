-- The same questions to the whole table and to the partitioned ones, planned in four ways.
SET search_path = public, retention;
CREATE TABLE compared (kind text, question text, part text, same boolean, in_parallel boolean);
CREATE TABLE plans (name text, plan text, plan_is_so boolean);

-- Runs a query into the temporary table answer, which an INSERT would not do in parallel, and returns its plan as it ran.
CREATE FUNCTION run(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
BEGIN
    DROP TABLE IF EXISTS answer;
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) CREATE TEMP TABLE answer AS ' || query LOOP
        plan := plan || line || E'\n';
    END LOOP;
    RETURN plan;
END
$$;

CREATE FUNCTION compare(way text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    source text;
    aggregate text;
    grouping text;
    query text;
    plan text;
BEGIN
    FOREACH source IN ARRAY ARRAY['by_member', 'by_quarter', 'by_both'] LOOP
        FOREACH aggregate IN ARRAY ARRAY['history_agg(member_bigint, at, amount, ''day'', ''Europe/London'')',
                                         'history_agg(member_uuid, at_date, amount)',
                                         'history_agg(member_text, at, amount, ''hour'', ''UTC'')',
                                         'history_agg(member_bigint, at_date) FILTER (WHERE amount > 100)'] LOOP
            FOREACH grouping IN ARRAY ARRAY['', 'country', 'at_date', 'mod(member_bigint, 100)'] LOOP
                query := format('SELECT %s AS part, %s AS h, count(*) AS n FROM %%I %s',
                                CASE grouping WHEN '' THEN '''''' ELSE format('(%s)::text', grouping) END, aggregate,
                                CASE grouping WHEN '' THEN '' ELSE 'GROUP BY ' || grouping END);
                plan := run(format(query, source));
                EXECUTE format('INSERT INTO compared
                                SELECT %L, %L, part, a.h IS NOT DISTINCT FROM b.h AND a.n = b.n, %L
                                FROM answer a FULL JOIN (%s) b USING (part)',
                               way, source || ': ' || query, plan ~ 'Workers Launched: [1-9]', format(query, 'whole'));
            END LOOP;
        END LOOP;
    END LOOP;
    FOREACH query IN ARRAY ARRAY['SELECT '''' AS country, %s AS h FROM %s', 'SELECT country, %s AS h FROM %s GROUP BY country'] LOOP
        plan := run(format(query, 'rollup(h)', 'histories'));
        EXECUTE format('INSERT INTO compared SELECT %L, %L, country, a.h = b.h, %L FROM answer a FULL JOIN (%s) b USING (country)',
                       way, query, plan ~ 'Workers Launched: [1-9]',
                       format(query, 'history_agg(member_bigint, at, amount, ''day'', ''UTC'')', 'whole'));
    END LOOP;
END
$$;

-- Keeps the plan of a query as it ran, and whether it matches all of these patterns.
CREATE FUNCTION plan(name text, query text, VARIADIC patterns text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    plan text := run(query);
BEGIN
    INSERT INTO plans SELECT name, plan, bool_and(plan ~ pattern) FROM unnest(patterns) pattern;
END
$$;
\set of_country 'SELECT country, history_agg(member_bigint, at, amount, ''day'', ''UTC'') FROM by_member GROUP BY country'
\set of_member 'SELECT member_bigint, history_agg(member_bigint, at, amount, ''day'', ''UTC'') FROM by_member GROUP BY member_bigint'
\set of_all 'SELECT history_agg(member_bigint, at, amount, ''day'', ''UTC'') FROM by_quarter'

SET max_parallel_workers_per_gather = 0;
SELECT compare('appended, then aggregated') \g /dev/null
SET enable_partitionwise_aggregate = on;
SELECT compare('partition by partition') \g /dev/null
SELECT plan('partition by partition: parts of groups, then combined', :'of_country',
            'Finalize (Hash|Group)?Aggregate', 'Append(.*Partial (Hash|Group)?Aggregate){4}') \g /dev/null
SELECT plan('partition by partition: whole groups', :'of_member', 'Append(.*Aggregate.*Seq Scan on by_member_){4}') \g /dev/null
SELECT plan('partition by partition: one history of all', :'of_all', 'Finalize Aggregate', 'Append(.*Partial Aggregate.*by_quarter_){6}') \g /dev/null
SELECT plan('partition by partition: a partition that has a partition',
            'SELECT history_agg(member_text, at_date) FROM by_both',
            'Finalize Aggregate', 'Append(.*Partial Aggregate.*by_both_){3}') \g /dev/null
SELECT plan('partition by partition: rollup', 'SELECT rollup(h) FROM histories',
            'Finalize Aggregate', 'Append(.*Partial Aggregate.*histories_){2}') \g /dev/null

SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT compare('partition by partition, in parallel') \g /dev/null
SELECT plan('in parallel, partition by partition: parts of groups, then combined', :'of_country',
            'Workers Launched: [12]', 'Finalize (Hash|Group)?Aggregate', 'Parallel Append(.*Partial (Hash|Group)?Aggregate){4}') \g /dev/null
SELECT plan('in parallel, partition by partition: one history of all', :'of_all',
            'Workers Launched: [12]', 'Finalize Aggregate', 'Parallel Append(.*Partial Aggregate){6}') \g /dev/null
SET enable_partitionwise_aggregate = off;
SELECT compare('appended in parallel, then aggregated') \g /dev/null
SELECT plan('in parallel, appended: one history of all', :'of_all',
            'Workers Launched: [12]', 'Finalize Aggregate.*Gather.*Partial Aggregate.*Parallel Append') \g /dev/null
SELECT plan('in parallel, appended: parts of groups', :'of_country',
            'Workers Launched: [12]', 'Finalize (Hash|Group)?Aggregate.*Gather.*Partial (Hash|Group)?Aggregate.*Parallel Append') \g /dev/null
