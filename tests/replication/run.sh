#!/bin/bash
# Tables of histories on other servers: by logical replication (text and binary; inserts, updates and deletes, with and
# without a key) and on a streaming standby, where every question gets the same answer.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
unset PGTZ PGDATESTYLE

cd "$(dirname "$0")"
server=$PG_RETENTION_ROOT/scripts/server.sh
publisher=$PG_RETENTION_SERVER.replication
subscriber=$publisher.subscriber
standby=$publisher.standby
work=$PG_RETENTION_WORK

fail() {
    echo "$1" >&2
    exit 1
}
in_environment_of() ( # VARIABLE SERVER
    variables=$("$server" env "$2")
    eval "$variables"
    echo "${!1}"
)
keep_logs() {
    local name log
    for name in "$publisher" "$subscriber" "$standby"; do
        ! log=$(in_environment_of PG_RETENTION_LOG "$name" 2> /dev/null) || cp "$log" "$work/${name##*.}.log" || true
    done
}
clean_up() {
    [ $? -eq 0 ] || keep_logs
    "$server" stop "$publisher" # and the two others
}
on() { # SERVER DATABASE ...
    local name=$1 database=$2
    shift 2
    "$server" psql "$name" -X -q -v ON_ERROR_STOP=1 -d "$database" "$@"
}
# Waits until a query says t.
wait_for() { # SERVER DATABASE QUERY
    local tries
    for tries in $(seq 600); do
        [ "$(on "$1" "$2" -At -c "$3")" != t ] || return 0
        sleep 0.1
    done
    fail "after $((tries / 10)) seconds still not: $3"
}
# Waits until every server that follows the publisher has what it has.
caught_up() { # HOW-MANY
    local position
    position=$(on "$publisher" shop -At -c "SET synchronous_commit = on" -c "CREATE TABLE mark ()" -c "DROP TABLE mark" \
        -c "SELECT pg_current_wal_flush_lsn()")
    wait_for "$publisher" shop "SELECT count(*) = $1 FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn >= '$position'"
}

trap clean_up EXIT
"$server" stop "$publisher"

# --- The publisher, with its tables, and two databases that subscribe --------------------------------

"$server" start "$publisher" wal_level=logical fsync=off full_page_writes=off
on "$publisher" postgres -c "CREATE DATABASE shop"
on "$publisher" shop -c "CREATE EXTENSION pg_retention" -v data="$PG_RETENTION_ROOT/demo/data" -f "$PG_RETENTION_ROOT/demo/load.sql"
on "$publisher" shop -f tables.sql -f fill.sql
on "$publisher" shop -c "CREATE PUBLICATION histories FOR TABLE by_country, by_month, pairs"

"$server" start "$subscriber" timezone=Asia/Kolkata fsync=off full_page_writes=off
socket=$(in_environment_of PGHOST "$publisher") port=$(in_environment_of PGPORT "$publisher")
for format in text binary; do
    on "$subscriber" postgres -c "CREATE DATABASE as_$format"
    on "$subscriber" "as_$format" -c "CREATE EXTENSION pg_retention" -f tables.sql
    on "$subscriber" "as_$format" -c "CREATE SUBSCRIPTION as_$format CONNECTION 'host=$socket port=$port user=postgres dbname=shop'
                                      PUBLICATION histories WITH (binary = $([ $format = binary ] && echo true || echo false))"
done

# Byte by byte: the text form of a history is its bytes in base64.
compare() { # WHEN
    on "$publisher" shop -At -f contents.sql > "$work/publisher"
    for format in text binary; do
        on "$subscriber" "as_$format" -At -f contents.sql > "$work/subscriber.$format"
        cmp "$work/publisher" "$work/subscriber.$format" || fail "$1: what was replicated as $format differs"
    done
    echo "$1: $(wc -l < "$work/publisher") rows with $(wc -c < "$work/publisher") bytes are the same on the subscribers, text and binary"
}

for format in text binary; do
    wait_for "$subscriber" "as_$format" "SELECT count(*) = 3 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel"
done
compare "copied"
on "$publisher" shop -At -F ' ' -f changes.sql
caught_up 2
compare "changed"
on "$subscriber" as_binary -c "SET search_path = retention, public; SET TimeZone = 'UTC'" -f answers_of_stored.sql > "$work/stored.subscriber"
on "$publisher" shop -c "SET search_path = retention, public; SET TimeZone = 'UTC'" -f answers_of_stored.sql > "$work/stored.publisher"
diff "$work/stored.publisher" "$work/stored.subscriber"
echo "$(wc -l < "$work/stored.publisher") lines of answers are the same on the subscriber"
on "$publisher" shop -c "TRUNCATE by_month, pairs"
caught_up 2
compare "truncated"
on "$publisher" shop -f fill_again.sql

# --- A standby ---------------------------------------------------------------------------------------

"$server" start "$standby" standby_of="$publisher"
[ "$(on "$standby" shop -At -c "SELECT pg_is_in_recovery()")" = t ] || fail "the standby is none"
compare_standby() { # WHEN
    caught_up 3
    for name in "$publisher" "$standby"; do
        on "$name" shop -c "SET search_path = retention, public; SET default_transaction_read_only = on" -f answers_of_stored.sql -f answers.sql \
            > "$work/answers.${name##*.}"
    done
    diff "$work/answers.replication" "$work/answers.standby"
    [ "$(wc -l < "$work/answers.standby")" -gt 400 ] || fail "there were next to no answers"
    grep -q 'Partial Aggregate' "$work/answers.standby" || fail "no plan on the standby is parallel"
    echo "$1: $(wc -l < "$work/answers.standby") lines of answers are the same on the standby"
}
compare_standby "standby"
on "$publisher" shop -At -F ' ' -f changes.sql
on "$publisher" shop -c "DELETE FROM orders WHERE member_id % 5 = 0"
compare_standby "standby, after changes"

keep_logs
! grep -hE 'was terminated by signal|PANIC:|ERROR:' "$work/replication.log" "$work/subscriber.log" "$work/standby.log" || fail "errors in a server's log"
