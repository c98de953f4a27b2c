-- What is published, and whether it is what the rows say.

CREATE FUNCTION published() RETURNS TABLE (
    schema name,
    source regclass,
    owner name,
    as_of date,
    last_day date,
    refreshed_at timestamptz,
    took interval,
    took_reading interval,
    spans_read text,
    rows_read bigint,
    tracked boolean,
    waiting boolean,
    exact text,
    strata bigint,
    buckets integer,
    histories bigint,
    size bigint
)
    LANGUAGE plpgsql STABLE ROWS 5
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    place record;
BEGIN
    -- A table, not a view, with the types that ours has: reading it runs nothing of its owner's.
    FOR place IN
        SELECT n.nspname, r.rolname, n.oid
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_roles AS r ON r.oid = c.relowner
        WHERE c.relname = 'publication' AND c.relkind = 'r' AND NOT c.relrowsecurity AND NOT c.relhassubclass
              AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
              AND (SELECT count(*) FROM pg_attribute AS a
                   WHERE a.attrelid = c.oid AND (a.attname, a.atttypid) IN (('settings', 'jsonb'::regtype), ('format', 'int4'::regtype), ('refreshed_at', 'timestamptz'::regtype),
                         ('spans_read', 'text'::regtype), ('exact', 'text'::regtype), ('took', 'interval'::regtype), ('as_of', 'date'::regtype),
                         ('last_day', 'date'::regtype), ('took_reading', 'interval'::regtype), ('rows_read', 'int8'::regtype))) = 10
              AND (SELECT count(*) FROM pg_class AS t WHERE t.relnamespace = n.oid AND t.relname IN ('histories', 'touched') AND t.relkind = 'r'
                          AND NOT t.relrowsecurity AND NOT t.relhassubclass AND has_table_privilege(t.oid, 'SELECT')
                          AND EXISTS (SELECT FROM pg_attribute AS a
                                      WHERE a.attrelid = t.oid AND (a.attname, a.atttypid) IN (('strata', 'text[]'::regtype), ('day', 'date'::regtype)))) = 2
        ORDER BY n.nspname
    LOOP
        BEGIN
            RETURN QUERY EXECUTE format(
                'SELECT %1$L::name, retention_internal.publish_source(%1$L), %2$L::name, p.as_of, p.last_day, p.refreshed_at, p.took, p.took_reading, p.spans_read, p.rows_read,
                        (p.settings ->> ''track'')::boolean, EXISTS (SELECT FROM %1$I.touched), p.exact,
                        (SELECT count(*) FROM (SELECT DISTINCT h.strata FROM %1$I.histories AS h) AS d), (p.settings ->> ''buckets'')::integer,
                        (SELECT count(*) FROM %1$I.histories),
                        (SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class AS c WHERE c.relnamespace = %3$L AND c.relkind = ''r'')
                 FROM %1$I.publication AS p WHERE p.format = 1', place.nspname, place.rolname, place.oid);
        EXCEPTION WHEN data_exception OR undefined_column OR undefined_function THEN
            RAISE NOTICE 'what is published in schema % can not be read', place.nspname;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION published() IS
    'what is published in this database, as far as you may read it: of which source, how fresh (as_of, refreshed_at), how long the last refresh took, for reading rows and altogether, and what it read, how large (bytes); waiting: changes are noted that the next refresh will read';

CREATE FUNCTION verify(schema name) RETURNS TABLE (strata text[], bucket integer, span date, problem text, events bigint, events_published bigint)
    LANGUAGE plpgsql VOLATILE ROWS 10
    SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC' SET jit = off SET enable_sort = on AS $$
DECLARE
    s CONSTANT jsonb := retention_internal.publish_owned(verify.schema);
    everything CONSTANT datemultirange := datemultirange(daterange(NULL, NULL));
    span_of text;
BEGIN
    PERFORM set_config('enable_sort', retention_internal.publish_sorting(s, everything), true);
    EXECUTE format('SELECT p.span FROM %I.publication AS p', verify.schema) INTO span_of;
    RETURN QUERY EXECUTE format(
        'WITH fresh AS MATERIALIZED (%2$s),
              spans AS (
                  SELECT coalesce(f.strata, o.strata), coalesce(f.bucket, o.bucket), coalesce(f.span, o.span),
                         CASE WHEN o.h IS NULL THEN ''not published'' WHEN f.h IS NULL THEN ''not in the source'' ELSE ''different'' END,
                         @extschema@.events(f.h), @extschema@.events(o.h)
                  FROM fresh AS f FULL JOIN %1$I.histories AS o ON o.span = f.span AND o.bucket = f.bucket AND o.strata = f.strata
                  WHERE f.h IS NULL OR o.h IS NULL OR f.h OPERATOR(@extschema@.<>) o.h),
              bases AS (
                  SELECT b.strata, b.bucket, NULL::date, ''the base differs from its spans'', u.events, @extschema@.events(b.h)
                  FROM %1$I.bases AS b
                       CROSS JOIN LATERAL (SELECT @extschema@.rollup(o.h) AS h, sum(@extschema@.events(o.h))::bigint AS events FROM %1$I.histories AS o
                                           WHERE o.bucket = b.bucket AND o.strata = b.strata AND o.span < b.closed_to) AS u
                  WHERE u.h IS NULL OR u.h OPERATOR(@extschema@.<>) b.h)
         SELECT * FROM spans UNION ALL SELECT * FROM bases ORDER BY 3, 2, 1',
        verify.schema, retention_internal.publish_histories(s, span_of, everything));
END
$$;
COMMENT ON FUNCTION verify(name) IS
    'compares what is published in a schema with the rows of its source, byte by byte, in one statement: a row for every stratum, bucket and span that differs, none if all is as it should be';
