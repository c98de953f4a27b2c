-- How many objects there are of every kind that an extension may make.
SELECT string_agg(kind || ' ' || number, ', ') FROM (
    SELECT 'schemas' AS kind, count(*) AS number FROM pg_namespace WHERE nspname !~ '^pg_t' UNION ALL
    SELECT 'functions', count(*) FROM pg_proc UNION ALL
    SELECT 'types', count(*) FROM pg_type UNION ALL
    SELECT 'relations', count(*) FROM pg_class WHERE relnamespace::regnamespace::text !~ '^pg_t' UNION ALL
    SELECT 'operators', count(*) FROM pg_operator UNION ALL
    SELECT 'casts', count(*) FROM pg_cast UNION ALL
    SELECT 'operator classes', count(*) FROM pg_opclass UNION ALL
    SELECT 'default privileges', count(*) FROM pg_default_acl UNION ALL
    SELECT 'initial privileges', count(*) FROM pg_init_privs UNION ALL
    SELECT 'event triggers', count(*) FROM pg_event_trigger UNION ALL
    SELECT 'comments', count(*) FROM pg_description) AS o;
