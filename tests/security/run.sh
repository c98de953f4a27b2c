#!/bin/bash
# A trusted extension's script runs as superuser: what somebody has put into the extension's schema before must not be run by it.
set -euo pipefail
export PGOPTIONS=''

database=retention_security
clean_up() {
    dropdb --if-exists "$database" 2> /dev/null
    dropuser --if-exists retention_evil 2> /dev/null
}
trap clean_up EXIT
clean_up
createdb "$database"
psql -X -q -v ON_ERROR_STOP=1 -d "$database" <<'SQL'
CREATE ROLE retention_evil LOGIN;
SELECT format('GRANT CREATE ON DATABASE %I TO retention_evil', current_database()) \gexec
SET SESSION AUTHORIZATION retention_evil;
CREATE SCHEMA retention;
CREATE FUNCTION retention.format(text, text, text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'ALTER ROLE retention_evil SUPERUSER';
    RETURN pg_catalog.format($1, VARIADIC ARRAY[$2, $3]);
END $$;
CREATE FUNCTION retention.format(text, text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'ALTER ROLE retention_evil SUPERUSER';
    RETURN pg_catalog.format($1, VARIADIC ARRAY[$2]);
END $$;
CREATE FUNCTION retention.same(oid, regprocedure) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'ALTER ROLE retention_evil SUPERUSER';
    RETURN $1 OPERATOR(pg_catalog.=) $2::oid;
END $$;
CREATE OPERATOR retention.= (FUNCTION = retention.same, LEFTARG = oid, RIGHTARG = regprocedure);
-- What a function of the extension that superusers call could find here.
SELECT format($f$CREATE FUNCTION retention.same(%1$s, %2$s) RETURNS boolean LANGUAGE plpgsql AS $body$
BEGIN
    EXECUTE 'ALTER ROLE retention_evil SUPERUSER';
    RETURN true;
END $body$;
CREATE OPERATOR retention.= (FUNCTION = retention.same, LEFTARG = %1$s, RIGHTARG = %2$s)$f$, a, b)
FROM (VALUES ('oid', 'regproc'), ('regproc', 'oid'), ('oid', 'regnamespace'), ('name', 'text')) AS o (a, b) \gexec
CREATE EXTENSION pg_retention WITH SCHEMA retention;
SQL
# As the superuser who looks after an upgrade.
[ "$(psql -X -A -t -d "$database" -c 'SELECT count(*) FROM retention.check_installation()')" = 0 ]
answer=$(psql -X -A -t -d "$database" -c "SELECT rolsuper, (SELECT retention.members(retention.history_agg(1, now()))) FROM pg_roles WHERE rolname = 'retention_evil'")
[ "$answer" = "f|1" ] || {
    echo "whoever owned the schema is superuser: $answer"
    exit 1
}
echo "the extension was installed, and whoever owned the schema is no superuser"
