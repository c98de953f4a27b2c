-- One refresh, from the lock to the last count.

-- Whose it is, and its settings. A schema that somebody else owns could make whoever refreshes it run anything.
CREATE FUNCTION retention_internal.publish_owned(schema name) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s jsonb;
    format_of integer;
    made text[];
    foreign_made text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                   WHERE n.nspname = schema AND c.relname = 'publication' AND c.relkind = 'r') THEN
        RAISE EXCEPTION 'nothing is published in schema "%"', schema USING ERRCODE = 'undefined_table',
            HINT = 'SELECT schema FROM retention.published() lists what is.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                   WHERE n.nspname = schema AND c.relname = 'publication' AND c.relowner = current_user::regrole AND n.nspowner = current_user::regrole) THEN
        foreign_made := 'publication';
    ELSE
        EXECUTE format('SELECT p.settings, p.format, p.made FROM %I.publication AS p', schema) INTO s, format_of, made;
        SELECT c.relname INTO foreign_made FROM unnest(made) AS m, pg_class AS c
        WHERE c.oid = to_regclass(format('%I.%s', schema, substr(m, strpos(m, ' ') + 1))) AND c.relowner <> current_user::regrole;
    END IF;
    IF foreign_made IS NOT NULL THEN
        RAISE EXCEPTION '% does not own what is published in schema "%"', current_user, schema USING ERRCODE = 'insufficient_privilege',
            DETAIL = format('See %I.%I.', schema, foreign_made),
            HINT = 'Its owner refreshes it, and nobody else, superusers neither: what is in it runs with the rights of whoever does.';
    END IF;
    IF format_of IS DISTINCT FROM 1 THEN
        RAISE EXCEPTION 'schema "%" was published by another version of pg_retention', schema USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Publish it again.';
    END IF;
    -- The schema may have another name by now.
    RETURN s || jsonb_build_object('schema', schema, 'made', to_jsonb(made));
END
$$;
COMMENT ON FUNCTION retention_internal.publish_owned(name) IS 'the settings of what is published in a schema, for its owner alone';

-- Hashes differ between machines and encodings, and may do so between versions: then every member changes its bucket.
CREATE FUNCTION retention_internal.publish_probe() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT hashint8(20240331)::bigint # hashint8(-5)::bigint << 8
               # uuid_hash('0b8f1f62-2a4b-4c53-9a87-6f1e2d3c4b5a')::bigint << 16 # hashtext('member of pg_retention ' COLLATE "C" || current_setting('server_encoding') COLLATE "C")::bigint << 24
    $$;
COMMENT ON FUNCTION retention_internal.publish_probe() IS 'a number that changes when the hashes of members do';

-- Which days are read again. NULL days: none; a range without ends: all.
CREATE FUNCTION retention_internal.publish_days(s jsonb, span text, read_before boolean, full_read boolean, refreshed_at timestamptz, last_day date, OUT days datemultirange, OUT exact text)
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    width CONSTANT interval := CASE span WHEN 'month' THEN interval '1 month' ELSE interval '3 months' END;
    everything CONSTANT datemultirange := datemultirange(daterange(NULL, NULL));
    touched date[];
    from_day date;
BEGIN
    IF (s ->> 'track')::boolean THEN
        -- What commits after this statement is read twice: now, and by the next refresh, which finds its days.
        EXECUTE format('WITH gone AS (DELETE FROM %I.touched RETURNING day) SELECT array_agg(DISTINCT g.day) FROM gone AS g', s ->> 'schema') INTO touched;
        exact := 'exact: every change of the source is tracked';
        IF full_read OR NOT read_before OR NOT (touched <@ ARRAY(SELECT t FROM unnest(touched) AS t WHERE isfinite(t))) THEN
            days := everything;
        ELSE
            SELECT range_agg(daterange(d.span, (d.span + width)::date)) INTO days
            FROM (SELECT DISTINCT date_trunc(span, t::timestamp)::date AS span FROM unnest(touched) AS t) AS d;
        END IF;
    ELSIF full_read OR NOT read_before OR last_day IS NULL THEN
        days := everything;
        exact := 'exact: everything was read';
    ELSE
        -- Whichever is earlier: data may lag behind the clock.
        from_day := date_trunc(span, least((refreshed_at AT TIME ZONE (s ->> 'clock'))::date, last_day)
                                     - CASE WHEN s ? 'lookback' THEN retention_internal.publish_stretch('lookback', s ->> 'lookback') ELSE width END)::date;
        days := coalesce(datemultirange(daterange(from_day, NULL)), everything);
        exact := format('exact if no row of a day before %s has arrived, been committed, changed or gone since everything was read', from_day);
    END IF;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_days(jsonb, text, boolean, boolean, timestamptz, date) IS 'the days that a refresh reads again';

CREATE FUNCTION retention_internal.publish_run(schema name, full_read boolean, refit boolean) RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC' AS $$
DECLARE
    s jsonb := retention_internal.publish_owned(schema);
    p record;
    span text;
    began CONSTANT timestamptz := clock_timestamp();
    today CONSTANT date := (now() AT TIME ZONE (s ->> 'clock'))::date;
    version CONSTANT text := (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'pg_retention');
    d record;
    r record;
    changed boolean := false;
    took_reading interval;
    rows_read bigint := 0;
    last_day date;
    as_of date;
    cuts jsonb;
BEGIN
    -- Writers of touched and readers of views go on; another refresh waits here, and begins with what this one has left.
    EXECUTE format('LOCK TABLE %I.publication IN SHARE ROW EXCLUSIVE MODE', schema);
    EXECUTE format('SELECT * FROM %I.publication', schema) INTO p;
    span := p.span;
    IF (s ->> 'track')::boolean THEN
        full_read := retention_internal.publish_keep_track(s) OR full_read;
    END IF;
    IF p.bucket_probe <> retention_internal.publish_probe() THEN
        RAISE NOTICE 'members hash to other buckets on this server: everything is read again';
        full_read := true;
    END IF;

    d := retention_internal.publish_days(s, span, p.refreshed_at IS NOT NULL, full_read, p.refreshed_at, p.last_day);
    IF d.days IS NOT NULL THEN
        RAISE DEBUG 'refresh of %: reading %', schema, d.days;
        r := retention_internal.publish_read(s, span, d.days);
        changed := r.changed;
        rows_read := r.rows;
        IF p.refreshed_at IS NULL AND NOT s ? 'span' THEN
            span := retention_internal.publish_widen(schema, span);
        END IF;
        IF p.refreshed_at IS NULL AND r.below_zero > 0 THEN
            RAISE NOTICE '% with a negative amount count as events: %', CASE WHEN s ? 'order_id' THEN 'orders' ELSE 'rows' END, r.below_zero
                USING HINT = 'If they are refunds, negative => ''refund'' takes their money and no event.';
        END IF;
        IF r.long > 0 THEN
            RAISE NOTICE 'orders with lines on several days count once on each of them: %', r.long;
        END IF;
        IF r.split > 0 THEN
            RAISE NOTICE 'orders with lines in several strata on one day count in the first of these: %', r.split;
        END IF;
        IF s ? 'order_id' AND r.odd > 0 THEN
            RAISE NOTICE 'rows without an order count as an order each: %', r.odd;
        END IF;
    END IF;

    took_reading := clock_timestamp() - began;

    -- Up to when.
    EXECUTE format('SELECT max((@extschema@.last_at(h.h) AT TIME ZONE $1)::date) FROM %1$I.histories AS h WHERE h.span = (SELECT max(o.span) FROM %1$I.histories AS o)', schema)
    INTO last_day USING coalesce(s ->> 'zone', 'UTC');
    as_of := CASE s ->> 'as_of' WHEN 'last event' THEN CASE WHEN last_day > today THEN today ELSE last_day END WHEN 'yesterday' THEN today - 1 ELSE (s ->> 'as_of')::date END;
    IF last_day > today AND (p.last_day IS DISTINCT FROM last_day) THEN
        RAISE NOTICE 'the last event of % is on %, after today', schema, last_day
            USING HINT = 'Look at the rows of the source that lie in the future.';
    END IF;

    IF full_read THEN
        EXECUTE format('DELETE FROM %I.bases', schema);
    END IF;
    IF as_of IS NOT NULL AND last_day IS NOT NULL THEN
        RAISE DEBUG 'refresh of %: % rows were read in %; uniting what is closed', schema, rows_read, took_reading;
        PERFORM retention_internal.publish_bases(s, greatest(p.closed_to, date_trunc(span, least(last_day, today)::timestamp)::date));
    END IF;
    cuts := p.cuts;
    IF p.refreshed_at IS NULL OR full_read OR refit OR changed OR as_of IS DISTINCT FROM p.as_of OR version IS DISTINCT FROM p.refreshed_with
       OR (s ->> 'members')::boolean AND s ->> 'model' <> 'none' AND retention_internal.publish_is_refit_due(s) THEN
        s := s || jsonb_build_object('span', span);
        RAISE DEBUG 'refresh of %: counting', schema;
        PERFORM retention_internal.publish_fill(s, as_of);
        IF (s ->> 'members')::boolean THEN
            RAISE DEBUG 'refresh of %: describing the members', schema;
            cuts := retention_internal.publish_fill_members(s, as_of, refit);
        END IF;
    END IF;
    EXECUTE format('UPDATE %I.publication SET span = $1, bucket_probe = $2, as_of = $3, last_day = $4, closed_to = greatest(closed_to, $5), cuts = $6,
                           refreshed_at = now(), refreshed_with = $7, took = $8, took_reading = $9, spans_read = $10, rows_read = $11, exact = $12', schema)
    USING span, retention_internal.publish_probe(), as_of, last_day, date_trunc(span, least(last_day, today)::timestamp)::date, cuts, version,
          clock_timestamp() - began, took_reading, coalesce(d.days::text, '{}'), rows_read, d.exact;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_run(name, boolean, boolean) IS 'what refresh and publish do';

-- Months become quarters where they are very many.
CREATE FUNCTION retention_internal.publish_widen(schema name, span text) RETURNS text
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    spans bigint;
BEGIN
    EXECUTE format('SELECT count(DISTINCT h.span) FROM %I.histories AS h', schema) INTO spans;
    IF spans <= 120 THEN
        RETURN span;
    END IF;
    EXECUTE format('WITH gone AS (DELETE FROM %1$I.histories RETURNING strata, bucket, span, h)
                    INSERT INTO %1$I.histories (strata, bucket, span, h)
                    SELECT g.strata, g.bucket, date_trunc(''quarter'', g.span::timestamp)::date, @extschema@.rollup(g.h) FROM gone AS g GROUP BY 1, 2, 3', schema);
    RETURN 'quarter';
END
$$;
COMMENT ON FUNCTION retention_internal.publish_widen(name, text) IS 'makes quarters of months where they are more than 120';

CREATE FUNCTION retention_internal.publish_is_refit_due(s jsonb) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    oldest timestamptz;
BEGIN
    -- Of the newest of each name.
    EXECUTE format('SELECT min(n.fitted_at) FROM (SELECT max(m.fitted_at) AS fitted_at FROM %I.models AS m GROUP BY m.name) AS n', s ->> 'schema') INTO oldest;
    RETURN oldest + retention_internal.publish_stretch('refit_every', s ->> 'refit_every') <= now();
END
$$;
COMMENT ON FUNCTION retention_internal.publish_is_refit_due(jsonb) IS 'is it time to fit again?';
