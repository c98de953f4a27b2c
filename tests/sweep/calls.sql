-- A call of every function, procedure and aggregate that people call, made from pg_proc: a new one is there the day it is declared. What has
-- no default is given by the name of its argument, or by its type; where neither is known, `missing` says so, and the test that reads this
-- fails. Nothing in a call depends on a search_path, but for the operators of arithmetic in those of aggregates.
--
-- Summaries are columns of a table public.sample that the test makes: h and h2 (history), m (memberships), both of them with members that are
-- numbers, h_uuid, m_uuid, h_text and m_text with others; j, j_uuid and j_text (journeys) with events AT, BE and CH; d (survival_data), l (logrank_data), c and named (cox_model, without names of
-- covariates and with), v (clv_model), s (churn_stratum[]), g (history_group[]).
CREATE TEMP TABLE given (name text, type text, value text, PRIMARY KEY (name, type));
INSERT INTO given VALUES
    ('h2', 'retention.history', 'sample.h2'), ('', 'retention.history', 'sample.h'), ('', 'retention.memberships', 'sample.m'), ('', 'retention.journeys', 'sample.j'),
    ('', 'retention.survival_data', 'sample.d'), ('', 'retention.logrank_data', 'sample.l'),
    ('', 'retention.cox_model', 'sample.c'), ('', 'retention.clv_model', 'sample.v'),
    ('', 'retention.churn_stratum[]', 'sample.s'), ('', 'retention.history_group[]', 'sample.g'),
    ('id', 'bigint', 'NULL::pg_catalog.int8'), ('id', 'uuid', 'NULL::pg_catalog.uuid'),
    ('n', 'bigint', '3'), ('members', 'bigint[]', 'ARRAY[3, 4]::pg_catalog.int8[]'),
    ('members', 'text[]', 'ARRAY[''3'']::pg_catalog.text[]'), ('members', 'uuid[]', 'ARRAY[NULL]::pg_catalog.uuid[]'),
    ('cohort', 'date', '''2020-01-01''::pg_catalog.date'), ('period_number', 'integer', '1'),
    ('period_start', 'date', '''2020-02-01''::pg_catalog.date'),
    ('from_date', 'date', '''2020-02-29''::pg_catalog.date'), ('to_date', 'date', '''2020-04-30''::pg_catalog.date'),
    ('age', 'double precision', '30'), ('x', 'double precision', '3'), ('t_x', 'double precision', '12'),
    ('recency', 'double precision', '5'), ('frequency', 'double precision', '3'), ('spend', 'double precision', '20'),
    ('successes', 'double precision', '3'), ('trials', 'double precision', '10'), ('tenure', 'double precision', '2'),
    ('covariates', 'double precision[]', 'ARRAY[1, 2]::pg_catalog.float8[]'),
    ('covariates', 'jsonb', '''{"a": 1, "b": "x"}''::pg_catalog.jsonb'), ('covariates', 'text', '''{"a": 1, "b": "x"}''::pg_catalog.text'),
    ('cuts', 'jsonb', 'retention.rfm_cuts_json(sample.h)'),
    ('map', 'jsonb', '''{"rules": [{"segment": "a", "r": [1, 5]}]}''::pg_catalog.jsonb'),
    ('rules', 'jsonb', '''{"tiers": [{"name": "A", "from": 1}]}''::pg_catalog.jsonb'),
    ('horizon', 'text', '''1 year''::pg_catalog.text'),
    ('source', 'regclass', '''public.events''::pg_catalog.regclass'),
    ('query', 'text', '''SELECT member, at, amount FROM public.events''::pg_catalog.text'),
    ('member', 'name', '''member''::pg_catalog.name'), ('at', 'name', '''at''::pg_catalog.name'),
    ('joined', 'name', '''joined''::pg_catalog.name'), ('ended', 'name', '''ended''::pg_catalog.name'),
    ('event', 'name', '''country''::pg_catalog.name'), ('steps', 'text[]', 'ARRAY[''AT'', ''BE'', ''AT'']::pg_catalog.text[]'),
    ('within', 'text', '''20 days''::pg_catalog.text'), ('event', 'text', '''AT''::pg_catalog.text'), ('schema', 'name', '''sweep_published''::pg_catalog.name');

-- What some functions need besides: arguments that have a default and are not to be left out, or others than the rest.
CREATE TEMP TABLE given_to (function text, name text, type text, value text, PRIMARY KEY (function, name, type));
INSERT INTO given_to VALUES
    ('survival_at(retention.cox_model,jsonb,double precision,text)', 'fitted', 'retention.cox_model', 'sample.named'),
    ('survival_at(retention.cox_model,text,double precision,text)', 'fitted', 'retention.cox_model', 'sample.named'),
    ('membership_of', 'source', 'regclass', '''public.contracts''::pg_catalog.regclass'),
    ('histories_of', 'by', 'name', '''country''::pg_catalog.name'),
    ('churn_by', 'by', 'text', '''country''::pg_catalog.text'),
    ('clv_backtest', 'calibrate_until', 'date', '''2020-03-31''::pg_catalog.date'),
    ('clv_score', 'horizon', 'text', '''1 year''::pg_catalog.text'),
    ('clv_value', 'horizon', 'text', '''1 year''::pg_catalog.text'),
    ('clv_backtest', 'model', 'text', '''nbd''::pg_catalog.text'),
    ('churn_fit', 'horizon', 'text', '''30 days''::pg_catalog.text'), ('churn_features', 'horizon', 'text', '''30 days''::pg_catalog.text'),
    ('churn_dataset', 'horizon', 'text', '''30 days''::pg_catalog.text'), ('churn_rules', 'horizon', 'text', '''30 days''::pg_catalog.text'),
    ('publish_plan', 'schema', 'name', '''sweep_planned''::pg_catalog.name'),
    ('publish', 'schema', 'name', '''sweep_published''::pg_catalog.name');

-- The arguments of every function and procedure, with the value that is given; none for those that are left out.
CREATE TEMP TABLE arguments AS
SELECT p.oid, i AS place, coalesce(p.proargnames[i], '') AS name, t.type, i <= p.pronargs - p.pronargdefaults AS is_needed,
       CASE WHEN o.value IS NOT NULL THEN o.value WHEN i > p.pronargs - p.pronargdefaults THEN NULL WHEN g.value IS NOT NULL THEN g.value
            -- Functions that take members of another type are asked of a summary of these.
            WHEN t.type IN ('retention.history', 'retention.memberships', 'retention.journeys') THEN
                 b.value || CASE WHEN p.proargtypes::oid[] && '{uuid,uuid[]}'::regtype[]::oid[] THEN '_uuid' WHEN 'text[]'::regtype = ANY (p.proargtypes) THEN '_text' ELSE '' END
            ELSE b.value END AS value
FROM pg_proc AS p
     CROSS JOIN generate_series(1, p.pronargs) AS i
     CROSS JOIN LATERAL (SELECT CASE WHEN y.typnamespace = 'retention'::regnamespace
                                     THEN 'retention.' || regexp_replace(y.typname::text, '^_(.*)$', '\1[]') ELSE format_type(y.oid, NULL) END AS type
                         FROM pg_type AS y WHERE y.oid = p.proargtypes[i - 1]) AS t
     LEFT JOIN given_to AS o ON o.function IN (p.proname::text, regexp_replace(p.oid::regprocedure::text, '^retention\.', '')) AND o.name = coalesce(p.proargnames[i], '') AND o.type = t.type
     LEFT JOIN given AS g ON g.name = coalesce(p.proargnames[i], '') AND g.type = t.type AND g.name <> ''
     LEFT JOIN given AS b ON b.name = '' AND b.type = t.type
WHERE p.pronamespace IN ('retention'::regnamespace, 'retention_internal'::regnamespace) AND p.prokind IN ('f', 'p');

CREATE TEMP TABLE calls AS
SELECT p.oid, p.proname::text AS name, n.nspname AS schema, p.prokind AS kind, p.provolatile AS volatility, p.oid::regprocedure::text AS signature,
       format('%I.%I(%s)', n.nspname, p.proname, coalesce(string_agg(concat(quote_ident(nullif(a.name, '')) || ' => ', a.value), ', ' ORDER BY a.place) FILTER (WHERE a.value IS NOT NULL), '')) AS call,
       array_agg(a.name || ' ' || a.type ORDER BY a.place) FILTER (WHERE a.is_needed AND a.value IS NULL) AS missing,
       coalesce(array_agg(DISTINCT a.type) FILTER (WHERE a.value IS NOT NULL AND a.type LIKE 'retention.%'), '{}') AS summaries
FROM pg_proc AS p
     JOIN pg_namespace AS n ON n.oid = p.pronamespace
     LEFT JOIN arguments AS a ON a.oid = p.oid
WHERE n.nspname IN ('retention', 'retention_internal') AND p.prokind IN ('f', 'p')
GROUP BY p.oid, n.nspname;
-- What is inside is called where that needs no more than a summary: the functions of types and operators.
DELETE FROM calls WHERE schema = 'retention_internal' AND (missing IS NOT NULL OR summaries = '{}');

-- Aggregates, over the rows of public.events as e and public.sample: what is missing of them is given by the types of their arguments in turn.
CREATE TEMP TABLE aggregates AS
SELECT p.oid, p.proname::text AS name, n.nspname AS schema, p.provolatile AS volatility, p.oid::regprocedure::text AS signature,
       format('%I.%I(%s)', n.nspname, p.proname, string_agg(a.value, ', ' ORDER BY a.place)) AS call,
       array_agg(a.type ORDER BY a.place) FILTER (WHERE a.value IS NULL) AS missing
FROM pg_proc AS p
     JOIN pg_namespace AS n ON n.oid = p.pronamespace
     CROSS JOIN LATERAL (
         SELECT i AS place, t.type,
                CASE t.type
                    WHEN 'bigint' THEN CASE WHEN p.proname = 'window_funnel' THEN CASE i WHEN 1 THEN '86400' ELSE 'e.place' END WHEN p.proname LIKE 'decompose%' THEN (20 - 5 * (i % 2))::text WHEN p.proname LIKE '%survivors%' THEN 'e.place - 1'
                                            WHEN i = 1 THEN 'e.member' WHEN i = 7 THEN 'e.place' ELSE '2' END
                    WHEN 'uuid' THEN 'pg_catalog.md5(e.member::pg_catalog.text)::pg_catalog.uuid'
                    WHEN 'text' THEN CASE WHEN p.proname = 'window_funnel' THEN CASE i WHEN 1 THEN '''20 days''' ELSE '''default''' END
                                          WHEN i = 1 THEN 'e.member::pg_catalog.text'
                                          WHEN p.proname = 'history_agg' THEN CASE i WHEN 4 THEN '''day''' ELSE '''Europe/London''' END
                                          WHEN p.proname = 'membership_agg' THEN '''Europe/London'''
                                          WHEN p.proname LIKE 'clv\_fit%' THEN CASE WHEN p.proname LIKE '%survivors%' THEN '''sbg''' WHEN i = 7 THEN '''week''' WHEN i = 8 THEN '''pareto/nbd''' ELSE '''nbd''' END
                                          WHEN p.proname = 'journey_agg' THEN CASE i WHEN 4 THEN '''Europe/London''' ELSE 'e.country' END
                                          WHEN p.proname = 'rfm_cuts_agg' THEN '''quantile'''
                                          WHEN p.proname = 'cox_fit_agg' THEN CASE i WHEN 3 THEN 'pg_catalog.concat(''{"a": '', e.place * 7919 % 101, ''}'')' WHEN 5 THEN '''x''' ELSE 'e.place::pg_catalog.text' END
                                          ELSE 'e.country' END
                    WHEN 'timestamp with time zone' THEN CASE WHEN i = 3 THEN 'e.at + ''960 hours''::pg_catalog.interval' ELSE 'e.at' END
                    WHEN 'timestamp without time zone' THEN CASE WHEN i = 3 THEN 'e.local_at + ''40 days''::pg_catalog.interval' ELSE 'e.local_at' END
                    WHEN 'date' THEN CASE WHEN i = 3 THEN 'e.local_at::pg_catalog.date + 40' ELSE 'e.local_at::pg_catalog.date' END
                    WHEN 'numeric' THEN 'e.amount'
                    WHEN 'double precision' THEN CASE WHEN p.proname = 'clv_fit_agg' THEN CASE i WHEN 1 THEN 'e.member % 4' WHEN 2 THEN '10 * (e.member % 4)' WHEN 3 THEN '50' ELSE '20' END
                                                      WHEN p.proname LIKE '%survivors%' THEN '1000.0 / e.place'
                                                      WHEN i = 1 THEN '1 + e.place % 37' ELSE '0.5' END
                    WHEN 'integer' THEN '5'
                    WHEN 'boolean' THEN CASE WHEN p.proname = 'history_agg' THEN 'true' ELSE 'e.member % 3 > 0' END
                    WHEN 'boolean[]' THEN 'e.member % 3 > 0'
                    WHEN 'double precision[]' THEN 'ARRAY[e.place * 7919 % 101, e.place * 31 % 13]::pg_catalog.float8[]'
                    WHEN 'jsonb' THEN 'pg_catalog.jsonb_build_object(''a'', e.place * 7919 % 101, ''b'', e.country)'
                    ELSE b.value
                END AS value
         FROM generate_series(1, p.pronargs) AS i
              CROSS JOIN LATERAL (SELECT CASE WHEN y.typnamespace = 'retention'::regnamespace THEN 'retention.' || y.typname ELSE format_type(y.oid, NULL) END AS type
                                  FROM pg_type AS y WHERE y.oid = p.proargtypes[i - 1]) AS t
              LEFT JOIN given AS b ON b.name = '' AND b.type = t.type
     ) AS a
WHERE n.nspname = 'retention' AND p.prokind = 'a'
GROUP BY p.oid, n.nspname;

-- What the functions answer, as one value: of the binary form, which no setting changes. The query of a call, and of an aggregate.
CREATE FUNCTION pg_temp.digest_of(rows_of text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'SELECT pg_catalog.md5(pg_catalog.string_agg(b.bytes, ''''::pg_catalog.bytea ORDER BY b.bytes)) FROM (SELECT pg_catalog.record_send(ROW(r.*)) AS bytes FROM ' || rows_of || ') AS b'
$$;
CREATE TEMP TABLE queries AS
SELECT signature, volatility, pg_temp.digest_of('public.sample, LATERAL ' || call || ' AS r') AS query FROM calls
WHERE kind = 'f' AND (SELECT prorettype NOT IN ('cstring'::regtype, 'void'::regtype) FROM pg_proc AS p WHERE p.oid = calls.oid)
UNION ALL
SELECT signature, volatility, pg_temp.digest_of('(SELECT ' || call || ' AS r FROM public.events AS e, public.sample) AS r') FROM aggregates;

-- Functions over which there is no call yet: tell tests/sweep/calls.sql what to give.
-- What fits and reads a churn_model or churn_rows has tests of its own, in tests/sql/prediction: there is nothing to fit in this sample.
DELETE FROM calls WHERE missing::text ~ 'retention\.churn_(model|rows)';
DELETE FROM aggregates WHERE name = 'churn_fit_agg';
DELETE FROM queries WHERE signature NOT IN (SELECT signature FROM calls UNION ALL SELECT signature FROM aggregates);
SELECT signature, missing FROM calls WHERE missing IS NOT NULL
UNION ALL SELECT signature, missing FROM aggregates WHERE missing IS NOT NULL ORDER BY 1;
