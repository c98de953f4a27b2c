-- The churn ledger: who is in, who left, who came and who came back, period by period.

CREATE FUNCTION churn(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
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
    crr float8,
    churn_rate float8,
    churn_rate_low float8,
    churn_rate_high float8,
    truncated boolean,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'churn_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION churn(history, text, integer, text, date, float8) IS
    'the churn ledger: a row a period with members at its opening, new, reactivated, retained, churned and at its closing, churned / opening with a Wilson interval, and the textbook''s crr = (closing - new) / opening; a member is out after gap periods without an event (by default 1), or after a silence such as ''90 days''';

CREATE FUNCTION churn(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    opening bigint,
    joined bigint,
    rejoined bigint,
    departed bigint,
    retained bigint,
    churned bigint,
    closing bigint,
    retention_rate float8,
    crr float8,
    churn_rate float8,
    churn_rate_low float8,
    churn_rate_high float8,
    member_years float8,
    departure_rate float8,
    departure_rate_low float8,
    departure_rate_high float8,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'churn_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION churn(memberships, text, date, float8) IS
    'the churn of members with a contract: a row a period with members at its opening, joined, rejoined, departed and at its closing, churned / opening with a Wilson interval, the textbook''s crr = (closing - joined) / opening, and departures per member-year with an exact Poisson interval';

CREATE FUNCTION churn_members(
    h history,
    period_start date,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, change text, last_day date, silent_days integer, amount numeric)
    AS 'MODULE_PATHNAME', 'churn_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION churn_members(history, date, text, integer, text, date) IS
    'the members that churn counts as new, reactivated, retained or churned in the row of this period_start; with the day of the last event, the days since and the amounts so far, at the end of the period or at as_of';

CREATE FUNCTION growth(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
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
COMMENT ON FUNCTION growth(history, text, integer, text, date, float8) IS
    'growth accounting from the churn ledger: every member so far is new, retained, reactivated or dormant; net change, and (new + reactivated) / churned, the quick ratio, with its interval';

-- The same of members with a contract. What is counted by event is called joined, rejoined and departed there.
CREATE FUNCTION growth(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    joined bigint,
    retained bigint,
    rejoined bigint,
    dormant bigint,
    departed bigint,
    churned bigint,
    net_change bigint,
    quick_ratio float8,
    quick_ratio_low float8,
    quick_ratio_high float8,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'growth_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION growth(memberships, text, date, float8) IS
    'growth accounting of members with a contract: joined, retained, rejoined, departed, members that were in once and are out (dormant); net change, and (joined + rejoined) / departed, the quick ratio, with its interval';

CREATE FUNCTION churn_members(
    m memberships,
    period_start date,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, change text, times bigint, joined date, ended date, member_days bigint)
    AS 'MODULE_PATHNAME', 'churn_members_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION churn_members(memberships, date, text, date) IS
    'the members that churn counts as joined, rejoined, departed, churned or retained in the row of this period_start, with the stretch that it was and the days in membership so far';
