-- The bytes of summaries and models as a bytea, and back: for clients that speak the binary protocol and do not know the types. What comes in is
-- checked as the binary form is. A clv_model is text in all its forms, and has casts to and from jsonb.
DO $$
DECLARE
    type text;
    search_path text := pg_catalog.current_setting('search_path');
BEGIN
    -- This runs as superuser, and somebody else may have put functions into the extension's schema before.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    FOREACH type IN ARRAY ARRAY['history', 'memberships', 'journeys', 'survival_data', 'logrank_data', 'cox_model', 'churn_model', 'churn_rows'] LOOP
        EXECUTE pg_catalog.format(
            'CREATE FUNCTION retention_internal.%I(bytea) RETURNS @extschema@.%I
                 AS ''MODULE_PATHNAME'', %L LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE',
            type || '_from_bytea', type, type || '_from_bytea_wrapper');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION retention_internal.%I(bytea) IS ''the binary form as a bytea, checked''', type || '_from_bytea');
        EXECUTE pg_catalog.format('CREATE CAST (bytea AS @extschema@.%I) WITH FUNCTION retention_internal.%I(bytea)', type, type || '_from_bytea');
        EXECUTE pg_catalog.format('CREATE CAST (@extschema@.%1$I AS bytea) WITH FUNCTION retention_internal.%2$I(@extschema@.%1$I)', type, type || '_send');
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', search_path, true);
END
$$;
