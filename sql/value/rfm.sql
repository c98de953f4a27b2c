-- Recency, frequency and monetary value: members with their scores and segments.

CREATE FUNCTION rfm(
    h history,
    as_of date DEFAULT NULL,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    cuts jsonb DEFAULT NULL,
    map text DEFAULT 'rf10',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    member text, recency integer, frequency bigint, monetary numeric,
    r integer, f integer, m integer, score text, segment text
)
    AS 'MODULE_PATHNAME', 'rfm_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION rfm(history, date, integer, text, jsonb, text, boolean, text) IS
    'a row per member: days since the last event, number of events and sum of amounts as of a day, their scores from 1 (worst) to bins (best), and the segment that the map names';

CREATE FUNCTION rfm_cuts(
    h history,
    as_of date DEFAULT NULL,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total',
    cuts jsonb DEFAULT NULL
) RETURNS TABLE (
    measure text,
    score integer,
    above float8,
    up_to float8,
    lowest float8,
    highest float8,
    members bigint
)
    AS 'MODULE_PATHNAME', 'rfm_cuts_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 15;
COMMENT ON FUNCTION rfm_cuts(history, date, integer, text, boolean, text, jsonb) IS
    'what the scores of rfm mean: for each measure and score the cut points that it lies between, the lowest and highest value found there, and the number of members';

CREATE FUNCTION rfm_cuts_json(
    h history,
    as_of date DEFAULT NULL,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'rfm_cuts_json_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION rfm_cuts_json(history, date, integer, text, boolean, text) IS
    'the cut points of rfm as jsonb, to keep and to score other days or members with: rfm(h, method => ''fixed'', cuts => ...)';

CREATE FUNCTION rfm_segments(
    h history,
    as_of date DEFAULT NULL,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    cuts jsonb DEFAULT NULL,
    map text DEFAULT 'rf10',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    segment text,
    members bigint,
    share float8,
    recency_mean float8,
    recency_median float8,
    frequency_mean float8,
    frequency_median float8,
    monetary_mean numeric,
    monetary_median numeric,
    revenue numeric,
    revenue_share float8
)
    AS 'MODULE_PATHNAME', 'rfm_segments_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION rfm_segments(history, date, integer, text, jsonb, text, boolean, text) IS
    'a row per segment of the map: its members and their share, mean and median recency, frequency and monetary value, and its revenue';

CREATE FUNCTION rfm_migration(
    h history,
    from_date date,
    to_date date,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    cuts jsonb DEFAULT NULL,
    map text DEFAULT 'rf10',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total',
    own_cuts boolean DEFAULT false
) RETURNS TABLE (
    from_segment text,
    to_segment text,
    members bigint,
    share float8,
    from_revenue numeric,
    to_revenue numeric
)
    AS 'MODULE_PATHNAME', 'rfm_migration_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION rfm_migration(history, date, date, integer, text, jsonb, text, boolean, text, boolean) IS
    'how many members were in which segment at the first day and are in which at the second, both scored with the first day''s cut points unless own_cuts; from_segment NULL: no member yet';
