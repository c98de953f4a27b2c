-- Segment maps: names for regions of RFM scores.

CREATE FUNCTION segment_maps() RETURNS TABLE (
    map text,
    rule integer,
    segment text,
    r text,
    f text,
    m text,
    fm text,
    chinese text
)
    AS 'MODULE_PATHNAME', 'segment_maps_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 40;
COMMENT ON FUNCTION segment_maps() IS
    'the rules of the built-in segment maps; the first one that holds wins; NULL: any score; fm is the mean of f and m';

CREATE FUNCTION check_segment_map(map jsonb, bins integer DEFAULT 5) RETURNS TABLE (
    r integer,
    f integer,
    m integer,
    problem text,
    segments text
)
    AS 'MODULE_PATHNAME', 'check_segment_map_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION check_segment_map(jsonb, integer) IS
    'the scores that a segment map of your own leaves out (hole) or gives to several segments (overlap: the first one listed gets it); no rows: every score has exactly one';
