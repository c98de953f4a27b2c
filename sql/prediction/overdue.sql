-- Whose silence is unusual for them, before anybody is lost.

CREATE FUNCTION overdue(
    h history,
    min_gaps integer DEFAULT 3,
    as_of date DEFAULT NULL,
    within text DEFAULT '90 days',
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    member text,
    last_day date,
    silent_days integer,
    gaps bigint,
    usual_gap float8,
    due_by date,
    p_silence float8,
    overdue boolean,
    trend float8,
    trend_low float8,
    trend_high float8,
    amount_trend float8
)
    AS 'MODULE_PATHNAME', 'overdue_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION overdue(history, integer, date, text, float8) IS
    'a row per member: how long it has been silent, how long its gaps usually are, the day by which 95 % of its gaps (confidence) would have ended, whether that has passed, and its active days in the last stretch (within) by those in the one before, with an exact interval; overdue is NULL with fewer than min_gaps gaps';

CREATE FUNCTION overdue_check(
    h history,
    min_gaps integer DEFAULT 3,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    members bigint,
    gaps bigint,
    alarms bigint,
    rate float8,
    rate_low float8,
    rate_high float8,
    expected float8
)
    AS 'MODULE_PATHNAME', 'overdue_check_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1;
COMMENT ON FUNCTION overdue_check(history, integer, date, float8) IS
    'how often overdue would have been a false alarm on this very history: of the gaps that ended, each judged by the gaps before it, the share that was longer than its bound; it should be near expected, 1 - confidence';

-- A history that is in parts, as what is published is: what all members have in common first, then each part by it.
CREATE FUNCTION retention_internal.common_rhythm(h history, as_of date DEFAULT NULL) RETURNS TABLE (shape float8, mean_gap float8)
    AS 'MODULE_PATHNAME', 'common_rhythm_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1;
COMMENT ON FUNCTION retention_internal.common_rhythm(history, date) IS
    'the shape and the mean of the gaps of all members, by which overdue judges each; no row if nobody came twice';

CREATE FUNCTION retention_internal.overdue_by(
    h history,
    shape float8,
    mean_gap float8,
    min_gaps integer DEFAULT 3,
    as_of date DEFAULT NULL,
    within text DEFAULT '90 days',
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    member text,
    last_day date,
    silent_days integer,
    gaps bigint,
    usual_gap float8,
    due_by date,
    p_silence float8,
    overdue boolean,
    trend float8,
    trend_low float8,
    trend_high float8,
    amount_trend float8
)
    AS 'MODULE_PATHNAME', 'overdue_by_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION retention_internal.overdue_by(history, float8, float8, integer, date, text, float8) IS
    'overdue, by what common_rhythm found in a history of which this is a part';
