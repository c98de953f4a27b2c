-- The type: a fitted model of who leaves.

CREATE TYPE churn_model;

CREATE FUNCTION retention_internal.churn_model_in(cstring) RETURNS churn_model
    AS 'MODULE_PATHNAME', 'churn_model_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.churn_model_out(churn_model) RETURNS cstring
    AS 'MODULE_PATHNAME', 'churn_model_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.churn_model_recv(internal) RETURNS churn_model
    AS 'MODULE_PATHNAME', 'churn_model_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.churn_model_send(churn_model) RETURNS bytea
    AS 'MODULE_PATHNAME', 'bytes_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE churn_model (
    INPUT = retention_internal.churn_model_in,
    OUTPUT = retention_internal.churn_model_out,
    RECEIVE = retention_internal.churn_model_recv,
    SEND = retention_internal.churn_model_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = extended
);
CREATE CAST (churn_model AS jsonb) WITH INOUT;
CREATE CAST (churn_model AS json) WITH INOUT;
CREATE CAST (jsonb AS churn_model) WITH INOUT;
CREATE CAST (json AS churn_model) WITH INOUT;

COMMENT ON TYPE churn_model IS
    'a fitted model of who leaves, as JSON: features, logit, trees, test ...; made by churn_fit or churn_fit_agg, read by churn_risk, churn_reasons, churn_test ...; cast it to jsonb to look inside';
COMMENT ON FUNCTION retention_internal.churn_model_in(cstring) IS 'text input: JSON, checked';
COMMENT ON FUNCTION retention_internal.churn_model_out(churn_model) IS 'text output: JSON';
COMMENT ON FUNCTION retention_internal.churn_model_recv(internal) IS 'binary input';
COMMENT ON FUNCTION retention_internal.churn_model_send(churn_model) IS 'binary output';
