-- The churn ledger: who is in, who left, who came and who came back, period by period.

CREATE FUNCTION churn(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    opening bigint,
    new bigint,
    reactivated bigint,
    retained bigint,
    churned bigint,
    closing bigint,
    retention_rate float8,
    churn_rate float8,
    churn_low float8,
    churn_high float8,
    truncated boolean,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'churn_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 50;
COMMENT ON FUNCTION churn(history, text, integer, date, float8) IS
    'the churn ledger: a row a period with members at its opening, new, reactivated, retained, churned and at its closing, and churned / opening with a Wilson interval; a member is out after gap periods of silence';
