-- Bad input: an error that names the value and what to do. Nothing else fails, nothing crashes.
SET search_path = public, retention;

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

CREATE TEMP TABLE h AS SELECT
    history_agg(1, date '2020-03-15', 1.0) AS day,
    history_agg(1, date '2020-03-15', 1.0, 'week') AS week,
    (SELECT history_agg(1, d, 1.0, 'month') FROM (VALUES (date '2020-01-15'), ('2020-03-15')) v(d)) AS month,
    history_agg(1, timestamptz '2020-03-15', 1.0, 'day', 'UTC') AS utc,
    history_agg(1, timestamptz '2020-03-15', 1.0, 'day', 'Asia/Tokyo') AS tokyo,
    history_agg('a', date '2020-03-15', 1.0) AS text;

\pset format unaligned
\pset fieldsep ' | '
\pset tuples_only on
SELECT q, o.* FROM (VALUES
    (1, $$history_agg(1, date '2020-01-01', NULL, 'fortnight')$$),
    (2, $$history_agg(1, date '2020-01-01', NULL, '')$$),
    (3, $$history_agg(1, now(), NULL, 'day', 'Mars/Olympus')$$),
    (4, $$history_agg(1, now(), NULL, 'day', '')$$),
    (5, $$history_agg(1, timestamptz 'infinity')$$),
    (6, $$history_agg(1, timestamp '-infinity')$$),
    (7, $$history_agg(1, date 'infinity')$$),
    (8, $$history_agg(1, date '5874897-12-31')$$),
    (9, $$history_agg(1, now(), 'NaN'::float8)$$),
    (10, $$history_agg(1, now(), 'NaN'::numeric)$$),
    (11, $$history_agg(1, now(), '-Infinity'::float8)$$),
    (12, $$history_agg(1, now(), 1e300::float8)$$),
    (13, $$history_agg(1, now(), 12345678901234567890.5)$$),
    (14, $$history_agg(1, now(), -9223372036855)$$),
    (15, $$members(history_agg(1, date '2020-01-01', a)) FROM (VALUES (9000000000000.0), (9000000000000.0)) v(a)$$),
    (16, $$history_agg(1, now(), NULL, g) FROM (VALUES ('day'), ('month')) v(g)$$),
    (17, $$history_agg(1, now(), NULL, 'day', z) FROM (VALUES ('UTC'), ('Asia/Tokyo')) v(z)$$),
    (18, $$rollup(x) FROM (SELECT day AS x FROM h UNION ALL SELECT month FROM h) t$$),
    (19, $$rollup(x) FROM (SELECT utc AS x FROM h UNION ALL SELECT tokyo FROM h) t$$),
    (20, $$rollup(x) FROM (SELECT day AS x FROM h UNION ALL SELECT text FROM h) t$$),
    (21, $$c FROM h, cohorts(day, 'decade') c$$),
    (22, $$c FROM h, cohorts(day, '7 months') c$$),
    (23, $$c FROM h, cohorts(month, 'day') c$$),
    (24, $$c FROM h, cohorts(week, 'month') c$$),
    (25, $$c FROM h, cohorts(day, mode => 'sometimes') c$$),
    (26, $$c FROM h, cohorts(day, '24 hours') c$$),
    (27, $$c FROM h, cohorts(day, entry => 'last') c$$),
    (28, $$c FROM h, cohorts(week, '7 days') c$$),
    (29, $$c FROM h, cohorts(day, brackets => '{3,1}') c$$),
    (30, $$c FROM h, cohorts(day, brackets => '{1,NULL,3}') c$$),
    (31, $$c FROM h, cohorts(day, min_events => 0) c$$),
    (32, $$c FROM h, cohorts(day, confidence => 95) c$$),
    (33, $$c FROM h, cohorts(day, starts => day) c$$),
    (34, $$c FROM h, cohorts(day, entry => 'starts', starts => month) c$$),
    (35, $$c FROM h, cohorts(utc, entry => 'starts', starts => tokyo) c$$),
    (36, $$c FROM h, cohorts(day, entry => 'starts', starts => text) c$$),
    (56, $$cohorts(history_agg(1, now(), NULL, 'hour', 'UTC'), entry => 'starts', starts => history_agg(1, timestamp '2020-01-01', NULL, 'hour'))$$),
    (37, $$c FROM h, cohorts(day, as_of => 'infinity') c$$),
    (38, $$c FROM h, cohorts(month, as_of => '2020-02-10') c$$),
    (39, $$c FROM h, cohorts(month, as_of => '2020-03-10') c$$),
    (40, $$c FROM h, cohorts(day, 'day', as_of => '5874897-01-01') c$$),
    (41, $$c FROM h, churn(day, gap => 0) c$$),
    (42, $$c FROM h, churn(day, gap => -2147483648) c$$),
    (43, $$c FROM h, churn(day, confidence => 'NaN') c$$),
    (44, $$c FROM h, churn(month, 'week') c$$),
    (45, $$v FROM h, value_summary(day, margin => 'NaN') v$$),
    (46, $$r FROM h, history_rows(text, id => NULL::bigint) r$$),
    (47, $$r FROM h, history_rows(day, id => NULL::uuid) r$$),
    (48, $$slice(month, '2020-02-10') FROM h$$),
    (49, $$slice(month, NULL, '2020-01-20') FROM h$$),
    (50, $$slice(day, 'infinity') FROM h$$),
    (51, $$without(day, ARRAY['1']) FROM h$$),
    (52, $$retention_internal.history_step(NULL, 1::bigint, now())$$),
    (53, $$retention_internal.history_merge(day, day) FROM h$$),
    (54, $$history_of('h', 'nobody', 'day')$$),
    (55, $$history_of(NULL, 'm', 'at')$$),
    (57, $$c FROM h, cohorts(day, '0 days') c$$),
    (58, $$c FROM h, cohorts(day, '2147483648 days') c$$),
    (59, $$c FROM h, cohorts(day, brackets => '{}') c$$),
    (60, $$c FROM h, cohorts(day, brackets => '{-1,3}') c$$),
    (61, $$c FROM (SELECT history_agg(1, timestamp '2020-01-01', NULL, 'hour')) h(h), cohorts(h, '1 hour', entry => 'recurring') c$$),
    (62, $$c FROM h, cohorts(NULL, starts => day) c$$),
    (63, $$c FROM h, retention_curve(day, '1 day', as_of => '9999-01-01') c$$),
    (64, $$c FROM h, retention_curve(day, min_events => -1) c$$),
    (65, $$c FROM h, cohort_members(day, '2020-03-15', 0) c$$),
    (66, $$c FROM h, cohort_members(day, '2020-03-01', -1) c$$),
    (67, $$c FROM h, cohort_members(day, '2020-03-01', 2, brackets => '{1,3}') c$$),
    (68, $$c FROM h, cohort_members(text, NULL::bigint, '2020-03-01', 0) c$$),
    (69, $$c FROM h, compare_retention(day, day, starts1 => day) c$$),
    (70, $$c FROM h, compare_retention(day, month, 'day') c$$),
    (71, $$wilson(2, 1)$$),
    (72, $$wilson(-1, 1)$$),
    (73, $$wilson(0, 'NaN')$$),
    (74, $$wilson(0, 'Infinity')$$),
    (75, $$wilson(0, 1, 1)$$),
    (76, $$c FROM h, cohort_members(day, NULL, 0) c$$),
    (77, $$c FROM h, cohort_members(NULL, '2020-03-01', NULL) c$$)) v(n, q), pg_temp.outcome('SELECT ' || q) o
ORDER BY n;

-- And what may look bad but is not.
SELECT q, o.* FROM (VALUES
    (1, $$history_agg(1, now(), NULL, 'DAY', 'utc')$$),
    (2, $$history_agg(1, now(), NULL, NULL, NULL)$$),
    (3, $$history_agg(1, date '294276-12-31', 9223372036854)$$),
    (4, $$history_agg(1, date '4714-11-24 BC', -9223372036854)$$),
    (5, $$c FROM h, cohorts(NULL, 'month') c$$),
    (6, $$c FROM h, cohorts(day, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) c$$),
    (7, $$c FROM h, cohorts(month, as_of => '2020-03-15') c$$),
    (8, $$c FROM h, cohorts(month, as_of => '2020-02-29') c$$),
    (9, $$c FROM h, cohorts(day, as_of => '1999-01-01') c$$),
    (10, $$c FROM h, churn(day, gap => 2147483647) c$$),
    (11, $$c FROM h, churn(day, 'year', as_of => '900000-01-01') c$$),
    (12, $$without(day, NULL::bigint[]) FROM h$$),
    (13, $$without(day, ARRAY[NULL]::bigint[]) FROM h$$),
    (14, $$c FROM h, cohorts(day, ' 7 DAYS ', 'Streak', 'RECURRING') c$$),
    (15, $$c FROM h, cohorts(day, '2147483647 days', min_events => 2147483647, brackets => '{0,2147483647}') c$$),
    (17, $$c FROM h, cohort_members(day, '1000-01-01', 2147483647) c$$),
    (18, $$c FROM h, compare_retention(day, NULL) c$$),
    (19, $$c FROM h, compare_retention(day, text) c$$),
    (20, $$c FROM h, retention_curve(NULL, entry => 'starts', starts => day, as_of => '2021-01-01') c$$),
    (21, $$wilson(NULL, 1)$$),
    (22, $$wilson(0, 0)$$)) v(n, q), pg_temp.outcome('SELECT ' || q) o
ORDER BY n;
