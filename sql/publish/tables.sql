-- What publish makes, statement by statement: publish runs them, and publish_plan shows them.

-- How the source is read: the only object that names it. Columns are member, at, amount, order_id, by_1, by_2 ...
CREATE FUNCTION retention_internal.publish_source_view(source regclass, s jsonb) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT format('CREATE VIEW %I.source_rows AS SELECT %s AS member, source.%I AS at, %s AS amount%s%s FROM %s AS source',
            s ->> 'schema', retention_internal.source_member(source, (s ->> 'member')::name), s ->> 'at',
            retention_internal.publish_amount(source, (s ->> 'amount')::name),
            CASE WHEN s ? 'order_id' THEN format(', source.%I AS order_id', s ->> 'order_id') END,
            (SELECT string_agg(format(', source.%I::text COLLATE "C" AS by_%s', b.name, b.place), '' ORDER BY b.place)
             FROM jsonb_array_elements_text(s -> 'by') WITH ORDINALITY AS b (name, place)), source)
    $$;
COMMENT ON FUNCTION retention_internal.publish_source_view(regclass, jsonb) IS 'the view over the source of a publication';

-- The columns of strata in a view, in their own types where text is as good as they are.
CREATE FUNCTION retention_internal.publish_strata(source regclass, s jsonb) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT string_agg(format('t.strata[%s]%s AS %I, ', b.place,
                   CASE WHEN c.of_type = ANY ('{int2,int4,int8,numeric,bool,date,timestamp,timestamptz,uuid}'::regtype[])
                        THEN '::' || c.of_type::text ELSE '' END, b.name), '' ORDER BY b.place)
        FROM jsonb_array_elements_text(s -> 'by') WITH ORDINALITY AS b (name, place),
             LATERAL (SELECT retention_internal.publish_column(source, b.name::name) AS of_type) AS c
    $$;
COMMENT ON FUNCTION retention_internal.publish_strata(regclass, jsonb) IS 'the columns of strata of a published view';

-- The tables that do not depend on metrics.
CREATE FUNCTION retention_internal.publish_tables(s jsonb)
    RETURNS TABLE (name text, definition text, comment text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 6
    SET search_path = pg_catalog, pg_temp
    AS $$
        VALUES ('publication', '(settings jsonb NOT NULL, format integer NOT NULL, made_with text NOT NULL, made_at timestamptz NOT NULL,
                  only_one boolean NOT NULL DEFAULT true UNIQUE CHECK (only_one), span text NOT NULL, bucket_probe bigint NOT NULL,
                  as_of date, last_day date, closed_to date, cuts jsonb, refreshed_at timestamptz, refreshed_with text, took interval, took_reading interval,
                  spans_read text, rows_read bigint, exact text, made text[], partitions text[], blind boolean NOT NULL DEFAULT false)',
                'one row: settings, and what the last refresh did'),
               ('histories', '(strata text[] NOT NULL, bucket integer NOT NULL, span date NOT NULL, h @extschema@.history NOT NULL,
                  PRIMARY KEY (span, bucket, strata))',
                'the events of each stratum, bucket and span'),
               ('bases', '(strata text[] NOT NULL, bucket integer NOT NULL, closed_to date NOT NULL, h @extschema@.history NOT NULL,
                  PRIMARY KEY (bucket, strata))',
                'the united spans before closed_to of each stratum and bucket'),
               ('touched', '(day date NOT NULL)',
                'days whose rows have changed since the last refresh (-infinity: all), where changes are tracked'),
               ('models', '(name text NOT NULL, fitted_at timestamptz NOT NULL, as_of date NOT NULL, model @extschema@.clv_model, churn @extschema@.churn_model, diagnostics jsonb,
                  PRIMARY KEY (name, fitted_at))',
                'the fitted models, the newest of which are used: clv, what members will buy, in model; churn, who will leave, in churn, empty where diagnostics say why'),
               ('portraits', (SELECT '(' || string_agg(quote_ident(p.column_of[1]) || ' ' || replace(p.column_of[2], '{member}', s ->> 'member_type'), ', ' ORDER BY p.i)
                                     || ', PRIMARY KEY (member))'
                              FROM (SELECT i, retention_internal.publish_portrait() AS all_of FROM generate_series(1, array_length(retention_internal.publish_portrait(), 1)) AS i) AS a,
                                   LATERAL (SELECT a.i, ARRAY[a.all_of[a.i][1], a.all_of[a.i][2]] AS column_of) AS p),
                'a row for each member')
    $$;
COMMENT ON FUNCTION retention_internal.publish_tables(jsonb) IS 'the tables of a publication, but for those of counts';

CREATE FUNCTION retention_internal.publish_statements(source regclass, s jsonb)
    RETURNS TABLE (step bigint, what text, object text, statement text)
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schema CONSTANT text := s ->> 'schema';
    -- Rows go and come at each refresh: what is dead is cleared soon.
    options CONSTANT text := ' WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_insert_scale_factor = 0.1)';
    strata CONSTANT text := retention_internal.publish_strata(source, s);
    made text[];
    m record;
    variant text;
    suffix text;
    list text;
BEGIN
    made := ARRAY[ARRAY['schema', schema, format('CREATE SCHEMA %I', schema)]]
        || ARRAY['comment', schema, format('COMMENT ON SCHEMA %I IS %L', schema, 'published by pg_retention: see retention.published()')];
    FOR m IN SELECT * FROM retention_internal.publish_tables(s) LOOP
        CONTINUE WHEN m.name = 'portraits' AND NOT (s ->> 'members')::boolean;
        made := made || ARRAY['table', m.name, format('CREATE TABLE %I.%I %s', schema, m.name, m.definition) || options]
            || ARRAY['comment', m.name, format('COMMENT ON TABLE %I.%I IS %L', schema, m.name, m.comment)];
    END LOOP;
    made := made || ARRAY['view', 'source_rows', retention_internal.publish_source_view(source, s)]
        || ARRAY['comment', 'source_rows', format('COMMENT ON VIEW %I.source_rows IS %L', schema, 'the rows of the source: the only object here that names it')];

    -- The views, and below them the tables of counts.
    FOR m IN SELECT * FROM retention_internal.publish_metrics(s) AS p ORDER BY p.place LOOP
        made := made || ARRAY['table', m.name || '_counts', format('CREATE TABLE %I.%I (strata text[], %s)', schema, m.name || '_counts', m.counts) || options]
            -- In the order of the view, which then sorts nothing.
            || ARRAY['index', m.name || '_counts', format('CREATE INDEX ON %I.%I (strata%s)', schema, m.name || '_counts',
                        CASE WHEN NOT m.of_members AND m.sort <> '' THEN replace(', ' || m.sort, ' t.', ' ') ELSE '' END)]
            || ARRAY['comment', m.name || '_counts', format('COMMENT ON TABLE %I.%I IS %L', schema, m.name || '_counts', 'what the view ' || m.name || ' shows; strata empty: the whole')];
        FOREACH variant IN ARRAY CASE WHEN strata IS NULL OR m.of_members THEN '{whole}'::text[] ELSE '{whole,by}' END LOOP
            suffix := CASE variant WHEN 'by' THEN '_by' ELSE '' END;
            SELECT string_agg(m.columns[i][2] || ' AS ' || quote_ident(m.columns[i][1]), ', ' ORDER BY i) INTO list
            FROM generate_series(1, array_length(m.columns, 1)) AS i;
            made := made || ARRAY['view', m.name || suffix, format('CREATE VIEW %I.%I AS SELECT %s%s FROM %I.%I AS t WHERE t.strata IS %s%s',
                        schema, m.name || suffix, CASE variant WHEN 'by' THEN strata END, list, schema, m.name || '_counts',
                        CASE variant WHEN 'by' THEN 'NOT NULL' ELSE 'NULL' END,
                        ' ORDER BY ' || nullif(concat_ws(', ', CASE variant WHEN 'by' THEN 't.strata' END, nullif(m.sort, '')), ''))]
                || ARRAY['comment', m.name || suffix, format('COMMENT ON VIEW %I.%I IS %L', schema, m.name || suffix,
                        m.title || CASE variant WHEN 'by' THEN '; by ' || (SELECT string_agg(b, ', ') FROM jsonb_array_elements_text(s -> 'by') AS b) ELSE '' END)];
            IF variant = 'by' THEN
                SELECT made || array_agg(ARRAY['comment', m.name || suffix, format('COMMENT ON COLUMN %I.%I.%I IS %L', schema, m.name || suffix, b, b || ' of the events')])
                INTO made FROM jsonb_array_elements_text(s -> 'by') AS b;
            END IF;
            SELECT made || array_agg(ARRAY['comment', m.name || suffix,
                       format('COMMENT ON COLUMN %I.%I.%I IS %L', schema, m.name || suffix, m.columns[i][1], m.columns[i][3])] ORDER BY i)
            INTO made FROM generate_series(1, array_length(m.columns, 1)) AS i;
        END LOOP;
    END LOOP;
    IF (s ->> 'members')::boolean THEN
        made := made || retention_internal.publish_members_view(schema::name);
    END IF;
    made := made || ARRAY['view', 'freshness', format('CREATE VIEW %I.freshness AS SELECT p.as_of, p.last_day, p.refreshed_at, p.exact FROM %1$I.publication AS p', schema)]
        || ARRAY['comment', 'freshness', format('COMMENT ON VIEW %I.freshness IS %L', schema, 'up to which day the views tell, and when they were refreshed')]
        || ARRAY['comment', 'freshness', format('COMMENT ON COLUMN %I.freshness.as_of IS %L', schema, 'the last day that is looked at')]
        || ARRAY['comment', 'freshness', format('COMMENT ON COLUMN %I.freshness.last_day IS %L', schema, 'the day of the last event')]
        || ARRAY['comment', 'freshness', format('COMMENT ON COLUMN %I.freshness.refreshed_at IS %L', schema, 'when the last refresh began')]
        || ARRAY['comment', 'freshness', format('COMMENT ON COLUMN %I.freshness.exact IS %L', schema, 'what the numbers take for granted')];
    IF (s ->> 'track')::boolean THEN
        made := made || retention_internal.publish_triggers(source, s);
    END IF;

    -- Readers get the views that are made for them, and nothing below these.
    IF s -> 'reader' <> '[]' THEN
        SELECT made || array_agg(g.granted) INTO made
        FROM jsonb_array_elements_text(s -> 'reader') AS r,
             LATERAL (SELECT ARRAY['grant', r, format('GRANT USAGE ON SCHEMA %I TO %I', schema, r)] AS granted
                      UNION ALL
                      SELECT ARRAY['grant', r, format('GRANT SELECT ON %I.%I TO %I', schema, made[i][2], r)]
                      FROM generate_series(1, array_length(made, 1)) AS i
                      WHERE made[i][1] = 'view' AND made[i][2] <> 'source_rows') AS g;
    END IF;
    RETURN QUERY SELECT i, made[i][1], made[i][2], made[i][3] FROM generate_series(1, array_length(made, 1)::bigint) AS i;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_statements(regclass, jsonb) IS 'what publish runs, in order';

-- The portrait of members, as a view with comments.
CREATE FUNCTION retention_internal.publish_members_view(schema name) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT ARRAY[ARRAY['view', 'members', format('CREATE VIEW %I.members AS SELECT %s FROM %1$I.portraits AS p', schema,
                                                     string_agg('p.' || quote_ident(p.all_of[i][1]), ', ' ORDER BY i))]]
               || ARRAY[ARRAY['comment', 'members', format('COMMENT ON VIEW %I.members IS %L', schema, 'the portrait: a row for each member')]]
               || array_agg(ARRAY['comment', 'members', format('COMMENT ON COLUMN %I.members.%I IS %L', schema, p.all_of[i][1], p.all_of[i][3])] ORDER BY i)
        FROM (SELECT retention_internal.publish_portrait() AS all_of) AS p, generate_series(1, array_length(p.all_of, 1)) AS i
    $$;
COMMENT ON FUNCTION retention_internal.publish_members_view(name) IS 'the view members of a publication';
