-- The history of a table or view in one call.

CREATE FUNCTION history_of(
    source regclass,
    member name,
    at name,
    amount name DEFAULT NULL,
    grain text DEFAULT 'day',
    zone text DEFAULT NULL,
    negative text DEFAULT 'event',
    order_id name DEFAULT NULL
) RETURNS history
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
    has_amount boolean := amount IS NOT NULL;
    rows_of text;
    result @extschema@.history;
    clock text := CASE WHEN zone IS NULL THEN '' ELSE pg_catalog.format(', %L', zone) END;
    below_zero bigint;
    without_order bigint;
BEGIN
    IF source IS NULL OR member IS NULL OR at IS NULL THEN
        RAISE EXCEPTION 'source, member and at must not be null'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Name a table or view, its column of members and its column of times.';
    END IF;
    negative := pg_catalog.lower(COALESCE(negative, 'event'));
    IF negative NOT IN ('event', 'refund') THEN
        RAISE EXCEPTION 'negative is "%", not ''event'' or ''refund''', negative
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'With ''event'' a row with a negative amount is an event like any other; '
                      || 'with ''refund'' its money counts and it is none.';
    END IF;
    IF negative = 'refund' AND NOT has_amount THEN
        RAISE EXCEPTION 'refunds are told by their amounts, and no amount is named'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Name the column of amounts: amount => ''…''.';
    END IF;

    IF negative = 'refund' THEN
        -- The form that tells refunds names the zone, too, which without one is the session's.
        clock := pg_catalog.format(', %L, (r.amount < 0) IS NOT TRUE', COALESCE(zone, (
            SELECT pg_catalog.current_setting('TimeZone') FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = source AND a.attname = at AND a.atttypid = 'pg_catalog.timestamptz'::pg_catalog.regtype)));
    END IF;

    -- A row for each event: of the table, or of an order of one member. Rows without an order stand for themselves.
    rows_of := pg_catalog.format('SELECT source.%I AS member, source.%I AS at, %s AS amount, false AS is_odd FROM %s AS source',
        member, at, CASE WHEN has_amount THEN pg_catalog.format('source.%I', amount) ELSE 'NULL::pg_catalog.float8' END, source);
    IF order_id IS NOT NULL THEN
        rows_of := pg_catalog.format(
            'SELECT source.%1$I AS member, pg_catalog.min(source.%2$I) AS at, %3$s AS amount, false AS is_odd FROM %5$s AS source
             WHERE source.%4$I IS NOT NULL GROUP BY source.%1$I, source.%4$I
             UNION ALL
             SELECT source.%1$I, source.%2$I, %6$s, source.%1$I IS NOT NULL AND source.%2$I IS NOT NULL FROM %5$s AS source WHERE source.%4$I IS NULL',
            member, at,
            CASE WHEN has_amount THEN pg_catalog.format('pg_catalog.sum(source.%I)', amount) ELSE 'NULL::pg_catalog.float8' END,
            order_id, source,
            CASE WHEN has_amount THEN pg_catalog.format('source.%I', amount) ELSE 'NULL::pg_catalog.float8' END);
    END IF;

    EXECUTE pg_catalog.format(
        'SELECT @extschema@.history_agg(r.member, r.at, r.amount, %L%s), %s, %s FROM (%s) AS r',
        grain, clock,
        CASE WHEN has_amount AND negative = 'event'
             THEN 'pg_catalog.count(*) FILTER (WHERE r.amount < 0 AND r.member IS NOT NULL AND r.at IS NOT NULL)'
             ELSE '0' END,
        CASE WHEN order_id IS NULL THEN '0' ELSE 'pg_catalog.count(*) FILTER (WHERE r.is_odd)' END,
        rows_of)
    INTO result, below_zero, without_order;
    IF below_zero > 0 THEN
        RAISE NOTICE '% of % with a negative amount count as events: %',
            CASE WHEN order_id IS NULL THEN 'rows' ELSE 'orders' END, source, below_zero
            USING HINT = 'If they are refunds, negative => ''refund'' takes their money and no event; '
                      || 'negative => ''event'' is what was done.';
    END IF;
    IF without_order > 0 THEN
        RAISE NOTICE 'rows of % without % count as an order each: %', source, order_id, without_order;
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION history_of(regclass, name, name, name, text, text, text, name) IS
    'the history of the rows of a table or view in one call, with the caller''s privileges and row security; NULL for no events; negative => ''refund'': rows with a negative amount are money and no events; order_id => column: the rows of one order are one event, at the earliest of their times, with the sum of their amounts';
