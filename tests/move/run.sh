#!/bin/bash
# Values of every type that are moved: COPY as text and binary into another database, pg_dump, CLUSTER, REINDEX, VACUUM FULL. Every answer is
# as before. (Replication and standbys: tests/replication; the next PostgreSQL: tests/pg_upgrade.)
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
export PATH=$PG_RETENTION_BINDIR:$PATH # pg_dump of the same major

cd "$(dirname "$0")"
work=$PG_RETENTION_WORK
database=retention_move
clean_up() { for db in "$database" "${database}_text" "${database}_binary" "${database}_dump"; do dropdb --if-exists "$db" 2> /dev/null; done; }
trap clean_up EXIT
clean_up
on() {
    local db=$1
    shift
    psql -X -q -v ON_ERROR_STOP=1 -d "$db" "$@"
}
same() { # DATABASE WHAT
    on "$1" -At -f answers.sql > "$work/$2"
    diff "$work/before" "$work/$2"
    echo "$2: $(wc -l < "$work/$2") lines of answers are the same"
}

createdb -T "$PG_RETENTION_TEMPLATE" "$database"
on "$database" -f stored.sql
on "$database" -At -f answers.sql > "$work/before"
[ "$(wc -l < "$work/before")" -gt 500 ]
[ "$(on "$database" -At -c "SELECT count(*) FROM kept WHERE h IS NULL OR m IS NULL OR s IS NULL OR l IS NULL")" = 0 ]

for format in text binary; do
    createdb -T "$PG_RETENTION_TEMPLATE" "${database}_$format"
    on "${database}_$format" -f stored.sql -c 'TRUNCATE kept'
    on "$database" -c "COPY kept (country, h, m, s, l, c, fitted) TO STDOUT (FORMAT $format)" > "$work/kept.$format"
    on "${database}_$format" -c "COPY kept (country, h, m, s, l, c, fitted) FROM STDIN (FORMAT $format)" -c 'REFRESH MATERIALIZED VIEW cohort' < "$work/kept.$format"
    same "${database}_$format" "COPY, $format"
done
createdb "${database}_dump"
pg_dump -d "$database" -Fc -f "$work/kept.dump"
pg_restore -d "${database}_dump" --exit-on-error "$work/kept.dump"
same "${database}_dump" "pg_dump"

on "$database" -c 'CLUSTER small USING small_h_idx' -c 'VACUUM FULL kept' -c 'REINDEX TABLE kept' -c 'REFRESH MATERIALIZED VIEW cohort' -c "REINDEX DATABASE $database"
same "$database" "CLUSTER, VACUUM FULL, REINDEX"
if psql -X -q -d "$database" -At -c "SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'" | grep -q 1; then
    on "$database" -c 'CREATE EXTENSION amcheck' -At -c "SELECT bt_index_check('small_h_idx', true)" > /dev/null
    echo "amcheck finds the index sound"
fi
