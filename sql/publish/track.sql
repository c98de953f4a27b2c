-- Tracking: statement triggers on the source note the days whose rows have changed, in the writer's own transaction.

-- The relations whose rows are the source's: itself, and its partitions. A trigger on the parent misses what is written into a
-- partition by its own name, so each has one.
CREATE FUNCTION retention_internal.publish_partitions(source regclass) RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT coalesce(array_agg(t.relid::text ORDER BY t.level DESC, t.relid::text), ARRAY[source::text])
        FROM pg_partition_tree(source) AS t
    $$;
COMMENT ON FUNCTION retention_internal.publish_partitions(regclass) IS 'a table and all of its partitions, these first';

CREATE FUNCTION retention_internal.publish_can_track(source regclass) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part regclass;
    why text;
    is_distributed boolean := false;
BEGIN
    IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
        EXECUTE 'SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition AS d WHERE d.logicalrelid = $1)' INTO is_distributed USING source;
    END IF;
    FOR part IN SELECT p::regclass FROM unnest(retention_internal.publish_partitions(source)) AS p LOOP
        SELECT CASE WHEN is_distributed THEN 'is distributed, and its rows are written on other servers'
                    WHEN c.relkind NOT IN ('r', 'p') THEN 'is no table of this database'
                    WHEN part = source AND c.relispartition THEN 'is a partition, whose parent can be written to as well'
                    WHEN c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = part) THEN 'has tables that inherit from it'
                    WHEN NOT c.relispartition AND EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = part) THEN 'inherits from another table'
                    WHEN EXISTS (SELECT FROM pg_subscription_rel AS r WHERE r.srrelid = part) THEN 'is written by logical replication, which fires no statement triggers'
               END INTO why
        FROM pg_class AS c WHERE c.oid = part;
        IF why IS NOT NULL THEN
            RAISE EXCEPTION 'changes of % can not be tracked: it %', part, why USING ERRCODE = 'feature_not_supported',
                HINT = 'Publish without track, and refresh with full => true where late changes matter.';
        ELSIF NOT has_table_privilege(part, 'TRIGGER') THEN
            RAISE EXCEPTION 'permission denied to create triggers on %', part USING ERRCODE = 'insufficient_privilege',
                HINT = format('GRANT TRIGGER ON %s TO %I;', part, current_user);
        END IF;
    END LOOP;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'changes can be tracked in READ COMMITTED alone' USING ERRCODE = 'invalid_transaction_state',
            HINT = 'Call it outside of a transaction that is REPEATABLE READ or SERIALIZABLE: it has to see what was committed while it waited for its locks.';
    END IF;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_can_track(regclass) IS 'an error where changes of a table can not be tracked';

-- The triggers of one relation. They know the column by its number, and their schema by the function, so that renaming either breaks
-- no write.
CREATE FUNCTION retention_internal.publish_triggers_of(part regclass, schema name, at name, zone text) RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT array_agg(ARRAY['trigger', part::text, t.statement] ORDER BY t.n)
        FROM pg_attribute AS a,
             LATERAL (SELECT CASE WHEN length(schema) > 30 THEN left(schema, 30) || left(md5(schema), 8) ELSE schema END AS short) AS s,
             (VALUES (1, 'insert', 'REFERENCING NEW TABLE AS new_rows'), (2, 'update', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'),
                     (3, 'delete', 'REFERENCING OLD TABLE AS old_rows'), (4, 'truncate', '')) AS e (n, event, tables),
             LATERAL (SELECT e.n, format('CREATE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION %I.note_changes(%L, %L)',
                                         'retention_' || s.short || '_' || e.event, e.event, part, e.tables, schema, a.attnum, coalesce(zone, '')) AS statement
                      UNION ALL
                      -- Sessions that replay changes fire them too. Only the owner can say so.
                      SELECT 10 + e.n, format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', part, 'retention_' || s.short || '_' || e.event)
                      FROM pg_class AS c WHERE c.oid = part AND pg_has_role(c.relowner, 'USAGE')) AS t
        WHERE a.attrelid = part AND a.attname = at AND NOT a.attisdropped
    $$;
COMMENT ON FUNCTION retention_internal.publish_triggers_of(regclass, name, name, text) IS 'the triggers of a relation that is tracked';

-- Roles that may write to the source and not to touched: without these grants their writes would fail.
CREATE FUNCTION retention_internal.publish_writers(source regclass) RETURNS SETOF text
    LANGUAGE sql STABLE ROWS 5
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END
        FROM unnest(retention_internal.publish_partitions(source)) AS p, pg_class AS c,
             LATERAL (SELECT e.grantee, e.privilege_type FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS e
                      UNION ALL
                      SELECT e.grantee, e.privilege_type FROM pg_attribute AS a, aclexplode(a.attacl) AS e WHERE a.attrelid = c.oid) AS x
        WHERE c.oid = p::regclass AND x.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') AND x.grantee <> current_user::regrole
    $$;
COMMENT ON FUNCTION retention_internal.publish_writers(regclass) IS 'the roles that may write to a table';

CREATE FUNCTION retention_internal.publish_triggers(source regclass, s jsonb) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schema CONSTANT name := s ->> 'schema';
    made text[];
    one text;
BEGIN
    -- It runs with the writer's rights. What a writer can not do here would stop its write, so it does little.
    made := ARRAY[ARRAY['function', 'note_changes', format($statement$CREATE FUNCTION %I.note_changes() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    place text;
    day_of text;
BEGIN
    SELECT n.nspname INTO place
    FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE t.tgrelid = TG_RELID AND t.tgname = TG_NAME;
    IF TG_OP = 'TRUNCATE' THEN
        EXECUTE format('INSERT INTO %%I.touched (day) VALUES (''-infinity'')', place);
        RETURN NULL;
    END IF;
    SELECT CASE TG_ARGV[1] WHEN '' THEN format('r.%%I::date', a.attname) ELSE format('(r.%%I AT TIME ZONE %%L)::date', a.attname, TG_ARGV[1]) END INTO day_of
    FROM pg_attribute AS a WHERE a.attrelid = TG_RELID AND a.attnum = TG_ARGV[0]::smallint;
    EXECUTE format('INSERT INTO %%I.touched (day) SELECT DISTINCT d.day FROM (%%s) AS d WHERE d.day IS NOT NULL', place,
                   CASE WHEN TG_OP <> 'INSERT' THEN format('SELECT %%s AS day FROM old_rows AS r', day_of) ELSE '' END
                   || CASE WHEN TG_OP = 'UPDATE' THEN ' UNION ALL ' ELSE '' END
                   || CASE WHEN TG_OP <> 'DELETE' THEN format('SELECT %%s AS day FROM new_rows AS r', day_of) ELSE '' END);
    RETURN NULL;
END
$body$ $statement$, schema)],
        ARRAY['comment', 'note_changes', format('COMMENT ON FUNCTION %I.note_changes() IS %L', schema, 'notes the days whose rows have changed')]];
    -- Before the triggers, so that no write finds itself without them.
    FOR one IN SELECT w FROM retention_internal.publish_writers(source) AS w ORDER BY 1 LOOP
        made := made || ARRAY['grant', one, format('GRANT USAGE ON SCHEMA %I TO %s', schema, one)]
            || ARRAY['grant', one, format('GRANT INSERT ON %I.touched TO %s', schema, one)];
    END LOOP;
    FOREACH one IN ARRAY retention_internal.publish_partitions(source) LOOP
        made := made || retention_internal.publish_triggers_of(one::regclass, schema, (s ->> 'at')::name, s ->> 'zone');
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_triggers(regclass, jsonb) IS 'what tracking the changes of a table needs';

-- The source of what is published: what source_rows reads.
CREATE FUNCTION retention_internal.publish_source(schema name) RETURNS regclass
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT d.refobjid::regclass
        FROM pg_class AS v JOIN pg_namespace AS n ON n.oid = v.relnamespace JOIN pg_rewrite AS r ON r.ev_class = v.oid
             JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid
        WHERE n.nspname = schema AND v.relname = 'source_rows' LIMIT 1
    $$;
COMMENT ON FUNCTION retention_internal.publish_source(name) IS 'the source of what is published in a schema';

-- Before each refresh: does tracking still see everything? True where everything has to be read again.
CREATE FUNCTION retention_internal.publish_keep_track(s jsonb) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schema CONSTANT name := s ->> 'schema';
    source CONSTANT regclass := retention_internal.publish_source(schema);
    noted CONSTANT regprocedure := to_regprocedure(format('%I.note_changes()', schema));
    now_there CONSTANT text[] := retention_internal.publish_partitions(source);
    before text[];
    was_blind boolean;
    at name;
    part text;
    triggers text[];
    blind text;
    i integer;
BEGIN
    PERFORM retention_internal.publish_can_track(source);
    EXECUTE format('SELECT p.partitions, p.blind FROM %I.publication AS p', schema) INTO before, was_blind;
    FOR part IN SELECT w FROM retention_internal.publish_writers(source) AS w LOOP
        IF NOT has_schema_privilege(CASE part WHEN 'PUBLIC' THEN 'public' ELSE (parse_ident(part))[1] END, schema, 'USAGE')
           OR NOT has_table_privilege(CASE part WHEN 'PUBLIC' THEN 'public' ELSE (parse_ident(part))[1] END, format('%I.touched', schema), 'INSERT') THEN
            RAISE NOTICE '% may write to % and now to %.touched as well', part, source, schema;
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', schema, part);
            EXECUTE format('GRANT INSERT ON %I.touched TO %s', schema, part);
        END IF;
    END LOOP;

    -- The column of times may have another name by now.
    SELECT a.attname INTO at
    FROM pg_trigger AS t JOIN pg_attribute AS a ON a.attrelid = t.tgrelid AND a.attnum = split_part(encode(t.tgargs, 'escape'), '\000', 1)::smallint
    WHERE t.tgrelid = source AND t.tgfoid = noted LIMIT 1;
    FOREACH part IN ARRAY now_there LOOP
        IF (SELECT count(*) < 4 FROM pg_trigger AS t WHERE t.tgrelid = part::regclass AND t.tgfoid = noted) THEN
            IF at IS NULL OR part::regclass = source THEN
                RAISE EXCEPTION 'the triggers that track changes of % are gone', source USING ERRCODE = 'object_not_in_prerequisite_state',
                    HINT = format('CALL retention.unpublish(%L); and publish it again.', schema);
            END IF;
            -- A partition that is new. Creating triggers waits for those who write to it; then its days are all there.
            triggers := retention_internal.publish_triggers_of(part::regclass, schema, at, s ->> 'zone');
            FOR i IN 1 .. array_length(triggers, 1) LOOP
                EXECUTE triggers[i][3];
            END LOOP;
            EXECUTE format('INSERT INTO %I.touched (day) SELECT DISTINCT d.day FROM (SELECT %s AS day FROM %s AS r) AS d WHERE d.day IS NOT NULL', schema,
                           CASE WHEN s ->> 'zone' IS NULL THEN format('r.%I::date', at) ELSE format('(r.%I AT TIME ZONE %L)::date', at, s ->> 'zone') END, part);
            RAISE NOTICE 'changes of the new partition % are tracked from now on', part;
        END IF;
    END LOOP;
    SELECT string_agg(DISTINCT t.tgrelid::regclass::text, ', ') INTO blind
    FROM pg_trigger AS t WHERE t.tgfoid = noted AND t.tgenabled IN ('D', 'R') AND t.tgrelid = ANY (now_there::regclass[]);
    IF blind IS NOT NULL THEN
        RAISE NOTICE 'triggers that track changes are disabled on %: everything is read again, as long as they are', blind;
    ELSIF NOT before <@ now_there THEN
        RAISE NOTICE 'partitions of % are gone: everything is read again', source;
    END IF;
    -- What happened until they were enabled again is not known either.
    EXECUTE format('UPDATE %I.publication SET partitions = $1, blind = $2 WHERE (partitions, blind) IS DISTINCT FROM ($1, $2)', schema) USING now_there, blind IS NOT NULL;
    RETURN blind IS NOT NULL OR was_blind OR NOT before <@ now_there;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_keep_track(jsonb) IS 'sees to it that tracking sees everything';
