-- Nobody sees or does more through the extension than without it: rights, row security and quoting, in every function from pg_proc
-- (tests/sweep/calls.sql) that runs a query of its own.
SET client_min_messages = warning;
\set ECHO none
\i tests/sweep/sample.sql
\i tests/sweep/calls.sql
\set ECHO all

-- No function changes whose rights it runs with, claims to leak nothing, or is there for some only. Nor does one in SQL or PL/pgSQL name what
-- reaches files, programs or other servers.
SELECT count(*) > 500 AS functions, count(*) FILTER (WHERE prosecdef) AS security_definer, count(*) FILTER (WHERE proleakproof) AS leakproof,
       count(*) FILTER (WHERE NOT has_function_privilege('pg_monitor', oid, 'EXECUTE')) AS not_for_everybody,
       count(*) FILTER (WHERE coalesce(pg_get_function_sqlbody(oid), prosrc) ~* '\m(pg_read_\w*file|pg_ls_\w+|lo_import|lo_export|dblink\w*|pg_execute_server_program|copy)\M') AS reach_out
FROM pg_proc WHERE pronamespace IN ('retention'::regnamespace, 'retention_internal'::regnamespace);

CREATE TEMP TABLE sources AS
SELECT signature, call FROM calls WHERE call ~ 'public\.(events|contracts)' AND kind = 'f' AND name <> 'publish_plan';
SELECT array_agg(DISTINCT split_part(signature, '(', 1) ORDER BY split_part(signature, '(', 1)) AS functions FROM sources;

CREATE FUNCTION pg_temp.answer(call text, as_whom name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    PERFORM set_config('role', as_whom, true);
    EXECUTE pg_temp.digest_of(call || ' AS r') INTO answer;
    PERFORM set_config('role', 'none', true);
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
CREATE FUNCTION pg_temp.of(call text, suffix text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(call, 'public\.(events|contracts)', 'public.\1' || suffix, 'g')
$$;

-- Rights and row security are those of the caller, and views are what they are to the caller.
CREATE ROLE retention_reader;
CREATE ROLE retention_stranger;
CREATE TABLE public.events_seen AS SELECT * FROM public.events WHERE member % 2 = 0;
CREATE TABLE public.contracts_seen AS SELECT * FROM public.contracts WHERE member % 2 = 0;
CREATE TABLE public.events_secured AS SELECT * FROM public.events;
CREATE TABLE public.contracts_secured AS SELECT * FROM public.contracts;
ALTER TABLE public.events_secured ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.contracts_secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON public.events_secured USING (member % 2 = 0);
CREATE POLICY half ON public.contracts_secured USING (member % 2 = 0);
CREATE VIEW public.events_barred WITH (security_barrier) AS SELECT * FROM public.events WHERE member % 2 = 0;
CREATE VIEW public.contracts_barred WITH (security_barrier) AS SELECT * FROM public.contracts WHERE member % 2 = 0;
GRANT SELECT ON public.events_secured, public.contracts_secured, public.events_barred, public.contracts_barred TO retention_reader;
CREATE VIEW public.events_invoked WITH (security_invoker) AS SELECT * FROM public.events_secured;
CREATE VIEW public.contracts_invoked WITH (security_invoker) AS SELECT * FROM public.contracts_secured;
GRANT SELECT ON public.events_invoked, public.contracts_invoked TO retention_reader;

SELECT signature, kind, seen, answer FROM sources,
     unnest(ARRAY['_secured', '_barred', '_invoked']) AS kind, pg_temp.answer(pg_temp.of(call, '_seen'), 'none') AS seen,
     pg_temp.answer(pg_temp.of(call, kind), 'retention_reader') AS answer
WHERE answer IS DISTINCT FROM seen OR answer !~ '^\w{32}$' ORDER BY 1, 2;
-- The owner of a table sees all of it: the policies make the difference.
SELECT count(*) FROM sources WHERE pg_temp.answer(pg_temp.of(call, '_secured'), 'none') = pg_temp.answer(pg_temp.of(call, '_secured'), 'retention_reader');
-- Who may not read does not, whatever the function.
SELECT DISTINCT pg_temp.answer(pg_temp.of(call, kind), 'retention_stranger') AS stranger FROM sources, unnest(ARRAY['_seen', '_secured', '_barred', '_invoked']) AS kind;

-- Names are names, whatever is in them.
CREATE TEMP TABLE odd AS SELECT n, name FROM unnest(ARRAY['a b', 'O''Reilly', 'quo"te', '$1', '%s', '%I', 'back\slash', '; DROP TABLE public.events; --', 'select', '{a,b}', E'new\nline', 'x.y', '$$', 'NULL', '']) WITH ORDINALITY AS o (name, n) WHERE name <> '';
CREATE SCHEMA "odd schema's";
CREATE FUNCTION pg_temp.under(call text, name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    renamed text := call;
    answer text;
    one text;
BEGIN
    EXECUTE format('CREATE TABLE "odd schema''s".%I AS SELECT * FROM public.events', name || 'e');
    EXECUTE format('CREATE TABLE "odd schema''s".%I AS SELECT * FROM public.contracts', name || 'c');
    FOREACH one IN ARRAY ARRAY['member', 'at', 'country'] LOOP
        EXECUTE format('ALTER TABLE "odd schema''s".%I RENAME %I TO %I', name || 'e', one, one || name);
    END LOOP;
    FOREACH one IN ARRAY ARRAY['member', 'joined', 'ended'] LOOP
        EXECUTE format('ALTER TABLE "odd schema''s".%I RENAME %I TO %I', name || 'c', one, one || name);
    END LOOP;
    renamed := replace(replace(call, '''public.events''::', format('%L::', format('"odd schema''s".%I', name || 'e'))), '''public.contracts''::', format('%L::', format('"odd schema''s".%I', name || 'c')));
    FOREACH one IN ARRAY ARRAY['member', 'at', 'joined', 'ended', 'country'] LOOP
        renamed := replace(renamed, format('%L::pg_catalog.name', one), format('%L::pg_catalog.name', one || name));
    END LOOP;
    renamed := replace(renamed, '''country''::pg_catalog.text', format('%L::pg_catalog.text', ARRAY['country' || name]));
    renamed := replace(renamed, 'FROM public.events', format('FROM "odd schema''''s".%s', replace(quote_ident(name || 'e'), '''', '''''')));
    renamed := replace(renamed, 'SELECT member, at,', format('SELECT %s AS member, %s AS at,', replace(quote_ident('member' || name), '''', ''''''), replace(quote_ident('at' || name), '''', '''''')));
    answer := pg_temp.answer(renamed, 'none');
    EXECUTE format('DROP TABLE "odd schema''s".%I, "odd schema''s".%I', name || 'e', name || 'c');
    RETURN replace(answer, 'country' || name, 'country');
END $$;
-- churn_by returns the names of the columns, which differ.
SELECT signature, name, answer FROM sources, odd, pg_temp.under(call, name) AS answer
WHERE signature NOT LIKE '%churn_by%' AND answer IS DISTINCT FROM pg_temp.answer(call, 'none') OR answer !~ '^\w{32}$' ORDER BY 1, n;
SELECT count(*) AS names, (SELECT count(*) > 0 FROM public.events) AS events_are_there FROM odd;
DROP OWNED BY retention_reader, retention_stranger;
DROP ROLE retention_reader, retention_stranger;
