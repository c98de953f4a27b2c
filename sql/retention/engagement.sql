-- Engagement: how many members are active, and on how many days.

CREATE FUNCTION engagement(h history, as_of date DEFAULT NULL)
    RETURNS TABLE (
    day date,
    dau bigint,
    wau bigint,
    mau bigint,
    stickiness float8,
    truncated boolean
)
    AS 'MODULE_PATHNAME', 'engagement_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 400;
COMMENT ON FUNCTION engagement(history, date) IS
    'a row a day with the members active on it (dau), in the 7 days up to it (wau) and in the 30 days up to it (mau), and dau / mau';

CREATE FUNCTION engagement_days(h history, within text DEFAULT '28 days', as_of date DEFAULT NULL)
    RETURNS TABLE (
    active_days integer,
    members bigint,
    share float8,
    share_at_least float8
)
    AS 'MODULE_PATHNAME', 'engagement_days_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 28;
COMMENT ON FUNCTION engagement_days(history, text, date) IS
    'members by the number of days on which they were active, within a time that ends with as_of, and their share of all that were: within => ''7 days'' is L7, ''28 days'' is L28';
