#!/bin/bash
# pg_upgrade to the newest PostgreSQL for which the extension is built too: stored values, indexes and every answer are the same
# afterwards, and the labels that pg_upgrade forgets are reported, and given back by the statement that the report names.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
unset PGTZ PGDATESTYLE

cd "$(dirname "$0")"
server=$PG_RETENTION_ROOT/scripts/server.sh
old=$PG_RETENTION_SERVER.upgrade
new=$PG_RETENTION_SERVER.upgrade.new
work=$PG_RETENTION_WORK

major=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
build=${CARGO_TARGET_DIR:-$PG_RETENTION_ROOT/target}
newer=
for candidate in $(seq 18 -1 $((major + 1))); do
    config=/usr/lib/postgresql/$candidate/bin/pg_config
    [ -x "$config" ] || config=$(echo "${PG_RETENTION_SERVERS:-$build/servers}/$candidate"/*/pginstall/bin/pg_config)
    [ -x "$config" ] || continue
    bin=$(dirname "$config")
    # pg_upgrade wants all programs of one minor release, which not every package of the index has.
    if [ -f "$build/pg$candidate/stage/${PROFILE:-quick}/lib/pg_retention.so" ] && [ "$("$bin/psql" --version | grep -oE '[0-9.]+' | head -n 1)" = "$("$bin/postgres" --version | grep -oE '[0-9.]+' | head -n 1)" ]; then
        newer=$config
        break
    fi
done
[ -n "$newer" ] || {
    echo "skipped: the extension is built for no PostgreSQL after $major; once make test-all has built it, make test-run RUN=pg_upgrade"
    exit 77
}

on() { # SERVER ...
    local name=$1
    shift
    "$server" psql "$name" -X -q -v ON_ERROR_STOP=1 -d shop "$@"
}
trap '"$server" stop "$old"' EXIT # and the other, whose name begins so
"$server" stop "$old"

"$server" start "$old" fsync=off
"$server" psql "$old" -X -q -d postgres -c 'CREATE DATABASE shop'
on "$old" -c 'CREATE EXTENSION pg_retention' -v data="$PG_RETENTION_ROOT/demo/data" -f "$PG_RETENTION_ROOT/demo/load.sql" > "$work/load.log"
on "$old" -f ../move/stored.sql
on "$old" -At -f ../move/answers.sql > "$work/before"
[ -z "$(on "$old" -At -c 'SELECT problem FROM retention.check_installation()')" ]

PG_CONFIG=$newer "$server" start "$new" upgrade_of="$old" fsync=off
echo "from $("$PG_CONFIG" --version) to $(on "$new" -At -c 'SHOW server_version')"
on "$new" -At -f ../move/answers.sql > "$work/after"
diff "$work/before" "$work/after"
echo "$(wc -l < "$work/after") lines of answers are the same"

count() { on "$new" -At -c 'SELECT count(*) FROM retention.check_installation()'; }
[ "$(count)" = 1 ] || {
    echo "the labels that pg_upgrade forgets are not reported"
    exit 1
}
remedy=$(on "$new" -At -c 'SELECT remedy FROM retention.check_installation()')
on "$new" -c "$remedy"
[ "$(count)" = 0 ] || {
    echo "the statement does not mend what is reported: $remedy"
    exit 1
}
# Label by label, as a fresh installation has them.
labels="SELECT oid::regprocedure, provolatile, proparallel, proisstrict FROM pg_proc WHERE pronamespace IN ('retention'::regnamespace, 'retention_internal'::regnamespace) ORDER BY oid::regprocedure::text"
on "$new" -At -c "$labels" > "$work/labels.upgraded"
"$server" psql "$new" -X -q -d postgres -c 'CREATE DATABASE fresh'
"$server" psql "$new" -X -q -d fresh -c 'CREATE EXTENSION pg_retention'
"$server" psql "$new" -X -q -d fresh -At -c "$labels" > "$work/labels.fresh"
diff "$work/labels.fresh" "$work/labels.upgraded"
echo "what pg_upgrade forgets is reported, and the statement that the report names mends it: $(wc -l < "$work/labels.upgraded") labels are those of a fresh installation"
