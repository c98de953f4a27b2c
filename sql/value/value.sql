-- What members have been worth so far.

CREATE FUNCTION value_summary(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
    as_of date DEFAULT NULL,
    margin float8 DEFAULT 1.0,
    distinct_days boolean DEFAULT false
) RETURNS TABLE (
    members bigint,
    orders bigint,
    revenue numeric,
    aov numeric,
    orders_per_member float8,
    repurchase_rate float8,
    churn_rate float8,
    lifespan float8,
    historic_clv numeric,
    formula_clv numeric
)
    AS 'MODULE_PATHNAME', 'value_summary_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION value_summary(history, text, integer, text, date, float8, boolean) IS
    'members, orders, revenue and average order value, and the simple formula for lifetime value: order value times orders per active member and period times lifespan times margin; with distinct_days what a member buys on one day is one order';
