-- What members did, step by step: the aggregates that build the type, and what is inside.

CREATE FUNCTION retention_internal.journeys_merge(journeys, journeys) RETURNS journeys
    AS 'MODULE_PATHNAME', 'journeys_merge_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.journeys_merge(journeys, journeys) IS
    'transition function of rollup, combine function of rollup and journey_agg; not to be called by itself';

CREATE FUNCTION retention_internal.journeys_final(journeys) RETURNS journeys
    AS 'MODULE_PATHNAME', 'history_final' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.journeys_final(journeys) IS
    'final function of rollup and journey_agg; returns its argument';

-- journey_agg(member, at, event [, zone]) for every type of member and time. As with history_agg, the types are written out and the state is
-- the result; a zone for local times is not looked at, and without such a form they, too, would become instants.
DO $$
DECLARE
    member text;
    time_type text;
    zone text;
    arguments text;
    volatility text;
    search_path text := pg_catalog.current_setting('search_path');
BEGIN
    -- This runs as superuser, and somebody else may have put functions into the extension's schema before.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    FOREACH member IN ARRAY ARRAY['bigint', 'uuid', 'text'] LOOP
        FOREACH time_type IN ARRAY ARRAY['timestamptz', 'timestamp', 'date'] LOOP
            FOREACH zone IN ARRAY ARRAY['', ', text'] LOOP
                arguments := member || ', ' || time_type || ', text' || zone;
                -- Without a zone, the calendar of an instant is that of the session.
                volatility := CASE WHEN time_type = 'timestamptz' AND zone = '' THEN 'STABLE' ELSE 'IMMUTABLE' END;
                EXECUTE pg_catalog.format(
                    'CREATE FUNCTION retention_internal.journey_step(@extschema@.journeys, %s)
                         RETURNS @extschema@.journeys
                         AS ''MODULE_PATHNAME'', ''journey_step_wrapper'' LANGUAGE c %s PARALLEL SAFE',
                    arguments, volatility);
                EXECUTE pg_catalog.format(
                    'CREATE AGGREGATE @extschema@.journey_agg(%s) (
                         SFUNC = retention_internal.journey_step,
                         STYPE = @extschema@.journeys,
                         SSPACE = 2048,
                         FINALFUNC = retention_internal.journeys_final,
                         COMBINEFUNC = retention_internal.journeys_merge,
                         PARALLEL = SAFE)',
                    arguments);
                -- As for history_agg: CREATE AGGREGATE says IMMUTABLE and can not say otherwise.
                IF volatility = 'STABLE' THEN
                    UPDATE pg_catalog.pg_proc SET provolatile = 's'
                    WHERE oid OPERATOR(pg_catalog.=)
                          ('@extschema@.journey_agg(' || arguments || ')')::pg_catalog.regprocedure::pg_catalog.oid;
                END IF;
                EXECUTE pg_catalog.format(
                    'COMMENT ON FUNCTION retention_internal.journey_step(@extschema@.journeys, %s) IS %L',
                    arguments,
                    'transition function of journey_agg; not to be called by itself');
                EXECUTE pg_catalog.format(
                    'COMMENT ON AGGREGATE @extschema@.journey_agg(%s) IS %L',
                    arguments,
                    'the journeys of the rows: member, time, name of what happened'
                    || CASE zone WHEN '' THEN '' ELSE ', time zone of the calendar' END
                    || '; rows without member, time or event are no events; up to 65,536 different names');
            END LOOP;
        END LOOP;
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', search_path, true);
END
$$;

CREATE AGGREGATE rollup(journeys) (
    SFUNC = retention_internal.journeys_merge,
    STYPE = journeys,
    SSPACE = 8192,
    FINALFUNC = retention_internal.journeys_final,
    COMBINEFUNC = retention_internal.journeys_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(journeys) IS
    'several journeys together: all their events; identical rows add up, so that what comes twice counts twice; all must have the same time zone and type of members';

CREATE FUNCTION members(j journeys) RETURNS bigint
    AS 'MODULE_PATHNAME', 'members_of_journeys_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION members(journeys) IS 'number of members';

CREATE FUNCTION events(j journeys) RETURNS bigint
    AS 'MODULE_PATHNAME', 'events_of_journeys_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events(journeys) IS 'number of events, identical rows among them';

CREATE FUNCTION first_at(j journeys) RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'first_at_of_journeys_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION first_at(journeys) IS
    'time of the first event; local times without a zone are read in the session''s TimeZone';

CREATE FUNCTION last_at(j journeys) RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'last_at_of_journeys_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION last_at(journeys) IS
    'time of the last event, whose day is the default as_of of every reader';

CREATE FUNCTION time_zone(j journeys) RETURNS text
    AS 'MODULE_PATHNAME', 'time_zone_of_journeys_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_zone(journeys) IS
    'the zone whose calendar they use; NULL for journeys of dates or of timestamps without a zone';

CREATE FUNCTION events_of(j journeys) RETURNS TABLE (event text, members bigint, events bigint)
    AS 'MODULE_PATHNAME', 'events_of_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION events_of(journeys) IS
    'the names of events, each with the number of members that have it and of its rows, in the order of their bytes';

CREATE FUNCTION journey_rows(j journeys)
    RETURNS TABLE (member text, at timestamptz, event text, events bigint)
    AS 'MODULE_PATHNAME', 'journey_rows_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION journey_rows(journeys) IS
    'what is inside: a row for every member, time and event, with the number of identical rows';

CREATE FUNCTION slice(j journeys, from_date date DEFAULT NULL, to_date date DEFAULT NULL)
    RETURNS journeys
    AS 'MODULE_PATHNAME', 'slice_of_journeys_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION slice(journeys, date, date) IS
    'the events of the days from_date to to_date, both included, of the journeys'' calendar; NULL if there are none';

CREATE FUNCTION without(j journeys, members bigint[]) RETURNS journeys
    AS 'MODULE_PATHNAME', 'without_of_journeys_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
CREATE FUNCTION without(j journeys, members uuid[]) RETURNS journeys
    AS 'MODULE_PATHNAME', 'without_of_journeys_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
CREATE FUNCTION without(j journeys, members text[]) RETURNS journeys
    AS 'MODULE_PATHNAME', 'without_of_journeys_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION without(journeys, bigint[]) IS
    'the journeys of all but these members, for erasure requests; NULL if nobody is left';
COMMENT ON FUNCTION without(journeys, uuid[]) IS
    'the journeys of all but these members, for erasure requests; NULL if nobody is left';
COMMENT ON FUNCTION without(journeys, text[]) IS
    'the journeys of all but these members, for erasure requests; NULL if nobody is left';

CREATE FUNCTION history_of_events(j journeys, events text[] DEFAULT NULL, grain text DEFAULT 'day') RETURNS history
    AS 'MODULE_PATHNAME', 'history_of_events_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION history_of_events(journeys, text[], text) IS
    'the history of some events, or of all: what history_agg makes of the same rows, for everything that reads a history; NULL if there are none';
