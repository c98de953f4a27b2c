-- What members do one after the other.

CREATE FUNCTION paths(
    j journeys,
    start text DEFAULT NULL,
    finish text DEFAULT NULL,
    levels integer DEFAULT 5,
    top integer DEFAULT 8,
    session text DEFAULT NULL,
    as_of date DEFAULT NULL
) RETURNS TABLE (level integer, from_event text, to_event text, members bigint, events bigint, share double precision)
    AS 'MODULE_PATHNAME', 'paths_of_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION paths(journeys, text, text, integer, integer, text, date) IS
    'the ways through journeys, as the rows of a Sankey diagram: at each level, from which event to which next one, by how many members, how often, and the share of all ways; from the first event called start, backward from the last one called finish, or from the first of all; a level names the top most frequent events, the others are other; end (start, backward): nothing more; what goes into an event at one level comes out at the next; repetitions at once are one; session: a silence longer than this begins another way';

CREATE FUNCTION next_events(j journeys, event text, as_of date DEFAULT NULL)
    RETURNS TABLE (next_event text, members bigint, events bigint, share double precision)
    AS 'MODULE_PATHNAME', 'next_events_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION next_events(journeys, text, date) IS
    'what follows an event next: the name, NULL for nothing, by how many members, how often, and the share of all times; the most frequent first';

CREATE FUNCTION sessions(j journeys, gap text DEFAULT '30 minutes', as_of date DEFAULT NULL)
    RETURNS TABLE (member text, session bigint, started_at timestamptz, ended_at timestamptz, events bigint, first_event text, last_event text)
    AS 'MODULE_PATHNAME', 'sessions_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION sessions(journeys, text, date) IS
    'the sessions of members: a silence longer than gap begins a new one; their number, first and last event, and the number of rows';
