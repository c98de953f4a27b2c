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
    AS 'MODULE_PATHNAME', 'churn_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION churn(history, text, integer, date, float8) IS
    'the churn ledger: a row a period with members at its opening, new, reactivated, retained, churned and at its closing, and churned / opening with a Wilson interval; a member is out after gap periods of silence';

CREATE FUNCTION churn_members(
    h history,
    period_start date,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, change text)
    AS 'MODULE_PATHNAME', 'churn_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
CREATE FUNCTION churn_members(
    h history,
    id bigint,
    period_start date,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL
) RETURNS TABLE (member bigint, change text)
    AS 'MODULE_PATHNAME', 'churn_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
CREATE FUNCTION churn_members(
    h history,
    id uuid,
    period_start date,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL
) RETURNS TABLE (member uuid, change text)
    AS 'MODULE_PATHNAME', 'churn_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION churn_members(history, date, text, integer, date) IS
    'the members that churn counts as new, reactivated or churned in the row of this period_start';
COMMENT ON FUNCTION churn_members(history, bigint, date, text, integer, date) IS
    'the members that churn counts as new, reactivated or churned, as bigint: churn_members(h, id => NULL::bigint, period_start => …)';
COMMENT ON FUNCTION churn_members(history, uuid, date, text, integer, date) IS
    'the members that churn counts as new, reactivated or churned, as uuid: churn_members(h, id => NULL::uuid, period_start => …)';

CREATE FUNCTION growth(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    new bigint,
    retained bigint,
    reactivated bigint,
    dormant bigint,
    churned bigint,
    net_change bigint,
    quick_ratio float8,
    quick_ratio_low float8,
    quick_ratio_high float8,
    truncated boolean,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'growth_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION growth(history, text, integer, date, float8) IS
    'growth accounting from the churn ledger: every member so far is new, retained, reactivated or dormant; net change, and (new + reactivated) / churned, the quick ratio, with its interval';
