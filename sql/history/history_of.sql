-- Histories of a table, of the groups of a table, and of a query, in one call.

-- The query that makes them: a row for each group, or one, with the history and what there is to say of the rows.
CREATE FUNCTION retention_internal.histories_query(
    source regclass, query text, member name, at name, amount name, grain text, zone text, negative text, order_id name, by name
) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    whose pg_catalog.text := coalesce(source::pg_catalog.text, 'the query');
    -- Not SELECT * FROM a table, which would want the privilege on all its columns.
    from_item pg_catalog.text := coalesce(source::pg_catalog.text, pg_catalog.format(E'(\n%s\n)', query));
    is_table boolean := EXISTS (
        SELECT FROM pg_catalog.pg_class AS c
        WHERE c.oid OPERATOR(pg_catalog.=) source AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}'::pg_catalog."char"[]));
    member_of pg_catalog.text;
    time_type pg_catalog.regtype;
    is_instant boolean;
    amount_of pg_catalog.text := 'NULL::pg_catalog.float8';
    is_refund boolean;
    clock pg_catalog.text;
    rows_of pg_catalog.text;
BEGIN
    IF source IS NOT NULL THEN
        query := pg_catalog.format('SELECT * FROM %s', source);
    END IF;
    member_of := retention_internal.source_member(query, whose, member);
    time_type := retention_internal.source_time(query, whose, at);
    is_instant := time_type OPERATOR(pg_catalog.=) 'pg_catalog.timestamptz'::pg_catalog.regtype;
    negative := pg_catalog.lower(coalesce(negative, 'event'));
    is_refund := negative OPERATOR(pg_catalog.=) 'refund';
    IF NOT (is_refund OR negative OPERATOR(pg_catalog.=) 'event') THEN
        RAISE EXCEPTION 'negative is "%", not ''event'' or ''refund''', pg_catalog.left(negative, 60)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'With ''event'' a row with a negative amount is an event like any other; with ''refund'' its money counts and it is none.';
    END IF;
    IF is_refund AND amount IS NULL THEN
        RAISE EXCEPTION 'refunds are told by their amounts, and no amount is named'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Name the column of amounts: amount => ''...''.';
    END IF;
    IF zone IS NOT NULL AND NOT is_instant THEN
        RAISE EXCEPTION 'zone "%" for times that have none: % is of type %', pg_catalog.left(zone, 60), at, time_type
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = pg_catalog.format('They are on a calendar already: leave zone out. If it is not yours, take a view that makes instants of them: %I AT TIME ZONE ''UTC''.', at);
    END IF;
    IF amount IS NOT NULL THEN
        amount_of := retention_internal.source_amount(query, whose, amount);
    END IF;
    IF order_id IS NOT NULL THEN
        PERFORM retention_internal.source_column(query, whose, order_id);
    END IF;
    IF by IS NOT NULL THEN
        PERFORM retention_internal.source_column(query, whose, by);
    END IF;

    clock := CASE
        -- The form that tells refunds names the zone, too, which without one is the session's.
        WHEN is_refund
        THEN pg_catalog.format(', %L, (r.amount OPERATOR(pg_catalog.<) 0) IS NOT TRUE',
                               CASE WHEN is_instant THEN coalesce(zone, pg_catalog.current_setting('TimeZone')) END)
        WHEN zone IS NOT NULL THEN pg_catalog.format(', %L', zone)
        ELSE '' END;
    rows_of := pg_catalog.format(
        'SELECT %s AS member, source.%I AS at, %s AS amount, %s AS grp',
        member_of, at, amount_of, CASE WHEN by IS NULL THEN 'NULL::pg_catalog.text' ELSE pg_catalog.format('source.%I', by) END);
    IF order_id IS NULL THEN
        rows_of := pg_catalog.format('%s, false AS is_odd FROM %s AS source', rows_of, from_item);
    ELSE
        -- A row for each order of a member; rows without an order stand for themselves. A table is read once for each of the two, which
        -- costs less than to keep its rows between them (1.0 to 1.3 times as much, and no parallel plan). A view or a query may cost more
        -- than its rows, and may answer differently the second time: it is read once.
        rows_of := pg_catalog.format(
            'WITH o AS %s (%s, source.%I AS order_id FROM %s AS source)
              SELECT o.member, pg_catalog.min(o.at) AS at, %s AS amount, o.grp, false AS is_odd
              FROM o WHERE o.order_id IS NOT NULL GROUP BY o.member, o.order_id, o.grp
              UNION ALL
              SELECT o.member, o.at, o.amount::pg_catalog.numeric, o.grp, true FROM o WHERE o.order_id IS NULL',
            CASE WHEN is_table THEN 'NOT MATERIALIZED' ELSE 'MATERIALIZED' END, rows_of, order_id, from_item,
            CASE WHEN amount IS NULL THEN 'NULL::pg_catalog.numeric' ELSE 'pg_catalog.sum(o.amount::pg_catalog.numeric)' END);
    END IF;
    RETURN pg_catalog.format(
        'SELECT %s::pg_catalog.text AS grp, @extschema@.history_agg(r.member, r.at, r.amount, %L%s) AS h,
                pg_catalog.count(*) FILTER (WHERE r.member IS NULL OR r.at IS NULL) AS incomplete, %s AS below_zero, %s AS without_order
         FROM (%s) AS r%s',
        CASE WHEN by IS NULL THEN 'NULL' ELSE 'r.grp' END, grain, clock,
        CASE WHEN amount IS NOT NULL AND NOT is_refund
             THEN 'pg_catalog.count(*) FILTER (WHERE r.amount OPERATOR(pg_catalog.<) 0 AND r.member IS NOT NULL AND r.at IS NOT NULL)'
             ELSE '0::pg_catalog.int8' END,
        CASE WHEN order_id IS NULL THEN '0::pg_catalog.int8'
             ELSE 'pg_catalog.count(*) FILTER (WHERE r.is_odd AND r.member IS NOT NULL AND r.at IS NOT NULL)' END,
        rows_of, CASE WHEN by IS NULL THEN '' ELSE ' GROUP BY r.grp' END);
END
$$;
COMMENT ON FUNCTION retention_internal.histories_query(regclass, text, name, name, name, text, text, text, name, name) IS
    'the query of history_of and histories_of';

-- What is odd in the rows, told once.
CREATE FUNCTION retention_internal.histories_notices(
    whose text, order_id name, incomplete bigint, below_zero bigint, without_order bigint, last_at timestamptz, zone text
) RETURNS void
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    what pg_catalog.text := CASE WHEN order_id IS NULL THEN 'rows' ELSE 'orders' END;
BEGIN
    IF incomplete OPERATOR(pg_catalog.>) 0 THEN
        RAISE NOTICE '% of the % of % are left out: they have no member or no time', incomplete, what, whose;
    END IF;
    IF below_zero OPERATOR(pg_catalog.>) 0 THEN
        RAISE NOTICE '% of % with a negative amount count as events: %', what, whose, below_zero
            USING HINT = 'If they are refunds, negative => ''refund'' takes their money and no event; negative => ''event'' is what was done.';
    END IF;
    IF without_order OPERATOR(pg_catalog.>) 0 THEN
        RAISE NOTICE 'rows of % without % count as an order each: %', whose, order_id, without_order;
    END IF;
    -- Of local times nobody knows the zone: they lie ahead if they do so everywhere. The session may be 12 hours behind UTC, and they 14 ahead.
    IF last_at OPERATOR(pg_catalog.>)
       (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) CASE WHEN zone IS NULL THEN interval '26 hours' ELSE interval '0' END) THEN
        RAISE NOTICE 'the last event of % is on %, later than now: as_of is that day by default', whose,
                     pg_catalog.timezone(coalesce(zone, pg_catalog.current_setting('TimeZone')), last_at)::pg_catalog.date
            USING HINT = 'If it is a mistake, leave it out, with a view or history_of_query; or name as_of in every question.';
    END IF;
END
$$;
COMMENT ON FUNCTION retention_internal.histories_notices(text, name, bigint, bigint, bigint, timestamptz, text) IS
    'the notices of history_of and its relatives';

CREATE FUNCTION retention_internal.history_of_rows(
    source regclass, query text, member name, at name, amount name, grain text, zone text, negative text, order_id name
) RETURNS history
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    grp pg_catalog.text;
    h @extschema@.history;
    incomplete bigint;
    below_zero bigint;
    without_order bigint;
BEGIN
    EXECUTE retention_internal.histories_query(source, query, member, at, amount, grain, zone, negative, order_id, NULL)
    INTO grp, h, incomplete, below_zero, without_order;
    PERFORM retention_internal.histories_notices(
        coalesce(source::pg_catalog.text, 'the query'), order_id, incomplete, below_zero, without_order, @extschema@.last_at(h), @extschema@.time_zone(h));
    RETURN h;
END
$$;
COMMENT ON FUNCTION retention_internal.history_of_rows(regclass, text, name, name, name, text, text, text, name) IS
    'what history_of and history_of_query call';

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
BEGIN
    IF source IS NULL OR member IS NULL OR at IS NULL THEN
        RAISE EXCEPTION 'source, member and at must not be null'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Name a table or view, its column of members and its column of times.';
    END IF;
    RETURN retention_internal.history_of_rows(
        source, NULL, member, at, amount, grain, zone, negative, order_id);
END
$$;
COMMENT ON FUNCTION history_of(regclass, name, name, name, text, text, text, name) IS
    'the history of the rows of a table or view in one call, with the caller''s privileges and row security; NULL for no events; negative => ''refund'': rows with a negative amount are money and no events; order_id => column: the rows of one order are one event, at the earliest of their times, with the sum of their amounts';

CREATE FUNCTION histories_of(
    source regclass,
    member name,
    at name,
    amount name DEFAULT NULL,
    by name DEFAULT NULL,
    grain text DEFAULT 'day',
    zone text DEFAULT NULL,
    negative text DEFAULT 'event',
    order_id name DEFAULT NULL
) RETURNS TABLE (grp text, h history)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 50 AS $$
DECLARE
    one record;
    incomplete bigint := 0;
    below_zero bigint := 0;
    without_order bigint := 0;
    last_at pg_catalog.timestamptz;
    its_zone pg_catalog.text;
BEGIN
    IF source IS NULL OR member IS NULL OR at IS NULL OR by IS NULL THEN
        RAISE EXCEPTION 'source, member, at and by must not be null'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Name a table or view, its column of members, its column of times, and the column whose values are the groups: by => ''country''.';
    END IF;
    FOR one IN EXECUTE retention_internal.histories_query(
        source, NULL, member, at, amount, grain, zone, negative, order_id, by)
    LOOP
        grp := one.grp;
        h := one.h;
        RETURN NEXT;
        incomplete := incomplete OPERATOR(pg_catalog.+) one.incomplete;
        below_zero := below_zero OPERATOR(pg_catalog.+) one.below_zero;
        without_order := without_order OPERATOR(pg_catalog.+) one.without_order;
        last_at := GREATEST(last_at, @extschema@.last_at(h));
        its_zone := coalesce(@extschema@.time_zone(h), its_zone);
    END LOOP;
    PERFORM retention_internal.histories_notices(source::pg_catalog.text, order_id, incomplete, below_zero, without_order, last_at, its_zone);
END
$$;
COMMENT ON FUNCTION histories_of(regclass, name, name, name, name, text, text, text, name) IS
    'a history for each value of the column by of a table or view, in one scan, with the arguments of history_of: grp, the value as text, and h; a NULL is a group of its own; h is NULL for a group without events';

CREATE FUNCTION history_of_query(
    query text,
    member name DEFAULT 'member',
    at name DEFAULT 'at',
    amount name DEFAULT NULL,
    grain text DEFAULT 'day',
    zone text DEFAULT NULL,
    negative text DEFAULT 'event',
    order_id name DEFAULT NULL
) RETURNS history
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
BEGIN
    IF query IS NULL OR member IS NULL OR at IS NULL THEN
        RAISE EXCEPTION 'query, member and at must not be null'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Give one SELECT with a column member and a column at, such as ''SELECT customer AS member, paid_at AS at FROM invoices''.';
    END IF;
    IF query OPERATOR(pg_catalog.~) '^[[:space:]]*[[:alnum:]_]+([.][[:alnum:]_]+)?[[:space:]]*$' AND pg_catalog.to_regclass(query) IS NOT NULL THEN
        RAISE EXCEPTION 'the query is the name of a table or view: %', query
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = pg_catalog.format('history_of(%L, ...) takes the name; history_of_query takes a SELECT.', query);
    END IF;
    query := retention_internal.query_statement(query::pg_catalog.cstring);
    IF amount IS NULL AND EXISTS (SELECT FROM retention_internal.query_columns(query::pg_catalog.cstring) AS c
                                  WHERE c.name OPERATOR(pg_catalog.=) 'amount') THEN
        amount := 'amount';
    END IF;
    RETURN retention_internal.history_of_rows(NULL, query, member, at, amount, grain, zone, negative, order_id);
END
$$;
COMMENT ON FUNCTION history_of_query(text, name, name, name, text, text, text, name) IS
    'the history of the rows of a query: one SELECT with columns member, at and, if there is one, amount (or others, by name), run with the caller''s rights; the other arguments are those of history_of. The query is code: never make it of what a user has typed';
