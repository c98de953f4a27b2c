#!/bin/bash
# From 0.1.0 to this version: new files under an old declaration fail in words; views that stand on functions are named; then the upgraded
# database declares what a fresh one does, and every stored value is what it was. All of it by a role that is no superuser.
set -euo pipefail
export PGOPTIONS=''
export PATH=$PG_RETENTION_BINDIR:$PATH # pg_dump of the same major
here=$PG_RETENTION_ROOT/tests/upgrade
fresh=retention_upgrade_fresh old=retention_upgrade_old

clean_up() {
    for db in "$fresh" "$old"; do dropdb --if-exists "$db" 2> /dev/null; done
    dropuser --if-exists retention_upgrader 2> /dev/null
    rm -f "$PG_RETENTION_SHAREDIR/extension/pg_retention--0.1.0.sql"
}
run() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

clean_up
trap clean_up EXIT
cp "$here/pg_retention--0.1.0.sql" "$PG_RETENTION_SHAREDIR/extension/"
createuser retention_upgrader
createdb -O retention_upgrader "$fresh"
createdb -O retention_upgrader "$old"
started=$(run -d postgres -c 'SELECT pg_postmaster_start_time()')
export PGUSER_BEFORE=$PGUSER PGUSER=retention_upgrader

run -d "$fresh" -c 'CREATE EXTENSION pg_retention'
run -d "$old" -f "$here/stored.sql"

# The new library, the old declarations: every function, with NULLs. What has changed says what to do.
outcomes=$(run -d "$old" -f "$here/between.sql" 2> "$PG_RETENTION_WORK/between.log")
echo "functions of 0.1.0 over the new library: $outcomes"
[[ $outcomes == *'outdated (55000)'* && $outcomes != *XX* ]]

# A view and a function that stand on what will be dropped.
run -d "$old" -c "CREATE VIEW mine AS SELECT (retention.churn(h)).* FROM stored"
run -d "$old" -c "CREATE FUNCTION my_members() RETURNS SETOF bigint BEGIN ATOMIC SELECT retention.members(h) FROM stored; END"
if run -d "$old" -c 'ALTER EXTENSION pg_retention UPDATE' 2> "$PG_RETENTION_WORK/blocked.log"; then
    echo "views on functions did not hold the update up"
    exit 1
fi
grep -q 'view mine' "$PG_RETENTION_WORK/blocked.log" && grep -q 'function my_members' "$PG_RETENTION_WORK/blocked.log" && grep -q HINT "$PG_RETENTION_WORK/blocked.log"
run -d "$old" -c 'DROP VIEW mine; DROP FUNCTION my_members'
run -d "$old" -c 'ALTER EXTENSION pg_retention UPDATE'

for db in "$fresh" "$old"; do run -d "$db" -f "$here/catalogue.sql" > "$PG_RETENTION_WORK/$db"; done
# The schema itself an installation of 0.1.0 keeps, which is its owner's and not the extension's.
for db in "$fresh" "$old"; do sed -i -E '/^(schema|member schema|initial privileges schema) retention( |$)/d' "$PG_RETENTION_WORK/$db"; done
diff "$PG_RETENTION_WORK/$fresh" "$PG_RETENTION_WORK/$old"
echo "$(wc -l < "$PG_RETENTION_WORK/$old") declarations are the same, upgraded and fresh"

wrong=$(run -d "$old" -f "$here/answers.sql")
[ -z "$wrong" ] || {
    echo "not what was stored: $wrong"
    exit 1
}
echo "what 0.1.0 stored is what it was"

# A dump of what began as 0.1.0 can be restored: it makes the schema, and then the extension in it.
pg_dump -d "$old" -f "$PG_RETENTION_WORK/old.sql"
dropdb "$fresh"
PGUSER=$PGUSER_BEFORE createdb -O retention_upgrader "$fresh"
run -d "$fresh" -f "$PG_RETENTION_WORK/old.sql" > "$PG_RETENTION_WORK/restore.log"
wrong=$(run -d "$fresh" -f "$here/answers.sql")
[ -z "$wrong" ] || {
    echo "not what was stored, after a restore: $wrong"
    exit 1
}
echo "and after a dump and a restore"

# What may be dropped can be: nothing is left behind but the schema that CREATE EXTENSION of 0.1.0 made.
run -d "$old" -c 'DROP TABLE stored, kept; DROP EXTENSION pg_retention'
[ "$(run -d "$old" -c "SELECT count(*) FROM pg_proc WHERE probin LIKE '%pg_retention%'")" = 0 ]
# That one stands in the way of the next installation, which says what to do.
run -d "$old" -c 'CREATE EXTENSION pg_retention' 2> "$PG_RETENTION_WORK/schema.log" && exit 1
grep -q 'DROP SCHEMA retention' "$PG_RETENTION_WORK/schema.log"
run -d "$old" -c 'DROP SCHEMA retention'
before=$(run -d "$old" -f "$here/objects.sql")
run -d "$old" -c 'CREATE EXTENSION pg_retention' -c 'DROP EXTENSION pg_retention'
[ "$(run -d "$old" -f "$here/objects.sql")" = "$before" ]
echo "DROP EXTENSION leaves nothing behind"
export PGUSER=$PGUSER_BEFORE
[ "$(run -d postgres -c 'SELECT pg_postmaster_start_time()')" = "$started" ]
