-- From 0.1.0: its types, operators and casts stay, with every value that is stored. All other functions are dropped, and what follows
-- makes them anew; those on which the types stand move to retention_internal.
DO $$
DECLARE
    routine record;
    dependents text;
    advice CONSTANT text := 'Keep their definitions (pg_get_viewdef, pg_dump --schema-only), drop them, run ALTER EXTENSION pg_retention UPDATE '
        'again, and make them anew: CHANGELOG.md says which names and arguments have changed.';
    search_path text := pg_catalog.current_setting('search_path');
BEGIN
    -- This runs as superuser, and somebody else may have put functions into the extension's schema before.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

    CREATE TEMPORARY TABLE pg_retention_routines ON COMMIT DROP AS
    SELECT p.oid, p.prokind = 'a' AS is_aggregate,
           format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS signature,
           EXISTS (SELECT FROM pg_depend AS u
                   WHERE u.refclassid = 'pg_proc'::regclass AND u.refobjid = p.oid
                         AND u.classid = ANY ('{pg_type,pg_operator,pg_opclass,pg_opfamily,pg_amproc,pg_cast}'::regclass[])) AS is_of_a_type
    FROM pg_proc AS p
         JOIN pg_namespace AS n ON n.oid = p.pronamespace
         JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
         JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'pg_retention';

    -- What people have made with them, all of it in one message.
    SELECT INTO dependents
           string_agg(DISTINCT CASE WHEN r.oid IS NULL THEN pg_describe_object(d.classid, d.objid, 0)
                                    ELSE pg_describe_object('pg_class'::regclass, r.ev_class, 0) END, E'\n')
    FROM pg_temp.pg_retention_routines AS f
         JOIN pg_depend AS d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid AND d.deptype IN ('n', 'a')
         LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    WHERE NOT f.is_of_a_type AND NOT (d.classid = 'pg_proc'::regclass AND d.objid IN (SELECT g.oid FROM pg_temp.pg_retention_routines AS g));
    IF dependents IS NOT NULL THEN
        RAISE EXCEPTION 'functions of pg_retention 0.1.0 are used, and 0.2.0 makes them anew'
            USING ERRCODE = 'dependent_objects_still_exist', DETAIL = dependents, HINT = advice;
    END IF;

    FOR routine IN SELECT * FROM pg_temp.pg_retention_routines AS f ORDER BY f.is_aggregate DESC, f.oid LOOP
        IF routine.is_of_a_type THEN
            EXECUTE format('ALTER FUNCTION %s SET SCHEMA retention_internal', routine.signature);
        ELSE
            EXECUTE format('DROP %s %s', CASE WHEN routine.is_aggregate THEN 'AGGREGATE' ELSE 'FUNCTION' END, routine.signature);
        END IF;
    END LOOP;
    DROP TABLE pg_temp.pg_retention_routines;
    PERFORM pg_catalog.set_config('search_path', search_path, true);
END
$$;

-- These were functions of histories too. A history's bytes have two versions now, and memberships compare as unions: each has its own.
CREATE OR REPLACE FUNCTION retention_internal.cox_model_send(cox_model) RETURNS bytea
    AS 'MODULE_PATHNAME', 'bytes_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.logrank_data_send(logrank_data) RETURNS bytea
    AS 'MODULE_PATHNAME', 'bytes_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.memberships_cmp(memberships, memberships) RETURNS integer
    AS 'MODULE_PATHNAME', 'memberships_cmp_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.memberships_eq(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_eq_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.memberships_ge(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_ge_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.memberships_gt(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_gt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.memberships_hash(memberships) RETURNS integer
    AS 'MODULE_PATHNAME', 'memberships_hash_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.memberships_hash_extended(memberships, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME', 'memberships_hash_extended_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.memberships_le(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_le_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.memberships_lt(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_lt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.memberships_ne(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_ne_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.memberships_out(memberships) RETURNS cstring
    AS 'MODULE_PATHNAME', 'memberships_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.memberships_send(memberships) RETURNS bytea
    AS 'MODULE_PATHNAME', 'memberships_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE OR REPLACE FUNCTION retention_internal.survival_data_send(survival_data) RETURNS bytea
    AS 'MODULE_PATHNAME', 'bytes_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON TYPE churn_stratum IS
    'a stratum in two periods: its members at the opening of each and those of them that churned; an array of them is made by decompose_churn_agg, read by decompose_churn';
COMMENT ON TYPE history IS
    'for every member, the days (or other ticks) on which something happened, with the number of events (0 where there is an amount alone, such as a refund) and the amount of each; made by history_agg, read by cohorts, churn, value_summary ...';
COMMENT ON TYPE memberships IS
    'for every member, the days during which it had a contract, as stretches [joined, ended); made by membership_agg, read by churn, cohorts ...';
COMMENT ON TYPE clv_model IS
    'a fitted model of customers as JSON: model, parameters, covariance, log_likelihood, customers, unit, as_of, spend ...; made by clv_fit, read by clv, p_alive ...; cast it to jsonb to look inside';
