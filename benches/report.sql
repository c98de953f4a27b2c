-- The results as markdown: what was measured, next to the goals. A goal that is not reached stays here as not reached.
-- Variables: rows, engine_rows, repetitions, and of the machine: cpu, cores, memory, load, system, rust, commit, command.

\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '

CREATE FUNCTION pg_temp.millions(rows bigint) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN rows >= 1000000 THEN round(rows / 1e6::numeric, 1)::float8 || ' M' ELSE rows::text END
$$;

CREATE TEMP VIEW times AS
SELECT question, variant, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE round > 0) AS median,
       min(seconds) FILTER (WHERE round > 0) AS fastest, max(seconds) FILTER (WHERE round > 0) AS slowest,
       max(seconds) FILTER (WHERE round = 0) AS warm_up,
       count(*) FILTER (WHERE round > 0 AND bench.is_disturbed(seconds, others)) AS disturbed
FROM bench.timing GROUP BY question, variant;

-- goal: at most this (times as slow, bytes), or with sign '≥' at least this many times faster.
CREATE TEMP TABLE result (
    place int GENERATED ALWAYS AS IDENTITY, what text, value numeric, unit text DEFAULT '', sign text DEFAULT '≤', goal numeric
);

-- The median of the one over that of the other.
CREATE FUNCTION pg_temp.ratio(of_question text, numerator text, denominator text) RETURNS numeric LANGUAGE sql AS $$
    SELECT (a.median / b.median)::numeric FROM times a, times b
    WHERE (a.question, a.variant) = (of_question, numerator) AND (b.question, b.variant) = (of_question, denominator)
$$;
CREATE FUNCTION pg_temp.number(of_name text) RETURNS numeric LANGUAGE sql AS $$
    SELECT value::numeric FROM bench.number WHERE name = of_name
$$;

INSERT INTO result (what, value, goal) VALUES
    ('monthly cohorts, bigint members, one process / floor', pg_temp.ratio('months', 'ours', 'floor'), 1.5),
    ('… / the floor with `jit = on`', pg_temp.ratio('months', 'ours', 'floor, jit on'), NULL),
    ('… of rows in the order of time / their floor', pg_temp.ratio('ordered', 'ours', 'floor'), NULL),
    ('… of a table in the system''s cache, not in shared buffers / its floor', pg_temp.ratio('cached', 'ours', 'floor'), NULL);
INSERT INTO result (what, value, unit, sign, goal) VALUES
    ('monthly cohorts: plain SQL / ours', pg_temp.ratio('plain', 'plain SQL', 'ours'), '× faster', '≥', 20),
    ('rfm, day history with numeric amounts: plain SQL / ours', pg_temp.ratio('rfm', 'plain SQL', 'ours'), '× faster', '≥', 5);
INSERT INTO result (what, value, goal) VALUES
    ('day history with numeric amounts, cohorts + churn + value_summary / floor with amounts', pg_temp.ratio('days', 'ours', 'floor'), 2.5),
    ('… written with `WITH` / the same', pg_temp.ratio('days', 'ours, in a WITH', 'floor'), NULL),
    ('monthly cohorts, uuid members / floor', pg_temp.ratio('uuid', 'ours', 'floor'), 2),
    ('monthly cohorts, text members of 12 characters / floor', pg_temp.ratio('text', 'ours', 'floor'), 2.5);
INSERT INTO result (what, value, unit, sign, goal) VALUES
    ('monthly cohorts: one process / two workers', pg_temp.ratio('workers', 'ours, one process', 'ours, two workers'), '× faster', '≥', 1.7),
    ('the floor: one process / two workers', pg_temp.ratio('workers', 'floor, one process', 'floor, two workers'), '× faster', '≥', NULL);

INSERT INTO result (what, value, goal)
SELECT format('%s rows, two workers: ours / %s, %s', pg_temp.millions(:engine_rows), e.name, way),
       pg_temp.ratio('engines', 'ours, two workers', e.name || ', ' || way),
       CASE WHEN e.name = 'DuckDB' AND way = 'fastest general form' THEN 1 END
FROM bench.engine e,
     unnest(ARRAY['as an analyst writes it', 'fastest general form', 'a bit for each month']) WITH ORDINALITY AS ways (way, place)
WHERE e.name <> 'lifetimes'
ORDER BY e.name DESC, place;

INSERT INTO result (what, value, goal)
SELECT format('stored monthly history of %s members%s: %s / floor of the rows', pg_temp.millions(pg_temp.number('members')::bigint),
              CASE WHEN amounts = '' THEN '' ELSE ' ' || substr(amounts, 3) END, reader),
       pg_temp.ratio('stored', reader || amounts, 'floor'), 0.1
FROM unnest(ARRAY['', ', with amounts']) WITH ORDINALITY a (amounts, i), unnest(ARRAY['cohorts', 'churn', 'value_summary']) WITH ORDINALITY r (reader, j)
ORDER BY i, j;

INSERT INTO result (what, value, goal) VALUES
    ('history_rows, bigint members / a function that only returns rows', pg_temp.ratio('rows', 'history_rows', 'nothing'), 1.5),
    ('history_rows, members as text / the same', pg_temp.ratio('rows', 'history_rows, members as text', 'nothing, members as text'), 1.5);
INSERT INTO result (what, value, goal) VALUES
    ('rfm of a stored monthly history / a function that only returns rows', pg_temp.ratio('rfm_rows', 'ours', 'nothing'), 1.5);
INSERT INTO result (what, value, goal) VALUES
    ('clv of a stored monthly history / a function that only returns rows', pg_temp.ratio('clv_rows', 'ours', 'nothing'), 3);
INSERT INTO result (what, value, unit, sign, goal)
SELECT format('%s, %s customers: %s / ours', model, pg_temp.millions(pg_temp.number('clv, ' || model || ': customers')::bigint), variant),
       (theirs.median / ours.median)::numeric, '× faster', '≥', v.goal
FROM (VALUES (1, 'bg/nbd', 'lifetimes', 50), (2, 'bg/nbd', 'lifetimes, rows grouped beforehand', 10), (3, 'pareto/nbd', 'lifetimes', 100))
         v (place, model, variant, goal),
     LATERAL (SELECT median FROM times WHERE (question, times.variant) = ('clv', v.variant || ', ' || model)) theirs,
     LATERAL (SELECT median FROM times WHERE (question, times.variant) = ('clv', 'ours, ' || model)) ours
ORDER BY place;
INSERT INTO result (what, value, sign, goal)
SELECT format('%s: our log-likelihood less that of lifetimes, 0 where it is rounding (less than 1e-12 of it)', model), pg_temp.number('clv, ' || model || ': log-likelihood'), '≥', 0
FROM (VALUES ('bg/nbd'), ('pareto/nbd')) v (model) WHERE pg_temp.number('clv, ' || model || ': log-likelihood') IS NOT NULL;
INSERT INTO result (what, value, goal)
SELECT format('time per row: %s rows / %s rows', pg_temp.millions(:rows), pg_temp.millions(:rows / 10)),
       pg_temp.ratio('size', 'ours, all', 'ours, a tenth') / 10, CASE WHEN :rows >= 100000000 THEN 1.3 END;
INSERT INTO result (what, value, goal)
SELECT v.what || format(' (%s groups of 100 rows)', :rows / 100), v.value, v.goal
FROM (VALUES
    (1, 'GROUP BY, history_agg / array_agg: time', pg_temp.ratio('groups', 'ours', 'array_agg'), 2),
    (2, '… and the members of each history read: time', pg_temp.ratio('groups', 'ours, read', 'array_agg'), NULL),
    (3, '… memory, as PostgreSQL counts it', pg_temp.number('groups, ours: counted') / pg_temp.number('groups, array_agg: counted'), 2),
    (4, '… memory, as the system counts it', pg_temp.number('groups, ours: peak') / pg_temp.number('groups, array_agg: peak'), 2)
) v (place, what, value, goal) ORDER BY place;
INSERT INTO result (what, value, unit, goal)
SELECT format('peak memory, %1$s history%2$s, per (member, %1$s) of %3$s', grain, amounts, pg_temp.millions(pg_temp.number('ticks: ' || grain)::bigint)),
       pg_temp.number(format('memory, %s%s: peak', grain, amounts)) / pg_temp.number('ticks: ' || grain), ' bytes',
       CASE amounts WHEN '' THEN 24 ELSE 32 END
FROM unnest(ARRAY['day', 'month', 'year']) WITH ORDINALITY g (grain, i), unnest(ARRAY['', ' with amounts']) WITH ORDINALITY a (amounts, j)
ORDER BY j, i;
INSERT INTO result (what, value, unit, goal)
SELECT format('stored size, %1$s history%2$s, per (member, %1$s)', grain, amounts),
       pg_temp.number(format('stored, %s%s', grain, amounts)) / pg_temp.number('ticks: ' || grain), ' bytes',
       CASE grain WHEN 'day' THEN CASE amounts WHEN '' THEN 4 ELSE 10 END END
FROM unnest(ARRAY['day', 'month']) WITH ORDINALITY g (grain, i), unnest(ARRAY['', ' with amounts']) WITH ORDINALITY a (amounts, j)
ORDER BY i, j;

\echo
SELECT format('Run on %s with `%s`: %s rows, %s members; medians of %s.', to_char(now(), 'YYYY-MM-DD'), :'command',
              pg_temp.millions(:rows), pg_temp.millions(pg_temp.number('members')::bigint), :repetitions);
\echo
\echo '| what | measured | goal | |'
\echo '| --- | ---: | ---: | --- |'
SELECT format('| %s | %s%s | %s | %s |', what, coalesce(round(value, CASE WHEN value < 0.1 THEN 3 ELSE 2 END)::text, 'not measured'),
              CASE WHEN value IS NOT NULL THEN unit END, CASE WHEN goal IS NULL THEN '' ELSE sign || ' ' || goal END,
              CASE WHEN goal IS NULL OR value IS NULL THEN '' WHEN sign = '≤' AND value <= goal OR sign = '≥' AND value >= goal
                   THEN 'reached' ELSE '**not reached**' END)
FROM result ORDER BY place;
\echo
\echo 'The same answer, whoever is asked and however often:'
\echo
\echo '| answer | asked | |'
\echo '| --- | --- | --- |'
SELECT format('| %s of %s | %s statements, %s times | %s |', part, coalesce(s.data, t.question),
              count(DISTINCT (t.question, t.variant)), count(*),
              CASE WHEN count(DISTINCT value) = 1 THEN 'the same' ELSE '**' || count(DISTINCT value) || ' different answers**' END)
FROM bench.timing t LEFT JOIN bench.statement s USING (question, variant), LATERAL jsonb_each(t.answer) AS a (part, value)
WHERE part <> 'floor'
GROUP BY part, coalesce(s.data, t.question) HAVING count(DISTINCT (t.question, t.variant)) > 1 ORDER BY 1;
\echo
\echo 'All times, in seconds. A block is what ran in turn in one session; the warm-up is not in the median.'
\echo 'Disturbed: how many of them were taken while other programs used the processors, in spite of waiting and trying again.'
\echo
\echo '| question | statement | median | fastest | slowest | warm-up | disturbed |'
\echo '| --- | --- | ---: | ---: | ---: | ---: | ---: |'
SELECT format('| %s | %s | %s | %s | %s | %s | %s |', question, variant, round(median::numeric, 3), round(fastest::numeric, 3),
              round(slowest::numeric, 3), round(warm_up::numeric, 3), nullif(disturbed, 0))
FROM times LEFT JOIN bench.statement s USING (question, variant)
WHERE median IS NOT NULL
ORDER BY min(coalesce(place, 1000)) OVER (PARTITION BY question), coalesce(place, 1000), variant;
\echo
\echo '| machine and versions | |'
\echo '| --- | --- |'
SELECT format('| %s | %s |', what, value) FROM (VALUES
    (1, 'processor', :'cpu' || ', ' || :'cores' || ' cores'), (2, 'memory', :'memory'), (3, 'load when it began', :'load'),
    (4, 'system', :'system'), (5, 'PostgreSQL', current_setting('server_version')),
    (6, 'pg_retention', (SELECT extversion FROM pg_extension WHERE extname = 'pg_retention') || ' at ' || :'commit' || ', ' || :'rust'),
    (7, 'others', (SELECT string_agg(name || ' ' || version, ', ' ORDER BY name DESC) FROM bench.engine)),
    (8, 'settings', (SELECT string_agg(format('%s = %s', name, current_setting(name)), ', ' ORDER BY name) FROM pg_settings
                     WHERE source = 'configuration file' AND name !~ '^(unix|listen|port|log_|lc_|default_text|dynamic|DateStyle|synchronous_commit|max_wal_s)'))
) v (place, what, value) WHERE value IS NOT NULL ORDER BY place;

-- Wrong answers are not to be published.
SELECT count(*) > 0 AS wrong FROM (
    SELECT FROM bench.timing t LEFT JOIN bench.statement s USING (question, variant), LATERAL jsonb_each(t.answer) AS a (part, value)
    WHERE part <> 'floor' GROUP BY part, coalesce(s.data, t.question) HAVING count(DISTINCT value) > 1) w \gset
\if :wrong
    \warn 'the answers differ'
    SELECT 1 / 0;
\endif
