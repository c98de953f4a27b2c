-- Cut points and scores for tables that have a row per member already. Whole numbers and numeric are cast to float8.

CREATE FUNCTION retention_internal.rfm_cuts_step(internal, float8, float8, float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'rfm_cuts_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.rfm_cuts_step(internal, float8, float8, float8, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'rfm_cuts_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.rfm_cuts_step(internal, float8, float8, float8, integer, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'rfm_cuts_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.rfm_cuts_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'rfm_cuts_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.rfm_cuts_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'rfm_cuts_serialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.rfm_cuts_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'rfm_cuts_deserialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.rfm_cuts_final(internal) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'rfm_cuts_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.rfm_cuts_step(internal, float8, float8, float8) IS 'transition function of rfm_cuts_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.rfm_cuts_step(internal, float8, float8, float8, integer) IS 'transition function of rfm_cuts_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.rfm_cuts_step(internal, float8, float8, float8, integer, text) IS 'transition function of rfm_cuts_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.rfm_cuts_combine(internal, internal) IS 'combine function of rfm_cuts_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.rfm_cuts_serialize(internal) IS 'serialisation function of rfm_cuts_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.rfm_cuts_deserialize(bytea, internal) IS 'deserialisation function of rfm_cuts_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.rfm_cuts_final(internal) IS 'final function of rfm_cuts_agg; not to be called by itself';

CREATE AGGREGATE rfm_cuts_agg(recency float8, frequency float8, monetary float8) (
    SFUNC = retention_internal.rfm_cuts_step, STYPE = internal, COMBINEFUNC = retention_internal.rfm_cuts_combine,
    SERIALFUNC = retention_internal.rfm_cuts_serialize, DESERIALFUNC = retention_internal.rfm_cuts_deserialize, FINALFUNC = retention_internal.rfm_cuts_final,
    PARALLEL = SAFE
);
CREATE AGGREGATE rfm_cuts_agg(recency float8, frequency float8, monetary float8, bins integer) (
    SFUNC = retention_internal.rfm_cuts_step, STYPE = internal, COMBINEFUNC = retention_internal.rfm_cuts_combine,
    SERIALFUNC = retention_internal.rfm_cuts_serialize, DESERIALFUNC = retention_internal.rfm_cuts_deserialize, FINALFUNC = retention_internal.rfm_cuts_final,
    PARALLEL = SAFE
);
CREATE AGGREGATE rfm_cuts_agg(recency float8, frequency float8, monetary float8, bins integer, method text) (
    SFUNC = retention_internal.rfm_cuts_step, STYPE = internal, COMBINEFUNC = retention_internal.rfm_cuts_combine,
    SERIALFUNC = retention_internal.rfm_cuts_serialize, DESERIALFUNC = retention_internal.rfm_cuts_deserialize, FINALFUNC = retention_internal.rfm_cuts_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rfm_cuts_agg(float8, float8, float8) IS
    'the cut points of RFM scores as jsonb, of a table with a row per member: rfm_cuts_agg(recency, frequency, monetary, bins, method)';
COMMENT ON AGGREGATE rfm_cuts_agg(float8, float8, float8, integer) IS
    'the cut points of RFM scores as jsonb, of a table with a row per member: rfm_cuts_agg(recency, frequency, monetary, bins, method)';
COMMENT ON AGGREGATE rfm_cuts_agg(float8, float8, float8, integer, text) IS
    'the cut points of RFM scores as jsonb, of a table with a row per member: rfm_cuts_agg(recency, frequency, monetary, bins, method)';

CREATE FUNCTION rfm_score(cuts jsonb, recency float8, frequency float8, monetary float8 DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'rfm_score_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION rfm_score(jsonb, float8, float8, float8) IS
    'the score of one member, such as 543, with cut points of rfm_cuts_json or rfm_cuts_agg; NULL if a value is missing';
