-- What a DBA runs after an upgrade of the server or of the files. A superuser does so too: every operator is PostgreSQL's own by its name.

CREATE FUNCTION check_installation() RETURNS TABLE (problem text, remedy text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
BEGIN ATOMIC
    -- CREATE AGGREGATE can not say STABLE, and pg_upgrade makes aggregates by it: the label that the install script gave is gone.
    SELECT pg_catalog.format('%s aggregates are labelled IMMUTABLE and depend on TimeZone, as pg_upgrade leaves them: postgres_fdw would send '
               'them to servers with another TimeZone. A superuser mends it', pg_catalog.count(*)),
           'UPDATE pg_catalog.pg_proc AS a SET provolatile = t.provolatile FROM pg_catalog.pg_aggregate AS g, pg_catalog.pg_proc AS t, pg_catalog.pg_namespace AS n '
               'WHERE n.nspname OPERATOR(pg_catalog.=) ''@extschema@'' AND a.pronamespace OPERATOR(pg_catalog.=) n.oid '
               'AND g.aggfnoid::pg_catalog.oid OPERATOR(pg_catalog.=) a.oid AND t.oid OPERATOR(pg_catalog.=) g.aggtransfn::pg_catalog.oid '
               'AND a.provolatile OPERATOR(pg_catalog.=) ''i'' AND t.provolatile OPERATOR(pg_catalog.<>) ''i'''
    FROM pg_catalog.pg_proc AS a
         JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) a.pronamespace
         JOIN pg_catalog.pg_aggregate AS g ON g.aggfnoid::pg_catalog.oid OPERATOR(pg_catalog.=) a.oid
         JOIN pg_catalog.pg_proc AS t ON t.oid OPERATOR(pg_catalog.=) g.aggtransfn::pg_catalog.oid
    WHERE n.nspname OPERATOR(pg_catalog.=) '@extschema@' AND a.provolatile OPERATOR(pg_catalog.=) 'i' AND t.provolatile OPERATOR(pg_catalog.<>) 'i'
    HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0
    UNION ALL
    SELECT pg_catalog.format('the files are of version %s, and this database declares %s', f.default_version, e.extversion),
           'ALTER EXTENSION pg_retention UPDATE'
    FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_available_extensions AS f ON f.name OPERATOR(pg_catalog.=) e.extname
    WHERE e.extname OPERATOR(pg_catalog.=) 'pg_retention' AND f.default_version OPERATOR(pg_catalog.<>) e.extversion;
END;
COMMENT ON FUNCTION check_installation() IS
    'what is wrong with the installation in this database, and the statement that mends it; no rows when all is well. For DBAs, after pg_upgrade or when files were replaced';
