-- Filling the portraits of members, and what is counted over them. Scores need the cut points of all members, models all of their
-- summaries. So passes over the buckets come before the one that writes: the cut points of today, those of a month ago, the models if it is
-- time to fit them, what the gaps of all have in common. What is counted over members takes one more for each such view.

-- The query of the whole history of each bucket, for one after another.
CREATE FUNCTION retention_internal.publish_wholes(schema name) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT format('SELECT u.bucket, @extschema@.rollup(u.h) AS h FROM (%s) AS u GROUP BY u.bucket', retention_internal.publish_united(schema))
    $$;
COMMENT ON FUNCTION retention_internal.publish_wholes(name) IS 'the query of the history of each bucket';

-- The newest model, fitted again if it is asked for or time. No model is no error: who is asked says so.
CREATE FUNCTION retention_internal.publish_model(s jsonb, as_of date, refit boolean) RETURNS @extschema@.clv_model
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp SET enable_hashagg = off SET jit = off AS $$
DECLARE
    last_fit timestamptz;
    fitted @extschema@.clv_model;
    words text;
BEGIN
    IF s ->> 'model' = 'none' THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT m.fitted_at, m.model FROM %I.models AS m WHERE m.name = ''clv'' ORDER BY m.fitted_at DESC LIMIT 1', s ->> 'schema')
    INTO last_fit, fitted;
    IF NOT refit AND last_fit IS NOT NULL AND last_fit + retention_internal.publish_stretch('refit_every', s ->> 'refit_every') > now() THEN
        RETURN fitted;
    END IF;
    BEGIN
        EXECUTE format('SELECT @extschema@.clv_fit_agg(b.x::float8, b.t_x, b.age, b.litt, b.spend, NULL::float8[], ''week'', $1)
                        FROM (%s) AS w, @extschema@.btyd(w.h, ''week'', $2) AS b',
                       retention_internal.publish_wholes((s ->> 'schema')::name))
        INTO fitted USING s ->> 'model', as_of;
        -- One that did not converge has no answers, and says so.
        PERFORM @extschema@.p_alive(fitted, 1, 1, 2);
        EXECUTE format('DELETE FROM %1$I.models AS m WHERE m.name = ''clv'' AND m.fitted_at = now()', s ->> 'schema');
        EXECUTE format('INSERT INTO %I.models (name, fitted_at, as_of, model, diagnostics)
                        SELECT ''clv'', now(), $1, $2, (SELECT jsonb_agg(to_jsonb(d)) FROM @extschema@.clv_diagnostics($2) AS d) WHERE $2 IS NOT NULL', s ->> 'schema')
        USING as_of, fitted;
        SELECT format('%s = %s, %s', d.name, round(d.value::numeric, 4), d.remark) INTO words
        FROM @extschema@.clv_diagnostics(fitted) AS d WHERE d.name IN ('a', 's') AND d.remark <> '' LIMIT 1;
        IF FOUND THEN
            RAISE NOTICE 'the model of %: %', s ->> 'schema', words;
        END IF;
    EXCEPTION WHEN object_not_in_prerequisite_state OR data_exception THEN
        GET STACKED DIAGNOSTICS words = MESSAGE_TEXT;
        RAISE NOTICE 'no model of % could be fitted, so that p_alive and what is expected are empty: %', s ->> 'schema', words;
        fitted := NULL;
    END;
    RETURN fitted;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_model(jsonb, date, boolean) IS 'the model of customers of a publication, fitted if it is time';

-- The newest model of who will leave, fitted again if it is asked for or time: to one history of all, so that it is the same whatever the
-- number of buckets. Where there is none, its row in models says why, and the next refresh tries again.
CREATE FUNCTION retention_internal.publish_churn_model(s jsonb, as_of date, refit boolean) RETURNS @extschema@.churn_model
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp SET enable_hashagg = off SET jit = off AS $$
DECLARE
    last_fit timestamptz;
    fitted @extschema@.churn_model;
    known jsonb;
    found_of jsonb;
    why text;
BEGIN
    IF s ->> 'model' = 'none' THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT m.fitted_at, m.churn, m.diagnostics FROM %I.models AS m WHERE m.name = ''churn'' ORDER BY m.fitted_at DESC LIMIT 1', s ->> 'schema')
    INTO last_fit, fitted, known;
    IF NOT refit AND fitted IS NOT NULL AND last_fit + retention_internal.publish_stretch('refit_every', s ->> 'refit_every') > now() THEN
        RETURN fitted;
    END IF;
    fitted := NULL;
    BEGIN
        EXECUTE format('SELECT @extschema@.churn_fit(w.h, $1, as_of => $2) FROM (SELECT @extschema@.rollup(u.h) AS h FROM (%s) AS u) AS w',
                       retention_internal.publish_united((s ->> 'schema')::name))
        INTO fitted USING s ->> 'horizon', as_of;
        SELECT INTO found_of, why
               jsonb_agg(to_jsonb(t)), min(t.remark) FILTER (WHERE t.measure IN ('test_rows', 'auc') AND t.value IS NULL)
        FROM @extschema@.churn_test(fitted) AS t;
        -- Nobody could say how good it is.
        IF why IS NOT NULL THEN
            fitted := NULL;
        END IF;
    EXCEPTION
        WHEN program_limit_exceeded THEN
            why := 'all members are more than one history can hold';
        WHEN data_exception THEN
            GET STACKED DIAGNOSTICS why = MESSAGE_TEXT;
    END;
    found_of := coalesce(found_of, jsonb_build_array(jsonb_build_object('measure', 'fit', 'remark', why)));
    IF fitted IS NULL AND found_of IS DISTINCT FROM known THEN
        RAISE NOTICE 'no risk of leaving is told for %, so that risk and reasons are empty: %', s ->> 'schema', why;
    END IF;
    EXECUTE format('DELETE FROM %1$I.models AS m WHERE m.name = ''churn'' AND (m.fitted_at = now() OR m.churn IS NULL)', s ->> 'schema');
    EXECUTE format('INSERT INTO %I.models (name, fitted_at, as_of, churn, diagnostics) VALUES (''churn'', now(), $1, $2, $3)', s ->> 'schema')
    USING as_of, fitted, found_of;
    RETURN fitted;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_churn_model(jsonb, date, boolean) IS 'the model of who leaves of a publication, fitted if it is time';

-- The query of the portraits of one bucket: $1 its history, $2 as_of, $3 cuts, $4 model, $5 the sum of all amounts, $6 tiers,
-- $7 and $8 what the gaps of all members have in common, $9 the model of who leaves.
CREATE FUNCTION retention_internal.publish_portraits(s jsonb, has_model boolean, has_churn boolean) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT format(
            'SELECT m.*, %1$s FROM (
             SELECT r.member, $2 - b.age::integer AS first_day, $2 - r.recency AS last_day, r.recency, r.frequency AS events, r.monetary AS amount,
                    round(r.monetary / r.frequency, 6) AS mean_order, b.t_x / nullif(b.x, 0) AS usual_gap, r.r, r.f, r.m, r.score, r.segment,
                    %2$L::jsonb ->> r.segment AS segment_chinese, %3$s,
                    CASE c.change WHEN ''new'' THEN ''new'' WHEN ''reactivated'' THEN ''returned''
                                  WHEN ''retained'' THEN CASE WHEN r.recency * 2 > %4$s THEN ''at risk'' ELSE ''active'' END ELSE ''lapsed'' END AS state,
                    %5$s, (r.monetary / nullif($5, 0))::float8 AS revenue_share, o.due_by, o.p_silence, o.overdue, o.trend, %12$s
             FROM @extschema@.rfm($1%6$s, as_of => $2, method => ''fixed'', cuts => $3, map => %7$L) AS r
                  JOIN @extschema@.btyd($1%6$s, unit => ''day'', as_of => $2) AS b ON b.member = r.member
                  LEFT JOIN @extschema@.churn_members($1%6$s, period_start => ($2 + 1 - %8$L::interval)::date, period => %9$L, gap => 1, as_of => $2) AS c
                            ON c.member = r.member
                  LEFT JOIN retention_internal.overdue_by($1%6$s, shape => $7, mean_gap => $8, within => %9$L, as_of => $2) AS o ON o.member = r.member %10$s %11$s %13$s) AS m',
            retention_internal.publish_tags(s -> 'tag_rules'), retention_internal.publish_chinese(s ->> 'segment_map'),
            CASE WHEN s ? 'tiers' THEN 't.tier, t.value AS tier_value, t.grace_until AS tier_grace_until, t.next_tier, t.missing AS next_tier_missing'
                 ELSE 'NULL::text AS tier, NULL::numeric AS tier_value, NULL::date AS tier_grace_until, NULL::text AS next_tier, NULL::numeric AS next_tier_missing' END,
            round(extract(epoch FROM i.silence) / 86400),
            CASE WHEN has_model
                 THEN format('v.p_alive, v.p_alive_low, v.p_alive_high, @extschema@.purchases_distribution($4, v.x, v.t_x, v.age, %L, 0) AS p_no_purchase,
                              v.expected_purchases AS expected_orders, v.expected_purchases_low AS expected_orders_low, v.expected_purchases_high AS expected_orders_high,
                              v.clv AS expected_value, v.clv_low AS expected_value_low, v.clv_high AS expected_value_high', s ->> 'horizon')
                 ELSE (SELECT string_agg('NULL::float8 AS ' || c, ', ' ORDER BY n)
                       FROM unnest('{p_alive,p_alive_low,p_alive_high,p_no_purchase,expected_orders,expected_orders_low,expected_orders_high,expected_value,expected_value_low,expected_value_high}'::text[]) WITH ORDINALITY AS u (c, n)) END,
            CASE s ->> 'member_type' WHEN 'text' THEN '' ELSE format(', id => NULL::%s', s ->> 'member_type') END,
            s ->> 'segment_map', i.silence, s ->> 'silence',
            CASE WHEN s ? 'tiers' THEN format('LEFT JOIN @extschema@.tiers($1%s, rules => $6, as_of => $2) AS t ON t.member = r.member',
                                              CASE s ->> 'member_type' WHEN 'text' THEN '' ELSE format(', id => NULL::%s', s ->> 'member_type') END) END,
            CASE WHEN has_model THEN format('LEFT JOIN @extschema@.clv($1%s, fitted => $4, horizon => ''1 year'', as_of => $2) AS v ON v.member = r.member',
                                            CASE s ->> 'member_type' WHEN 'text' THEN '' ELSE format(', id => NULL::%s', s ->> 'member_type') END) END,
            CASE WHEN has_churn THEN 'k.risk, k.risk_low, k.risk_high, k.expected_loss, k.reasons, k.reasons_chinese'
                 ELSE 'NULL::float8 AS risk, NULL::float8 AS risk_low, NULL::float8 AS risk_high, NULL::numeric AS expected_loss, NULL::text AS reasons, NULL::text AS reasons_chinese' END,
            CASE WHEN has_churn THEN format('LEFT JOIN retention_internal.churn_told($1%s, fitted => $9, value_model => %s, as_of => $2) AS k ON k.member = r.member',
                                            CASE s ->> 'member_type' WHEN 'text' THEN '' ELSE format(', id => NULL::%s', s ->> 'member_type') END,
                                            CASE WHEN has_model THEN '$4' ELSE 'NULL' END) END)
        FROM (SELECT retention_internal.publish_stretch('silence', s ->> 'silence') AS silence) AS i
    $$;
COMMENT ON FUNCTION retention_internal.publish_portraits(jsonb, boolean, boolean) IS 'the query of the portraits of the members of a bucket';

-- Returns the cut points.
CREATE FUNCTION retention_internal.publish_fill_members(s jsonb, as_of date, refit boolean) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog, pg_temp SET enable_hashagg = off SET jit = off SET datestyle = 'ISO, YMD' AS $$
DECLARE
    schema CONSTANT name := s ->> 'schema';
    wholes CONSTANT text := retention_internal.publish_wholes(schema);
    from_date CONSTANT date := (as_of - interval '1 month')::date;
    fitted @extschema@.clv_model;
    leaving @extschema@.churn_model;
    cuts jsonb;
    from_cuts jsonb;
    all_amounts numeric;
    portraits text;
    shape float8;
    mean_gap float8;
    b integer;
    h @extschema@.history;
    m record;
    messages CONSTANT text := current_setting('client_min_messages');
BEGIN
    EXECUTE format('DELETE FROM %I.portraits', schema);
    FOR m IN SELECT p.* FROM retention_internal.publish_metrics(s) AS p WHERE p.of_members LOOP
        EXECUTE format('DELETE FROM %I.%I', schema, m.name || '_counts');
    END LOOP;
    EXECUTE format('SELECT @extschema@.rfm_cuts_agg(r.recency, r.frequency, r.monetary, 5, ''quantile''), sum(r.monetary)
                    FROM (%s) AS w, @extschema@.rfm(w.h, as_of => $1, map => ''none'') AS r', wholes) INTO cuts, all_amounts USING as_of;
    IF cuts IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT @extschema@.rfm_cuts_agg(r.recency, r.frequency, r.monetary, 5, ''quantile'')
                    FROM (%s) AS w, @extschema@.rfm(w.h, as_of => $1, map => ''none'') AS r', wholes) INTO from_cuts USING from_date;
    fitted := retention_internal.publish_model(s, as_of, refit);
    leaving := retention_internal.publish_churn_model(s, as_of, refit);
    BEGIN
        EXECUTE format('SELECT c.shape, c.mean_gap FROM (SELECT @extschema@.rollup(u.h) AS h FROM (%s) AS u) AS w, retention_internal.common_rhythm(w.h, $1) AS c',
                       retention_internal.publish_united(schema)) INTO shape, mean_gap USING as_of;
    EXCEPTION WHEN program_limit_exceeded THEN
        RAISE NOTICE 'all of % is more than one history can hold, so that nobody is told to be overdue', schema;
    END;

    portraits := format('INSERT INTO %I.portraits %s', schema, retention_internal.publish_portraits(s, fitted IS NOT NULL, leaving IS NOT NULL));
    FOR b IN SELECT generate_series(0, (s ->> 'buckets')::integer - 1) LOOP
        EXECUTE format('SELECT @extschema@.rollup(u.h) FROM (%s) AS u WHERE u.bucket = $1', retention_internal.publish_united(schema)) INTO h USING b;
        IF @extschema@.members(@extschema@.slice(h, NULL, as_of)) > 0 THEN
            -- That a model without amounts knows no values is known, and not to be said for each bucket.
            PERFORM set_config('client_min_messages', CASE WHEN s ? 'amount' THEN messages ELSE 'warning' END, true);
            EXECUTE portraits USING h, as_of, cuts, fitted, all_amounts, s -> 'tiers', shape, mean_gap, leaving;
            PERFORM set_config('client_min_messages', messages, true);
        END IF;
    END LOOP;
    EXECUTE format('ANALYZE %I.portraits', schema);

    FOR m IN SELECT p.* FROM retention_internal.publish_metrics(s) AS p WHERE p.of_members ORDER BY p.place LOOP
        EXECUTE format('WITH parts AS (%s) INSERT INTO %I.%I %s', wholes, schema, m.name || '_counts',
            replace(replace(replace(retention_internal.publish_filled(m.fill, schema, s, as_of), '{from_date}', quote_literal(from_date) || '::date'),
                            '{from_cuts}', quote_literal(coalesce(from_cuts, cuts)) || '::jsonb'), '{map}', quote_literal(s ->> 'segment_map')));
    END LOOP;
    RETURN cuts;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_fill_members(jsonb, date, boolean) IS 'fills the portraits of members and what is counted over them';
