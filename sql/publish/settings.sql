-- What publish is asked for, checked before anything is made, and resolved: what the caller left out is filled in, so that what is
-- kept says everything.

-- The type of a column of the source that its caller may read; of a domain, the type beneath.
CREATE FUNCTION retention_internal.publish_column(source regclass, name name)
    RETURNS regtype LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    its CONSTANT record := retention_internal.source_column('SELECT * FROM ' || source, source::text, name);
BEGIN
    IF NOT has_column_privilege(source, name::text, 'SELECT') THEN
        RAISE EXCEPTION 'permission denied for column "%" of %', name, source USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN its.base_type;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_column(regclass, name) IS 'the type of a column that publish is asked to read';

-- How a column of amounts is read; there may be none.
CREATE FUNCTION retention_internal.publish_amount(source regclass, amount name) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF amount IS NULL THEN
        RETURN 'NULL::numeric';
    END IF;
    PERFORM retention_internal.publish_column(source, amount);
    RETURN retention_internal.source_amount('SELECT * FROM ' || source, source::text, amount);
END
$$;
COMMENT ON FUNCTION retention_internal.publish_amount(regclass, name) IS 'how publish reads a column of amounts';

-- A stretch of time that PostgreSQL's interval can hold: '90 days', '3 months', '1 quarter'.
CREATE FUNCTION retention_internal.publish_stretch(what text, stretch text) RETURNS interval
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts text[] := regexp_match(lower(btrim(stretch)), '^([0-9]{1,6})[[:space:]]+(day|week|month|quarter|year)s?$');
BEGIN
    IF parts IS NULL THEN
        RAISE EXCEPTION '% is "%", not so many days, weeks, months, quarters or years', what, stretch USING
            ERRCODE = 'invalid_parameter_value', HINT = format('Write it as %s => ''90 days''.', what);
    END IF;
    RETURN parts[1]::integer * CASE parts[2] WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || parts[2])::interval END;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_stretch(text, text) IS 'a stretch of time as an interval';

-- How many rows the planner expects: to choose the number of buckets, and how to group.
CREATE FUNCTION retention_internal.publish_rows(query text) RETURNS float8
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END
$$;
COMMENT ON FUNCTION retention_internal.publish_rows(text) IS 'the rows that a query is expected to have';

CREATE FUNCTION retention_internal.publish_settings(source regclass, asked jsonb) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
DECLARE
    s jsonb := jsonb_strip_nulls(asked);
    schema name := s ->> 'schema';
    key text;
    time_type regtype;
    clock text;
    by_names name[] := ARRAY(SELECT jsonb_array_elements_text(coalesce(s -> 'by', '[]')));
    readers name[] := ARRAY(SELECT jsonb_array_elements_text(coalesce(s -> 'reader', '[]')));
    one name;
    kind "char";
    probe @extschema@.history;
BEGIN
    FOREACH key IN ARRAY '{member,at,schema}'::text[] LOOP
        IF source IS NULL OR s ->> key IS NULL THEN
            RAISE EXCEPTION 'source, member, at and schema must not be null' USING ERRCODE = 'null_value_not_allowed',
                HINT = 'CALL retention.publish(''public.orders'', member => ''member_id'', at => ''ordered_at'', amount => ''amount'', schema => ''loyalty'');';
        END IF;
    END LOOP;

    -- The schema that is made.
    IF EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = schema) THEN
        RAISE EXCEPTION 'schema "%" already exists', schema USING ERRCODE = 'duplicate_schema',
            HINT = CASE WHEN to_regclass(format('%I.publication', schema)) IS NULL THEN 'Name one that is not there: publish makes it.'
                        ELSE format('Name another one, or take back what is published there: CALL retention.unpublish(%L);', schema) END;
    ELSIF schema LIKE 'pg\_%' THEN
        RAISE EXCEPTION 'schema "%" begins with pg_', schema USING ERRCODE = 'reserved_name', HINT = 'Such names are PostgreSQL''s own: take another one.';
    ELSIF NOT has_database_privilege(current_database(), 'CREATE') THEN
        RAISE EXCEPTION 'schema "%" can not be made by %', schema, current_user USING ERRCODE = 'insufficient_privilege',
            HINT = format('GRANT CREATE ON DATABASE %I TO %I;', current_database(), current_user);
    END IF;

    -- The source and its columns.
    SELECT c.relkind INTO kind FROM pg_class AS c WHERE c.oid = source AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't';
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is no table, view or foreign table that lasts', source USING ERRCODE = 'wrong_object_type',
            HINT = 'Temporary tables can not be published.';
    END IF;
    PERFORM retention_internal.publish_column(source, (s ->> 'member')::name);
    PERFORM retention_internal.source_member(source, (s ->> 'member')::name);
    PERFORM retention_internal.publish_column(source, (s ->> 'at')::name);
    time_type := retention_internal.source_time(source, (s ->> 'at')::name);
    PERFORM retention_internal.publish_amount(source, (s ->> 'amount')::name);
    IF s ? 'order_id' THEN
        PERFORM retention_internal.publish_column(source, (s ->> 'order_id')::name);
    END IF;
    FOREACH one IN ARRAY by_names LOOP
        PERFORM retention_internal.publish_column(source, one);
        IF one = ANY (retention_internal.publish_column_names()) THEN
            RAISE EXCEPTION 'the views have a column "%" of their own', one USING ERRCODE = 'duplicate_column',
                HINT = format('Publish a view of the source in which %I has another name.', one);
        END IF;
    END LOOP;
    FOREACH one IN ARRAY by_names || (s ->> 'member')::name LOOP
        -- A cast of somebody's own would run with the rights of whoever refreshes.
        IF EXISTS (SELECT FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
                        JOIN pg_cast AS c ON c.castsource IN (t.oid, t.typbasetype) AND c.casttarget = 'text'::regtype JOIN pg_proc AS p ON p.oid = c.castfunc
                   WHERE a.attrelid = source AND a.attname = one AND p.pronamespace <> 'pg_catalog'::regnamespace) THEN
            RAISE EXCEPTION 'column "%" of % has a type with a cast to text of its own', one, source USING ERRCODE = 'datatype_mismatch',
                HINT = 'Publish a view of the source that makes it text.';
        END IF;
    END LOOP;
    IF cardinality(by_names) > (SELECT count(DISTINCT b) FROM unnest(by_names) AS b) OR cardinality(by_names) > 8 THEN
        RAISE EXCEPTION 'by names a column twice, or more than 8: %', by_names USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- Words.
    s := jsonb_build_object('as_of', 'last event', 'negative', 'event', 'track', false, 'silence', '90 days', 'horizon', '90 days',
        'model', 'mbg/nbd', 'refit_every', '30 days', 'segment_map', 'rf10', 'members', true) || s;
    FOREACH key IN ARRAY '{as_of,negative,span,model}'::text[] LOOP
        IF s ? key THEN
            s := s || jsonb_build_object(key, lower(s ->> key));
        END IF;
    END LOOP;
    IF s ->> 'negative' NOT IN ('event', 'refund') THEN
        RAISE EXCEPTION 'negative is "%", not ''event'' or ''refund''', pg_catalog.left(s ->> 'negative', 60) USING ERRCODE = 'invalid_parameter_value';
    ELSIF s ->> 'negative' = 'refund' AND NOT s ? 'amount' THEN
        RAISE EXCEPTION 'refunds are told by their amounts, and no amount is named' USING ERRCODE = 'invalid_parameter_value';
    ELSIF s ? 'span' AND s ->> 'span' NOT IN ('month', 'quarter') THEN
        RAISE EXCEPTION 'span is "%", not ''month'' or ''quarter''', s ->> 'span' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Without it: months, and quarters where the data span more than ten years.';
    ELSIF s ->> 'model' NOT IN ('nbd', 'bg/nbd', 'mbg/nbd', 'bg/cnbd-k', 'mbg/cnbd-k', 'pareto/nbd', 'ggompertz/nbd', 'auto', 'none') THEN
        RAISE EXCEPTION 'unknown model "%"', s ->> 'model' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A model of clv_fit, or ''none'' to publish without one.';
    ELSIF s ->> 'as_of' NOT IN ('last event', 'yesterday') AND s ->> 'as_of' !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN
        RAISE EXCEPTION 'as_of is "%", not ''last event'', ''yesterday'' or a date', s ->> 'as_of' USING
            ERRCODE = 'invalid_parameter_value', HINT = 'A date is written as 2024-03-31.';
    END IF;
    IF s ->> 'as_of' NOT IN ('last event', 'yesterday') THEN
        PERFORM (s ->> 'as_of')::date;
    END IF;

    -- Stretches, and what readers check.
    FOREACH key IN ARRAY '{lookback,silence,horizon,refit_every}'::text[] LOOP
        IF s ? key THEN
            PERFORM retention_internal.publish_stretch(key, s ->> key);
        END IF;
    END LOOP;
    PERFORM FROM @extschema@.churn(NULL::@extschema@.history, silence => s ->> 'silence');
    SELECT @extschema@.history_agg(1::bigint, date '2000-01-01', CASE WHEN s ? 'amount' THEN 1::numeric END) INTO probe;
    PERFORM FROM @extschema@.rfm(probe, map => s ->> 'segment_map');
    IF s ? 'tiers' THEN
        PERFORM FROM @extschema@.tiers(probe, s -> 'tiers');
    END IF;
    PERFORM retention_internal.publish_tags(s -> 'tag_rules');

    -- Whose calendar. For times that are on a calendar already, the zone says only when a day is over.
    clock := coalesce(s ->> 'zone', current_setting('TimeZone'));
    PERFORM @extschema@.history_agg(1::bigint, now(), 1::numeric, 'day', clock);
    s := s || jsonb_build_object('clock', clock, 'time_type', time_type::text,
        'zone', CASE WHEN time_type = 'timestamptz'::regtype THEN clock END,
        'member_type', CASE WHEN retention_internal.source_member(source, (s ->> 'member')::name) LIKE '%::pg_catalog.int8' THEN 'bigint'
                            WHEN retention_internal.source_member(source, (s ->> 'member')::name) LIKE '%::pg_catalog.text' THEN 'text'
                            ELSE 'uuid' END);

    FOREACH one IN ARRAY readers LOOP
        IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = one) THEN
            RAISE EXCEPTION 'role "%" does not exist', one USING ERRCODE = 'undefined_object', HINT = 'reader => ... names a role that may read the views.';
        END IF;
    END LOOP;

    -- So many that the histories of one bucket, some five million rows, fit into memory with ease.
    IF NOT s ? 'buckets' THEN
        s := s || jsonb_build_object('buckets', greatest(1, least(1000, ceil(retention_internal.publish_rows(format('SELECT FROM %s', source)) / 5e6)))::integer);
    ELSIF (s ->> 'buckets')::integer NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION 'buckets is %, not 1 to 10000', s ->> 'buckets' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF (s ->> 'track')::boolean THEN
        PERFORM retention_internal.publish_can_track(source);
    END IF;
    RETURN s || jsonb_build_object('by', to_jsonb(by_names), 'reader', to_jsonb(readers));
END
$$;
COMMENT ON FUNCTION retention_internal.publish_settings(regclass, jsonb) IS
    'what publish is asked for, checked, with what was left out filled in';
