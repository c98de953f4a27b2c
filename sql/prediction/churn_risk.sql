-- Who will leave within a horizon: what is known of members, a model learned from their past, and what it says.

CREATE FUNCTION churn_features(
    h history,
    horizon text,
    as_of date DEFAULT NULL
) RETURNS TABLE (
    member text,
    silent_days integer,
    overdue_ratio float8,
    overdue_z float8,
    silence_tail float8,
    silence_of_longest float8,
    gap_mean float8,
    gap_shrunk float8,
    gap_sd float8,
    gap_cv float8,
    gap_max integer,
    gap_last integer,
    clumpiness float8,
    active_days bigint,
    events bigint,
    events_per_day float8,
    days_quarter bigint,
    days_half bigint,
    days_1 bigint,
    days_2 bigint,
    days_4 bigint,
    amount numeric,
    amount_per_day numeric,
    amount_last numeric,
    amount_half numeric,
    amount_1 numeric,
    amount_2 numeric,
    days_trend float8,
    amount_trend float8,
    tenure_days integer
)
    AS 'MODULE_PATHNAME', 'churn_features_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION churn_features(history, text, date) IS
    'a row per member: the 29 numbers that churn_fit learns from, as of a day, with windows of a quarter, half, one, two and four horizons before it; NULL where a number is not known, such as the gaps of who came once';

CREATE FUNCTION churn_dataset(
    h history,
    horizon text,
    population text DEFAULT 'active',
    anchors integer DEFAULT 12,
    step text DEFAULT NULL,
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, anchor date, churned boolean, features float8[])
    AS 'MODULE_PATHNAME', 'churn_dataset_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION churn_dataset(history, text, text, integer, text, date) IS
    'the rows that churn_fit learns from: every member of the population as of every anchor, a past day, with what was known of it then (the columns of churn_features) and whether it had no event in the horizon after';

CREATE FUNCTION churn_fit(
    h history,
    horizon text,
    population text DEFAULT 'active',
    method text DEFAULT 'auto',
    anchors integer DEFAULT 12,
    step text DEFAULT NULL,
    as_of date DEFAULT NULL
) RETURNS churn_model
    AS 'MODULE_PATHNAME', 'churn_fit_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION churn_fit(history, text, text, text, integer, text, date) IS
    'learns who leaves: replays the history as of past days (anchors, step apart), fits a logistic regression, boosted trees or a blend of both (method logit, boosted, auto) to who had no event in the horizon after them, and tests it on the newest anchors; population active: who had an event in the last horizon, or all';

CREATE FUNCTION churn_risk(
    h history,
    fitted churn_model,
    value_model clv_model DEFAULT NULL,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (member text, risk float8, risk_low float8, risk_high float8, expected_loss numeric)
    AS 'MODULE_PATHNAME', 'churn_risk_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION churn_risk(history, churn_model, clv_model, date, float8) IS
    'a row per member of the population that the model was fitted to: the probability that it has no event in the horizon after as_of, with its interval; with a value_model (clv_fit) the expected loss: risk times what the member would spend in the horizon if it buys';

CREATE FUNCTION churn_reasons(
    h history,
    fitted churn_model,
    top integer DEFAULT 3,
    language text DEFAULT 'en',
    as_of date DEFAULT NULL
) RETURNS TABLE (
    member text, rank integer, reason text, value float8, typical float8, effect float8, risk_without float8
)
    AS 'MODULE_PATHNAME', 'churn_reasons_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION churn_reasons(history, churn_model, integer, text, date) IS
    'why: the reasons of every member''s risk in words (en or zh), what raises it most first, with what each adds to the log-odds (a Shapley value) and the risk without it; what goes with leaving, not what causes it';

CREATE FUNCTION churn_reasons(
    fitted churn_model,
    features jsonb,
    top integer DEFAULT 3,
    language text DEFAULT 'en'
) RETURNS TABLE (
    rank integer, reason text, value float8, typical float8, effect float8, risk_without float8
)
    AS 'MODULE_PATHNAME', 'churn_reasons_of_row_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 3;
COMMENT ON FUNCTION churn_reasons(churn_model, jsonb, integer, text) IS
    'the same of one row of a table, for a model of churn_fit_agg';

-- Of what is published: both at once.
CREATE FUNCTION retention_internal.churn_told(
    h history,
    fitted churn_model,
    value_model clv_model DEFAULT NULL,
    as_of date DEFAULT NULL
) RETURNS TABLE (
    member text, risk float8, risk_low float8, risk_high float8, expected_loss numeric, reasons text, reasons_chinese text
)
    AS 'MODULE_PATHNAME', 'churn_told_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION retention_internal.churn_told(history, churn_model, clv_model, date) IS
    'churn_risk with the first three of churn_reasons, if they raise it, as one text, in both languages';

CREATE FUNCTION churn_test(fitted churn_model)
    RETURNS TABLE (measure text, value float8, low float8, high float8, baseline float8, remark text)
    AS 'MODULE_PATHNAME', 'churn_test_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 13;
COMMENT ON FUNCTION churn_test(churn_model) IS
    'how good the model was on rows that it had not seen, the newest anchors: auc, log_loss, calibration, with intervals at 95 % and what they would be without it; remark: what is to be known before a risk is believed';

CREATE FUNCTION churn_calibration(fitted churn_model, confidence float8 DEFAULT 0.95)
    RETURNS TABLE (bin integer, members bigint, predicted float8, observed float8, observed_low float8, observed_high float8)
    AS 'MODULE_PATHNAME', 'churn_calibration_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION churn_calibration(churn_model, float8) IS
    'tenths of the test by descending risk: the mean risk that was predicted, and the share that left, with its interval';

CREATE FUNCTION churn_lift(
    fitted churn_model,
    value float8 DEFAULT NULL,
    cost float8 DEFAULT NULL,
    saved float8 DEFAULT NULL
) RETURNS TABLE (share_contacted float8, contacted bigint, share_of_churners float8, lift float8, profit float8)
    AS 'MODULE_PATHNAME', 'churn_lift_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION churn_lift(churn_model, float8, float8, float8) IS
    'whom to contact: of the members of the test with the highest risk the share of all who left among them, and the profit of contacting them, given the value of a member who is kept, the cost of a contact and the share that a contact keeps; profit is NULL without these three';

CREATE FUNCTION churn_importance(fitted churn_model)
    RETURNS TABLE (feature text, category text, reason text, importance float8, share float8, auc float8)
    AS 'MODULE_PATHNAME', 'churn_importance_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 29;
COMMENT ON FUNCTION churn_importance(churn_model) IS
    'what the model looks at: the mean absolute effect of each feature on the log-odds, its share of all, and how well the feature alone tells who left (auc: near 1 is a leak)';

-- Of any table with a label.

CREATE FUNCTION retention_internal.churn_fit_step(internal, text, date, boolean, jsonb) RETURNS internal
    AS 'MODULE_PATHNAME', 'churn_fit_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.churn_fit_step(internal, text, date, boolean, jsonb) IS 'part of churn_fit_agg';
CREATE FUNCTION retention_internal.churn_fit_step(internal, text, date, boolean, jsonb, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'churn_fit_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.churn_fit_step(internal, text, date, boolean, jsonb, text) IS 'part of churn_fit_agg';
CREATE FUNCTION retention_internal.churn_fit_step(internal, bigint, date, boolean, jsonb) RETURNS internal
    AS 'MODULE_PATHNAME', 'churn_fit_step_of_numbers_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.churn_fit_step(internal, bigint, date, boolean, jsonb) IS 'part of churn_fit_agg';
CREATE FUNCTION retention_internal.churn_fit_step(internal, bigint, date, boolean, jsonb, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'churn_fit_step_of_numbers_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.churn_fit_step(internal, bigint, date, boolean, jsonb, text) IS 'part of churn_fit_agg';
CREATE FUNCTION retention_internal.churn_fit_step(internal, text, date, boolean, float8[]) RETURNS internal
    AS 'MODULE_PATHNAME', 'churn_fit_array_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.churn_fit_step(internal, text, date, boolean, float8[]) IS 'part of churn_fit_agg';
CREATE FUNCTION retention_internal.churn_fit_step(internal, text, date, boolean, float8[], text) RETURNS internal
    AS 'MODULE_PATHNAME', 'churn_fit_array_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.churn_fit_step(internal, text, date, boolean, float8[], text) IS 'part of churn_fit_agg';
CREATE FUNCTION retention_internal.churn_fit_step(internal, bigint, date, boolean, float8[]) RETURNS internal
    AS 'MODULE_PATHNAME', 'churn_fit_array_step_of_numbers_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.churn_fit_step(internal, bigint, date, boolean, float8[]) IS 'part of churn_fit_agg';
CREATE FUNCTION retention_internal.churn_fit_step(internal, bigint, date, boolean, float8[], text) RETURNS internal
    AS 'MODULE_PATHNAME', 'churn_fit_array_step_of_numbers_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.churn_fit_step(internal, bigint, date, boolean, float8[], text) IS 'part of churn_fit_agg';
CREATE FUNCTION retention_internal.churn_fit_final(internal) RETURNS churn_model
    AS 'MODULE_PATHNAME', 'churn_fit_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION retention_internal.churn_fit_final(internal) IS 'part of churn_fit_agg';

-- No combine function: a fit needs every row, and sending them all to the leader gains nothing.
CREATE AGGREGATE churn_fit_agg(member text, anchor date, churned boolean, features jsonb) (
    SFUNC = retention_internal.churn_fit_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE churn_fit_agg(text, date, boolean, jsonb) IS
    'learns who leaves from a table with a row for every member (anchor NULL) or every member and day: whose row it is, the day as of which the features were known, whether the member left after it, and the features by name: numbers, truth values, categories';
CREATE AGGREGATE churn_fit_agg(member text, anchor date, churned boolean, features jsonb, method text) (
    SFUNC = retention_internal.churn_fit_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE churn_fit_agg(text, date, boolean, jsonb, text) IS
    'learns who leaves from a table with a row for every member (anchor NULL) or every member and day: whose row it is, the day as of which the features were known, whether the member left after it, and the features by name: numbers, truth values, categories, and the method: auto, logit or boosted';
CREATE AGGREGATE churn_fit_agg(member bigint, anchor date, churned boolean, features jsonb) (
    SFUNC = retention_internal.churn_fit_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE churn_fit_agg(bigint, date, boolean, jsonb) IS
    'learns who leaves from a table with a row for every member (anchor NULL) or every member and day: whose row it is, the day as of which the features were known, whether the member left after it, and the features by name: numbers, truth values, categories';
CREATE AGGREGATE churn_fit_agg(member bigint, anchor date, churned boolean, features jsonb, method text) (
    SFUNC = retention_internal.churn_fit_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE churn_fit_agg(bigint, date, boolean, jsonb, text) IS
    'learns who leaves from a table with a row for every member (anchor NULL) or every member and day: whose row it is, the day as of which the features were known, whether the member left after it, and the features by name: numbers, truth values, categories, and the method: auto, logit or boosted';
CREATE AGGREGATE churn_fit_agg(member text, anchor date, churned boolean, features float8[]) (
    SFUNC = retention_internal.churn_fit_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE churn_fit_agg(text, date, boolean, float8[]) IS
    'learns who leaves from a table with a row for every member (anchor NULL) or every member and day: whose row it is, the day as of which the features were known, whether the member left after it, and the features, as churn_dataset returns them';
CREATE AGGREGATE churn_fit_agg(member text, anchor date, churned boolean, features float8[], method text) (
    SFUNC = retention_internal.churn_fit_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE churn_fit_agg(text, date, boolean, float8[], text) IS
    'learns who leaves from a table with a row for every member (anchor NULL) or every member and day: whose row it is, the day as of which the features were known, whether the member left after it, and the features, as churn_dataset returns them, and the method: auto, logit or boosted';
CREATE AGGREGATE churn_fit_agg(member bigint, anchor date, churned boolean, features float8[]) (
    SFUNC = retention_internal.churn_fit_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE churn_fit_agg(bigint, date, boolean, float8[]) IS
    'learns who leaves from a table with a row for every member (anchor NULL) or every member and day: whose row it is, the day as of which the features were known, whether the member left after it, and the features, as churn_dataset returns them';
CREATE AGGREGATE churn_fit_agg(member bigint, anchor date, churned boolean, features float8[], method text) (
    SFUNC = retention_internal.churn_fit_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = retention_internal.churn_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE churn_fit_agg(bigint, date, boolean, float8[], text) IS
    'learns who leaves from a table with a row for every member (anchor NULL) or every member and day: whose row it is, the day as of which the features were known, whether the member left after it, and the features, as churn_dataset returns them, and the method: auto, logit or boosted';

CREATE FUNCTION churn_score(fitted churn_model, features jsonb) RETURNS float8
    AS 'MODULE_PATHNAME', 'churn_score_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION churn_score(churn_model, jsonb) IS
    'the risk of one row of a table: its features by name; what is missing or NULL is not known, a category that the fit did not tell apart is another one';
CREATE FUNCTION churn_score(fitted churn_model, features float8[]) RETURNS float8
    AS 'MODULE_PATHNAME', 'churn_score_of_array_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION churn_score(churn_model, float8[]) IS
    'the same of numbers in the order of the fit, such as a row of churn_dataset';
