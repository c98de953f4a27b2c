-- Bytes that somebody has changed and sealed again (damaged.csv, made by damaged.py), as if they had been written straight into a table: every function that
-- reads them, from pg_proc, ends with a value or with an ERROR of its own. And what an input function takes stays what every other takes, through
-- whatever makes a value of it: it can be dumped and restored.
SET client_min_messages = error;
SET statement_timeout = '10min';
\i tests/sweep/sample.sql
\i tests/sweep/calls.sql
CREATE TEMP TABLE damaged (type text, value text);
\copy damaged FROM 'tests/sweep/damaged.csv' (FORMAT csv)

-- Bytes as a value of a type, unseen: numeric_uplus copies whatever it is given.
SELECT format('CREATE FUNCTION pg_temp.raw_%s(bytea) RETURNS retention.%I LANGUAGE internal STRICT AS ''numeric_uplus''', t, t)
FROM (SELECT DISTINCT type FROM damaged) AS d (t) \gexec

CREATE FUNCTION pg_temp.fault(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN query_canceled OR OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

CREATE TEMP TABLE outcomes (type text, value text, what text, fault text);
DO $$
DECLARE
    one record;
    columns text[];
BEGIN
    FOR one IN SELECT * FROM damaged LOOP
        SELECT INTO columns array_agg(attname) FROM pg_attribute WHERE attrelid = 'public.sample'::regclass AND atttypid = ('retention.' || one.type)::regtype;
        EXECUTE format('UPDATE public.sample SET %s', (SELECT string_agg(format('%I = pg_temp.raw_%s(decode(%L, ''base64''))', c, one.type, one.value), ', ') FROM unnest(columns) AS c));
        INSERT INTO outcomes
        SELECT one.type, one.value, signature, pg_temp.fault('SELECT ' || call || ' FROM public.sample') FROM calls
        WHERE kind = 'f' AND 'retention.' || one.type = ANY (summaries)
        UNION ALL
        SELECT one.type, one.value, signature, pg_temp.fault('SELECT ' || call || ' FROM public.sample') FROM aggregates
        WHERE call LIKE '%rollup(sample.' || left(columns[1], 1) || ')'
        UNION ALL
        SELECT one.type, one.value, 'text', pg_temp.fault(format('SELECT %I::text FROM public.sample', columns[1]));
    END LOOP;
END $$;
SELECT DISTINCT ON (type, what, left(fault, 40)) 'A FAULT OF OURS: ' || what || ' of ' || value || ': ' || fault FROM outcomes WHERE fault ~ '^(XX|57014|08|58)' ORDER BY type, what, left(fault, 40), length(value);

-- What the text form takes, the binary form takes, and the other way; and what is made of a value that was taken is taken.
CREATE FUNCTION pg_temp.differs(type text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    by_text text := pg_temp.fault(format('SELECT %L::retention.%I', CASE WHEN type <> 'cox_model' THEN value END, type));
    by_bytes text := pg_temp.fault(format('SELECT decode(%L, ''base64'')::retention.%I', value, type));
    again text;
    made text;
BEGIN
    IF type <> 'cox_model' AND (by_text IS NULL) <> (by_bytes IS NULL) THEN
        RETURN 'as text: ' || coalesce(by_text, 'taken') || ', as bytes: ' || coalesce(by_bytes, 'taken');
    END IF;
    IF by_bytes IS NOT NULL THEN
        RETURN NULL;
    END IF;
    FOREACH made IN ARRAY CASE WHEN type IN ('history', 'memberships', 'journeys') THEN ARRAY['x', 'retention.rollup(x)', 'retention.without(x, ''{}''::bigint[])', 'retention.slice(x, ''2020-02-01'')']
                               WHEN type = 'survival_data' THEN ARRAY['x', 'retention.rollup(x)'] ELSE ARRAY['x'] END LOOP
        CONTINUE WHEN made LIKE '%slice%' AND type = 'memberships';
        EXECUTE format('CREATE TEMP TABLE made AS SELECT %s AS x FROM (SELECT decode(%L, ''base64'')::retention.%I AS x FROM generate_series(1, 2)) AS s', made, value, type);
        EXECUTE format('SELECT pg_temp.fault(format(''SELECT %%L::retention.%I'', x::text)) FROM made LIMIT 1', type) INTO again;
        IF again IS NULL THEN
            EXECUTE format('SELECT pg_temp.fault(format(''SELECT %%L::bytea::retention.%I'', x::bytea)) FROM made LIMIT 1', type) INTO again;
        END IF;
        IF again IS NULL THEN
            EXECUTE format('SELECT CASE WHEN x::text::retention.%I::bytea <> x::bytea THEN ''another value'' END FROM made LIMIT 1', type) INTO again;
        END IF;
        DROP TABLE made;
        IF again IS NOT NULL THEN
            RETURN made || ' is not taken: ' || again;
        END IF;
    END LOOP;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    -- What is refused with words of ours is no value that was stored.
    RETURN CASE WHEN SQLSTATE ~ '^(XX|42P|57014)' THEN SQLSTATE || ' ' || SQLERRM END;
END $$;
SELECT 'NOT THE SAME FOR ALL: ' || type || ' ' || value || ' ' || d FROM damaged, pg_temp.differs(type, value) AS d WHERE d IS NOT NULL;
SELECT count(*) || ' values, ' || (SELECT count(*) FROM outcomes) || ' answers, ' || (SELECT count(*) FROM outcomes WHERE fault IS NULL) || ' of them a value; '
       || count(*) FILTER (WHERE pg_temp.fault(format('SELECT decode(%L, ''base64'')::retention.%I', value, type)) IS NULL) || ' of the values are sound' FROM damaged;
