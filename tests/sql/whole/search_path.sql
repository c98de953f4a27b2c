-- A hostile search_path: a schema that comes before pg_catalog and has a function, an operator and a type of every name that pg_catalog has,
-- each of which gives itself away. No function of the extension (from pg_proc, tests/sweep/calls.sql) is led astray, and all answers are the same.
SET client_min_messages = warning;
\set ECHO none
\i tests/sweep/sample.sql
\i tests/sweep/calls.sql
\set ECHO all

CREATE SCHEMA evil;
CREATE FUNCTION evil.led_astray() RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'led astray' USING ERRCODE = 'ZZ666';
END $$;
DO $$
DECLARE
    made record;
    failed int := 0;
BEGIN
    -- Functions, with the arguments and the result of those that they stand before.
    FOR made IN
        SELECT format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE sql AS ''SELECT evil.led_astray(); SELECT NULL::%s''', p.proname,
                      (SELECT string_agg(format_type(t, NULL), ', ' ORDER BY i) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (t, i)),
                      format_type(p.prorettype, NULL), format_type(p.prorettype, NULL)) AS statement
        FROM pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0
              AND NOT EXISTS (SELECT FROM pg_type AS y WHERE y.typtype = 'p' AND (y.oid = p.prorettype OR y.oid = ANY (p.proargtypes)))
    LOOP
        BEGIN
            EXECUTE made.statement;
        EXCEPTION WHEN OTHERS THEN failed := failed + 1;
        END;
    END LOOP;
    -- Polymorphic ones, and sets, in plpgsql.
    FOR made IN
        SELECT format('CREATE FUNCTION evil.%I(%s) RETURNS %s%s LANGUAGE plpgsql AS ''BEGIN PERFORM evil.led_astray(); END''', p.proname,
                      (SELECT string_agg(CASE WHEN p.provariadic <> 0 AND i = p.pronargs THEN 'VARIADIC ' ELSE '' END || format_type(t, NULL), ', ' ORDER BY i)
                       FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (t, i)),
                      CASE WHEN p.proretset THEN 'SETOF ' ELSE '' END, format_type(p.prorettype, NULL)) AS statement
        FROM pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f'
              AND (p.proretset OR p.provariadic <> 0 OR EXISTS (SELECT FROM pg_type AS y WHERE y.typtype = 'p' AND (y.oid = p.prorettype OR y.oid = ANY (p.proargtypes))))
              AND 'internal'::regtype <> ALL (p.proargtypes) AND p.prorettype NOT IN ('internal'::regtype, 'cstring'::regtype, 'trigger'::regtype)
    LOOP
        BEGIN
            EXECUTE made.statement;
        EXCEPTION WHEN OTHERS THEN failed := failed + 1;
        END;
    END LOOP;
    -- Operators, over the functions above where those were made.
    FOR made IN
        SELECT format('CREATE OPERATOR evil.%s (FUNCTION = evil.%I%s%s)', o.oprname, p.proname,
                      CASE WHEN o.oprleft <> 0 THEN ', LEFTARG = ' || format_type(o.oprleft, NULL) ELSE '' END,
                      ', RIGHTARG = ' || format_type(o.oprright, NULL)) AS statement
        FROM pg_operator AS o JOIN pg_proc AS p ON p.oid = o.oprcode
        WHERE o.oprnamespace = 'pg_catalog'::regnamespace
    LOOP
        BEGIN
            EXECUTE made.statement;
        EXCEPTION WHEN OTHERS THEN failed := failed + 1;
        END;
    END LOOP;
    -- Types: domains that take nothing.
    FOR made IN
        SELECT format('CREATE DOMAIN evil.%I AS pg_catalog.%I CHECK (evil.led_astray())', y.typname, y.typname) AS statement
        FROM pg_type AS y WHERE y.typnamespace = 'pg_catalog'::regnamespace AND y.typtype = 'b' AND y.typname NOT LIKE '\_%'
    LOOP
        BEGIN
            EXECUTE made.statement;
        EXCEPTION WHEN OTHERS THEN failed := failed + 1;
        END;
    END LOOP;
END $$;
SELECT (SELECT count(*) > 2000 FROM pg_proc WHERE pronamespace = 'evil'::regnamespace) AS functions,
       (SELECT count(*) > 700 FROM pg_operator WHERE oprnamespace = 'evil'::regnamespace) AS operators,
       (SELECT count(*) > 50 FROM pg_type WHERE typnamespace = 'evil'::regnamespace AND typtype = 'd') AS types;

-- Between the setting of search_path and its reset nothing is resolved but what is called.
CREATE FUNCTION pg_temp.hostile(query text) RETURNS text LANGUAGE plpgsql SET search_path = evil, pg_catalog, pg_temp AS $$
DECLARE
    answer pg_catalog.text;
BEGIN
    EXECUTE query INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS answer = MESSAGE_TEXT;
    RETURN answer;
END $$;
CREATE FUNCTION pg_temp.peaceful(query text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    answer pg_catalog.text;
BEGIN
    EXECUTE query INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS answer = MESSAGE_TEXT;
    RETURN answer;
END $$;

-- It works: whoever does not say which one is meant is led astray.
SELECT pg_temp.hostile('SELECT lower(''A'')') AS a_function, pg_temp.hostile('SELECT 1 = 1') AS an_operator, pg_temp.hostile('SELECT ''a''::text') AS a_type;

-- What runs queries of its own, with all that it can be given, and with what is wrong.
INSERT INTO queries
SELECT call, 'v', pg_temp.digest_of(call || ' AS r')
FROM unnest(ARRAY[
    $$retention.history_of('public.events', 'member', 'at', 'amount', 'week', 'Asia/Tokyo', 'refund')$$,
    $$retention.history_of('public.events', 'member', 'at', 'amount', order_id => 'place')$$,
    $$retention.history_of('public.events', 'country', 'local_at', negative => 'EVENT')$$,
    $$retention.history_of('public.events', 'at', 'member')$$,
    $$retention.history_of('public.events', 'member', 'amount')$$,
    $$retention.history_of('public.events', 'member', 'place')$$,
    $$retention.history_of('public.events', 'member', 'at', 'country')$$,
    $$retention.history_of('public.events', 'nobody', 'at')$$,
    $$retention.history_of('public.events', '"member"', 'at')$$,
    $$retention.history_of('public.events', 'member', 'at', negative => 'perhaps')$$,
    $$retention.history_of('public.events', 'member', 'local_at', zone => 'UTC')$$,
    $$retention.history_of('public.events', 'member', 'at', 'amount', 'fortnight')$$,
    $$retention.history_of_query('SELECT place AS member, at, amount, country FROM public.events', order_id => 'country')$$,
    $$retention.history_of_query('public.events')$$,
    $$retention.history_of_query('SELECT 1; SELECT 2')$$,
    $$retention.histories_of('public.events', 'member', 'at', 'amount', 'country', 'month', 'UTC', 'refund', 'place')$$,
    $$retention.churn_by('public.events', 'member', 'at', 'amount', '{country,member}', 'week', silence => '20 days', as_of => '2020-03-31', zone => 'UTC')$$,
    $$retention.churn_by('public.events', 'member', 'local_at', by => 'country', period_start => '2020-02-01')$$,
    $$retention.churn_by('public.events', 'member', 'at', by => 'country', period_start => '2020-02-02')$$,
    $$retention.churn_by('public.events', 'member', 'at', by => 'country, country')$$,
    $$retention.churn_by('public.events', 'member', 'at', by => 'nothing')$$,
    $$retention.membership_of('public.contracts', 'member', 'joined', 'ended')$$,
    $$retention.membership_of('(SELECT)', 'member', 'joined', 'ended')$$,
    $$retention.membership_of('public.contracts', 'member', 'ended', 'joined')$$,
    $$retention.membership_of('public.events', 'member', 'at', 'local_at', 'Asia/Tokyo')$$,
    $$retention.membership_of('public.events', 'member', 'local_at', 'local_at', 'Asia/Tokyo')$$,
    $$retention.membership_of('public.events', 'member', 'local_at', 'local_at')$$,
    $$retention.publish_plan('public.events', 'member', 'at', 'amount', schema => 'sweep_planned', by => '{country}')$$
]) AS c (call);
-- Arithmetic in the calls themselves.
UPDATE queries SET query = regexp_replace(query, ' ([-+*/%>]) ', ' OPERATOR(pg_catalog.\1) ', 'g') WHERE query LIKE '%public.events AS e%';

CREATE TEMP TABLE answers AS SELECT signature, pg_temp.peaceful(query) AS peaceful, pg_temp.hostile(query) AS hostile FROM queries;
SELECT count(*) > 280 AS functions, count(*) FILTER (WHERE peaceful ~ '^\w{32}$') > 250 AS answers FROM answers;
SELECT signature, peaceful, hostile FROM answers WHERE peaceful IS DISTINCT FROM hostile ORDER BY 1;
-- What publishes, too.
SELECT pg_temp.hostile($$SELECT 'x'::pg_catalog.text FROM pg_catalog.current_setting('search_path')$$) AS still_hostile;
CREATE FUNCTION pg_temp.publish() RETURNS text LANGUAGE plpgsql SET search_path = evil, pg_catalog, pg_temp AS $$
BEGIN
    CALL retention.publish('public.events', 'member', 'at', 'amount', schema => 'sweep_published', by => 'country');
    INSERT INTO public.events (place, member, at, local_at, amount, country) SELECT place, member, at, local_at, amount, country FROM public.events AS e LIMIT 1;
    CALL retention.refresh('sweep_published');
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
SELECT pg_temp.publish();
SELECT pg_temp.hostile($$SELECT pg_catalog.count(*) FROM retention.verify('sweep_published') AS v$$) = pg_temp.peaceful($$SELECT pg_catalog.count(*) FROM retention.verify('sweep_published') AS v$$) AS verified;
SELECT c.relname AS led_astray FROM pg_class AS c, LATERAL pg_temp.hostile(format('SELECT pg_catalog.count(*) FROM %s AS v', c.oid::regclass)) AS h
WHERE relnamespace = 'sweep_published'::regnamespace AND relkind IN ('v', 'r', 'm') AND h !~ '^\d+$';
