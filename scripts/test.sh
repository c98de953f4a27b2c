#!/bin/bash
# Every test, or one part of them:
#
#   scripts/test.sh           all parts
#   scripts/test.sh model     the model crate: unit, property and documentation tests; no server
#   scripts/test.sh sql       tests/sql/GROUP/NAME.sql against tests/expected/GROUP/NAME.out, by PostgreSQL's own pg_regress:
#                             several at once, as tests/schedule says, each in a database of its own (own-database.sh).
#                             TESTS="..." runs only these: NAME or GROUP/NAME, or GROUP for all of a group
#   scripts/test.sh docs      the SQL examples of README.md and docs: see scripts/check-docs.pl
#   scripts/test.sh server    sql, docs and run
#   scripts/test.sh run       every executable tests/*/run.sh; RUN="name ..." runs only these
#   scripts/test.sh installed sql, on a running server that PGHOST, PGPORT and PGUSER name, as it is installed there
#   scripts/test.sh accept    run sql and docs, and write what they print into tests/expected/ and the documents
#
# The server is made for the run and removed after it; its log stays as target/pgNN/test/server.log.
# Every part runs from the repository's root, so tests may say:  \i demo/load.sql
#
# A tests/*/run.sh exits 0 when it passed, 77 when it can not run here (after a line "skipped: why"), else it failed. It finds in its environment
#   PGHOST PGPORT PGUSER      how to reach the server, as superuser; every program in $PG_RETENTION_BINDIR and psql read them
#   PG_CONFIG                 the installation that the server was copied from
#   PG_RETENTION_ROOT         the repository
#   PG_RETENTION_SERVER       the server's name, for  "$PG_RETENTION_ROOT"/scripts/server.sh restart "$PG_RETENTION_SERVER"
#   PG_RETENTION_BINDIR PG_RETENTION_SHAREDIR PG_RETENTION_PKGLIBDIR   the server's own copy of the installation
#   PG_RETENTION_LOG          the server's log
#   PG_RETENTION_TEMPLATE     a database with the extension and the demo's data, for  createdb -T
#   PG_RETENTION_WORK         an empty folder for its files
# It makes databases of its own and leaves others alone; more servers: scripts/server.sh start "$PG_RETENTION_SERVER.NAME"
# (which goes with the first one at the end).

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

cd "$ROOT"
WHAT=${1:-all}
ACCEPT=
SERVER=test.$$
TEMPLATE=pg_retention_demo
PASSED=0 FAILED=0 SKIPPED=0
FAILURES=()
SKIPS=()

passed() { PASSED=$((PASSED + $1)); }
failed() {
    FAILED=$((FAILED + $1))
    FAILURES+=("$2")
}
skipped() {
    [ "$1" -gt 0 ] || return 0
    SKIPPED=$((SKIPPED + $1))
    SKIPS+=("$2")
}

# --- The server --------------------------------------------------------------------------------------

clean_up() {
    local log
    log=$(sed -n "s/^export PG_RETENTION_LOG='\(.*\)'$/\1/p" <<< "$("$ROOT/scripts/server.sh" env "$SERVER" 2> /dev/null)")
    [ -z "$log" ] || cp "$log" "$OUT/server.log" 2> /dev/null || true
    "$ROOT/scripts/server.sh" stop "$SERVER"
}

start_server() {
    local variables
    "$ROOT/scripts/setup.sh"
    "$ROOT/scripts/build.sh"
    use_postgres
    OUT=$BUILD_DIR/test
    rm -rf "$OUT"
    mkdir -p "$OUT"
    "$ROOT/scripts/server.sh" reap test.
    say "Starting a throw-away PostgreSQL $PG_MAJOR for the tests (on a socket only; your own servers are left alone)"
    trap clean_up EXIT
    trap 'exit 130' INT TERM HUP
    # Durability is not what is tested here, and a test that hangs should say so.
    export PG_RETENTION_OWNER=$$
    "$ROOT/scripts/server.sh" start "$SERVER" \
        fsync=off full_page_writes=off wal_level=logical max_wal_senders=4 max_worker_processes=32 max_parallel_workers=32 statement_timeout=20min
    variables=$("$ROOT/scripts/server.sh" env "$SERVER")
    eval "$variables"
    PSQL=("$PG_BINDIR/psql" -X -q -v ON_ERROR_STOP=1)
}

make_template() {
    say "Making a database with the extension and the demo's data"
    "${PSQL[@]}" -d postgres -c "CREATE DATABASE $TEMPLATE" &&
        "${PSQL[@]}" -d "$TEMPLATE" -c "CREATE EXTENSION $EXTENSION" -f demo/load.sql
}

# A crash of the server fails the run even where every test's output is as it should be.
LOG_LINES_SEEN=0
check_for_crashes() {
    local after=$1 crashes
    crashes=$(tail -n "+$((LOG_LINES_SEEN + 1))" "$PG_RETENTION_LOG" |
        grep -E 'was terminated by signal|PANIC:|exited with exit code [^01]') || return 0
    LOG_LINES_SEEN=$(wc -l < "$PG_RETENTION_LOG")
    say "The server crashed during $after:"
    note "$crashes"
    failed 1 "$after: the server crashed (see ${OUT#"$ROOT/"}/server.log)"
    "$ROOT/scripts/server.sh" restart "$SERVER" # the next part is not to find it in recovery
}

# --- The parts ---------------------------------------------------------------------------------------

test_model() {
    local log p f s status=0
    log=${CARGO_TARGET_DIR:-$ROOT/target}/test-model.log
    mkdir -p "${log%/*}"
    say "The model crate's tests"
    # shellcheck disable=SC2086 # CARGO_FLAGS is a list
    cargo test --workspace --exclude "$EXTENSION" ${CARGO_FLAGS:-} 2>&1 | tee "$log" || status=1
    # "test result: ok. 12 passed; 0 failed; 1 ignored; ...", one such line for each of cargo's test programs
    read -r p f s < <(awk '/^test result:/ { p += $4; f += $6; s += $8 } END { print p + 0, f + 0, s + 0 }' "$log")
    passed "$p"
    FAILED=$((FAILED + f))
    skipped "$s" "model: $s tests that are marked ignore"
    [ $status -eq 0 ] || {
        [ "$FAILED" -gt 0 ] || FAILED=1
        FAILURES+=("model: see above")
    }
}

# Prints "passed failed" of a pg_regress log: "test x ... ok" up to PostgreSQL 15, TAP since.
count_regress() {
    awk '/^(test )? *[^ ]+ +\.\.\. ok/ || /^ok [0-9]/ { p++ }
         /\.\.\. FAILED/ || /\.\.\. failed/ || /^not ok [0-9]/ { f++ }
         END { print p + 0, f + 0 }' "$1"
}

# When their output is to be accepted, that tests differ from what was expected is no news.
show_unless_accepting() { if [ -n "$ACCEPT" ]; then cat > /dev/null; else cat; fi; }

# Prints the lines of tests/schedule with the tests that TESTS picks, all of them unless it is set.
pick_tests() {
    awk -v wanted="${TESTS:-}" '
        BEGIN { n = split(wanted, want, " ") }
        $1 != "test:" { next }
        {
            line = ""
            for (i = 2; i <= NF; i++) {
                split($i, part, "/")
                picked = n == 0
                for (k = 1; k <= n; k++)
                    if (want[k] == $i || want[k] == part[1] || want[k] == part[2]) { picked = 1; found[k] = 1 }
                if (picked) line = line " " $i
            }
            if (line != "") print "test:" line
        }
        END {
            for (k = 1; k <= n; k++)
                if (!found[k]) { print "no test is called " want[k] > "/dev/stderr"; failed = 1 }
            exit failed
        }' tests/schedule
}

# Files and schedule must name the same tests: a test that is not run is no test.
check_schedule() {
    local difference
    difference=$(diff <(find tests/sql -name '*.sql' -printf '%P\n' | sed 's/\.sql$//' | sort) \
        <(sed -n 's/^test: *//p' tests/schedule | xargs -n 1 | sort)) ||
        die "tests/sql and tests/schedule differ (<: a file that the schedule lacks, >: a line without a file):" "$difference"
}

test_sql() {
    local pg_regress names=() name p f status=0
    check_schedule
    pick_tests > "$OUT/schedule" || die "TESTS names what tests/schedule does not have"
    read -r -a names <<< "$(sed 's/^test: *//' "$OUT/schedule" | xargs)"
    say "The SQL regression tests${ACCEPT:+ (what they print becomes what is expected)}"
    for name in "${names[@]}"; do mkdir -p "$OUT/results/${name%/*}"; done # pg_regress makes no folders
    if [ -n "$ACCEPT" ]; then
        # pg_regress wants something to compare a new test with.
        for name in "${names[@]}"; do
            mkdir -p "tests/expected/${name%/*}"
            [ -f "tests/expected/$name.out" ] || touch "tests/expected/$name.out"
        done
    fi
    pg_regress=$(dirname "$("$PG_CONFIG" --pgxs)")/../../src/test/regress/pg_regress
    "$pg_regress" --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" --use-existing --dbname=postgres --bindir="$PG_BINDIR" \
        --inputdir="$ROOT/tests" --outputdir="$OUT" --encoding=UTF8 --schedule="$OUT/schedule" \
        --launcher="$ROOT/scripts/own-database.sh $TEMPLATE $PG_BINDIR" 2>&1 | tee "$OUT/pg_regress.log" | show_unless_accepting || status=1
    if [ -n "$ACCEPT" ]; then
        for name in "${names[@]}"; do
            [ ! -f "$OUT/results/$name.out" ] || cp "$OUT/results/$name.out" "tests/expected/$name.out"
        done
        note "their output is now tests/expected/: see 'git diff'"
    else
        read -r p f < <(count_regress "$OUT/pg_regress.log")
        [ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1
        passed "$p"
        if [ "$f" -gt 0 ]; then
            failed "$f" "sql: $f of $((p + f)), differences in ${OUT#"$ROOT/"}/regression.diffs (if they are right: make accept)"
            [ ! -s "$OUT/regression.diffs" ] || cat "$OUT/regression.diffs"
        fi
    fi
    check_for_crashes sql
}

test_docs() {
    local documents=() document p f s update=()
    for document in *.md docs/*.md docs/*/*.md demo/data/*.md; do
        [ ! -f "$document" ] || documents+=("$document")
    done
    say "The links of ${documents[*]}"
    perl scripts/check-docs.pl --links --count "$OUT/links.count" "${documents[@]}" || true
    if [ -f "$OUT/links.count" ] && read -r p f s < "$OUT/links.count"; then
        passed "$p"
        [ "$f" -eq 0 ] || failed "$f" "docs: dead links in $f documents, see above"
    else
        failed 1 "docs: the checker of links itself failed"
    fi
    say "Their examples"
    [ -z "$ACCEPT" ] || update=(--update)
    rm -f "$OUT/docs.count"
    perl scripts/check-docs.pl ${update[@]+"${update[@]}"} --psql "$PG_BINDIR/psql" --template "$TEMPLATE" \
        --count "$OUT/docs.count" "${documents[@]}" || true
    if [ -f "$OUT/docs.count" ] && read -r p f s < "$OUT/docs.count"; then
        passed "$p"
        skipped "$s" "docs: $s examples that are marked norun"
        [ "$f" -eq 0 ] || failed "$f" "docs: $f examples, see above"
    else
        failed 1 "docs: the checker itself failed"
    fi
    check_for_crashes docs
}

test_run() {
    local script name status
    export PG_RETENTION_ROOT=$ROOT PG_RETENTION_TEMPLATE=$TEMPLATE PG_RETENTION_WORK
    for script in tests/*/run.sh; do
        name=$(basename "$(dirname "$script")")
        [ -x "$script" ] || continue
        [ -z "${RUN:-}" ] || [[ " $RUN " == *" $name "* ]] || continue
        say "$script"
        PG_RETENTION_WORK=$OUT/$name
        mkdir -p "$PG_RETENTION_WORK"
        status=0
        timeout --foreground "${RUN_TIMEOUT:-1800}" "$script" < /dev/null 2>&1 | tee "$OUT/$name.log" || status=${PIPESTATUS[0]}
        case $status in
            0) passed 1 && note "$name: passed" ;;
            77) skipped 1 "$script: $(sed -n 's/^skipped: *//p' "$OUT/$name.log" | tail -n 1)" && note "$name: skipped" ;;
            124) failed 1 "$script: still running after ${RUN_TIMEOUT:-1800} seconds" && note "$name: timed out" ;;
            *) failed 1 "$script: exit status $status" && note "$name: FAILED" ;;
        esac
    done
}

# --- Which ones, and the sum -------------------------------------------------------------------------

case $WHAT in
    all)
        "$ROOT/scripts/setup.sh"
        test_model
        start_server
        make_template
        test_sql
        test_docs
        test_run
        ;;
    model)
        need_cargo
        test_model
        ;;
    sql)
        start_server
        make_template
        test_sql
        ;;
    server)
        start_server
        make_template
        test_sql
        test_docs
        test_run
        ;;
    docs | run)
        start_server
        make_template
        "test_$WHAT"
        ;;
    installed)
        use_postgres
        OUT=$BUILD_DIR/test-installed
        rm -rf "$OUT"
        mkdir -p "$OUT"
        PSQL=("$PG_BINDIR/psql" -X -q -v ON_ERROR_STOP=1)
        export PGHOST=${PGHOST:-/tmp} PGPORT=${PGPORT:-5432} PGUSER=${PGUSER:-postgres}
        PG_RETENTION_LOG=/dev/null # whose server it is reads its log
        make_template
        test_sql
        "${PSQL[@]}" -d postgres -A -t -c "SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datname LIKE 'sql\_%' OR datname = '$TEMPLATE'" |
            "${PSQL[@]}" -d postgres
        ;;
    accept)
        ACCEPT=yes
        start_server
        make_template
        test_sql
        test_docs
        ;;
    *) die "unknown part: $WHAT" "model, sql, docs, run, server, installed, accept, or nothing for all" ;;
esac

[ ${#SKIPS[@]} -eq 0 ] || printf 'skipped  %s\n' "${SKIPS[@]}"
[ ${#FAILURES[@]} -eq 0 ] || printf 'FAILED  %s\n' "${FAILURES[@]}"
if [ "$SKIPPED" -gt 0 ]; then
    echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
else
    echo "$PASSED passed, $FAILED failed"
fi
[ "$FAILED" -eq 0 ]
