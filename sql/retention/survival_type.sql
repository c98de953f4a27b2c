-- The type: durations, and whether they ended.

CREATE TYPE survival_data;
CREATE FUNCTION retention_internal.survival_data_in(cstring) RETURNS survival_data
    AS 'MODULE_PATHNAME', 'survival_data_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.survival_data_out(survival_data) RETURNS cstring
    AS 'MODULE_PATHNAME', 'survival_data_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.survival_data_recv(internal) RETURNS survival_data
    AS 'MODULE_PATHNAME', 'survival_data_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.survival_data_send(survival_data) RETURNS bytea
    AS 'MODULE_PATHNAME', 'bytes_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
-- Its bytes are compact already. It is of the category of what readers of the same name read: see history.
CREATE TYPE survival_data (
    INPUT = retention_internal.survival_data_in,
    OUTPUT = retention_internal.survival_data_out,
    RECEIVE = retention_internal.survival_data_recv,
    SEND = retention_internal.survival_data_send,
    ALIGNMENT = int4,
    STORAGE = external,
    CATEGORY = 'h'
);
COMMENT ON TYPE survival_data IS
    'how many members had which duration, and left or were still there: made by survival_agg, read by survival and survival_summary';
COMMENT ON FUNCTION retention_internal.survival_data_in(cstring) IS 'I/O';
COMMENT ON FUNCTION retention_internal.survival_data_out(survival_data) IS 'I/O';
COMMENT ON FUNCTION retention_internal.survival_data_recv(internal) IS 'I/O';
COMMENT ON FUNCTION retention_internal.survival_data_send(survival_data) IS 'I/O';
