-- The type: a summary of events that every reader reads. Its bytes are canonical, so it compares.

CREATE TYPE history;

CREATE FUNCTION retention_internal.history_in(cstring) RETURNS history
    AS 'MODULE_PATHNAME', 'history_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.history_out(history) RETURNS cstring
    AS 'MODULE_PATHNAME', 'history_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.history_recv(internal) RETURNS history
    AS 'MODULE_PATHNAME', 'history_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.history_send(history) RETURNS bytea
    AS 'MODULE_PATHNAME', 'history_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

-- External: the bytes are compact already, and TOAST's own compression never polls for a cancel. Some readers read other
-- types of the same category too; preferred is what a plain NULL is taken for.
CREATE TYPE history (
    INPUT = retention_internal.history_in,
    OUTPUT = retention_internal.history_out,
    RECEIVE = retention_internal.history_recv,
    SEND = retention_internal.history_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = external,
    CATEGORY = 'h',
    PREFERRED = true
);

COMMENT ON TYPE history IS
    'for every member, the days (or other ticks) on which something happened, with the number of events (0 where there is an amount alone, such as a refund) and the amount of each; made by history_agg, read by cohorts, churn, value_summary ...';
COMMENT ON FUNCTION retention_internal.history_in(cstring) IS 'text input: the bytes in base64';
COMMENT ON FUNCTION retention_internal.history_out(history) IS 'text output: the bytes in base64';
COMMENT ON FUNCTION retention_internal.history_recv(internal) IS 'binary input';
COMMENT ON FUNCTION retention_internal.history_send(history) IS 'binary output';

CREATE FUNCTION retention_internal.history_eq(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_eq_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.history_ne(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_ne_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.history_lt(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_lt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.history_le(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_le_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.history_gt(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_gt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.history_ge(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_ge_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.history_cmp(history, history) RETURNS integer
    AS 'MODULE_PATHNAME', 'history_cmp_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.history_hash(history) RETURNS integer
    AS 'MODULE_PATHNAME', 'history_hash_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.history_hash_extended(history, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME', 'history_hash_extended_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION retention_internal.history_eq(history, history) IS 'implementation of = operator';
COMMENT ON FUNCTION retention_internal.history_ne(history, history) IS 'implementation of <> operator';
COMMENT ON FUNCTION retention_internal.history_lt(history, history) IS 'implementation of < operator';
COMMENT ON FUNCTION retention_internal.history_le(history, history) IS 'implementation of <= operator';
COMMENT ON FUNCTION retention_internal.history_gt(history, history) IS 'implementation of > operator';
COMMENT ON FUNCTION retention_internal.history_ge(history, history) IS 'implementation of >= operator';
COMMENT ON FUNCTION retention_internal.history_cmp(history, history) IS 'less-equal-greater, by bytes';
COMMENT ON FUNCTION retention_internal.history_hash(history) IS 'hash';
COMMENT ON FUNCTION retention_internal.history_hash_extended(history, bigint) IS 'hash with a seed';

CREATE OPERATOR = (
    FUNCTION = retention_internal.history_eq, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR <> (
    FUNCTION = retention_internal.history_ne, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR < (
    FUNCTION = retention_internal.history_lt, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR <= (
    FUNCTION = retention_internal.history_le, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR > (
    FUNCTION = retention_internal.history_gt, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR >= (
    FUNCTION = retention_internal.history_ge, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (history, history) IS 'same content: equal histories have equal bytes';
COMMENT ON OPERATOR <> (history, history) IS 'not the same content';
COMMENT ON OPERATOR < (history, history) IS 'less than, by bytes: an order for sorting, without a meaning';
COMMENT ON OPERATOR <= (history, history) IS 'less than or equal, by bytes';
COMMENT ON OPERATOR > (history, history) IS 'greater than, by bytes';
COMMENT ON OPERATOR >= (history, history) IS 'greater than or equal, by bytes';

CREATE OPERATOR CLASS history_ops DEFAULT FOR TYPE history USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
    FUNCTION 1 retention_internal.history_cmp(history, history);
CREATE OPERATOR CLASS history_ops DEFAULT FOR TYPE history USING hash AS
    OPERATOR 1 =,
    FUNCTION 1 retention_internal.history_hash(history),
    FUNCTION 2 retention_internal.history_hash_extended(history, bigint);
