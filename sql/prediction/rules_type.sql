-- The type: rows with a label and attributes.

CREATE TYPE churn_rows;
CREATE FUNCTION retention_internal.churn_rows_in(cstring) RETURNS churn_rows
    AS 'MODULE_PATHNAME', 'churn_rows_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.churn_rows_out(churn_rows) RETURNS cstring
    AS 'MODULE_PATHNAME', 'churn_rows_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.churn_rows_recv(internal) RETURNS churn_rows
    AS 'MODULE_PATHNAME', 'churn_rows_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.churn_rows_send(churn_rows) RETURNS bytea
    AS 'MODULE_PATHNAME', 'bytes_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE churn_rows (
    INPUT = retention_internal.churn_rows_in,
    OUTPUT = retention_internal.churn_rows_out,
    RECEIVE = retention_internal.churn_rows_recv,
    SEND = retention_internal.churn_rows_send,
    ALIGNMENT = int4,
    STORAGE = external
);
COMMENT ON TYPE churn_rows IS
    'rows of members with what is known of them and whether they left: made by rules_agg or drivers_agg, read by rules and drivers';
COMMENT ON FUNCTION retention_internal.churn_rows_in(cstring) IS 'I/O';
COMMENT ON FUNCTION retention_internal.churn_rows_out(churn_rows) IS 'I/O';
COMMENT ON FUNCTION retention_internal.churn_rows_recv(internal) IS 'I/O';
COMMENT ON FUNCTION retention_internal.churn_rows_send(churn_rows) IS 'I/O';
