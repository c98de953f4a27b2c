-- Do groups leave alike? The log-rank test and its family.

CREATE FUNCTION retention_internal.logrank_step(internal, float8, boolean, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'logrank_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.logrank_step(internal, float8, boolean, text, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'logrank_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.logrank_step(internal, float8, boolean, text, text, float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'logrank_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.logrank_step(internal, float8, boolean, text, text, float8, bigint) RETURNS internal
    AS 'MODULE_PATHNAME', 'logrank_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.logrank_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'logrank_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.logrank_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'logrank_serialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.logrank_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'logrank_deserialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.logrank_final(internal) RETURNS logrank_data
    AS 'MODULE_PATHNAME', 'logrank_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.logrank_step(internal, float8, boolean, text) IS
    'transition function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.logrank_step(internal, float8, boolean, text, text) IS
    'transition function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.logrank_step(internal, float8, boolean, text, text, float8) IS
    'transition function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.logrank_step(internal, float8, boolean, text, text, float8, bigint) IS
    'transition function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.logrank_combine(internal, internal) IS
    'combine function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.logrank_serialize(internal) IS
    'serialisation function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.logrank_deserialize(bytea, internal) IS
    'deserialisation function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.logrank_final(internal) IS
    'final function of logrank_agg; not to be called by itself';

CREATE AGGREGATE logrank_agg(float8, boolean, text) (
    SFUNC = retention_internal.logrank_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = retention_internal.logrank_final,
    COMBINEFUNC = retention_internal.logrank_combine,
    SERIALFUNC = retention_internal.logrank_serialize,
    DESERIALFUNC = retention_internal.logrank_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE logrank_agg(float8, boolean, text) IS
    'for a test whether groups leave alike: duration, whether the member left then (true) or was still there when last seen (false), group; rows without one of them do not count';
CREATE AGGREGATE logrank_agg(float8, boolean, text, text) (
    SFUNC = retention_internal.logrank_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = retention_internal.logrank_final,
    COMBINEFUNC = retention_internal.logrank_combine,
    SERIALFUNC = retention_internal.logrank_serialize,
    DESERIALFUNC = retention_internal.logrank_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE logrank_agg(float8, boolean, text, text) IS
    'for a test whether groups leave alike: duration, whether the member left then, group, and the stratum within which groups are compared (NULL is one of its own)';
CREATE AGGREGATE logrank_agg(float8, boolean, text, text, float8) (
    SFUNC = retention_internal.logrank_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = retention_internal.logrank_final,
    COMBINEFUNC = retention_internal.logrank_combine,
    SERIALFUNC = retention_internal.logrank_serialize,
    DESERIALFUNC = retention_internal.logrank_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE logrank_agg(float8, boolean, text, text, float8) IS
    'for a test whether groups leave alike: duration, whether the member left then, group, stratum (or NULL), and the time of entry of members that were already there when they were first seen (left truncation; NULL: seen from the beginning)';
CREATE AGGREGATE logrank_agg(float8, boolean, text, text, float8, bigint) (
    SFUNC = retention_internal.logrank_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = retention_internal.logrank_final,
    COMBINEFUNC = retention_internal.logrank_combine,
    SERIALFUNC = retention_internal.logrank_serialize,
    DESERIALFUNC = retention_internal.logrank_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE logrank_agg(float8, boolean, text, text, float8, bigint) IS
    'for a test whether groups leave alike: duration, whether the member left then, group, stratum (or NULL), entry (or NULL), and for how many members the row stands';

CREATE FUNCTION logrank(d logrank_data, rho float8 DEFAULT 0)
    RETURNS TABLE (chi_square float8, df integer, p_value float8)
    AS 'MODULE_PATHNAME', 'logrank_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 1;
COMMENT ON FUNCTION logrank(logrank_data, float8) IS
    'one row: the test whether groups leave alike, with its p-value; rho 0 is the log-rank test, rho 1 Peto and Peto''s, for early differences';
CREATE FUNCTION logrank_groups(d logrank_data, rho float8 DEFAULT 0)
    RETURNS TABLE (grp text, members bigint, observed float8, expected float8, variance float8)
    AS 'MODULE_PATHNAME', 'logrank_groups_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 5;
COMMENT ON FUNCTION logrank_groups(logrank_data, float8) IS
    'what the test compares: a row a group with its members, how many left (observed), how many would have if all groups did alike (expected), and the variance of the difference';
