-- Revenue by period, from new members and from those who came before.

CREATE FUNCTION revenue_split(
    h history,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL
) RETURNS TABLE (
    period_start date,
    new_members bigint,
    returning_members bigint,
    revenue_new numeric,
    revenue_returning numeric,
    revenue numeric,
    returning_share float8,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'revenue_split_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION revenue_split(history, text, date) IS
    'the revenue of each period, of members active in it for the first time ever and of those who were active in an earlier one, and the share of the latter';
