-- What people call: publish, publish_plan, refresh, unpublish.

CREATE FUNCTION publish_plan(
    source regclass,
    member name,
    at name,
    amount name DEFAULT NULL,
    schema name DEFAULT NULL,
    by text DEFAULT NULL,
    order_id name DEFAULT NULL,
    negative text DEFAULT 'event',
    zone text DEFAULT NULL,
    as_of text DEFAULT 'last event',
    reader name DEFAULT NULL,
    track boolean DEFAULT false,
    lookback text DEFAULT NULL,
    silence text DEFAULT '90 days',
    horizon text DEFAULT '90 days',
    members boolean DEFAULT true,
    segment_map text DEFAULT 'rf10',
    tiers jsonb DEFAULT NULL,
    tag_rules jsonb DEFAULT NULL,
    model text DEFAULT 'mbg/nbd',
    refit_every text DEFAULT '30 days',
    span text DEFAULT NULL,
    buckets integer DEFAULT NULL
) RETURNS TABLE (step bigint, what text, object text, statement text)
    LANGUAGE sql VOLATILE ROWS 100
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT p.*
    FROM (SELECT retention_internal.publish_settings(source, jsonb_build_object(
        'member', member, 'at', at, 'amount', amount, 'schema', schema, 'by', retention_internal.column_names(by), 'order_id', order_id, 'negative', negative, 'zone', zone,
        'as_of', as_of, 'reader', CASE WHEN reader IS NOT NULL THEN jsonb_build_array(reader) END, 'track', track, 'lookback', lookback,
        'silence', silence, 'horizon', horizon, 'members', members, 'segment_map', segment_map, 'tiers', tiers, 'tag_rules', tag_rules,
        'model', model, 'refit_every', refit_every, 'span', span, 'buckets', buckets)) AS settings) AS s,
         retention_internal.publish_statements(source, s.settings) AS p
    $$;
COMMENT ON FUNCTION publish_plan(regclass, name, name, name, name, text, name, text, text, text, name, boolean, text, text, text, boolean, text, jsonb, jsonb, text, text, text, integer) IS
    'what publish would make and grant, statement by statement, with the same arguments; makes nothing, and has publish''s errors';

CREATE PROCEDURE publish(
    source regclass,
    member name,
    at name,
    amount name DEFAULT NULL,
    schema name DEFAULT NULL,
    by text DEFAULT NULL,
    order_id name DEFAULT NULL,
    negative text DEFAULT 'event',
    zone text DEFAULT NULL,
    as_of text DEFAULT 'last event',
    reader name DEFAULT NULL,
    track boolean DEFAULT false,
    lookback text DEFAULT NULL,
    silence text DEFAULT '90 days',
    horizon text DEFAULT '90 days',
    members boolean DEFAULT true,
    segment_map text DEFAULT 'rf10',
    tiers jsonb DEFAULT NULL,
    tag_rules jsonb DEFAULT NULL,
    model text DEFAULT 'mbg/nbd',
    refit_every text DEFAULT '30 days',
    span text DEFAULT NULL,
    buckets integer DEFAULT NULL
)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s CONSTANT jsonb := retention_internal.publish_settings(source, jsonb_build_object(
        'member', member, 'at', at, 'amount', amount, 'schema', schema, 'by', retention_internal.column_names(by), 'order_id', order_id, 'negative', negative, 'zone', zone,
        'as_of', as_of, 'reader', CASE WHEN reader IS NOT NULL THEN jsonb_build_array(reader) END, 'track', track, 'lookback', lookback,
        'silence', silence, 'horizon', horizon, 'members', members, 'segment_map', segment_map, 'tiers', tiers, 'tag_rules', tag_rules,
        'model', model, 'refit_every', refit_every, 'span', span, 'buckets', buckets));
    step record;
    made text[] := '{}';
    incomplete bigint;
    propagation CONSTANT text := current_setting('citus.enable_ddl_propagation', true);
BEGIN
    IF row_security_active(source) OR EXISTS (SELECT FROM pg_class AS c WHERE c.oid = source AND c.relrowsecurity) THEN
        RAISE NOTICE 'row security of % does not hold for what is published: whoever may read the views sees what % sees', source, current_user;
    END IF;
    PERFORM retention_internal.publish_advice(source, s);
    IF propagation IS NOT NULL THEN
        PERFORM set_config('citus.enable_ddl_propagation', 'off', true); -- all of it stays on the coordinator
    END IF;
    FOR step IN SELECT * FROM retention_internal.publish_statements(source, s) LOOP
        EXECUTE step.statement;
        IF step.what IN ('table', 'view') THEN
            made := made || format('%s %I', step.what, step.object);
        END IF;
    END LOOP;
    IF propagation IS NOT NULL THEN
        PERFORM set_config('citus.enable_ddl_propagation', propagation, true);
    END IF;
    EXECUTE format('INSERT INTO %I.publication (settings, format, made_with, made_at, span, bucket_probe, made, partitions) VALUES ($1, 1, $2, now(), $3, $4, $5, $6)', s ->> 'schema')
    USING s, (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'pg_retention'), coalesce(s ->> 'span', 'month'),
          retention_internal.publish_probe(), made, retention_internal.publish_partitions(source);
    EXECUTE format('SELECT count(*) FROM %I.source_rows AS r WHERE r.member IS NULL OR r.at IS NULL', s ->> 'schema') INTO incomplete;
    IF incomplete > 0 THEN
        RAISE NOTICE '% of the rows of % are left out: they have no member or no time', incomplete, source;
    END IF;
    PERFORM retention_internal.publish_run((s ->> 'schema')::name, true, false);
END
$$;
COMMENT ON PROCEDURE publish(regclass, name, name, name, name, text, name, text, text, text, name, boolean, text, text, text, boolean, text, jsonb, jsonb, text, text, text, integer) IS
    'makes a schema of plain views over a table of events, and fills it: cohorts, churn, value, members and the rest, for the whole and by columns of the rows; refresh keeps it fresh';

CREATE PROCEDURE refresh(schema name, "full" boolean DEFAULT false, refit boolean DEFAULT false)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM retention_internal.publish_run(schema, coalesce($2, false), coalesce(refit, false));
END
$$;
COMMENT ON PROCEDURE refresh(name, boolean, boolean) IS
    'brings what is published in a schema up to date: reads again what may have changed (full: everything), and counts anew; refit fits the model again';

CREATE PROCEDURE unpublish(schema name)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
    s CONSTANT jsonb := retention_internal.publish_owned(schema);
    kind text;
    list text;
BEGIN
    EXECUTE format('LOCK TABLE %I.publication IN ACCESS EXCLUSIVE MODE', schema);
    IF to_regprocedure(format('%I.note_changes()', schema)) IS NOT NULL THEN
        -- And with it its triggers on the source, which only the source's owner could drop by name.
        EXECUTE format('DROP FUNCTION %I.note_changes() CASCADE', schema);
    END IF;
    -- Without CASCADE: what others have built upon it is theirs, and an error names it.
    FOREACH kind IN ARRAY '{view,table}'::text[] LOOP
        SELECT string_agg(format('%I.%s', schema, substr(m, length(kind) + 2)), ', ') INTO list
        FROM jsonb_array_elements_text(s -> 'made') AS m
        WHERE m LIKE kind || ' %' AND to_regclass(format('%I.%s', schema, substr(m, length(kind) + 2))) IS NOT NULL;
        EXECUTE format('DROP %s %s', kind, list);
    END LOOP;
    EXECUTE format('DROP SCHEMA %I', schema);
END
$$;
COMMENT ON PROCEDURE unpublish(name) IS 'takes back what publish made: its views, tables and triggers, and the schema';

CREATE FUNCTION published_history(schema name) RETURNS history
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    h @extschema@.history;
BEGIN
    EXECUTE format('SELECT @extschema@.rollup(u.h) FROM (%s) AS u', retention_internal.publish_united(schema)) INTO h;
    RETURN h;
END
$$;
COMMENT ON FUNCTION published_history(name) IS
    'all that is published in a schema as one history, for the readers that need everybody at once; up to 700 MB (54000)';

-- What a source without tracking should have.
CREATE FUNCTION retention_internal.publish_advice(source regclass, s jsonb) RETURNS void
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = source AND c.relkind IN ('r', 'p', 'm'))
       AND NOT EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                       WHERE i.indrelid = source AND a.attname = s ->> 'at' AND i.indpred IS NULL AND i.indisvalid) THEN
        RAISE NOTICE 'no index of % begins with %: each refresh reads the whole table', source, s ->> 'at'
            USING HINT = format('CREATE INDEX ON %s (%I);', source, s ->> 'at');
    END IF;
    IF NOT (s ->> 'track')::boolean THEN
        RAISE NOTICE 'refresh reads again what is later than the refresh before it, less %: rows that arrive, commit, change or go later than that are not seen', coalesce(s ->> 'lookback', 'one span')
            USING HINT = 'track => true sees every change; refresh with full => true reads everything.';
    END IF;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_advice(regclass, jsonb) IS 'what publish tells about its source';
