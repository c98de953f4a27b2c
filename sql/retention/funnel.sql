-- Funnels over journeys.

CREATE FUNCTION funnel(
    j journeys,
    steps text[],
    within text,
    mode text DEFAULT 'ordered',
    entry text DEFAULT 'first',
    step_within text[] DEFAULT NULL,
    optional integer[] DEFAULT NULL,
    exclude text[] DEFAULT NULL,
    period text DEFAULT NULL,
    as_of date DEFAULT NULL,
    confidence double precision DEFAULT 0.95
) RETURNS TABLE (
    period_start date, step integer, event text, members bigint, eligible bigint, reached bigint,
    rate double precision, rate_low double precision, rate_high double precision, step_rate double precision,
    time_p25 interval, time_median interval, time_p75 interval
)
    AS 'MODULE_PATHNAME', 'funnel_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 5;
COMMENT ON FUNCTION funnel(journeys, text[], text, text, text, text[], integer[], text[], text, date, double precision) IS
    'of the members that begin with the first step, how many go on to each: members that entered, those eligible since their window (within) has ended, those of them who reached the step, their share with its interval, step_rate (of those at the step before), and the time since the step before by which a quarter, half, three quarters have gone on (Kaplan-Meier); mode: ordered, strict order, strict increase, once, any order, no repeats; entry: first or recurring; step_within: the longest time from each step to the next; optional: numbers of steps that may be left out; exclude: events that end the way; period: by that of the start';

CREATE FUNCTION funnel_members(
    j journeys,
    steps text[],
    within text,
    mode text DEFAULT 'ordered',
    entry text DEFAULT 'first',
    step_within text[] DEFAULT NULL,
    optional integer[] DEFAULT NULL,
    exclude text[] DEFAULT NULL,
    step integer DEFAULT 1,
    period text DEFAULT NULL,
    period_start date DEFAULT NULL,
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, reached_at timestamptz, lost_after integer)
    AS 'MODULE_PATHNAME', 'funnel_members_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 10000;
COMMENT ON FUNCTION funnel_members(journeys, text[], text, text, text, text[], integer[], text[], integer, text, date, date) IS
    'who is behind a step of funnel, with the same arguments: the members that reached it (1: everybody who entered), when, and the number of the step after which they were lost: NULL for who did the last step, or may still go on';
