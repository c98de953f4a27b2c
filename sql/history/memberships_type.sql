-- The type: members with a contract. Its bytes are canonical, so it compares.

CREATE TYPE memberships;

CREATE FUNCTION retention_internal.memberships_in(cstring) RETURNS memberships
    AS 'MODULE_PATHNAME', 'memberships_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.memberships_out(memberships) RETURNS cstring
    AS 'MODULE_PATHNAME', 'memberships_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.memberships_recv(internal) RETURNS memberships
    AS 'MODULE_PATHNAME', 'memberships_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.memberships_send(memberships) RETURNS bytea
    AS 'MODULE_PATHNAME', 'memberships_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

-- External, and of the category: as for history.
CREATE TYPE memberships (
    INPUT = retention_internal.memberships_in,
    OUTPUT = retention_internal.memberships_out,
    RECEIVE = retention_internal.memberships_recv,
    SEND = retention_internal.memberships_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = external,
    CATEGORY = 'h'
);

COMMENT ON TYPE memberships IS
    'for every member, the days during which it had a contract, as stretches [joined, ended); made by membership_agg, read by churn, cohorts ...';
COMMENT ON FUNCTION retention_internal.memberships_in(cstring) IS 'text input: the bytes in base64';
COMMENT ON FUNCTION retention_internal.memberships_out(memberships) IS 'text output: the bytes in base64';
COMMENT ON FUNCTION retention_internal.memberships_recv(internal) IS 'binary input';
COMMENT ON FUNCTION retention_internal.memberships_send(memberships) IS 'binary output';

CREATE FUNCTION retention_internal.memberships_eq(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_eq_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.memberships_ne(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_ne_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.memberships_lt(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_lt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.memberships_le(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_le_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.memberships_gt(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_gt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.memberships_ge(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'memberships_ge_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.memberships_cmp(memberships, memberships) RETURNS integer
    AS 'MODULE_PATHNAME', 'memberships_cmp_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.memberships_hash(memberships) RETURNS integer
    AS 'MODULE_PATHNAME', 'memberships_hash_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.memberships_hash_extended(memberships, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME', 'memberships_hash_extended_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION retention_internal.memberships_eq(memberships, memberships) IS 'implementation of = operator';
COMMENT ON FUNCTION retention_internal.memberships_ne(memberships, memberships) IS 'implementation of <> operator';
COMMENT ON FUNCTION retention_internal.memberships_lt(memberships, memberships) IS 'implementation of < operator';
COMMENT ON FUNCTION retention_internal.memberships_le(memberships, memberships) IS 'implementation of <= operator';
COMMENT ON FUNCTION retention_internal.memberships_gt(memberships, memberships) IS 'implementation of > operator';
COMMENT ON FUNCTION retention_internal.memberships_ge(memberships, memberships) IS 'implementation of >= operator';
COMMENT ON FUNCTION retention_internal.memberships_cmp(memberships, memberships) IS 'less-equal-greater, by bytes';
COMMENT ON FUNCTION retention_internal.memberships_hash(memberships) IS 'hash';
COMMENT ON FUNCTION retention_internal.memberships_hash_extended(memberships, bigint) IS 'hash with a seed';

CREATE OPERATOR = (
    FUNCTION = retention_internal.memberships_eq, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR <> (
    FUNCTION = retention_internal.memberships_ne, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR < (
    FUNCTION = retention_internal.memberships_lt, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR <= (
    FUNCTION = retention_internal.memberships_le, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR > (
    FUNCTION = retention_internal.memberships_gt, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR >= (
    FUNCTION = retention_internal.memberships_ge, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (memberships, memberships) IS 'same content: equal memberships have equal bytes';
COMMENT ON OPERATOR <> (memberships, memberships) IS 'not the same content';
COMMENT ON OPERATOR < (memberships, memberships) IS 'less than, by bytes: an order for sorting, without a meaning';
COMMENT ON OPERATOR <= (memberships, memberships) IS 'less than or equal, by bytes';
COMMENT ON OPERATOR > (memberships, memberships) IS 'greater than, by bytes';
COMMENT ON OPERATOR >= (memberships, memberships) IS 'greater than or equal, by bytes';

CREATE OPERATOR CLASS memberships_ops DEFAULT FOR TYPE memberships USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
    FUNCTION 1 retention_internal.memberships_cmp(memberships, memberships);
CREATE OPERATOR CLASS memberships_ops DEFAULT FOR TYPE memberships USING hash AS
    OPERATOR 1 =,
    FUNCTION 1 retention_internal.memberships_hash(memberships),
    FUNCTION 2 retention_internal.memberships_hash_extended(memberships, bigint);
