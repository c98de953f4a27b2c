-- What is inside a history, and parts of one.

CREATE FUNCTION members(h history) RETURNS bigint
    AS 'MODULE_PATHNAME', 'members_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION members(history) IS 'number of members that have an event';

CREATE FUNCTION events(h history) RETURNS bigint
    AS 'MODULE_PATHNAME', 'events_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events(history) IS 'number of events';

CREATE FUNCTION first_at(h history) RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'first_at_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION first_at(history) IS
    'time of the first event or amount; local times without a zone are read in the session''s TimeZone';

CREATE FUNCTION last_at(h history) RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'last_at_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION last_at(history) IS
    'time of the last event or amount, whose day is the default as_of of every reader';

CREATE FUNCTION grain(h history) RETURNS text
    AS 'MODULE_PATHNAME', 'grain_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION grain(history) IS
    'how finely it tells times apart: second, minute, hour, day, week, month, quarter or year';

CREATE FUNCTION time_zone(h history) RETURNS text
    AS 'MODULE_PATHNAME', 'time_zone_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_zone(history) IS
    'the zone whose calendar it uses; NULL for a history of dates or of timestamps without a zone';

CREATE FUNCTION history_rows(h history)
    RETURNS TABLE (member text, at timestamptz, events bigint, amount numeric)
    AS 'MODULE_PATHNAME', 'history_rows_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 100000;
COMMENT ON FUNCTION history_rows(history) IS
    'what is inside: a row for every member and tick, with the time at which the tick begins, its events (0 where there is an amount alone, such as a refund) and the sum of the amounts';

CREATE FUNCTION slice(h history, from_date date DEFAULT NULL, to_date date DEFAULT NULL)
    RETURNS history
    AS 'MODULE_PATHNAME', 'slice_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION slice(history, date, date) IS
    'the events and amounts of the days from_date to to_date, both included, of the history''s calendar; NULL if there are none';

CREATE FUNCTION without(h history, members bigint[]) RETURNS history
    AS 'MODULE_PATHNAME', 'without_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION without(h history, members uuid[]) RETURNS history
    AS 'MODULE_PATHNAME', 'without_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION without(h history, members text[]) RETURNS history
    AS 'MODULE_PATHNAME', 'without_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION without(history, bigint[]) IS
    'the history of all but these members, for erasure requests; NULL if nobody is left';
COMMENT ON FUNCTION without(history, uuid[]) IS
    'the history of all but these members, for erasure requests; NULL if nobody is left';
COMMENT ON FUNCTION without(history, text[]) IS
    'the history of all but these members, for erasure requests; NULL if nobody is left';
