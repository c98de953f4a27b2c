-- Rules and drivers: who leaves most often, and what goes with it.

CREATE FUNCTION retention_internal.churn_rows_step(internal, text, boolean, jsonb) RETURNS internal
    AS 'MODULE_PATHNAME', 'churn_rows_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.churn_rows_step(internal, text, boolean, jsonb) IS 'part of rules_agg and drivers_agg';
CREATE FUNCTION retention_internal.churn_rows_step(internal, bigint, boolean, jsonb) RETURNS internal
    AS 'MODULE_PATHNAME', 'churn_rows_step_of_numbers_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.churn_rows_step(internal, bigint, boolean, jsonb) IS 'part of rules_agg and drivers_agg';
CREATE FUNCTION retention_internal.churn_rows_final(internal) RETURNS churn_rows
    AS 'MODULE_PATHNAME', 'churn_rows_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION retention_internal.churn_rows_final(internal) IS 'part of rules_agg and drivers_agg';

-- No combine function: the value holds every row.
CREATE AGGREGATE rules_agg(member text, churned boolean, attributes jsonb) (
    SFUNC = retention_internal.churn_rows_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_rows_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rules_agg(text, boolean, jsonb) IS
    'rows for rules: whose row it is, whether the member left, and what is known of it by name: numbers, truth values, categories';
CREATE AGGREGATE rules_agg(member bigint, churned boolean, attributes jsonb) (
    SFUNC = retention_internal.churn_rows_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_rows_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rules_agg(bigint, boolean, jsonb) IS
    'rows for rules: whose row it is, whether the member left, and what is known of it by name: numbers, truth values, categories';
CREATE AGGREGATE drivers_agg(member text, churned boolean, attributes jsonb) (
    SFUNC = retention_internal.churn_rows_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_rows_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE drivers_agg(text, boolean, jsonb) IS
    'rows for drivers: whose row it is, whether the member left, and what is known of it by name: numbers, truth values, categories';
CREATE AGGREGATE drivers_agg(member bigint, churned boolean, attributes jsonb) (
    SFUNC = retention_internal.churn_rows_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_rows_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE drivers_agg(bigint, boolean, jsonb) IS
    'rows for drivers: whose row it is, whether the member left, and what is known of it by name: numbers, truth values, categories';

CREATE FUNCTION rules(
    r churn_rows,
    depth integer DEFAULT 3,
    min_members integer DEFAULT 50,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    rule text, members bigint, churned bigint, rate float8, rate_low float8, rate_high float8, lift float8, share_of_churn float8
)
    AS 'MODULE_PATHNAME', 'rules_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 8;
COMMENT ON FUNCTION rules(churn_rows, integer, integer, float8) IS
    'a few rules that are valid after WHERE, of which each member has exactly one, the highest rate first: a small tree grown on one half of the members, with the rates of the other half, their intervals, lift and share of all who left';

CREATE FUNCTION churn_rules(
    h history,
    horizon text,
    population text DEFAULT 'active',
    depth integer DEFAULT 3,
    min_members integer DEFAULT 50,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    rule text, members bigint, churned bigint, rate float8, rate_low float8, rate_high float8, lift float8, share_of_churn float8
)
    AS 'MODULE_PATHNAME', 'churn_rules_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 8;
COMMENT ON FUNCTION churn_rules(history, text, text, integer, integer, date, float8) IS
    'the same of a history: of the members as of a horizon before as_of, by the columns of churn_features; who left has no event in the horizon';

CREATE FUNCTION drivers(d churn_rows, confidence float8 DEFAULT 0.95)
    RETURNS TABLE (
    attribute text, value text, members bigint, churned bigint, rate float8, rate_low float8, rate_high float8,
    ratio float8, ratio_low float8, ratio_high float8, q_value float8, explains_alone float8, explains_given_others float8
)
    AS 'MODULE_PATHNAME', 'drivers_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 50;
COMMENT ON FUNCTION drivers(churn_rows, float8) IS
    'what goes with leaving, value by value: the rate and its ratio to the rest, with intervals and q-value, and how much of the deviance the attribute explains alone and beyond the others; numbers in fifths';
