-- journey_of: the journeys of a table or view in one call.

-- The expression under which a column of names of events is taken.
CREATE FUNCTION retention_internal.source_event(query text, whose text, event name) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    its record;
BEGIN
    SELECT INTO its * FROM retention_internal.source_column(query, whose, event);
    IF its.is_enum
       OR its.is_deterministic AND its.base_type OPERATOR(pg_catalog.=) ANY ('{pg_catalog.text,pg_catalog.varchar,pg_catalog.bpchar,pg_catalog.name}'::pg_catalog.regtype[]) THEN
        RETURN pg_catalog.format('source.%I::pg_catalog.text', event);
    END IF;
    RAISE EXCEPTION 'column "%" of % has no names of events: its type is %', event, whose,
                    pg_catalog.concat(its.of_type, CASE WHEN its.is_deterministic THEN '' ELSE ' in a collation that takes different texts for equal' END)
        USING ERRCODE = 'datatype_mismatch',
              HINT = CASE WHEN its.base_type OPERATOR(pg_catalog.=) ANY ('{pg_catalog.date,pg_catalog.timestamp,pg_catalog.timestamptz}'::pg_catalog.regtype[])
                          THEN 'The columns are given in this order: of members, of times, of events.'
                          ELSE pg_catalog.format('Cast it, in a view: %I::text, or lower(%1$I::text) COLLATE "C" where letters of either case are the same.', event) END;
END
$$;
COMMENT ON FUNCTION retention_internal.source_event(text, text, name) IS
    'how a column of names of events is written in the query of journey_of';

CREATE FUNCTION journey_of(
    source regclass,
    member name,
    at name,
    event name,
    zone text DEFAULT NULL
) RETURNS journeys
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
    query pg_catalog.text := pg_catalog.format('SELECT * FROM %s', source);
    time_type pg_catalog.regtype;
    result @extschema@.journeys;
    incomplete bigint;
    its_zone pg_catalog.text;
BEGIN
    IF source IS NULL OR member IS NULL OR at IS NULL OR event IS NULL THEN
        RAISE EXCEPTION 'source, member, at and event must not be null'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Name a table or view, its column of members, its column of times, and the column that says what happened.';
    END IF;
    time_type := retention_internal.source_time(source, at);
    IF zone IS NOT NULL AND time_type OPERATOR(pg_catalog.<>) 'pg_catalog.timestamptz'::pg_catalog.regtype THEN
        RAISE EXCEPTION 'zone "%" for times that have none: % is of type %', zone, at, time_type
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = pg_catalog.format('They are on a calendar already: leave zone out. If it is not yours, take a view that makes instants of them: %I AT TIME ZONE ''UTC''.', at);
    END IF;
    EXECUTE pg_catalog.format(
        'SELECT @extschema@.journey_agg(r.member, r.at, r.event%s),
                pg_catalog.count(*) FILTER (WHERE r.member IS NULL OR r.at IS NULL OR r.event IS NULL)
         FROM (SELECT %s AS member, source.%I AS at, %s AS event FROM %s AS source) AS r',
        CASE WHEN zone IS NULL THEN '' ELSE pg_catalog.format(', %L', zone) END,
        retention_internal.source_member(source, member), at,
        retention_internal.source_event(query, source::pg_catalog.text, event), source)
    INTO result, incomplete;
    IF incomplete OPERATOR(pg_catalog.>) 0 THEN
        RAISE NOTICE '% of the rows of % are left out: they have no member, no time or no event', incomplete, source;
    END IF;
    its_zone := @extschema@.time_zone(result);
    PERFORM retention_internal.histories_notices(source::pg_catalog.text, NULL, 0, 0, 0, @extschema@.last_at(result), its_zone);
    RETURN result;
END
$$;
COMMENT ON FUNCTION journey_of(regclass, name, name, name, text) IS
    'the journeys of the rows of a table or view in one call, with the caller''s privileges and row security: source, its columns of members, of times and of what happened, time zone of the calendar for timestamptz; NULL for no events';
