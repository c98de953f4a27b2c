#!/bin/bash
# Every function and aggregate, as pg_proc has them, with arguments at the edges of their types: each call is answered, or is an ERROR with
# a SQLSTATE of its own, or is heard when it is cancelled after two seconds. No internal error, no crash. CALLS=200 makes so many calls of each,
# SEED=0.7 others.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=error -c statement_timeout=2s -c lc_messages=C'

cd "$(dirname "$0")"
database=retention_extremes
work=$PG_RETENTION_WORK
clean_up() { dropdb --if-exists "$database" 2> /dev/null; }
trap clean_up EXIT
clean_up
createdb -T "$PG_RETENTION_TEMPLATE" "$database"
here() { psql -X -q -d "$database" "$@"; }
here -v ON_ERROR_STOP=1 -c 'SET statement_timeout = 0' -f kept.sql
here -v ON_ERROR_STOP=1 -c 'SET statement_timeout = 0' -v number="${CALLS:-8}" -v seed="${SEED:-0.42}" -f calls.sql > "$work/calls.sql"
started=$(here -At -c 'SELECT pg_postmaster_start_time()')

here -At -v VERBOSITY=sqlstate -c '\timing on' -f "$work/calls.sql" > "$work/answers" 2>&1 || true

# What is internal has no SQLSTATE of its own. Who hears of a cancellation ten seconds late does not listen.
calls=$(grep -c '^\\echo call' "$work/calls.sql") asked=$(grep -c '^call ' "$work/answers" || true)
awk '/^call / { call = $2; next }
     { sub(/^psql:.*ERROR:  /, ""); if (/^XX/) print call, $0 }
     /^Time: / && $2 > 12000 { print call, "cancelled late, after " $2 " ms" }' "$work/answers" > "$work/wrong"
sed -nE 's/^psql:.*ERROR:  ([0-9A-Z]{5})$/\1/p' "$work/answers" | sort | uniq -c | sort -rn | awk '{ printf "%s%s × %s", sep, $1, $2; sep = ", " } END { print "" }' > "$work/states"
echo "$asked calls; $(grep -cE '^[0-9]+$' "$work/answers") answered; errors: $(cat "$work/states")"
status=0
if [ "$asked" != "$calls" ] || [ "$(here -At -c 'SELECT pg_postmaster_start_time()')" != "$started" ] ||
    grep -qE 'was terminated by signal|PANIC:|invalid memory alloc' "$PG_RETENTION_LOG"; then
    echo "the server ended after call $asked of $calls:"
    grep -A 2 -x "\\\\echo call $asked" "$work/calls.sql" || true
    status=1
fi
while read -r call state; do
    echo "$state: $(grep -A 2 -x "\\\\echo call $call" "$work/calls.sql" | tail -n 1)" | cut -c 1-600
    status=1
done < "$work/wrong"
exit $status
