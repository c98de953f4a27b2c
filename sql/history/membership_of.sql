-- membership_of: the memberships of a table or view in one call, with everything that is odd in it told at once.

CREATE FUNCTION membership_of(
    source regclass,
    member name,
    joined name,
    ended name,
    zone text DEFAULT NULL
) RETURNS memberships
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
    types pg_catalog.regtype[];
    member_of pg_catalog.text;
    times pg_catalog.text[];
    is_empty pg_catalog.text;
    rows_of pg_catalog.text;
    result @extschema@.memberships;
    reversed bigint;
    incomplete bigint;
    empty bigint;
    ambiguous bigint;
    whose pg_catalog.text;
BEGIN
    IF source IS NULL OR member IS NULL OR joined IS NULL OR ended IS NULL THEN
        RAISE EXCEPTION 'source, member, joined and ended must not be null'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Name a table or view, its column of members, and those of the first day in and of the first day out.';
    END IF;
    member_of := retention_internal.source_member(source, member);
    types := ARRAY[retention_internal.source_time(source, joined), retention_internal.source_time(source, ended)];
    IF 'pg_catalog.timestamptz'::pg_catalog.regtype OPERATOR(pg_catalog.=) ANY (types) THEN
        -- Local times go to the zone's instants, so that a day stays the day that it is.
        SELECT INTO times pg_catalog.array_agg(
                   CASE WHEN t.of_type OPERATOR(pg_catalog.=) 'pg_catalog.timestamptz'::pg_catalog.regtype THEN pg_catalog.format('source.%I', t.name)
                        ELSE pg_catalog.format('pg_catalog.timezone(%L, source.%I::pg_catalog.timestamp)', coalesce(zone, pg_catalog.current_setting('TimeZone')), t.name) END
                   ORDER BY t.place)
        FROM ROWS FROM (pg_catalog.unnest(types), pg_catalog.unnest(ARRAY[joined, ended])) WITH ORDINALITY AS t (of_type, name, place);
        is_empty := pg_catalog.format('s.joined OPERATOR(pg_catalog.=) pg_catalog.date_trunc(''day'', s.joined, %L)',
                                      coalesce(zone, pg_catalog.current_setting('TimeZone')));
    ELSIF zone IS NOT NULL THEN
        RAISE EXCEPTION 'zone "%" for times that have none: % and % are of type % and %', pg_catalog.left(zone, 60), joined, ended, types[1], types[2]
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'They are on a calendar already: leave zone out.';
    ELSE
        times := ARRAY[pg_catalog.format('source.%I', joined), pg_catalog.format('source.%I', ended)];
        IF types[1] OPERATOR(pg_catalog.<>) types[2] THEN
            times := ARRAY[times[1] OPERATOR(pg_catalog.||) '::pg_catalog.timestamp', times[2] OPERATOR(pg_catalog.||) '::pg_catalog.timestamp'];
        END IF;
        is_empty := 's.joined OPERATOR(pg_catalog.=) pg_catalog.date_trunc(''day'', s.joined)';
    END IF;
    rows_of := pg_catalog.format('(SELECT %s AS member, %s AS joined, %s AS ended FROM %s AS source) AS s', member_of, times[1], times[2], source);
    EXECUTE pg_catalog.format(
        'SELECT @extschema@.membership_agg(s.member, s.joined, s.ended%s)
                    FILTER (WHERE s.ended IS NULL OR s.ended OPERATOR(pg_catalog.>=) s.joined),
                pg_catalog.count(*) FILTER (WHERE s.ended OPERATOR(pg_catalog.<) s.joined AND s.member IS NOT NULL),
                pg_catalog.count(*) FILTER (WHERE s.member IS NULL OR s.joined IS NULL),
                pg_catalog.count(*) FILTER (WHERE s.ended OPERATOR(pg_catalog.=) s.joined AND %s AND s.member IS NOT NULL)
         FROM %s',
        CASE WHEN zone IS NULL THEN '' ELSE pg_catalog.format(', %L', zone) END, is_empty, rows_of)
    INTO result, reversed, incomplete, empty;
    IF reversed OPERATOR(pg_catalog.>) 0 THEN
        EXECUTE pg_catalog.format(
            'SELECT pg_catalog.string_agg(d.member, '', '' ORDER BY d.member COLLATE pg_catalog."C")
             FROM (SELECT DISTINCT s.member::pg_catalog.text AS member FROM %s
                   WHERE s.ended OPERATOR(pg_catalog.<) s.joined AND s.member IS NOT NULL ORDER BY 1 LIMIT 10) AS d', rows_of)
        INTO whose;
        RAISE EXCEPTION '% of the rows of % end before they begin', reversed, source
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'Members: ' OPERATOR(pg_catalog.||) whose OPERATOR(pg_catalog.||) CASE WHEN reversed OPERATOR(pg_catalog.>) 10 THEN ' ...' ELSE '' END,
                  HINT = 'Mend them, or take a view without them: WHERE ended >= joined OR ended IS NULL. Where only one column has a time of day, cast both to date.';
    END IF;
    IF incomplete OPERATOR(pg_catalog.>) 0 THEN
        RAISE NOTICE '% of the rows of % are left out: they have no member or no first day', incomplete, source;
    END IF;
    IF empty OPERATOR(pg_catalog.>) 0 THEN
        RAISE NOTICE '% of the rows of % are left out: they end as they begin', empty, source;
    END IF;
    -- A row that was closed beside the one that it was before.
    EXECUTE pg_catalog.format(
        'SELECT pg_catalog.count(*)
         FROM (SELECT FROM %s WHERE s.member IS NOT NULL AND s.joined IS NOT NULL
               GROUP BY s.member, s.joined
               HAVING pg_catalog.bool_or(s.ended IS NULL OR s.ended OPERATOR(pg_catalog.>=) ''9000-01-01'')
                  AND pg_catalog.bool_or(s.ended OPERATOR(pg_catalog.<) ''9000-01-01'')) AS b', rows_of)
    INTO ambiguous;
    IF ambiguous OPERATOR(pg_catalog.>) 0 THEN
        RAISE NOTICE '% of the spells of % are there both with an end and without: their members are still in', ambiguous, source
            USING HINT = 'Where a new row is written as a contract ends, take the last one of each: SELECT DISTINCT ON.';
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION membership_of(regclass, name, name, name, text) IS
    'the memberships of the rows of a table or view in one call, with the caller''s privileges and row security: source, its columns of members, of the first day in and of the first day out (NULL: still a member), time zone of the calendar for timestamptz; NULL for no memberships';
