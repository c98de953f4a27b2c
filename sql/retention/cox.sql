-- Cox regression: what makes members leave earlier or later.

CREATE FUNCTION retention_internal.cox_step(internal, float8, boolean, float8[]) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_step(internal, float8, boolean, float8[], float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_by_name_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb, float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_by_name_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb, float8, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_by_name_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb, float8, text, bigint) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_by_name_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb, float8, text, bigint, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_by_name_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb, float8, text, bigint, bigint) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_by_name_of_numbers_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_step(internal, float8, boolean, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_of_literal_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_step(internal, float8, boolean, text, float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_of_literal_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.cox_final(internal) RETURNS cox_model
    AS 'MODULE_PATHNAME', 'cox_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.cox_step(internal, float8, boolean, float8[]) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.cox_step(internal, float8, boolean, float8[], float8) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb, float8) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb, float8, text) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb, float8, text, bigint) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb, float8, text, bigint, text) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.cox_step(internal, float8, boolean, jsonb, float8, text, bigint, bigint) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.cox_step(internal, float8, boolean, text) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.cox_step(internal, float8, boolean, text, float8) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.cox_final(internal) IS
    'final function of cox_fit_agg; not to be called by itself';

-- No combine function: a fit needs every row, and sending them all to the leader gains nothing.
CREATE AGGREGATE cox_fit_agg(float8, boolean, float8[]) (
    SFUNC = retention_internal.cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, float8[]) IS
    'fits a Cox regression: duration, whether the member left then (true) or was still there when last seen (false), and the covariates, in the same order in every row; rows where one of them is NULL do not count';
CREATE AGGREGATE cox_fit_agg(float8, boolean, float8[], float8) (
    SFUNC = retention_internal.cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, float8[], float8) IS
    'fits a Cox regression: duration, whether the member left then, the covariates, and the time of entry of members that were already there when they were first seen (left truncation); NULL: seen from the beginning';
CREATE AGGREGATE cox_fit_agg(float8, boolean, jsonb) (
    SFUNC = retention_internal.cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, jsonb) IS
    'fits a Cox regression: duration, whether the member left then (true) or was still there when last seen (false), the covariates by name (a number as it is; text, true and false compared with the most frequent value)';
CREATE AGGREGATE cox_fit_agg(float8, boolean, jsonb, float8) (
    SFUNC = retention_internal.cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, jsonb, float8) IS
    'fits a Cox regression: duration, whether the member left then (true) or was still there when last seen (false), the covariates by name (a number as it is; text, true and false compared with the most frequent value), and the time of entry (left truncation; NULL: seen from the beginning)';
CREATE AGGREGATE cox_fit_agg(float8, boolean, jsonb, float8, text) (
    SFUNC = retention_internal.cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, jsonb, float8, text) IS
    'fits a Cox regression: duration, whether the member left then (true) or was still there when last seen (false), the covariates by name (a number as it is; text, true and false compared with the most frequent value), entry (or NULL), and the stratum, each of which has a baseline of its own';
CREATE AGGREGATE cox_fit_agg(float8, boolean, jsonb, float8, text, bigint) (
    SFUNC = retention_internal.cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, jsonb, float8, text, bigint) IS
    'fits a Cox regression: duration, whether the member left then (true) or was still there when last seen (false), the covariates by name (a number as it is; text, true and false compared with the most frequent value), entry (or NULL), stratum (or NULL), and for how many members the row stands';
CREATE AGGREGATE cox_fit_agg(float8, boolean, jsonb, float8, text, bigint, text) (
    SFUNC = retention_internal.cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, jsonb, float8, text, bigint, text) IS
    'fits a Cox regression: duration, whether the member left then (true) or was still there when last seen (false), the covariates by name (a number as it is; text, true and false compared with the most frequent value), entry (or NULL), stratum (or NULL), weight (or NULL), and the member whose time it is, where members have several rows';
CREATE AGGREGATE cox_fit_agg(float8, boolean, jsonb, float8, text, bigint, bigint) (
    SFUNC = retention_internal.cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, jsonb, float8, text, bigint, bigint) IS
    'fits a Cox regression: duration, whether the member left then (true) or was still there when last seen (false), the covariates by name (a number as it is; text, true and false compared with the most frequent value), entry (or NULL), stratum (or NULL), weight (or NULL), and the member whose time it is, where members have several rows';
CREATE AGGREGATE cox_fit_agg(float8, boolean, text) (
    SFUNC = retention_internal.cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, text) IS
    'fits a Cox regression: for covariates that are a literal without a type, which is read as jsonb if it is an object and as float8[] otherwise';
CREATE AGGREGATE cox_fit_agg(float8, boolean, text, float8) (
    SFUNC = retention_internal.cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, text, float8) IS
    'fits a Cox regression: for covariates that are a literal without a type, which is read as jsonb if it is an object and as float8[] otherwise; with the time of entry';

CREATE FUNCTION cox_coefficients(fitted cox_model, names text[] DEFAULT NULL, confidence float8 DEFAULT 0.95)
    RETURNS TABLE (
        covariate text,
        coefficient float8,
        std_error float8,
        hazard_ratio float8,
        hazard_ratio_low float8,
        hazard_ratio_high float8,
        z float8,
        p_value float8,
        base text
    )
    AS 'MODULE_PATHNAME', 'cox_coefficients_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 5;
COMMENT ON FUNCTION cox_coefficients(cox_model, text[], float8) IS
    'a row a covariate: what one more of it multiplies the hazard of leaving by (hazard_ratio) with its interval, the logarithm of that, its standard error, the probability of such a coefficient if the covariate does not matter, and of a category the value that it is compared with (base)';
CREATE FUNCTION cox_tests(fitted cox_model)
    RETURNS TABLE (test text, statistic float8, df integer, p_value float8)
    AS 'MODULE_PATHNAME', 'cox_tests_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 3;
COMMENT ON FUNCTION cox_tests(cox_model) IS
    'the likelihood-ratio, Wald and score tests of the whole model: do the covariates together matter?';
CREATE FUNCTION cox_summary(fitted cox_model)
    RETURNS TABLE (
        members bigint,
        events bigint,
        covariates integer,
        log_likelihood_null float8,
        log_likelihood float8,
        aic float8,
        concordance float8,
        strata integer,
        longest_duration float8
    )
    AS 'MODULE_PATHNAME', 'cox_summary_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 1;
COMMENT ON FUNCTION cox_summary(cox_model) IS
    'one row: members that the model was fitted to, how many of them left, its log-likelihood with and without covariates, and how well it tells who leaves first (concordance: 0.5 is chance, 1 is always), how many strata there are, and the longest duration, beyond which survival_at says nothing';

CREATE FUNCTION survival_at(fitted cox_model, covariates float8[], tenure float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'survival_at_of_model_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION survival_at(cox_model, float8[], float8) IS
    'the share of members with these covariates that stays longer than this; NULL beyond the longest duration of the fit: a NOTICE says so';
CREATE FUNCTION survival_at(fitted cox_model, covariates jsonb, tenure float8, stratum text DEFAULT NULL) RETURNS float8
    AS 'MODULE_PATHNAME', 'survival_at_by_name_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION survival_at(cox_model, jsonb, float8, text) IS
    'the share of members with these covariates, by name, that stays longer than this; of a stratum if the model has some; NULL where a value is null, and beyond the longest duration of the fit: a NOTICE says so';
CREATE FUNCTION survival_at(fitted cox_model, covariates text, tenure float8, stratum text DEFAULT NULL) RETURNS float8
    AS 'MODULE_PATHNAME', 'survival_at_of_literal_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION survival_at(cox_model, text, float8, text) IS
    'the same for covariates that are a literal without a type: read as what the model was fitted with';
