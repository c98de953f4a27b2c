-- Building histories: history_agg over events, rollup over histories.

CREATE FUNCTION retention_internal.history_merge(history, history) RETURNS history
    AS 'MODULE_PATHNAME', 'history_merge_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.history_merge(history, history) IS
    'transition function of rollup, combine function of rollup and history_agg; not to be called by itself';

CREATE FUNCTION retention_internal.history_final(history) RETURNS history
    AS 'MODULE_PATHNAME', 'history_final' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.history_final(history) IS
    'final function of rollup and history_agg; returns its argument';

-- history_agg(member, at [, amount [, grain [, zone [, is_event]]]]) for every type of member, time and amount.
-- All overloads share one implementation, history_step, which reads the types from the declaration.
-- There are no more than speed and meaning want. Whole numbers become float8 by themselves, which is exact within the range of amounts
-- and costs nothing that can be told from the noise (3 million rows: 0.9 to 1.13 of a form of their own), where a cast to numeric costs 1.2 to 1.4.
-- A date without a form of its own would become the instant of midnight in the session's zone. A zone for local times is not looked at,
-- and without such a form they, too, would become instants.
-- The types are written out rather than polymorphic, since distributed aggregates can not resolve
-- the latter. The state is the result. The final function only says so in a way that PostgreSQL 14
-- and 15 understand: they would copy, and so flatten, a result that is where the state is.
DO $$
DECLARE
    member text;
    time_type text;
    amount text;
    options text;
    arguments text;
    volatility text;
    search_path text := pg_catalog.current_setting('search_path');
BEGIN
    -- This runs as superuser, and somebody else may have put functions into the extension's schema before.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    FOREACH member IN ARRAY ARRAY['bigint', 'uuid', 'text'] LOOP
        FOREACH time_type IN ARRAY ARRAY['timestamptz', 'timestamp', 'date'] LOOP
            FOREACH amount IN ARRAY ARRAY['', ', numeric', ', float8'] LOOP
                FOREACH options IN ARRAY CASE amount
                    WHEN '' THEN ARRAY['']
                         ELSE ARRAY['', ', text', ', text, text', ', text, text, boolean'] END
                LOOP
                    arguments := member || ', ' || time_type || amount || options;
                    -- Without a zone, the calendar of an instant is that of the session.
                    volatility := CASE
                        WHEN time_type = 'timestamptz' AND options NOT IN (', text, text', ', text, text, boolean') THEN 'STABLE'
                        ELSE 'IMMUTABLE' END;
                    EXECUTE pg_catalog.format(
                        'CREATE FUNCTION retention_internal.history_step(@extschema@.history, %s)
                             RETURNS @extschema@.history
                             AS ''MODULE_PATHNAME'', ''history_step'' LANGUAGE c %s PARALLEL SAFE',
                        arguments, volatility);
                    EXECUTE pg_catalog.format(
                        'CREATE AGGREGATE @extschema@.history_agg(%s) (
                             SFUNC = retention_internal.history_step,
                             STYPE = @extschema@.history,
                             SSPACE = 2048,
                             FINALFUNC = retention_internal.history_final,
                             COMBINEFUNC = retention_internal.history_merge,
                             PARALLEL = SAFE)',
                        arguments);
                    -- CREATE AGGREGATE says IMMUTABLE and can not say otherwise (json_agg, in initdb's tables, does).
                    -- postgres_fdw would send it to a server with another TimeZone.
                    IF volatility = 'STABLE' THEN
                        UPDATE pg_catalog.pg_proc SET provolatile = 's'
                        WHERE oid OPERATOR(pg_catalog.=)
                              ('@extschema@.history_agg(' || arguments || ')')::pg_catalog.regprocedure::pg_catalog.oid;
                    END IF;
                    EXECUTE pg_catalog.format(
                        'COMMENT ON FUNCTION retention_internal.history_step(@extschema@.history, %s) IS %L',
                        arguments,
                        'transition function of history_agg; not to be called by itself');
                    EXECUTE pg_catalog.format(
                        'COMMENT ON AGGREGATE @extschema@.history_agg(%s) IS %L',
                        arguments,
                        'the history of events: member, time'
                        || CASE amount WHEN '' THEN '' ELSE ', amount' END
                        || CASE options WHEN '' THEN ''
                             ELSE ', grain (second, minute, hour, day, week, month, quarter, year)' END
                        || CASE WHEN options IN (', text, text', ', text, text, boolean')
                             THEN ', time zone of the calendar' ELSE '' END
                        || CASE options WHEN ', text, text, boolean'
                             THEN ', is_event: false for an amount alone, such as a refund (default true)'
                             ELSE '' END
                        || '; rows without member or time are no events');
                END LOOP;
            END LOOP;
        END LOOP;
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', search_path, true);
END
$$;

CREATE AGGREGATE rollup(history) (
    SFUNC = retention_internal.history_merge,
    STYPE = history,
    SSPACE = 8192,
    FINALFUNC = retention_internal.history_final,
    COMBINEFUNC = retention_internal.history_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(history) IS
    'the union of histories: counts and amounts of the same member and tick add up; all must have the same grain, time zone and type of members';
