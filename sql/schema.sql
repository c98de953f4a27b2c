-- Everybody who can connect may call these functions: none sees more than its caller may.
GRANT USAGE ON SCHEMA @extschema@ TO PUBLIC;
COMMENT ON SCHEMA @extschema@ IS 'pg_retention: who comes back, who leaves, who matters';

-- What is only the inside of an aggregate, a type or a function that people call. It is no secret, and its names and arguments may
-- change with every version. The transition functions have to be reachable by whoever may aggregate.
CREATE SCHEMA retention_internal;
GRANT USAGE ON SCHEMA retention_internal TO PUBLIC;
COMMENT ON SCHEMA retention_internal IS 'the inside of pg_retention: not to be called, and not the same in the next version';
