-- The same of members with a contract: who will be out within a horizon. STABLE, since as_of is by default no day after today.

CREATE FUNCTION churn_features(
    m memberships,
    horizon text,
    as_of date DEFAULT NULL
) RETURNS TABLE (
    member text,
    out_days integer,
    tenure_days integer,
    tenure_of_longest float8,
    since_joined_days integer,
    member_days integer,
    share_in float8,
    days_1 integer,
    days_2 integer,
    days_4 integer,
    stretches bigint,
    stretch_mean float8,
    stretch_max integer,
    stretch_last integer,
    pause_mean float8,
    pause_max integer,
    pause_last integer,
    month_due_days integer,
    quarter_due_days integer,
    year_due_days integer,
    years_due bigint,
    joined_month integer
)
    AS 'MODULE_PATHNAME', 'churn_features_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION churn_features(memberships, text, date) IS
    'a row per member, present and past: the 21 numbers that churn_fit learns from memberships, as of a day: how long it has been in or out, its stretches and pauses so far, when a month, a quarter and a year of its contract are over; ends after the day are not seen';

CREATE FUNCTION churn_dataset(
    m memberships,
    horizon text,
    population text DEFAULT 'active',
    anchors integer DEFAULT 12,
    step text DEFAULT NULL,
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, anchor date, churned boolean, features float8[])
    AS 'MODULE_PATHNAME', 'churn_dataset_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION churn_dataset(memberships, text, text, integer, text, date) IS
    'the rows that churn_fit learns from: every member that was in (population active) or had ever been (all) as of every anchor, a past day, with what was known of it then (the columns of churn_features) and whether it was not in at the end of the horizon after';

CREATE FUNCTION churn_fit(
    m memberships,
    horizon text,
    population text DEFAULT 'active',
    method text DEFAULT 'auto',
    anchors integer DEFAULT 12,
    step text DEFAULT NULL,
    as_of date DEFAULT NULL
) RETURNS churn_model
    AS 'MODULE_PATHNAME', 'churn_fit_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION churn_fit(memberships, text, text, text, integer, text, date) IS
    'learns which members with a contract leave: replays the memberships as of past days (anchors, step apart), fits a logistic regression, boosted trees or a blend of both (method logit, boosted, auto) to who was not in at the end of the horizon after them, and tests it on the newest anchors; population active: who was in, or all who had ever been';

CREATE FUNCTION churn_risk(
    m memberships,
    fitted churn_model,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (member text, risk float8, risk_low float8, risk_high float8)
    AS 'MODULE_PATHNAME', 'churn_risk_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION churn_risk(memberships, churn_model, date, float8) IS
    'a row per member of the population that the model was fitted to: the probability that it is not in at the end of the horizon after as_of, with its interval';

CREATE FUNCTION churn_reasons(
    m memberships,
    fitted churn_model,
    top integer DEFAULT 3,
    language text DEFAULT 'en',
    as_of date DEFAULT NULL
) RETURNS TABLE (
    member text, rank integer, reason text, value float8, typical float8, effect float8, risk_without float8
)
    AS 'MODULE_PATHNAME', 'churn_reasons_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION churn_reasons(memberships, churn_model, integer, text, date) IS
    'why: the reasons of the risk of every member with a contract in words (en or zh), what raises it most first, with what each adds to the log-odds (a Shapley value) and the risk without it; what goes with leaving, not what causes it';

CREATE FUNCTION churn_rules(
    m memberships,
    horizon text,
    population text DEFAULT 'active',
    depth integer DEFAULT 3,
    min_members integer DEFAULT 50,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    rule text, members bigint, churned bigint, rate float8, rate_low float8, rate_high float8, lift float8, share_of_churn float8
)
    AS 'MODULE_PATHNAME', 'churn_rules_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 10000 ROWS 8;
COMMENT ON FUNCTION churn_rules(memberships, text, text, integer, integer, date, float8) IS
    'rules of memberships: of who was in a horizon before as_of, by the columns of churn_features; who left is not in at its end';
