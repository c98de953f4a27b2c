#!/bin/bash
# The benchmark: what a history costs next to reading the rows, to plain SQL, to DuckDB and to chDB; and fits next to lifetimes.
#
#   scripts/bench.sh          make the rows, measure, print the tables, and put them into docs/benchmarks.md
#
# Environment:
#   ROWS          rows of the table, 10000000 unless set (1000000 for a quick look; 100000000 takes over an hour)
#   ENGINE_ROWS   rows for the comparison with DuckDB and chDB: twice ROWS, at most 20000000; 0 leaves it out
#   CUSTOMERS     customers for the comparison with lifetimes: a fifth of ROWS, at most 2000000; 0 leaves it out. With 2000000
#                 it takes five minutes: lifetimes fits for two or three of these, and the rest is making and loading customers
#   PUBLISH_ROWS  rows for what publishing costs: twice ROWS, at most 20000000; 0 leaves it out. Its table is target/bench/publish.md
#   REPETITIONS   rounds that count, 5 unless set; one more warms up
#   PATIENCE      seconds to wait at most until other programs leave the processors idle, 300 unless set
#   QUESTIONS     only these, e.g. "months days"; the others are reported as not measured
#   KEEP          if set, the server stays:  scripts/server.sh psql bench
#
# A whole run of 10 M rows and 5 repetitions or more is written into docs/benchmarks.md, any other into target/bench/ only.
# The statements are in benches/statements.sql. The server is a throw-away one; DuckDB and chDB live in target/bench/venv,
# lifetimes in target/bench/lifetimes.

export PROFILE=${PROFILE:-release}
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

cd "$ROOT"
ROWS=${ROWS:-10000000}
ENGINE_ROWS=${ENGINE_ROWS:-$((2 * ROWS < 20000000 ? 2 * ROWS : 20000000))}
CUSTOMERS=${CUSTOMERS:-$((ROWS / 5 < 2000000 ? ROWS / 5 : 2000000))}
PUBLISH_ROWS=${PUBLISH_ROWS:-$((2 * ROWS < 20000000 ? 2 * ROWS : 20000000))}
REPETITIONS=${REPETITIONS:-5}
PATIENCE=${PATIENCE:-300}
OUT=$ROOT/target/bench
REPORT=$OUT/report.md
COMMAND="make bench"
[ "$ROWS" -eq 10000000 ] || COMMAND="$COMMAND ROWS=$ROWS"
[ "$REPETITIONS" -eq 5 ] || COMMAND="$COMMAND REPETITIONS=$REPETITIONS"

asked() { [ -z "${QUESTIONS:-}" ] || [[ " $QUESTIONS " == *" $1 "* ]]; }
database() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }

# --- Set-up ------------------------------------------------------------------------------------------

# make_venv FOLDER REQUIREMENTS HOW_TO_DO_WITHOUT
make_venv() {
    if ! cmp -s "benches/$2" "$1/$2"; then
        say "Installing $(xargs < "benches/$2") into ${1#"$ROOT/"}"
        rm -rf "$1"
        python3 -m venv "$1" && "$1/bin/pip" install -q --disable-pip-version-check -r "benches/$2" && cp "benches/$2" "$1/" ||
            die "$(xargs < "benches/$2") could not be installed (python3 with venv and pip is needed)" "$3 leaves this out."
    fi
}

make_venvs() {
    if [ "$ENGINE_ROWS" -gt 0 ] && { asked engines || asked publish; }; then
        VENV=$OUT/venv
        make_venv "$VENV" engines.txt ENGINE_ROWS=0
    fi
    if [ "$CUSTOMERS" -gt 0 ] && asked clv; then
        LIFETIMES=$OUT/lifetimes
        make_venv "$LIFETIMES" clv.txt CUSTOMERS=0
    fi
}

# Settings under which the floor is as low as it gets: the table in shared memory, no compilation, nothing in the background.
# A table of more than a quarter of shared_buffers that is not put there is read from the system's cache: "cached" needs that.
start_server() {
    local kilobytes shared work
    kilobytes=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
    shared=$((ROWS * 170 / 1048576 + 128))
    work=$((ROWS * 200 / 1048576 + 64))
    [ $shared -le $((kilobytes / 2048)) ] || shared=$((kilobytes / 2048))
    [ $work -le $((kilobytes / 4096)) ] || work=$((kilobytes / 4096))
    LOAD=$(cut -d ' ' -f 1-3 /proc/loadavg)
    say "Starting a throw-away PostgreSQL $PG_MAJOR (shared_buffers ${shared}MB, work_mem ${work}MB; load $LOAD)"
    [ -n "${KEEP:-}" ] || trap '"$ROOT/scripts/server.sh" stop bench' EXIT
    trap 'exit 130' INT TERM HUP
    "$ROOT/scripts/server.sh" start bench shared_buffers=${shared}MB work_mem=${work}MB hash_mem_multiplier=1 \
        max_parallel_workers_per_gather=0 parallel_leader_participation=off parallel_setup_cost=0 parallel_tuple_cost=0 \
        min_parallel_table_scan_size=0 jit=off autovacuum=off \
        fsync=off full_page_writes=off wal_level=minimal max_wal_senders=0 max_wal_size=16GB checkpoint_timeout=1h
    eval "$("$ROOT/scripts/server.sh" env bench)"
    export PATH=$PG_RETENTION_BINDIR:$PATH PGDATABASE=postgres
    cc -O2 -shared -fPIC -I"$("$PG_CONFIG" --includedir-server)" -o "$PG_RETENTION_PKGLIBDIR/pg_retention_bench_rows.so" benches/rows.c
    database -f benches/generate.sql -f benches/measure.sql -f benches/statements.sql -c "INSERT INTO bench.patience VALUES ($PATIENCE)"
}

# --- Tables ------------------------------------------------------------------------------------------

# make_table NAME QUERY [cached]: with all rows visible to all, in shared memory unless the system's cache is to have it.
make_table() {
    note "table $1"
    database -c "CREATE TABLE $1 AS $2" -c "VACUUM (FREEZE, ANALYZE) $1" -c CHECKPOINT
    [ "${3:-}" = cached ] || database -o /dev/null -c "SELECT pg_prewarm('$1')"
}

rows_of() { echo "SELECT member_id, at FROM bench.events($1)"; }

# --- Questions ---------------------------------------------------------------------------------------

# measure QUESTION [TABLE QUERY [cached]]: with a table of its own, which goes afterwards.
measure() {
    asked "$1" || return 0
    [ $# -eq 1 ] || make_table "${@:2}"
    note "$1"
    database -c "CALL bench.measure('$1', $REPETITIONS)"
    [ $# -eq 1 ] || database -c "DROP TABLE $2"
}

# The distinct (member, tick) of the table, counted by plain SQL; and the histories that are stored.
prepare() {
    local grain
    for grain in day month year; do
        database -c "SET max_parallel_workers_per_gather = 2" -c "INSERT INTO bench.number SELECT 'ticks: $grain', count(*)
            FROM (SELECT FROM events GROUP BY member_id, date_trunc('$grain', at AT TIME ZONE 'UTC')) t"
    done
    database -c "INSERT INTO bench.number SELECT 'members', count(DISTINCT member_id) FROM events"
    for grain in day month; do
        store "$grain" "" NULL
        store "$grain" " with amounts" amount
    done
    database -c "ALTER TABLE stored_month RENAME TO stored" -c "ALTER TABLE stored_month_with_amounts RENAME TO stored_amounts" \
        -c "DROP TABLE stored_day, stored_day_with_amounts"
}

# store GRAIN " with amounts" AMOUNT
store() {
    local table=stored_$1${2// /_}
    make_table "$table" "SELECT retention.history_agg(member_id, at, $3, '$1', 'UTC') AS h FROM events"
    database -c "INSERT INTO bench.number SELECT 'stored, $1$2', pg_column_size(h) FROM $table"
}

# measure_memory NAME TABLE QUERY [hashed]
measure_memory() {
    database -c "CALL bench.measure_memory('$1', '$2', \$q\$ $3 \$q\$, ${4:-false})"
}

memory_while_building() {
    local grain
    asked memory || return 0
    note memory
    for grain in day month year; do
        measure_memory "memory, $grain" events \
            "SELECT retention.members(retention.history_agg(member_id, at, NULL, '$grain', 'UTC')) FROM events"
        measure_memory "memory, $grain with amounts" events \
            "SELECT retention.members(retention.history_agg(member_id, at, amount, '$grain', 'UTC')) FROM events"
    done
}

measure_groups() {
    asked groups || return 0
    make_table events_grouped "SELECT (i % ($ROWS / 100))::int AS group_id, member_id, at FROM bench.events($ROWS)"
    measure groups
    measure_memory "groups, array_agg" events_grouped \
        "SELECT count(x) FROM (SELECT array_agg(member_id) AS x FROM events_grouped GROUP BY group_id) t" true
    measure_memory "groups, ours" events_grouped \
        "SELECT count(x) FROM (SELECT retention.history_agg(member_id, at) AS x FROM events_grouped GROUP BY group_id) t" true
    database -c "DROP TABLE events_grouped"
}

measure_engines() {
    asked engines && [ -n "${VENV:-}" ] || return 0
    make_table events_engines "$(rows_of "$ENGINE_ROWS")"
    note "engines"
    mkdir -p "$OUT/engines"
    rm -rf "$OUT"/engines/*
    "$VENV/bin/python" benches/engines.py "$OUT/engines" "$REPETITIONS"
    database -c "DROP TABLE events_engines"
}

measure_clv() {
    [ -n "${LIFETIMES:-}" ] || return 0
    note "clv ($CUSTOMERS customers, and a quarter as many)"
    "$LIFETIMES/bin/python" benches/clv.py "$CUSTOMERS" "$REPETITIONS"
}

measure_publish() {
    asked publish && [ "$PUBLISH_ROWS" -gt 0 ] || return 0
    note "publish ($PUBLISH_ROWS rows)"
    database -v rows="$PUBLISH_ROWS" -f benches/publish.sql
    [ -z "${VENV:-}" ] || "$VENV/bin/python" benches/publish.py "$OUT"
    database -f benches/publish_report.sql | tee "$OUT/publish.md"
    database -c "CALL retention.unpublish('pub')" -c "DROP TABLE sales"
}

# --- The report --------------------------------------------------------------------------------------

report() {
    database -f benches/report.sql -v rows="$ROWS" -v engine_rows="$ENGINE_ROWS" -v repetitions="$REPETITIONS" -v command="$COMMAND" \
        -v cpu="$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" -v cores="$(nproc)" \
        -v memory="$(awk '/^MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo)" -v load="$LOAD" \
        -v system="$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release), Linux $(uname -r)" \
        -v rust="$(rustc --version | cut -d ' ' -f 1-2)" \
        -v commit="$(git describe --always --dirty=' with changes' 2> /dev/null || echo 'no commit')"
}

# The tables go between the document's two markers.
publish() {
    awk -v report="$REPORT" '
        /^<!-- end of the run -->$/ { between = 0 }
        !between { print }
        /^<!-- the last run -->$/ { between = 1; while ((getline line < report) > 0) print line; print "" }
    ' docs/benchmarks.md > "$OUT/benchmarks.md"
    cat "$OUT/benchmarks.md" > docs/benchmarks.md
}

"$ROOT/scripts/setup.sh"
"$ROOT/scripts/build.sh"
use_postgres
mkdir -p "$OUT"
make_venvs
start_server

say "Measuring, $REPETITIONS rounds each and one to warm up"
make_table events "SELECT member_id, at, amount FROM bench.events($ROWS)"
prepare
measure months
measure workers
measure days
measure stored
measure rows
measure rfm
measure rfm_rows
measure clv_rows
measure size events_tenth "$(rows_of $((ROWS / 10)))"
measure ordered events_ordered "SELECT member_id, at FROM events ORDER BY at"
measure cached events_cached "SELECT member_id, at, amount FROM events" cached
measure uuid events_uuid "SELECT bench.as_uuid(member_id) AS member_id, at FROM events"
measure text events_text "SELECT bench.as_text(member_id) AS member_id, at FROM events"
memory_while_building
measure_groups
measure_engines
measure_publish
measure_clv
measure plain
! asked check || database -c "CALL bench.measure('check', 0)"

report > "$REPORT" || die "the report is not complete: see $REPORT"
cat "$REPORT"
if [ -z "${QUESTIONS:-}" ] && [ "$ROWS" -ge 10000000 ] && [ "$REPETITIONS" -ge 5 ] && [ "$ENGINE_ROWS" -gt 0 ] &&
    [ "$CUSTOMERS" -gt 0 ]; then
    publish
    say "docs/benchmarks.md has this run"
fi
