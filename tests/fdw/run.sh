#!/bin/bash
# postgres_fdw: rows and histories on a server in another time zone. What is made of them here is what local rows make;
# what may be computed there (extensions 'pg_retention') is, and gives the same.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
unset PGTZ PGDATESTYLE

if [ ! -f "$PG_RETENTION_SHAREDIR/extension/postgres_fdw.control" ]; then
    echo "skipped: postgres_fdw is not installed"
    exit 77
fi

cd "$(dirname "$0")"
server=$PG_RETENTION_ROOT/scripts/server.sh
remote=$PG_RETENTION_SERVER.remote
local=retention_fdw

in_environment_of() ( # VARIABLE SERVER
    variables=$("$server" env "$2")
    eval "$variables"
    echo "${!1}"
)
clean_up() {
    local status=$? log
    dropdb --if-exists "$local"
    [ $status -eq 0 ] || ! log=$(in_environment_of PG_RETENTION_LOG "$remote" 2> /dev/null) ||
        cp "$log" "$PG_RETENTION_WORK/remote.log" || true
    "$server" stop "$remote"
}
here() { psql -X -q -v ON_ERROR_STOP=1 -d "$local" "$@"; }
there() { "$server" psql "$remote" -X -q -v ON_ERROR_STOP=1 "$@"; }

trap clean_up EXIT
"$server" stop "$remote"
dropdb --if-exists "$local"

"$server" start "$remote" timezone=Asia/Tokyo fsync=off full_page_writes=off
for database in shop warehouse; do
    there -d postgres -c "CREATE DATABASE $database"
    there -d "$database" -c "CREATE EXTENSION pg_retention" -f remote_tables.sql
done
createdb -T "$PG_RETENTION_TEMPLATE" "$local"
here -c "ALTER DATABASE $local SET TimeZone = 'America/New_York'"
here -v host="$(in_environment_of PGHOST "$remote")" -v port="$(in_environment_of PGPORT "$remote")" -f local_tables.sql
echo "here the zone is $(here -At -c 'SHOW TimeZone'), there it is $(there -d shop -At -c 'SHOW TimeZone')"

here -f questions.sql
# "what: so many compared, so many wrong": of every kind some, and none wrong.
here -At -F ': ' -o "$PG_RETENTION_WORK/verdict" -c "
    SELECT what, count(*) || ' compared, ' || count(*) FILTER (WHERE right_answer IS NOT TRUE) || ' wrong'
    FROM answers GROUP BY what ORDER BY what"
cat "$PG_RETENTION_WORK/verdict"
if [ "$(wc -l < "$PG_RETENTION_WORK/verdict")" -ne 15 ] || grep -qv ': [1-9][0-9]* compared, 0 wrong$' "$PG_RETENTION_WORK/verdict"; then
    here -c "SELECT * FROM answers WHERE right_answer IS NOT TRUE ORDER BY what, question LIMIT 30"
    exit 1
fi
