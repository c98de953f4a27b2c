-- The type: what members did, step by step. Its bytes are canonical, so it compares.

CREATE TYPE journeys;

CREATE FUNCTION retention_internal.journeys_in(cstring) RETURNS journeys
    AS 'MODULE_PATHNAME', 'journeys_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.journeys_out(journeys) RETURNS cstring
    AS 'MODULE_PATHNAME', 'journeys_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.journeys_recv(internal) RETURNS journeys
    AS 'MODULE_PATHNAME', 'journeys_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.journeys_send(journeys) RETURNS bytea
    AS 'MODULE_PATHNAME', 'journeys_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

-- External, and of the category: as for history.
CREATE TYPE journeys (
    INPUT = retention_internal.journeys_in,
    OUTPUT = retention_internal.journeys_out,
    RECEIVE = retention_internal.journeys_recv,
    SEND = retention_internal.journeys_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = external,
    CATEGORY = 'h'
);

COMMENT ON TYPE journeys IS
    'for every member, what it did and when, to the microsecond: the name of each event, and the number of identical rows; made by journey_agg, read by funnel, history_of_events ...';
COMMENT ON FUNCTION retention_internal.journeys_in(cstring) IS 'text input: the bytes in base64';
COMMENT ON FUNCTION retention_internal.journeys_out(journeys) IS 'text output: the bytes in base64';
COMMENT ON FUNCTION retention_internal.journeys_recv(internal) IS 'binary input';
COMMENT ON FUNCTION retention_internal.journeys_send(journeys) IS 'binary output';

CREATE FUNCTION retention_internal.journeys_eq(journeys, journeys) RETURNS boolean
    AS 'MODULE_PATHNAME', 'journeys_eq_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.journeys_ne(journeys, journeys) RETURNS boolean
    AS 'MODULE_PATHNAME', 'journeys_ne_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.journeys_lt(journeys, journeys) RETURNS boolean
    AS 'MODULE_PATHNAME', 'journeys_lt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.journeys_le(journeys, journeys) RETURNS boolean
    AS 'MODULE_PATHNAME', 'journeys_le_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.journeys_gt(journeys, journeys) RETURNS boolean
    AS 'MODULE_PATHNAME', 'journeys_gt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.journeys_ge(journeys, journeys) RETURNS boolean
    AS 'MODULE_PATHNAME', 'journeys_ge_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.journeys_cmp(journeys, journeys) RETURNS integer
    AS 'MODULE_PATHNAME', 'journeys_cmp_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.journeys_hash(journeys) RETURNS integer
    AS 'MODULE_PATHNAME', 'journeys_hash_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.journeys_hash_extended(journeys, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME', 'journeys_hash_extended_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION retention_internal.journeys_eq(journeys, journeys) IS 'implementation of = operator';
COMMENT ON FUNCTION retention_internal.journeys_ne(journeys, journeys) IS 'implementation of <> operator';
COMMENT ON FUNCTION retention_internal.journeys_lt(journeys, journeys) IS 'implementation of < operator';
COMMENT ON FUNCTION retention_internal.journeys_le(journeys, journeys) IS 'implementation of <= operator';
COMMENT ON FUNCTION retention_internal.journeys_gt(journeys, journeys) IS 'implementation of > operator';
COMMENT ON FUNCTION retention_internal.journeys_ge(journeys, journeys) IS 'implementation of >= operator';
COMMENT ON FUNCTION retention_internal.journeys_cmp(journeys, journeys) IS 'less-equal-greater, by bytes';
COMMENT ON FUNCTION retention_internal.journeys_hash(journeys) IS 'hash';
COMMENT ON FUNCTION retention_internal.journeys_hash_extended(journeys, bigint) IS 'hash with a seed';

CREATE OPERATOR = (
    FUNCTION = retention_internal.journeys_eq, LEFTARG = journeys, RIGHTARG = journeys,
    COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR <> (
    FUNCTION = retention_internal.journeys_ne, LEFTARG = journeys, RIGHTARG = journeys,
    COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR < (
    FUNCTION = retention_internal.journeys_lt, LEFTARG = journeys, RIGHTARG = journeys,
    COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR <= (
    FUNCTION = retention_internal.journeys_le, LEFTARG = journeys, RIGHTARG = journeys,
    COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR > (
    FUNCTION = retention_internal.journeys_gt, LEFTARG = journeys, RIGHTARG = journeys,
    COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR >= (
    FUNCTION = retention_internal.journeys_ge, LEFTARG = journeys, RIGHTARG = journeys,
    COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (journeys, journeys) IS 'same content: equal journeys have equal bytes';
COMMENT ON OPERATOR <> (journeys, journeys) IS 'not the same content';
COMMENT ON OPERATOR < (journeys, journeys) IS 'less than, by bytes: an order for sorting, without a meaning';
COMMENT ON OPERATOR <= (journeys, journeys) IS 'less than or equal, by bytes';
COMMENT ON OPERATOR > (journeys, journeys) IS 'greater than, by bytes';
COMMENT ON OPERATOR >= (journeys, journeys) IS 'greater than or equal, by bytes';

CREATE OPERATOR CLASS journeys_ops DEFAULT FOR TYPE journeys USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
    FUNCTION 1 retention_internal.journeys_cmp(journeys, journeys);
CREATE OPERATOR CLASS journeys_ops DEFAULT FOR TYPE journeys USING hash AS
    OPERATOR 1 =,
    FUNCTION 1 retention_internal.journeys_hash(journeys),
    FUNCTION 2 retention_internal.journeys_hash_extended(journeys, bigint);
