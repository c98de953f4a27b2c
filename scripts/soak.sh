#!/bin/bash
# Soak: for half an hour, many connections call every function with arguments sensible and extreme, while statements time out, are
# cancelled, sessions are terminated and killed, memory is short, and the server is stopped in the middle of it.
#
#   scripts/soak.sh
#
# Environment: MINUTES (30), CONNECTIONS (16), SEED (1). A server of its own, which is removed; its log stays as target/pgNN/soak/.
# Afterwards: what was stored answers as before; what was written meanwhile is what it should be; no session's memory has grown; the log has
# no PANIC, no assertion, no "invalid memory alloc", no internal error, and no session ended by a signal that was not sent here.

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
cd "$ROOT"
MINUTES=${MINUTES:-30} CONNECTIONS=${CONNECTIONS:-16} SEED=${SEED:-1}
SERVER=soak.$$
server() { "$ROOT/scripts/server.sh" "$@"; }

"$ROOT/scripts/build.sh"
use_postgres
OUT=$BUILD_DIR/soak
rm -rf "$OUT"
mkdir -p "$OUT"
end_all() {
    local status=$?
    touch "$OUT/stop"
    wait
    cp "$PG_RETENTION_LOG" "$OUT/server.log" 2> /dev/null || true
    server stop "$SERVER"
    exit "$status"
}
say "Starting a server with 1 MB of work_mem"
PG_RETENTION_OWNER=$$ server start "$SERVER" fsync=off full_page_writes=on max_connections=$((CONNECTIONS + 20)) work_mem=1MB \
    maintenance_work_mem=16MB log_min_messages=warning log_min_error_statement=panic log_line_prefix='%p %e '
variables=$(server env "$SERVER")
eval "$variables"
trap end_all EXIT
export PGDATABASE=shop PGOPTIONS='-c client_min_messages=error'
ask() { "$PG_BINDIR/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
ask -d postgres -c 'CREATE DATABASE shop'
ask -c "CREATE EXTENSION $EXTENSION" -f demo/load.sql -f tests/move/stored.sql
ask -c 'ALTER TABLE kept RENAME TO stored'
ask -f tests/extremes/kept.sql
ask -c 'CREATE TABLE written (n int, h retention.history)'
sed 's/FROM kept/FROM stored/g' tests/move/answers.sql > "$OUT/answers.sql"
ask -f "$OUT/answers.sql" > "$OUT/before"

# --- The sessions ------------------------------------------------------------------------------------

# What a session holds: memory of contexts, and of the process, in kB.
HELD="SELECT 'held', pg_backend_pid(), (SELECT sum(total_bytes) / 1024 FROM pg_backend_memory_contexts)::bigint,
    substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s+(\d+)')"
one_session() { # NUMBER ROUND: some calls, with other limits in every round
    local number=$1 round=$2 limits=()
    case $(((number + round) % 4)) in
        0) limits=(-c 'SET statement_timeout = 50') ;;
        1) limits=(-c 'SET statement_timeout = 2000' -c "SET work_mem = '64kB'") ;;
        2) limits=(-c 'SET statement_timeout = 5') ;;
        3) limits=(-c 'SET statement_timeout = 1000' -c 'SET debug_parallel_query = on' -c 'SET force_parallel_mode = on') ;;
    esac
    "$PG_BINDIR/psql" -X -q -A -t -v number=2 -v seed="0.$((SEED * 7919 + number * 101 + round))" -f tests/extremes/calls.sql 2> /dev/null |
        awk -v held="$HELD;" '{ print } /^ROLLBACK/ && ++n % 150 == 0 { print held }' > "$OUT/calls.$number" || return 0
    "$PG_BINDIR/psql" -X -q -A -t -v VERBOSITY=sqlstate "${limits[@]}" -f "$OUT/calls.$number" > "$OUT/answers.$number" 2>&1 || true
    grep '^held' "$OUT/answers.$number" >> "$OUT/held" || true
    sed -nE 's/^psql:.*ERROR:  ([0-9A-Z]{5})$/\1/p' "$OUT/answers.$number" >> "$OUT/states"
    grep -c '^call ' "$OUT/answers.$number" >> "$OUT/calls" || true
    if grep -qE 'ERROR:  XX' "$OUT/answers.$number"; then cp "$OUT/answers.$number" "$OUT/internal.$number.$round"; cp "$OUT/calls.$number" "$OUT/internal.$number.$round.sql"; fi
}
session() {
    local round=0
    while [ ! -e "$OUT/stop" ]; do
        one_session "$1" "$round"
        round=$((round + 1))
        sleep 0.2 # while the server recovers
    done
}
writer() {
    local n=0
    while [ ! -e "$OUT/stop" ]; do
        n=$((n + 1))
        "$PG_BINDIR/psql" -X -q -c "INSERT INTO written SELECT $n, retention.history_agg(member_id, ordered_at, amount) FROM orders WHERE member_id % 50 = $n % 50" \
            -c "UPDATE written SET h = retention.without(h, '{-1}'::bigint[]) WHERE n = $n - 10" -c "DELETE FROM written WHERE n < $n - 500" > /dev/null 2>&1 || sleep 0.2
    done
}
# Who disturbs: cancels and terminates every second, kills a session every minute, stops the server at once every five.
disturb() {
    local second=0 pid
    while [ ! -e "$OUT/stop" ]; do
        sleep 1
        second=$((second + 1))
        if [ $((second % 300)) -eq 0 ]; then
            echo immediate >> "$OUT/disturbed"
            server restart-at-once "$SERVER" || true
        elif [ $((second % 60)) -eq 0 ]; then
            pid=$(ask -c "SELECT pid FROM pg_stat_activity WHERE datname = 'shop' AND state = 'active' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1" 2> /dev/null) || continue
            [ -z "$pid" ] || { echo "kill $pid" >> "$OUT/disturbed" && kill -KILL "$pid" 2> /dev/null; } || true
        elif [ $((second % 7)) -eq 0 ]; then
            echo terminate >> "$OUT/disturbed"
            ask -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop' AND state = 'active' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1" > /dev/null 2>&1 || true
        else
            echo cancel >> "$OUT/disturbed"
            ask -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = 'shop' AND state = 'active' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 3" > /dev/null 2>&1 || true
        fi
    done
}
say "$CONNECTIONS sessions for $MINUTES minutes"
touch "$OUT/held" "$OUT/states" "$OUT/calls" "$OUT/disturbed"
for number in $(seq "$CONNECTIONS"); do session "$number" & done
writer &
disturb &
sleep "$((MINUTES * 60))"
touch "$OUT/stop"
say "Waiting for the last calls"
wait

# --- What is left ------------------------------------------------------------------------------------

FAULTS=()
for _ in $(seq 60); do ! ask -c 'SELECT 1' > /dev/null 2>&1 || break; sleep 1; done
ask -f "$OUT/answers.sql" > "$OUT/after" || FAULTS+=("the stored values can not be read")
diff "$OUT/before" "$OUT/after" > "$OUT/difference" || FAULTS+=("what was stored answers differently: $OUT/difference")
wrong=$(ask -c "SELECT count(*) FROM written AS w WHERE w.h IS DISTINCT FROM
    (SELECT retention.history_agg(member_id, ordered_at, amount) FROM orders WHERE member_id % 50 = w.n % 50)")
[ "$wrong" = 0 ] || FAULTS+=("$wrong of the values that were written meanwhile are others")
# Sessions that are asked often enough: the last against the first time.
awk -F '|' '{ if (!($2 in first)) { first[$2] = $4; contexts[$2] = $3 } n[$2]++; last[$2] = $4; now[$2] = $3 }
    END { for (p in n) if (n[p] > 2 && (last[p] - first[p] > 65536 || now[p] - contexts[p] > 16384))
              printf "session %s: %d kB in contexts and %d kB in all, then %d and %d\n", p, contexts[p], first[p], now[p], last[p] }' "$OUT/held" > "$OUT/grown"
[ ! -s "$OUT/grown" ] || FAULTS+=("sessions that have grown: $(cat "$OUT/grown")")
cp "$PG_RETENTION_LOG" "$OUT/server.log"
killed=$(grep -c '^kill' "$OUT/disturbed" || true)
crashed=$(grep -cE 'was terminated by signal' "$OUT/server.log" || true)
by_us=$(grep -cE 'was terminated by signal 9' "$OUT/server.log" || true)
[ "$crashed" = "$by_us" ] && [ "$by_us" -le "$killed" ] || FAULTS+=("$crashed processes were terminated by a signal, and $killed were killed here")
! grep -nE 'PANIC|TRAP:|invalid memory alloc|stuck spinlock' "$OUT/server.log" > "$OUT/panics" || FAULTS+=("the log: $(head -n 3 "$OUT/panics")")
! compgen -G "$OUT/internal.*" > /dev/null || FAULTS+=("internal errors: $(grep -hE -m 1 -B 2 'ERROR:  XX' "$OUT"/internal.*[0-9] | head -n 6)")

note "$(awk '{ n += $1 } END { print n + 0 }' "$OUT/calls") calls; $(grep -c cancel "$OUT/disturbed") times cancelled, $(grep -c terminate "$OUT/disturbed") terminated, $killed killed, $(grep -c immediate "$OUT/disturbed" || true) immediate restarts"
note "errors: $(sort "$OUT/states" | uniq -c | sort -rn | awk '{ printf "%s%s × %s", sep, $1, $2; sep = ", " }')"
note "$(cut -d '|' -f 2 "$OUT/held" | sort -u | wc -l) sessions weighed; $(ask -c 'SELECT count(*) FROM written') values written and verified"
[ ${#FAULTS[@]} -eq 0 ] || die "${#FAULTS[@]} faults:" "${FAULTS[@]}"
note "no faults"
