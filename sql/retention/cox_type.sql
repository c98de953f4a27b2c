-- The type: a fitted Cox regression.

CREATE TYPE cox_model;
CREATE FUNCTION retention_internal.cox_model_in(cstring) RETURNS cox_model
    AS 'MODULE_PATHNAME', 'cox_model_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_model_out(cox_model) RETURNS cstring
    AS 'MODULE_PATHNAME', 'cox_model_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_model_recv(internal) RETURNS cox_model
    AS 'MODULE_PATHNAME', 'cox_model_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_model_send(cox_model) RETURNS bytea
    AS 'MODULE_PATHNAME', 'bytes_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE cox_model (
    INPUT = retention_internal.cox_model_in,
    OUTPUT = retention_internal.cox_model_out,
    RECEIVE = retention_internal.cox_model_recv,
    SEND = retention_internal.cox_model_send,
    ALIGNMENT = int4,
    STORAGE = external
);
COMMENT ON TYPE cox_model IS
    'a fitted Cox regression: made by cox_fit_agg, read by cox_coefficients, cox_tests, cox_summary and survival_at; its text is JSON';
COMMENT ON FUNCTION retention_internal.cox_model_in(cstring) IS 'I/O';
COMMENT ON FUNCTION retention_internal.cox_model_out(cox_model) IS 'I/O';
COMMENT ON FUNCTION retention_internal.cox_model_recv(internal) IS 'I/O';
COMMENT ON FUNCTION retention_internal.cox_model_send(cox_model) IS 'I/O';
