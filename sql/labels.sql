-- CREATE AGGREGATE says IMMUTABLE and can not say otherwise. Where an aggregate goes by the session's TimeZone the install script corrects
-- pg_proc; pg_upgrade does not carry that over, since it makes every object anew by its CREATE statement.

CREATE FUNCTION check_labels() RETURNS TABLE (aggregate regprocedure, label text, should_be text, statement text)
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
    SELECT p.oid::pg_catalog.regprocedure, 'IMMUTABLE'::pg_catalog.text, CASE f.provolatile WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END,
           pg_catalog.format('UPDATE pg_catalog.pg_proc SET provolatile = %L WHERE oid = %L::pg_catalog.regprocedure', f.provolatile, p.oid::pg_catalog.regprocedure)
    FROM pg_catalog.pg_aggregate AS a
         JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) a.aggfnoid::pg_catalog.oid
         JOIN pg_catalog.pg_proc AS f ON f.oid OPERATOR(pg_catalog.=) a.aggtransfn::pg_catalog.oid
         JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
    WHERE n.nspname OPERATOR(pg_catalog.=) '@extschema@'
          AND p.provolatile OPERATOR(pg_catalog.=) 'i' AND f.provolatile OPERATOR(pg_catalog.<>) 'i'
    ORDER BY p.oid;
END;
COMMENT ON FUNCTION check_labels() IS
    'the aggregates that go by the session''s TimeZone and are labelled IMMUTABLE, as pg_upgrade leaves them: postgres_fdw could then send them to a server with another one; statement is what a superuser runs to mend it; no rows: nothing is wrong';
