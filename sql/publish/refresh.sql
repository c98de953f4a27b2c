-- Refreshing: which spans are read again, their histories, the bases, and the counts.

-- Where a day begins, as an instant of the source, and whether that is all there is to say: where a clock was set back over midnight,
-- instants of the day before come after it.
CREATE FUNCTION retention_internal.publish_day_begins(day date, zone text, OUT at timestamptz, OUT is_sharp boolean)
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT b.at, NOT EXISTS (
            SELECT FROM (SELECT m * interval '1 minute' FROM generate_series(-1500, 1500) AS m
                         UNION ALL SELECT s * interval '1 second' FROM generate_series(-90, 90) AS s) AS t (distance)
            WHERE (((b.at + t.distance) AT TIME ZONE zone)::date >= day) <> (t.distance >= interval '0'))
        FROM (SELECT day::timestamp AT TIME ZONE zone AS at) AS b
    $$;
COMMENT ON FUNCTION retention_internal.publish_day_begins(date, text) IS 'the first instant of a day in a zone, and whether all instants from it on are of that day or later';

-- The condition on r, rows of source_rows, of being in these days. An index on the column of times can be used.
CREATE FUNCTION retention_internal.publish_in_days(days datemultirange, s jsonb) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC' AS $$
DECLARE
    zone CONSTANT text := s ->> 'zone';
    day_of CONSTANT text := CASE WHEN zone IS NULL THEN 'r.at::date' ELSE format('(r.at AT TIME ZONE %L)::date', zone) END;
    part daterange;
    conditions text[] := '{}';
    one text;
    begins record;
BEGIN
    FOR part IN SELECT unnest(days) LOOP
        one := 'true';
        IF NOT lower_inf(part) THEN
            begins := retention_internal.publish_day_begins(lower(part), coalesce(zone, 'UTC'));
            one := one || format(' AND r.at >= %L::%s', CASE WHEN zone IS NULL THEN lower(part)::text
                WHEN begins.is_sharp THEN begins.at::text ELSE (begins.at - interval '26 hours')::text END, s ->> 'time_type')
                || CASE WHEN begins.is_sharp THEN '' ELSE format(' AND %s >= %L', day_of, lower(part)) END;
        END IF;
        IF NOT upper_inf(part) THEN
            begins := retention_internal.publish_day_begins(upper(part), coalesce(zone, 'UTC'));
            one := one || format(' AND r.at < %L::%s', CASE WHEN zone IS NULL THEN upper(part)::text
                WHEN begins.is_sharp THEN begins.at::text ELSE (begins.at + interval '26 hours')::text END, s ->> 'time_type')
                || CASE WHEN begins.is_sharp THEN '' ELSE format(' AND %s < %L', day_of, upper(part)) END;
        END IF;
        conditions := conditions || one;
    END LOOP;
    RETURN coalesce('(' || nullif(array_to_string(conditions, ' OR '), '') || ')', 'false');
END
$$;
COMMENT ON FUNCTION retention_internal.publish_in_days(datemultirange, jsonb) IS 'the condition on rows of the source of being in these days';

-- The histories of the source's rows in these days: strata, bucket, span, h, and counts of what is told in a NOTICE.
CREATE FUNCTION retention_internal.publish_histories(s jsonb, span text, days datemultirange) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    zone CONSTANT text := s ->> 'zone';
    day_of CONSTANT text := CASE WHEN zone IS NULL THEN 'r.at::timestamp' ELSE format('r.at AT TIME ZONE %L', zone) END;
    condition CONSTANT text := 'r.member IS NOT NULL AND r.at IS NOT NULL AND ' || retention_internal.publish_in_days(days, s);
    by_columns CONSTANT text := coalesce((SELECT string_agg(', r.by_' || i, '' ORDER BY i) FROM generate_series(1, jsonb_array_length(s -> 'by')) AS i), '');
    rows_of text;
BEGIN
    rows_of := format('SELECT r.member, r.at, r.amount, false AS is_long, false AS is_split, false AS is_odd%s FROM %I.source_rows AS r WHERE %s',
                      by_columns, s ->> 'schema', condition);
    IF s ? 'order_id' THEN
        -- The lines of an order are one event of a day. Where they are in several strata, it is in the first of these.
        rows_of := format(
            'SELECT o.member, o.at, o.amount, o.is_long, o.is_split, false AS is_odd%1$s
             FROM (SELECT r.member, min(r.at) AS at, sum(r.amount) AS amount, min(r.strata) AS strata, min(r.strata) <> max(r.strata) AS is_split,
                          -- Once for each order of several days.
                          row_number() OVER o = 2 AS is_long
                   FROM (SELECT r.*, ARRAY[%2$s]::text[] AS strata FROM %3$I.source_rows AS r WHERE %4$s AND r.order_id IS NOT NULL) AS r
                   GROUP BY r.member, r.order_id, (%5$s)::date WINDOW o AS (PARTITION BY r.member, r.order_id)) AS o
             UNION ALL SELECT r.member, r.at, r.amount, false, false, true%6$s FROM %3$I.source_rows AS r WHERE %4$s AND r.order_id IS NULL',
            (SELECT string_agg(format(', o.strata[%s] AS by_%1$s', i), '' ORDER BY i) FROM generate_series(1, jsonb_array_length(s -> 'by')) AS i),
            substr(by_columns, 3), s ->> 'schema', condition, day_of, by_columns);
    END IF;
    RETURN format(
        'SELECT ARRAY[%1$s]::text[] AS strata, g.bucket, g.span, g.h, g.rows, g.below_zero, g.long, g.split, g.odd
         FROM (SELECT %2$s AS bucket, date_trunc(%3$L, %4$s)::date AS span,
                      @extschema@.history_agg(r.member, r.at, r.amount, ''day'', %5$L, %6$s) AS h,
                      count(*) AS rows, %7$s AS below_zero,
                      count(*) FILTER (WHERE r.is_long) AS long, count(*) FILTER (WHERE r.is_split) AS split, count(*) FILTER (WHERE r.is_odd) AS odd%8$s
               FROM (%9$s) AS r GROUP BY 1, 2%8$s) AS g',
        replace(substr(by_columns, 3), 'r.', 'g.'),
        CASE WHEN s ->> 'buckets' = '1' THEN '0'
             ELSE format('(%s & 2147483647) %% %s', CASE s ->> 'member_type' WHEN 'bigint' THEN 'hashint8(r.member)' WHEN 'uuid' THEN 'uuid_hash(r.member)'
                                                        ELSE 'hashtext(r.member COLLATE "C")' END, s ->> 'buckets') END,
        span, day_of, zone,
        CASE s ->> 'negative' WHEN 'refund' THEN '(r.amount < 0) IS NOT TRUE' ELSE 'true' END,
        CASE s ->> 'negative' WHEN 'refund' THEN '0::bigint' ELSE 'count(*) FILTER (WHERE r.amount < 0)' END,
        by_columns, rows_of);
END
$$;
COMMENT ON FUNCTION retention_internal.publish_histories(jsonb, text, datemultirange) IS 'the query that makes the histories of the source in these days';

-- Hashing is several times faster than sorting, which the planner takes since it knows nothing of the spans. But it has all histories in
-- memory at once, some 24 bytes for each row, where sorting has one: so it is for what is expected to fit.
CREATE FUNCTION retention_internal.publish_sorting(s jsonb, days datemultirange) RETURNS text
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT CASE WHEN retention_internal.publish_rows(format('SELECT FROM %I.source_rows AS r WHERE %s', s ->> 'schema',
                             retention_internal.publish_in_days(days, s))) < 3e7 THEN 'off' ELSE 'on' END
    $$;
COMMENT ON FUNCTION retention_internal.publish_sorting(jsonb, datemultirange) IS 'enable_sort for reading these days of the source';

-- A statement of its own, whose rows the next one takes: Citus can not read a distributed table in a statement that writes local ones.
CREATE FUNCTION retention_internal.publish_fresh(query text)
    RETURNS TABLE (strata text[], bucket integer, span date, h @extschema@.history, rows bigint, below_zero bigint, long bigint, split bigint, odd bigint)
    LANGUAGE plpgsql VOLATILE ROWS 1000
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE query;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_fresh(text) IS 'runs the query of publish_histories';

-- Reads these days of the source in one statement, and keeps what is new: only histories that differ are written.
CREATE FUNCTION retention_internal.publish_read(
    s jsonb, span text, days datemultirange, OUT rows bigint, OUT below_zero bigint, OUT long bigint, OUT split bigint, OUT odd bigint, OUT changed boolean
) LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC' SET jit = off SET enable_sort = on AS $$
DECLARE
    strata bigint;
BEGIN
    PERFORM set_config('enable_sort', retention_internal.publish_sorting(s, days), true);
    EXECUTE format(
        'WITH fresh AS MATERIALIZED (SELECT * FROM retention_internal.publish_fresh($2)),
              gone AS (DELETE FROM %1$I.histories AS o
                       WHERE o.span <@ $1 AND NOT EXISTS (SELECT FROM fresh AS f WHERE f.span = o.span AND f.bucket = o.bucket AND f.strata = o.strata
                                                                                 AND f.h OPERATOR(@extschema@.=) o.h)
                       RETURNING o.span, o.bucket, o.strata),
              -- Counted first: what is in the way of an insertion has to be gone.
              all_gone AS MATERIALIZED (SELECT count(*) AS n FROM gone),
              made AS (INSERT INTO %1$I.histories (strata, bucket, span, h)
                       SELECT f.strata, f.bucket, f.span, f.h FROM fresh AS f
                       WHERE (SELECT a.n FROM all_gone AS a) >= 0
                             AND NOT EXISTS (SELECT FROM %1$I.histories AS o WHERE o.span <@ $1 AND f.span = o.span AND f.bucket = o.bucket AND f.strata = o.strata
                                                                                 AND f.h OPERATOR(@extschema@.=) o.h)
                       RETURNING span, bucket, strata),
              -- Bases that hold what has changed are made again.
              old AS (DELETE FROM %1$I.bases AS b USING (SELECT * FROM gone UNION SELECT * FROM made) AS c
                      WHERE b.bucket = c.bucket AND b.strata = c.strata AND c.span < b.closed_to)
         SELECT coalesce(sum(f.rows), 0), coalesce(sum(f.below_zero), 0), coalesce(sum(f.long), 0), coalesce(sum(f.split), 0), coalesce(sum(f.odd), 0),
                (SELECT a.n > 0 FROM all_gone AS a) OR EXISTS (SELECT FROM made)
         FROM fresh AS f',
        s ->> 'schema')
    INTO rows, below_zero, long, split, odd, changed USING days, retention_internal.publish_histories(s, span, days);

    EXECUTE format('SELECT count(*) FROM (SELECT DISTINCT h.strata FROM %I.histories AS h) AS d', s ->> 'schema') INTO strata;
    IF strata > 1000 THEN
        RAISE EXCEPTION '% combinations of strata are more than 1000', strata USING ERRCODE = 'program_limit_exceeded',
            HINT = 'Publish by fewer columns, or a view of the source that puts rare values together.';
    END IF;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_read(jsonb, text, datemultirange) IS 'reads these days of the source again';

-- What the bases lack: those that were deleted or never were, and spans that have closed since.
CREATE FUNCTION retention_internal.publish_bases(s jsonb, closed_to date) RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp SET enable_hashagg = off SET jit = off AS $$
BEGIN
    EXECUTE format(
        'WITH later AS MATERIALIZED (
             SELECT x.strata, x.bucket FROM %1$I.histories AS x LEFT JOIN %1$I.bases AS b ON b.bucket = x.bucket AND b.strata = x.strata
             WHERE x.span < $1 AND (b.bucket IS NULL OR x.span >= b.closed_to) GROUP BY x.strata, x.bucket),
         old AS (DELETE FROM %1$I.bases AS b USING later AS l WHERE b.bucket = l.bucket AND b.strata = l.strata RETURNING b.strata, b.bucket, b.closed_to, b.h),
         parts AS (SELECT o.strata, o.bucket, o.h FROM old AS o
                   UNION ALL
                   SELECT x.strata, x.bucket, x.h FROM %1$I.histories AS x JOIN later AS l ON l.bucket = x.bucket AND l.strata = x.strata
                          LEFT JOIN %1$I.bases AS b ON b.bucket = x.bucket AND b.strata = x.strata
                   WHERE x.span < $1 AND (b.bucket IS NULL OR x.span >= b.closed_to))
         INSERT INTO %1$I.bases (strata, bucket, closed_to, h) SELECT p.strata, p.bucket, $1, @extschema@.rollup(p.h) FROM parts AS p GROUP BY p.strata, p.bucket',
        s ->> 'schema')
    USING closed_to;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_bases(jsonb, date) IS 'unites the spans that have closed';

-- All of the past: bases, and the spans since.
CREATE FUNCTION retention_internal.publish_united(schema name) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT format('SELECT b.strata, b.bucket, b.h FROM %1$I.bases AS b
                       UNION ALL
                       SELECT x.strata, x.bucket, x.h FROM %1$I.histories AS x LEFT JOIN %1$I.bases AS b ON b.bucket = x.bucket AND b.strata = x.strata
                       WHERE b.bucket IS NULL OR x.span >= b.closed_to', schema)
    $$;
COMMENT ON FUNCTION retention_internal.publish_united(name) IS 'the query of all histories that together are the past';

-- Fills the tables of counts in one statement: every metric reads the same parts, each of them united once. Parts come sorted by
-- bucket, so that one history at a time is in memory.
CREATE FUNCTION retention_internal.publish_fill(s jsonb, as_of date) RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp SET enable_hashagg = off SET jit = off SET datestyle = 'ISO, YMD' AS $$
DECLARE
    schema CONSTANT name := s ->> 'schema';
    united CONSTANT text := retention_internal.publish_united(schema);
    fills text := '';
    m record;
BEGIN
    FOR m IN SELECT p.* FROM retention_internal.publish_metrics(s) AS p WHERE NOT p.of_members ORDER BY p.place LOOP
        EXECUTE format('DELETE FROM %I.%I', schema, m.name || '_counts');
        fills := fills || format(', %I AS (INSERT INTO %I.%I %s)', 'fill_' || m.name, schema, m.name || '_counts',
                                 retention_internal.publish_filled(m.fill, schema, s, as_of));
    END LOOP;
    IF as_of IS NULL THEN
        RETURN; -- no event, and no day
    END IF;
    EXECUTE format('WITH parts AS MATERIALIZED (
                        SELECT NULL::text[] AS strata, @extschema@.rollup(u.h) AS h FROM (%1$s) AS u GROUP BY u.bucket%2$s)%3$s
                    SELECT FROM parts LIMIT 0',
                   united,
                   CASE WHEN s -> 'by' <> '[]' THEN format(' UNION ALL SELECT u.strata, @extschema@.rollup(u.h) FROM (%s) AS u GROUP BY u.bucket, u.strata', united) END,
                   fills);
    FOR m IN SELECT p.* FROM retention_internal.publish_metrics(s) AS p WHERE NOT p.of_members LOOP
        EXECUTE format('ANALYZE %I.%I', schema, m.name || '_counts');
    END LOOP;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_fill(jsonb, date) IS 'fills the tables of counts';
