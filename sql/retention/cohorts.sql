-- Cohorts: who comes back, by the period in which members began.

CREATE FUNCTION cohorts(
    h history,
    period text DEFAULT 'month',
    mode text DEFAULT 'on',
    entry text DEFAULT 'first',
    starts history DEFAULT NULL,
    as_of date DEFAULT NULL,
    brackets integer[] DEFAULT NULL,
    min_events integer DEFAULT 1,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    cohort date,
    period_number integer,
    members bigint,
    eligible bigint,
    retained bigint,
    rate float8,
    rate_low float8,
    rate_high float8,
    active bigint,
    amount numeric,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'cohorts_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 500;
COMMENT ON FUNCTION cohorts(history, text, text, text, history, date, integer[], integer, float8) IS
    'cohort retention: for every cohort and period since its own, how many members could be and were active, with Wilson intervals';

CREATE FUNCTION cohorts(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    cohort date,
    period_number integer,
    members bigint,
    eligible bigint,
    retained bigint,
    rate float8,
    rate_low float8,
    rate_high float8,
    active bigint,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'cohorts_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 500;
COMMENT ON FUNCTION cohorts(memberships, text, date, float8) IS
    'cohort retention of members with a contract: for every period in which members first joined and every period since, how many are in at its end, with Wilson intervals';

CREATE FUNCTION retention_curve(
    h history,
    period text DEFAULT 'month',
    mode text DEFAULT 'on',
    entry text DEFAULT 'first',
    starts history DEFAULT NULL,
    as_of date DEFAULT NULL,
    brackets integer[] DEFAULT NULL,
    min_events integer DEFAULT 1,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_number integer,
    members bigint,
    eligible bigint,
    retained bigint,
    rate float8,
    rate_low float8,
    rate_high float8,
    amount_per_member numeric
)
    AS 'MODULE_PATHNAME', 'retention_curve_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION retention_curve(history, text, text, text, history, date, integer[], integer, float8) IS
    'retention of all cohorts in one curve: for every period since the entry, how many members could be and were active, whenever they entered; every eligible member weighs the same';

CREATE FUNCTION cohort_members(
    h history,
    cohort date,
    period_number integer,
    period text DEFAULT 'month',
    mode text DEFAULT 'on',
    entry text DEFAULT 'first',
    starts history DEFAULT NULL,
    as_of date DEFAULT NULL,
    brackets integer[] DEFAULT NULL,
    min_events integer DEFAULT 1
) RETURNS TABLE (member text)
    AS 'MODULE_PATHNAME', 'cohort_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION cohort_members(history, date, integer, text, text, text, history, date, integer[], integer) IS
    'who is behind a cell: the members that cohorts, with the same arguments, counts as active in the cell of this cohort and period number';

CREATE FUNCTION retention_curve(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_number integer,
    members bigint,
    eligible bigint,
    retained bigint,
    rate float8,
    rate_low float8,
    rate_high float8
)
    AS 'MODULE_PATHNAME', 'retention_curve_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION retention_curve(memberships, text, date, float8) IS
    'retention of members with a contract in one curve: for every period since they first joined, how many could be and were in at its end, whenever that was';

CREATE FUNCTION cohort_members(
    m memberships,
    cohort date,
    period_number integer,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL
) RETURNS TABLE (member text)
    AS 'MODULE_PATHNAME', 'cohort_members_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION cohort_members(memberships, date, integer, text, date) IS
    'who is behind a cell: the members that cohorts, with the same arguments, counts as active in the cell of this cohort and period number';

CREATE FUNCTION compare_retention(
    h1 history,
    h2 history,
    period text DEFAULT 'month',
    mode text DEFAULT 'on',
    entry text DEFAULT 'first',
    starts1 history DEFAULT NULL,
    starts2 history DEFAULT NULL,
    as_of date DEFAULT NULL,
    brackets integer[] DEFAULT NULL,
    min_events integer DEFAULT 1,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_number integer,
    eligible_1 bigint,
    retained_1 bigint,
    rate_1 float8,
    eligible_2 bigint,
    retained_2 bigint,
    rate_2 float8,
    difference float8,
    difference_low float8,
    difference_high float8,
    p_value float8
)
    AS 'MODULE_PATHNAME', 'compare_retention_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2000 ROWS 50;
COMMENT ON FUNCTION compare_retention(history, history, text, text, text, history, history, date, integer[], integer, float8) IS
    'the retention curves of two groups without common members: for every period the second rate minus the first, with a Newcombe interval and the p-value of there being no difference';

-- Rates of counts that were added up, over shards or strata.
CREATE FUNCTION wilson(successes float8, trials float8, confidence float8 DEFAULT 0.95)
    RETURNS TABLE (rate float8, rate_low float8, rate_high float8)
    AS 'MODULE_PATHNAME', 'wilson_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION wilson(float8, float8, float8) IS
    'successes / trials with Wilson''s interval, for sums of counts; one row, of NULLs where there are no trials';
