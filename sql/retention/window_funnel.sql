-- The aggregate that users of columnar engines know: one group a member.

CREATE FUNCTION retention_internal.window_funnel_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'window_funnel_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.window_funnel_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'window_funnel_serialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.window_funnel_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'window_funnel_deserialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.window_funnel_final(internal) RETURNS integer
    AS 'MODULE_PATHNAME', 'window_funnel_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.window_funnel_combine(internal, internal) IS
    'combine function of window_funnel; not to be called by itself';
COMMENT ON FUNCTION retention_internal.window_funnel_serialize(internal) IS
    'serialisation function of window_funnel; not to be called by itself';
COMMENT ON FUNCTION retention_internal.window_funnel_deserialize(bytea, internal) IS
    'deserialisation function of window_funnel; not to be called by itself';
COMMENT ON FUNCTION retention_internal.window_funnel_final(internal) IS
    'final function of window_funnel; not to be called by itself';

DO $$
DECLARE
    within text;
    time_type text;
    arguments text;
    search_path text := pg_catalog.current_setting('search_path');
BEGIN
    -- This runs as superuser, and somebody else may have put functions into the extension's schema before.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    FOREACH within IN ARRAY ARRAY['text', 'bigint'] LOOP
        FOREACH time_type IN ARRAY ARRAY['timestamptz', 'timestamp', 'date', 'bigint'] LOOP
            arguments := within || ', text, ' || time_type || ', VARIADIC boolean[]';
            EXECUTE pg_catalog.format(
                'CREATE FUNCTION retention_internal.window_funnel_step(internal, %s) RETURNS internal
                     AS ''MODULE_PATHNAME'', %L LANGUAGE c IMMUTABLE PARALLEL SAFE',
                arguments, 'window_funnel_' || within || '_' || time_type || '_wrapper');
            EXECUTE pg_catalog.format(
                'CREATE AGGREGATE @extschema@.window_funnel(%s) (
                     SFUNC = retention_internal.window_funnel_step,
                     STYPE = internal,
                     SSPACE = 1024,
                     FINALFUNC = retention_internal.window_funnel_final,
                     COMBINEFUNC = retention_internal.window_funnel_combine,
                     SERIALFUNC = retention_internal.window_funnel_serialize,
                     DESERIALFUNC = retention_internal.window_funnel_deserialize,
                     PARALLEL = SAFE)',
                arguments);
            EXECUTE pg_catalog.format(
                'COMMENT ON FUNCTION retention_internal.window_funnel_step(internal, %s) IS %L', arguments,
                'transition function of window_funnel; not to be called by itself');
            EXECUTE pg_catalog.format(
                'COMMENT ON AGGREGATE @extschema@.window_funnel(%s) IS %L', arguments,
                'how far the rows of a group come, as windowFunnel of columnar engines counts it: ' || CASE within WHEN 'text' THEN 'window, such as ''7 days''' ELSE 'window in seconds' END
                || ', mode (default, strict_order, strict_increase, strict_deduplication, strict_once), time' || CASE time_type WHEN 'bigint' THEN ' in seconds' ELSE '' END
                || ', a condition for each step; the number of the last step that was reached, 0 for none');
        END LOOP;
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', search_path, true);
END
$$;
