#!/bin/bash
# Citus: a coordinator and two workers, each in a time zone of its own. What tables that are distributed over them answer is
# what one server alone answers; history_agg and rollup run on the workers; and the counts of shards add up.
# The nodes reach each other by their sockets, so there is no port that could be taken, and no password.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'
unset PGTZ PGDATESTYLE

if [ ! -f "$PG_RETENTION_SHAREDIR/extension/citus.control" ]; then
    echo "skipped: Citus is not installed"
    exit 77
fi

cd "$(dirname "$0")"
server=$PG_RETENTION_ROOT/scripts/server.sh
single=retention_distributed
cluster=$PG_RETENTION_SERVER.citus # and its workers, $cluster.1 and $cluster.2

fail() {
    echo "$1" >&2
    exit 1
}
clean_up() {
    local status=$?
    [ $status -eq 0 ] || for node in "$cluster" "$cluster.1" "$cluster.2"; do
        ! log=$(log_of "$node" 2> /dev/null) || cp "$log" "$PG_RETENTION_WORK/${node##*.}.log" || true
    done
    "$server" stop "$cluster"
    dropdb --if-exists "$single"
}
in_environment_of() ( # VARIABLE NODE
    variables=$("$server" env "$2")
    eval "$variables"
    echo "${!1}"
)
log_of() { in_environment_of PG_RETENTION_LOG "$1"; }
alone() { psql -X -q -v ON_ERROR_STOP=1 -d "$single" "$@"; }
node() {
    local name=$1
    shift
    "$server" psql "$name" -X -q -v ON_ERROR_STOP=1 -d postgres "$@"
}
coordinator() { node "$cluster" "$@"; }

trap clean_up EXIT
"$server" stop "$cluster"
dropdb --if-exists "$single"

# --- The nodes ---------------------------------------------------------------------------------------

start_node() { # NAME TIME-ZONE
    "$server" start "$1" shared_preload_libraries=citus timezone="$2" fsync=off full_page_writes=off statement_timeout=5min
    node "$1" -c "CREATE EXTENSION citus" -c "CREATE EXTENSION pg_retention"
}
address_of() { echo "'$(in_environment_of PGHOST "$1")', $(in_environment_of PGPORT "$1")"; }

start_node "$cluster" America/Sao_Paulo
start_node "$cluster.1" Asia/Tokyo
start_node "$cluster.2" America/New_York
coordinator -At -o /dev/null -c "SELECT citus_set_coordinator_host($(address_of "$cluster"))" \
    -c "SELECT citus_add_node($(address_of "$cluster.1"))" -c "SELECT citus_add_node($(address_of "$cluster.2"))"
# The coordinator reaches itself by its socket as well.
coordinator -c "ALTER SYSTEM SET citus.local_hostname = '$(in_environment_of PGHOST "$cluster")'" -c "SELECT pg_reload_conf()" > /dev/null
echo "$(coordinator -At -c "SELECT split_part(citus_version(), ' on ', 1)"), coordinator in" \
    "$(coordinator -At -c 'SHOW TimeZone'), workers in" \
    "$(coordinator -At -c "SELECT string_agg(result, ' and ' ORDER BY result) FROM run_command_on_workers('SHOW TimeZone')")"

# --- The same rows on one server and on the cluster --------------------------------------------------

createdb -T "$PG_RETENTION_TEMPLATE" "$single"
alone -f tables.sql -f fill.sql
coordinator -f tables.sql -f distribute.sql > "$PG_RETENTION_WORK/distribute.log"
for table in by_bigint by_uuid by_text by_order by_bucket; do
    alone -c "COPY $table TO STDOUT" | coordinator -c "COPY $table FROM STDIN"
done

# --- Every form of the aggregate: the history is the single server's ---------------------------------

alone -f histories.sql
coordinator -f histories.sql
alone -c "COPY answers TO STDOUT" | coordinator -c "COPY expected FROM STDIN"
coordinator -At -F ': ' -o "$PG_RETENTION_WORK/compared" -c "
    SELECT count(*) FILTER (WHERE NOT coalesce(a.h OPERATOR(retention.=) e.h, a.h IS NULL AND e.h IS NULL AND a.question = e.question)),
           count(*) || ' histories of ' || count(DISTINCT (question, source)) || ' questions, '
           || count(*) FILTER (WHERE part = '') || ' ungrouped'
    FROM answers a FULL JOIN expected e USING (source, question, part)"
echo "different from the single server's: $(cat "$PG_RETENTION_WORK/compared")"
if ! grep -q '^0: [1-9][0-9]\{3\}' "$PG_RETENTION_WORK/compared"; then
    coordinator -c "
        SELECT source, question, part, a.question IS NULL AS missing, e.question IS NULL AS unexpected,
               retention.members(a.h) AS members, retention.members(e.h) AS expected
        FROM answers a FULL JOIN expected e USING (source, question, part)
        WHERE NOT coalesce(a.h OPERATOR(retention.=) e.h, a.h IS NULL AND e.h IS NULL AND a.question = e.question) LIMIT 20"
    fail "histories differ"
fi

# --- Readers on top, where the query is one and where it is not -------------------------------------

alone -A -F ' ' -f readers.sql > "$PG_RETENTION_WORK/readers.single"
coordinator -A -F ' ' -f readers.sql > "$PG_RETENTION_WORK/readers.cluster"
diff "$PG_RETENTION_WORK/readers.single" "$PG_RETENTION_WORK/readers.cluster"
[ "$(wc -l < "$PG_RETENTION_WORK/readers.single")" -gt 500 ] || fail "the readers returned next to nothing"
echo "$(wc -l < "$PG_RETENTION_WORK/readers.single") lines of cohorts, churn and value_summary are the single server's"

# --- Where the work is done --------------------------------------------------------------------------

# Fails unless the plan of a query has each of these lines.
plan_has() { # QUERY PATTERN...
    local query=$1 pattern
    shift
    coordinator -At -c "EXPLAIN (VERBOSE, COSTS off) $query" > "$PG_RETENTION_WORK/plan"
    for pattern in "$@"; do
        grep -q -- "$pattern" "$PG_RETENTION_WORK/plan" ||
            fail "no \"$pattern\" in the plan of $query:
$(cat "$PG_RETENTION_WORK/plan")"
    done
}
plan_has_not() { # QUERY PATTERN
    coordinator -At -c "EXPLAIN (VERBOSE, COSTS off) $1" > "$PG_RETENTION_WORK/plan"
    ! grep -q -- "$2" "$PG_RETENTION_WORK/plan" || fail "\"$2\" in the plan of $1:
$(cat "$PG_RETENTION_WORK/plan")"
}
pushed=('Task Count: 4' 'Query: SELECT .*worker_partial_agg(' 'Output: .*coord_combine_agg(')
plans=0
for member in bigint uuid text; do
    for arguments in "at" "at_timestamp" "at_date" "at, amount, 'day', 'UTC'" "at_date, cents::float8, 'month'" "at_timestamp, cents"; do
        aggregate="retention.history_agg(member_$member, $arguments)"
        plan_has "SELECT $aggregate FROM by_$member" "${pushed[@]}"
        plan_has "SELECT country, $aggregate FROM by_$member GROUP BY country" "${pushed[@]}" 'GROUP BY country'
        plan_has "SELECT $aggregate FILTER (WHERE amount > 0) FROM by_$member WHERE country <> 'France'" "${pushed[@]}" 'FILTER'
        plans=$((plans + 3))
    done
done
plan_has "SELECT retention.rollup(h) FROM stored" "${pushed[@]}"
plan_has "SELECT month, retention.rollup(h) FROM stored GROUP BY month" "${pushed[@]}"
plan_has "SELECT c.* FROM (SELECT retention.history_agg(member_bigint, at, amount, 'day', 'UTC') AS h FROM by_bigint) s,
          retention.cohorts(s.h) c" "${pushed[@]}" 'Distributed Subplan'
# Grouped by what the table is distributed by, nothing is left to the coordinator but to add.
whole="Query: .*retention.history_agg(.*retention.cohorts(.*GROUP BY"
plan_has "SELECT c.cohort, c.period_number, sum(c.active) FROM
          (SELECT bucket, retention.history_agg(member_bigint, at, amount, 'day', 'UTC') AS h FROM by_bucket GROUP BY bucket) s,
          retention.cohorts(s.h, as_of => '2011-12-09') c GROUP BY 1, 2" 'Task Count: 4' "$whole"
plan_has_not "SELECT c.cohort, c.period_number, sum(c.active) FROM
          (SELECT bucket, retention.history_agg(member_bigint, at, amount, 'day', 'UTC') AS h FROM by_bucket GROUP BY bucket) s,
          retention.cohorts(s.h, as_of => '2011-12-09') c GROUP BY 1, 2" 'coord_combine_agg'
echo "$plans plans of history_agg, and those of rollup and of sums by bucket, do their work on the workers"

# --- Without a zone, each worker would use its own: an error, not a mixture ---------------------------

message=$(coordinator -v VERBOSITY=sqlstate -c "SELECT retention.members(retention.history_agg(member_bigint, at)) FROM by_bigint" 2>&1) &&
    fail "workers in two time zones made one history: $message"
[[ $message == *22023* ]] || fail "not the error expected: $message"
echo "instants without a zone, on workers of different zones: $message"

# --- Shards have different members: their counts add up ----------------------------------------------

coordinator -f sums.sql
coordinator -At -F ' ' -c "SELECT what, compared, different FROM sums ORDER BY what" | tee "$PG_RETENTION_WORK/sums"
[ "$(wc -l < "$PG_RETENTION_WORK/sums")" -eq 8 ] && ! grep -qv ' [1-9][0-9]* 0$' "$PG_RETENTION_WORK/sums" || fail "sums over shards differ from the whole"

! grep -hE 'was terminated by signal|PANIC:' "$(log_of "$cluster")" "$(log_of "$cluster.1")" "$(log_of "$cluster.2")" || fail "a server crashed"

# --- A distributed table that is published: what is stored lies on the coordinator, the rows are read on the workers -----------------

published="SELECT md5(string_agg(v, E'\n')) FROM (
    SELECT (SELECT string_agg(c::text, E'\n') FROM pub.cohorts c) UNION ALL SELECT (SELECT string_agg(c::text, E'\n') FROM pub.churn_by c)
    UNION ALL SELECT (SELECT string_agg(c::text, E'\n') FROM pub.overview c) UNION ALL SELECT (SELECT string_agg(c::text, E'\n' ORDER BY member) FROM pub.members c)
    UNION ALL SELECT (SELECT string_agg(c::text, E'\n') FROM pub.repurchase_by c) UNION ALL SELECT (SELECT string_agg(c::text, E'\n') FROM pub.segments c)) AS s (v)"
for one in alone coordinator; do
    $one -c "CALL retention.publish('by_order', member => 'member_bigint', at => 'at', amount => 'amount', schema => 'pub', by => 'country', zone => 'Europe/London', buckets => 3)"
done
expected=$(alone -At -c "$published")
[ "$(coordinator -At -c "$published")" = "$expected" ] || fail "views of a distributed table that is published differ from the single server's"
for one in alone coordinator; do
    $one -c "INSERT INTO by_order (order_id, member_bigint, at, amount, country) VALUES (1, 12347, '2011-12-08 12:00+00', 77, 'France')" \
        -c "DELETE FROM by_order WHERE order_id = 536365" -c "CALL retention.refresh('pub', full => true, refit => true)"
done
[ "$(alone -At -c "$published")" != "$expected" ] || fail "the refresh changed nothing"
[ "$(coordinator -At -c "$published")" = "$(alone -At -c "$published")" ] || fail "views after a refresh differ from the single server's"
[ "$(coordinator -At -c "SELECT count(*) FROM retention.verify('pub')")" = 0 ] || fail "what is published is not what the rows say"
[ "$(coordinator -At -c "SELECT count(*) FROM pg_dist_partition WHERE logicalrelid::text LIKE 'pub.%'")" = 0 ] || fail "a table of what is published is distributed"
plan_has "$(coordinator -At -c "SELECT retention_internal.publish_histories(p.settings || '{\"schema\": \"pub\"}', p.span, '{(,)}') FROM pub.publication p")" "${pushed[@]}"
message=$(coordinator -v VERBOSITY=sqlstate -c "CALL retention.publish('by_order', member => 'member_bigint', at => 'at', schema => 'tracked', zone => 'UTC', track => true)" 2>&1) &&
    fail "a distributed table is tracked"
[[ $message == *0A000* ]] || fail "not the error expected: $message"
echo "a distributed table that is published: views, refresh and verify are the single server's, and the workers make the histories"
