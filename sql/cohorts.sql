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
    AS 'MODULE_PATHNAME', 'cohorts_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 500;
COMMENT ON FUNCTION cohorts(history, text, text, text, history, date, integer[], integer, float8) IS
    'cohort retention: for every cohort and period since its own, how many members could be and were active, with Wilson intervals';
