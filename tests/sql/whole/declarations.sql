-- A library and a declaration that do not go together, as between the installation of new files and ALTER EXTENSION UPDATE: an ERROR
-- that says what to do, in every function and for every argument and column, and never a crash.
SET search_path = public, retention;

-- What a function answers that is declared in another way, by its SQLSTATE.
CREATE FUNCTION pg_temp.answer(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
    hint text;
BEGIN
    EXECUTE call;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN state || CASE WHEN hint LIKE '%run ALTER EXTENSION pg_retention UPDATE.' THEN ', with what to do' ELSE '' END;
END $$;

-- Every function that takes arguments by name: once with an argument less, once with one more, and once for each argument with another
-- type or another name there. NULL everywhere; STRICT functions are declared without that.
CREATE TEMP TABLE declared AS
SELECT p.oid, p.proname::text AS name, p.prosrc AS symbol, p.pronargs AS number, a.types, a.names,
       pg_get_function_result(p.oid) AS result
FROM pg_proc p
     JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
     CROSS JOIN LATERAL (SELECT array_agg(format_type(t, NULL) ORDER BY i) AS types,
                                array_agg(coalesce(p.proargnames[i], '') ORDER BY i) AS names
                         FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS u (t, i)) AS a
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_retention')
  AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')
  AND p.proargnames IS NOT NULL AND p.prokind = 'f' AND p.pronargs > 0;

CREATE TEMP TABLE variants AS
SELECT d.oid, d.name, d.symbol, d.result, 'an argument less' AS what, d.types[:number - 1] AS types, d.names[:number - 1] AS names FROM declared d
UNION ALL
SELECT d.oid, d.name, d.symbol, d.result, 'an argument more', d.types || 'boolean'::text, d.names || 'one_more'::text FROM declared d
UNION ALL
SELECT d.oid, d.name, d.symbol, d.result, 'another type',
       d.types[:i - 1] || CASE d.types[i] WHEN 'boolean' THEN 'bigint' ELSE 'boolean' END || d.types[i + 1:], d.names
FROM declared d, generate_series(1, number) AS i
UNION ALL
SELECT d.oid, d.name, d.symbol, d.result, 'another name', d.types, d.names[:i - 1] || 'other'::text || d.names[i + 1:]
FROM declared d, generate_series(1, number) AS i;

DO $$
DECLARE
    v record;
BEGIN
    CREATE TEMP TABLE answers (name text, what text, answer text);
    FOR v IN SELECT *, (SELECT string_agg(n || ' ' || t, ', ' ORDER BY i) FROM unnest(types, names) WITH ORDINALITY AS u (t, n, i)) AS arguments,
                    (SELECT string_agg('NULL', ', ') FROM unnest(types)) AS nulls FROM variants
    LOOP
        EXECUTE format('CREATE FUNCTION pg_temp.of_another_version(%s) RETURNS %s AS ''$libdir/pg_retention'', %L LANGUAGE c',
                       v.arguments, v.result, v.symbol);
        INSERT INTO answers SELECT v.name, v.what, pg_temp.answer('SELECT * FROM pg_temp.of_another_version(' || coalesce(v.nulls, '') || ')');
        EXECUTE format('DROP FUNCTION pg_temp.of_another_version(%s)', array_to_string(v.types, ','));
    END LOOP;
END $$;
SELECT what, answer, count(DISTINCT name) > 50 AS all_functions FROM answers GROUP BY 1, 2 ORDER BY 1, 2;
-- But for those that are another overload then, without id.
SELECT DISTINCT name, what, answer FROM answers WHERE answer <> '55000, with what to do' ORDER BY 1, 2;

-- Columns of another type, and of another number, are found when there is a row.
CREATE TEMP TABLE shop AS SELECT history_agg(member_id, ordered_at, amount) AS h FROM orders;
CREATE FUNCTION pg_temp.engagement(h history, as_of date) RETURNS TABLE (day date, dau bigint, wau text, mau bigint, stickiness float8, truncated boolean)
    AS '$libdir/pg_retention', 'engagement_wrapper' LANGUAGE c;
SELECT count(*) FROM shop, pg_temp.engagement(h, NULL);
CREATE FUNCTION pg_temp.engagement_days(h history, within text, as_of date) RETURNS TABLE (active_days integer, members bigint, share float8)
    AS '$libdir/pg_retention', 'engagement_days_wrapper' LANGUAGE c;
SELECT count(*) FROM shop, pg_temp.engagement_days(h, '28 days', NULL);
CREATE FUNCTION pg_temp.cohort_members(h history, cohort date, period_number integer, period text, mode text, entry text, starts history, as_of date,
    brackets integer[], min_events integer) RETURNS TABLE (member point)
    AS '$libdir/pg_retention', 'cohort_members_wrapper' LANGUAGE c;
SELECT count(*) FROM shop, pg_temp.cohort_members(h, '2011-01-01', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
DO $$
DECLARE
    columns text[] := ARRAY['period_start date', 'opening bigint', 'new bigint', 'reactivated bigint', 'retained bigint', 'churned bigint',
        'closing bigint', 'retention_rate float8', 'crr float8', 'churn_rate float8', 'churn_rate_low float8', 'churn_rate_high float8', 'truncated boolean', 'complete boolean'];
    other text;
    answers text[];
BEGIN
    FOR i IN 1 .. cardinality(columns) LOOP
        FOREACH other IN ARRAY ARRAY['text', 'boolean', 'numeric', 'history', 'bigint', 'double precision', 'date[]'] LOOP
            CONTINUE WHEN columns[i] LIKE '% ' || other OR columns[i] LIKE '% float8' AND other = 'double precision';
            EXECUTE format('CREATE FUNCTION pg_temp.of_another_version(h history, period text, gap integer, silence text, as_of date, confidence float8)
                            RETURNS TABLE (%s) AS ''$libdir/pg_retention'', ''churn_wrapper'' LANGUAGE c',
                           array_to_string(columns[:i - 1] || (split_part(columns[i], ' ', 1) || ' ' || other) || columns[i + 1:], ', '));
            answers := answers || pg_temp.answer('SELECT * FROM shop, pg_temp.of_another_version(h, NULL, NULL, NULL, NULL, NULL)');
            DROP FUNCTION pg_temp.of_another_version;
        END LOOP;
    END LOOP;
    RAISE NOTICE '%', (SELECT array_agg(DISTINCT a) FROM unnest(answers) AS a);
END $$;

-- What a release had, and what is no more.
CREATE FUNCTION pg_temp.btyd(h history, id bigint, unit text, as_of date) RETURNS TABLE (member bigint, x bigint, t_x float8, age float8, litt float8, spend float8)
    AS '$libdir/pg_retention', 'btyd_with_id_wrapper' LANGUAGE c;
SELECT count(*) FROM shop, pg_temp.btyd(h, NULL::bigint, NULL, NULL);

-- What people call is in retention, with a comment. What types, operators and aggregates are made of is not, and is reached by everybody.
SELECT count(DISTINCT proname) BETWEEN 70 AND 140 AS some_dozens_of_names, count(*) FILTER (WHERE obj_description(oid, 'pg_proc') IS NULL) AS without_comment
FROM pg_proc WHERE pronamespace = 'retention'::regnamespace;
SELECT oid::regprocedure AS internal FROM pg_proc p
WHERE pronamespace = 'retention'::regnamespace
  AND ('internal'::regtype = ANY (proargtypes) OR prorettype IN ('internal'::regtype, 'cstring'::regtype) OR 'cstring'::regtype = ANY (proargtypes)
       OR EXISTS (SELECT FROM pg_depend WHERE refclassid = 'pg_proc'::regclass AND refobjid = p.oid AND deptype = 'n'
                  AND classid IN ('pg_type'::regclass, 'pg_operator'::regclass, 'pg_amproc'::regclass, 'pg_opclass'::regclass))
       OR EXISTS (SELECT FROM pg_aggregate WHERE p.oid IN (aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn)));
SELECT count(*) AS without_comment FROM pg_proc WHERE pronamespace = 'retention_internal'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL;
SELECT oid::regprocedure AS body_that_a_search_path_may_change FROM pg_proc p
WHERE pronamespace IN ('retention'::regnamespace, 'retention_internal'::regnamespace)
  AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql') AND pg_get_function_sqlbody(oid) IS NULL
  AND NOT coalesce(proconfig::text LIKE '%search_path=pg_catalog, pg_temp%', false);
CREATE ROLE retention_passer_by;
SET ROLE retention_passer_by;
SELECT retention.members(retention.history_agg(1, date '2024-01-01')) AS for_everybody;
RESET ROLE;
DROP ROLE retention_passer_by;

-- Every type of bytes can be had as a bytea, and back. A clv_model is JSON.
SELECT t.typname FROM pg_type AS t
WHERE t.typnamespace = 'retention'::regnamespace AND t.typtype = 'b' AND t.typcategory <> 'A'
      AND (SELECT count(*) FROM pg_cast AS c WHERE (c.castsource, c.casttarget) IN ((t.oid, 'bytea'::regtype), ('bytea'::regtype, t.oid))) <> 2;
