-- Members in their own type. A reader of members returns a row for each of them and has member text as its first column; its
-- family's file declares it once. Here each of these gets two more overloads, with an argument more after the summary:
--
--     rfm(h, as_of, ...)               member text
--     rfm(h, id bigint, as_of, ...)    member bigint: id => NULL::bigint is about everybody, id => 12347 about that one
--     rfm(h, id uuid, as_of, ...)      member uuid, in the same way
--
-- There is none with id text: it would take a date for an id. Members that are text are picked with WHERE.
DO $$
DECLARE
    reader record;
    id text;
    search_path text := pg_catalog.current_setting('search_path');
BEGIN
    -- This runs as superuser, and somebody else may have put functions into the extension's schema before.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    FOR reader IN
        SELECT format('%I.%I', n.nspname, p.proname) AS name, p.prosrc AS symbol, p.procost AS cost, p.prorows AS number,
               CASE p.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END AS volatility,
               pg_get_function_arguments(p.oid) AS arguments,
               pg_get_function_identity_arguments(p.oid) AS types,
               pg_get_function_result(p.oid) AS result,
               obj_description(p.oid, 'pg_proc') AS comment
        FROM pg_proc AS p
             JOIN pg_namespace AS n ON n.oid = p.pronamespace
             JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
             JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
        WHERE e.extname = 'pg_retention'
          AND pg_get_function_result(p.oid) LIKE 'TABLE(member text%'
    LOOP
        FOREACH id IN ARRAY ARRAY['bigint', 'uuid'] LOOP
            EXECUTE format(
                'CREATE FUNCTION %s(%s) RETURNS %s
                     AS ''MODULE_PATHNAME'', %L LANGUAGE c %s PARALLEL SAFE COST %s ROWS %s',
                reader.name,
                regexp_replace(reader.arguments, '^[^,]+', '\&, id ' || id),
                replace(reader.result, 'TABLE(member text', 'TABLE(member ' || id),
                reader.symbol, reader.volatility, reader.cost, reader.number);
            EXECUTE format(
                'COMMENT ON FUNCTION %s(%s) IS %L',
                reader.name,
                regexp_replace(reader.types, '^[^,]+', '\&, id ' || id),
                reader.comment || format('; with members as %1$s (id => NULL::%1$s), or of one of them alone (id => that one)', id));
        END LOOP;
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', search_path, true);
END
$$;
