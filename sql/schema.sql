-- The control file names no schema: one that CREATE EXTENSION makes since a control file says so stays behind when the extension is dropped.
-- These are the extension's own. What is made here is made in the schema retention: scripts/build.sh writes that for the placeholder of the
-- extension's schema in all files but this one.
DO $$
BEGIN
    -- WITH SCHEMA retention: as dumps of installations say that began as 0.1.0, whose schema was made beforehand.
    IF '@extschema@' OPERATOR(pg_catalog.<>) 'retention' THEN
        IF EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname OPERATOR(pg_catalog.=) 'retention') THEN
            RAISE EXCEPTION 'there is a schema retention already, and pg_retention makes it'
                USING ERRCODE = 'duplicate_schema',
                      HINT = 'Where it is empty, as 0.1.0 left it behind: DROP SCHEMA retention. Else rename it: ALTER SCHEMA retention RENAME TO ...';
        END IF;
        CREATE SCHEMA retention;
    END IF;
    PERFORM pg_catalog.set_config('search_path', 'retention, pg_temp', true);
END
$$;

-- Everybody who can connect may call these functions: none sees more than its caller may.
GRANT USAGE ON SCHEMA retention TO PUBLIC;
COMMENT ON SCHEMA retention IS 'pg_retention: who comes back, who leaves, who matters';

-- What is only the inside of an aggregate, a type or a function that people call. It is no secret, and its names and arguments may
-- change with every version. The transition functions have to be reachable by whoever may aggregate.
CREATE SCHEMA retention_internal;
GRANT USAGE ON SCHEMA retention_internal TO PUBLIC;
COMMENT ON SCHEMA retention_internal IS 'the inside of pg_retention: not to be called, and not the same in the next version';
