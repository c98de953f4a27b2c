-- Customer lifetime value: fitting a model and asking it.

-- What is known of every member.

CREATE FUNCTION btyd(h history, unit text DEFAULT 'week', as_of date DEFAULT NULL)
    RETURNS TABLE (member text, x bigint, t_x float8, age float8, litt float8, spend float8)
    AS 'MODULE_PATHNAME', 'btyd_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 10000;
COMMENT ON FUNCTION btyd(history, text, date) IS
    'the statistics of buy-till-you-die models: repeat purchase days x, time from the first to the last purchase t_x, time since the first purchase age, sum of ln(times between purchases) litt, mean value of the repeat purchase days spend';

-- Fitting.

CREATE FUNCTION clv_fit(
    h history,
    model text DEFAULT 'bg/nbd',
    unit text DEFAULT 'week',
    as_of date DEFAULT NULL
) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_fit_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION clv_fit(history, text, text, date) IS
    'fits a model of how often and how long members buy (nbd, bg/nbd, mbg/nbd, bg/cnbd-k, mbg/cnbd-k, pareto/nbd, ggompertz/nbd, or auto for the best of them by BIC), and Gamma-Gamma of how much they spend where the history has amounts';

CREATE FUNCTION clv_fit(
    m memberships,
    model text DEFAULT 'sbg',
    period text DEFAULT 'month',
    as_of date DEFAULT NULL
) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_fit_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION clv_fit(memberships, text, text, date) IS
    'fits a model of contracts (sbg, or bdw) to how many periods members stayed until they first departed; who is still in at as_of counts for the periods so far';

CREATE FUNCTION retention_internal.clv_fit_step(internal, float8, float8, float8, float8, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_fit_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_fit_step(internal, float8, float8, float8, float8, float8, float8[], text, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_fit_full_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_fit_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_fit_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_fit_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'clv_fit_serialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_fit_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_fit_deserialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_fit_final(internal) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_fit_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION retention_internal.clv_fit_step(internal, float8, float8, float8, float8, text) IS 'part of clv_fit_agg';
COMMENT ON FUNCTION retention_internal.clv_fit_step(internal, float8, float8, float8, float8, float8, float8[], text, text) IS
    'part of clv_fit_agg';
COMMENT ON FUNCTION retention_internal.clv_fit_combine(internal, internal) IS 'part of clv_fit_agg';
COMMENT ON FUNCTION retention_internal.clv_fit_serialize(internal) IS 'part of clv_fit_agg';
COMMENT ON FUNCTION retention_internal.clv_fit_deserialize(bytea, internal) IS 'part of clv_fit_agg';
COMMENT ON FUNCTION retention_internal.clv_fit_final(internal) IS 'part of clv_fit_agg';

CREATE AGGREGATE clv_fit_agg(x float8, t_x float8, age float8, spend float8, model text) (
    SFUNC = retention_internal.clv_fit_step,
    STYPE = internal,
    COMBINEFUNC = retention_internal.clv_fit_combine,
    SERIALFUNC = retention_internal.clv_fit_serialize,
    DESERIALFUNC = retention_internal.clv_fit_deserialize,
    FINALFUNC = retention_internal.clv_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
CREATE AGGREGATE clv_fit_agg(
    x float8, t_x float8, age float8, litt float8, spend float8, covariates float8[], unit text, model text
) (
    SFUNC = retention_internal.clv_fit_step,
    STYPE = internal,
    COMBINEFUNC = retention_internal.clv_fit_combine,
    SERIALFUNC = retention_internal.clv_fit_serialize,
    DESERIALFUNC = retention_internal.clv_fit_deserialize,
    FINALFUNC = retention_internal.clv_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE clv_fit_agg(float8, float8, float8, float8, text) IS
    'fits a model to a table with a row for every customer: repeat purchases x, time from the first to the last t_x, time since the first age (weeks), mean value of the repeat purchases spend (or NULL), and the name of the model';
COMMENT ON AGGREGATE clv_fit_agg(float8, float8, float8, float8, float8, float8[], text, text) IS
    'fits a model to a table with a row for every customer, with the sum of ln(times between purchases) litt, which models with a k need, the covariates of the customers for bg/nbd and pareto/nbd (or NULL), and the unit of the times';

CREATE FUNCTION retention_internal.clv_survivors_step(internal, bigint, float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_survivors_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_survivors_step(internal, bigint, float8, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_survivors_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_survivors_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_survivors_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_survivors_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'clv_survivors_serialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_survivors_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_survivors_deserialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.clv_survivors_final(internal) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_survivors_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION retention_internal.clv_survivors_step(internal, bigint, float8) IS 'part of clv_fit_survivors_agg';
COMMENT ON FUNCTION retention_internal.clv_survivors_step(internal, bigint, float8, text) IS 'part of clv_fit_survivors_agg';
COMMENT ON FUNCTION retention_internal.clv_survivors_combine(internal, internal) IS 'part of clv_fit_survivors_agg';
COMMENT ON FUNCTION retention_internal.clv_survivors_serialize(internal) IS 'part of clv_fit_survivors_agg';
COMMENT ON FUNCTION retention_internal.clv_survivors_deserialize(bytea, internal) IS 'part of clv_fit_survivors_agg';
COMMENT ON FUNCTION retention_internal.clv_survivors_final(internal) IS 'part of clv_fit_survivors_agg';

CREATE AGGREGATE clv_fit_survivors_agg(period bigint, survivors float8) (
    SFUNC = retention_internal.clv_survivors_step,
    STYPE = internal,
    COMBINEFUNC = retention_internal.clv_survivors_combine,
    SERIALFUNC = retention_internal.clv_survivors_serialize,
    DESERIALFUNC = retention_internal.clv_survivors_deserialize,
    FINALFUNC = retention_internal.clv_survivors_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
CREATE AGGREGATE clv_fit_survivors_agg(period bigint, survivors float8, model text) (
    SFUNC = retention_internal.clv_survivors_step,
    STYPE = internal,
    COMBINEFUNC = retention_internal.clv_survivors_combine,
    SERIALFUNC = retention_internal.clv_survivors_serialize,
    DESERIALFUNC = retention_internal.clv_survivors_deserialize,
    FINALFUNC = retention_internal.clv_survivors_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE clv_fit_survivors_agg(bigint, float8) IS
    'fits the shifted-beta-geometric model of contracts to a table of the members (or percent) that are left after period 0, 1, 2 ...';
COMMENT ON AGGREGATE clv_fit_survivors_agg(bigint, float8, text) IS
    'fits a model of contracts, sbg or bdw, to a table of the members (or percent) that are left after period 0, 1, 2 ...';

-- Can a model be trusted?

CREATE FUNCTION clv_diagnostics(fitted clv_model, confidence float8 DEFAULT 0.95)
    RETURNS TABLE (name text, value float8, low float8, high float8, remark text)
    AS 'MODULE_PATHNAME', 'clv_diagnostics_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION clv_diagnostics(clv_model, float8) IS
    'what to look at before a model is believed: did it converge, estimates with intervals, estimates that depend on each other, whether spend depends on frequency, and the BIC of every candidate of auto';

CREATE FUNCTION clv_backtest(
    h history,
    model text DEFAULT 'bg/nbd',
    calibrate_until date DEFAULT NULL,
    unit text DEFAULT 'week',
    as_of date DEFAULT NULL
) RETURNS TABLE (measure text, at bigint, members bigint, actual float8, expected float8, value float8)
    AS 'MODULE_PATHNAME', 'clv_backtest_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100000 ROWS 100;
COMMENT ON FUNCTION clv_backtest(history, text, date, text, date) IS
    'fits the model to what happened up to calibrate_until and compares what it expected with what then happened: cumulative repeat purchases by unit of time, mean purchases of the holdout by purchases before, the total, mae, rmse, bias, and the rank correlation';

-- What is expected of every member.

CREATE FUNCTION clv(
    h history,
    fitted clv_model,
    horizon text,
    discount float8 DEFAULT 0,
    margin float8 DEFAULT 1.0,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    member text,
    x bigint,
    t_x float8,
    age float8,
    spend float8,
    p_alive float8,
    p_alive_low float8,
    p_alive_high float8,
    expected_purchases float8,
    expected_purchases_low float8,
    expected_purchases_high float8,
    purchases bigint,
    purchases_low bigint,
    purchases_high bigint,
    expected_spend float8,
    clv float8,
    clv_low float8,
    clv_high float8
)
    AS 'MODULE_PATHNAME', 'clv_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION clv(history, clv_model, text, float8, float8, date, float8) IS
    'for every member: probability of being alive, expected purchases and value within the horizon (NULL: the rest of the lifetime, which needs a discount), with intervals; purchases is the median of the purchases themselves, with an interval that holds them';

-- For tables that are summarised already: the columns of clv, and single numbers.

CREATE FUNCTION clv_score(
    fitted clv_model,
    x float8,
    t_x float8,
    age float8,
    spend float8 DEFAULT NULL,
    horizon text DEFAULT NULL,
    discount float8 DEFAULT 0,
    margin float8 DEFAULT 1.0,
    confidence float8 DEFAULT 0.95,
    covariates float8[] DEFAULT NULL
) RETURNS TABLE (
    p_alive float8,
    p_alive_low float8,
    p_alive_high float8,
    expected_purchases float8,
    expected_purchases_low float8,
    expected_purchases_high float8,
    purchases bigint,
    purchases_low bigint,
    purchases_high bigint,
    expected_spend float8,
    clv float8,
    clv_low float8,
    clv_high float8
)
    AS 'MODULE_PATHNAME', 'clv_score_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 1;
COMMENT ON FUNCTION clv_score(clv_model, float8, float8, float8, float8, text, float8, float8, float8, float8[]) IS
    'what clv says of a member, with its intervals, of one customer of whom x, t_x, age and spend are known, and the covariates where the model has some: one row, to be taken with LATERAL';

CREATE FUNCTION p_alive(fitted clv_model, x float8, t_x float8, age float8, ahead text DEFAULT NULL, covariates float8[] DEFAULT NULL)
    RETURNS float8
    AS 'MODULE_PATHNAME', 'p_alive_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION p_alive(clv_model, float8, float8, float8, text, float8[]) IS
    'the probability that a customer with x repeat purchases, the last at t_x, is still a customer at its age, or a time later, such as ''90 days''';

CREATE FUNCTION expected_purchases(
    fitted clv_model, x float8, t_x float8, age float8, horizon text, covariates float8[] DEFAULT NULL
) RETURNS float8
    AS 'MODULE_PATHNAME', 'expected_purchases_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION expected_purchases(clv_model, float8, float8, float8, text, float8[]) IS
    'expected purchases within the horizon by a customer with x repeat purchases, the last at t_x, the first an age ago';
CREATE FUNCTION expected_purchases(fitted clv_model, horizon text, covariates float8[] DEFAULT NULL) RETURNS float8
    AS 'MODULE_PATHNAME', 'expected_purchases_new_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION expected_purchases(clv_model, text, float8[]) IS
    'expected repeat purchases of a new customer within the horizon after the first purchase';

CREATE FUNCTION purchases_distribution(
    fitted clv_model, x float8, t_x float8, age float8, horizon text, n bigint, covariates float8[] DEFAULT NULL
) RETURNS float8
    AS 'MODULE_PATHNAME', 'purchases_distribution_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 200;
COMMENT ON FUNCTION purchases_distribution(clv_model, float8, float8, float8, text, bigint, float8[]) IS
    'the probability of exactly n purchases within the horizon by a customer with x repeat purchases, the last at t_x, the first an age ago';
CREATE FUNCTION purchases_distribution(fitted clv_model, horizon text, n bigint, covariates float8[] DEFAULT NULL)
    RETURNS float8
    AS 'MODULE_PATHNAME', 'purchases_distribution_new_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 200;
COMMENT ON FUNCTION purchases_distribution(clv_model, text, bigint, float8[]) IS
    'the probability of exactly n repeat purchases of a new customer within the horizon after the first purchase';

CREATE FUNCTION expected_spend(fitted clv_model, x float8, spend float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'expected_spend_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION expected_spend(clv_model, float8, float8) IS
    'the expected value of the next purchase of a customer whose x repeat purchases had the mean value spend; with a NULL spend, of a customer of whom nothing is known';

CREATE FUNCTION clv_value(
    fitted clv_model, x float8, t_x float8, age float8, spend float8,
    horizon text DEFAULT NULL, discount float8 DEFAULT 0, margin float8 DEFAULT 1.0,
    covariates float8[] DEFAULT NULL
) RETURNS float8
    AS 'MODULE_PATHNAME', 'clv_value_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv_value(clv_model, float8, float8, float8, float8, text, float8, float8, float8[]) IS
    'the expected value of the purchases within the horizon, or of the rest of the lifetime (horizon NULL, which needs a discount): discounted at an effective rate per year, times the margin';
