-- The type: a fitted model of customers.

CREATE TYPE clv_model;

CREATE FUNCTION retention_internal.clv_model_in(cstring) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_model_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_model_out(clv_model) RETURNS cstring
    AS 'MODULE_PATHNAME', 'clv_model_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_model_recv(internal) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_model_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_model_send(clv_model) RETURNS bytea
    AS 'MODULE_PATHNAME', 'clv_model_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE clv_model (
    INPUT = retention_internal.clv_model_in,
    OUTPUT = retention_internal.clv_model_out,
    RECEIVE = retention_internal.clv_model_recv,
    SEND = retention_internal.clv_model_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = extended
);
CREATE CAST (clv_model AS jsonb) WITH INOUT;
CREATE CAST (clv_model AS json) WITH INOUT;
CREATE CAST (jsonb AS clv_model) WITH INOUT;
CREATE CAST (json AS clv_model) WITH INOUT;

COMMENT ON TYPE clv_model IS
    'a fitted model of customers as JSON: model, parameters, covariance, log_likelihood, customers, unit, as_of, spend ...; made by clv_fit, read by clv, p_alive ...; cast it to jsonb to look inside';
COMMENT ON FUNCTION retention_internal.clv_model_in(cstring) IS 'text input: JSON, checked';
COMMENT ON FUNCTION retention_internal.clv_model_out(clv_model) IS 'text output: JSON';
COMMENT ON FUNCTION retention_internal.clv_model_recv(internal) IS 'binary input';
COMMENT ON FUNCTION retention_internal.clv_model_send(clv_model) IS 'binary output';
