-- How many go on to the next purchase, and after how long.

CREATE FUNCTION repurchase(
    h history,
    within text DEFAULT NULL,
    as_of date DEFAULT NULL,
    distinct_days boolean DEFAULT false,
    up_to integer DEFAULT 100,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    purchase_number integer,
    members bigint,
    rate float8,
    rate_low float8,
    rate_high float8,
    gap_p25 integer,
    gap_median integer,
    gap_p75 integer
)
    AS 'MODULE_PATHNAME', 'repurchase_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION repurchase(history, text, date, boolean, integer, float8) IS
    'for each purchase number the members who made it, the share that goes on to the next one (within ''90 days'', say) with its interval, and the days after which a quarter, half and three quarters have; estimated by Kaplan-Meier, since who has not come back yet may still do so; NULL where nobody was watched for so long';

-- What adds up over disjoint sets of members, and the rows of repurchase from the sums.
CREATE FUNCTION retention_internal.repurchase_gaps(
    h history,
    as_of date DEFAULT NULL,
    distinct_days boolean DEFAULT false,
    up_to integer DEFAULT 100
) RETURNS TABLE (purchase_number integer, days integer, ended bigint, open bigint)
    AS 'MODULE_PATHNAME', 'repurchase_gaps_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION retention_internal.repurchase_gaps(history, date, boolean, integer) IS
    'the gaps after purchases that repurchase reads, counted by purchase number and days: those that the next purchase ended, and those still open';

CREATE FUNCTION retention_internal.repurchase_of_gaps(
    purchase_number integer[],
    days integer[],
    ended bigint[],
    open bigint[],
    within text DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    purchase_number integer,
    members bigint,
    rate float8,
    rate_low float8,
    rate_high float8,
    gap_p25 integer,
    gap_median integer,
    gap_p75 integer
)
    AS 'MODULE_PATHNAME', 'repurchase_of_gaps_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION retention_internal.repurchase_of_gaps(integer[], integer[], bigint[], bigint[], text, float8) IS
    'the rows of repurchase from gaps that were added up, in the order of purchase numbers and days';
