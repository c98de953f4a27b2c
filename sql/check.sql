-- What a DBA runs after an upgrade of the server or of the files.

CREATE FUNCTION check_installation() RETURNS TABLE (problem text, remedy text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
BEGIN ATOMIC
    -- CREATE AGGREGATE can not say STABLE, and pg_upgrade makes aggregates by it: the label that the install script gave is gone.
    SELECT pg_catalog.format('%s aggregates are labelled IMMUTABLE and depend on TimeZone, as pg_upgrade leaves them: postgres_fdw would send '
               'them to servers with another TimeZone', pg_catalog.count(*)),
           'As superuser: UPDATE pg_catalog.pg_proc AS a SET provolatile = ''s'' FROM pg_catalog.pg_aggregate AS g, pg_catalog.pg_proc AS t '
               'WHERE a.pronamespace = ''retention''::regnamespace AND g.aggfnoid = a.oid AND t.oid = g.aggtransfn '
               'AND t.provolatile = ''s'' AND a.provolatile = ''i'''
    FROM pg_catalog.pg_proc AS a
         JOIN pg_catalog.pg_aggregate AS g ON g.aggfnoid = a.oid
         JOIN pg_catalog.pg_proc AS t ON t.oid = g.aggtransfn
    WHERE a.pronamespace = 'retention'::pg_catalog.regnamespace AND t.provolatile = 's' AND a.provolatile = 'i'
    HAVING pg_catalog.count(*) > 0
    UNION ALL
    SELECT pg_catalog.format('the files are of version %s, and this database declares %s', f.default_version, e.extversion),
           'ALTER EXTENSION pg_retention UPDATE'
    FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_available_extensions AS f ON f.name = e.extname
    WHERE e.extname = 'pg_retention' AND f.default_version <> e.extversion;
END;
COMMENT ON FUNCTION check_installation() IS
    'what is wrong with the installation in this database, and the statement that mends it; no rows when all is well. For DBAs, after pg_upgrade or when files were replaced';
