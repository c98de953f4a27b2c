-- The type: durations in groups and strata, and whether they ended.

CREATE TYPE logrank_data;
CREATE FUNCTION retention_internal.logrank_data_in(cstring) RETURNS logrank_data
    AS 'MODULE_PATHNAME', 'logrank_data_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.logrank_data_out(logrank_data) RETURNS cstring
    AS 'MODULE_PATHNAME', 'logrank_data_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.logrank_data_recv(internal) RETURNS logrank_data
    AS 'MODULE_PATHNAME', 'logrank_data_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.logrank_data_send(logrank_data) RETURNS bytea
    AS 'MODULE_PATHNAME', 'bytes_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE logrank_data (
    INPUT = retention_internal.logrank_data_in,
    OUTPUT = retention_internal.logrank_data_out,
    RECEIVE = retention_internal.logrank_data_recv,
    SEND = retention_internal.logrank_data_send,
    ALIGNMENT = int4,
    STORAGE = external
);
COMMENT ON TYPE logrank_data IS
    'how many members of which group and stratum had which duration, and left or were still there: made by logrank_agg, read by logrank and logrank_groups';
COMMENT ON FUNCTION retention_internal.logrank_data_in(cstring) IS 'I/O';
COMMENT ON FUNCTION retention_internal.logrank_data_out(logrank_data) IS 'I/O';
COMMENT ON FUNCTION retention_internal.logrank_data_recv(internal) IS 'I/O';
COMMENT ON FUNCTION retention_internal.logrank_data_send(logrank_data) IS 'I/O';
