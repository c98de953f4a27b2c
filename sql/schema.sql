-- Whoever can connect can ask: no function here sees more than its caller may.
GRANT USAGE ON SCHEMA @extschema@ TO PUBLIC;
COMMENT ON SCHEMA @extschema@ IS 'pg_retention: who comes back, who leaves, who matters';
