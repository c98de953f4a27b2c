#!/bin/bash
# What is published, among several sessions: writers at work, a commit in between, two refreshes at once, one that is killed, a reader in
# a long transaction, a dump and restore, functions of the extension replaced. In the end it always is what the rows say.
#
# Over the demo's orders; or over ROWS generated rows of the same year, with a member for every ten. 20 million take an hour or two:
#   make test-run RUN=publish ROWS=20000000
set -euo pipefail
rows=${ROWS:-0}
patience=10 buckets=2 transactions=150
[ "$rows" -eq 0 ] || patience=900 buckets=5 transactions=6000
export PGOPTIONS="-c client_min_messages=warning -c lock_timeout=$((3 * patience))s" PGDATABASE=retention_publish PGTZ=UTC
export PATH=$PG_RETENTION_BINDIR:$PATH # pg_dump of the same major
copy=retention_publish_copy

drop_all() { for db in "$PGDATABASE" "$copy"; do dropdb --if-exists "$db" 2> /dev/null; done; }
drop_all
trap drop_all EXIT
createdb -T "$PG_RETENTION_TEMPLATE" "$PGDATABASE"
run() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
expect() {
    # shellcheck disable=SC2053 # a pattern
    if [[ $3 == $2 ]]; then
        echo "$1: $3"
    else
        echo "$1: expected $2, got: $3"
        exit 1
    fi
}
problems() { run -c "SELECT count(*) FROM retention.verify('live')"; }
# The views, as one number. With nothing to do, a refresh changes none of them.
answers="SELECT md5(string_agg(v, E'\n')) FROM (
    SELECT (SELECT string_agg(c::text, E'\n') FROM live.cohorts c) UNION ALL SELECT (SELECT string_agg(c::text, E'\n') FROM live.churn_by c)
    UNION ALL SELECT (SELECT string_agg(c::text, E'\n') FROM live.overview c) UNION ALL SELECT (SELECT sum(hashtextextended(c::text, 0))::text FROM live.members c)
    UNION ALL SELECT (SELECT string_agg(c::text, E'\n') FROM live.repurchase c) UNION ALL SELECT (SELECT string_agg(c::text, E'\n') FROM live.segments c)) AS s (v)"
# Waits until some session waits for a lock, or sleeps, with this in its query.
wait_for() {
    for _ in $(seq 1 $((20 * patience))); do
        [ "$(run -c "SELECT count(*) FROM pg_stat_activity WHERE $1 AND pid <> pg_backend_pid()")" -eq 0 ] || return 0
        sleep 0.05
    done
    echo "nobody came to be: $1"
    exit 1
}

if [ "$rows" -eq 0 ]; then
    run -c "CREATE TABLE sales AS SELECT order_id, member_id AS who, ordered_at AS at, amount, country FROM orders"
else
    run -c "CREATE TABLE sales AS
            SELECT i AS order_id, 12000 + floor($rows / 10 * u * sqrt(u))::bigint AS who, timestamptz '2010-12-01 00:00+00' + floor(v * 32000000) * interval '1 second' AS at,
                   (100 + (i * 7919) % 50000)::numeric / 100 AS amount, (ARRAY['France', 'Germany', 'Japan', 'Spain', 'United Kingdom'])[1 + i % 5] AS country
            FROM (SELECT i, (hashint8extended(i, 1) & 9007199254740991) / 9007199254740992::float8 AS u, (hashint8extended(i, 2) & 9007199254740991) / 9007199254740992::float8 AS v
                  FROM generate_series(1, $rows::bigint) AS i) AS hashes"
fi
run << SQL
CREATE INDEX ON sales (at);
CREATE INDEX ON sales (order_id);
ANALYZE sales;
CALL retention.publish('sales', member => 'who', at => 'at', amount => 'amount', schema => 'live', by => '{country}', zone => 'Europe/London', track => true, buckets => $buckets);
SQL
echo "rows: $(run -c "SELECT count(*) FROM sales"), members: $(run -c "SELECT members FROM live.value")"
expect "differences after publish" 0 "$(problems)"

# Writers at work during refreshes: late rows, changes and deletions of old rows, in transactions of several statements.
cat > "$PG_RETENTION_WORK/writer.sql" << 'SQL'
SELECT setseed(:seed);
CREATE PROCEDURE pg_temp.work(transactions int, first bigint, last bigint) LANGUAGE plpgsql AS $$
DECLARE
    near CONSTANT text := 'SELECT s.order_id FROM sales AS s WHERE s.order_id >= $1 ORDER BY s.order_id LIMIT 1';
    moved bigint;
    deleted bigint;
BEGIN
    FOR i IN 1..transactions LOOP
        EXECUTE near INTO moved USING first + (random() * (last - first))::bigint;
        EXECUTE near INTO deleted USING first + (random() * (last - first))::bigint;
        INSERT INTO sales SELECT last + i, 12000 + (random() * 3000)::int, timestamptz '2010-12-01 00:00+00' + random() * interval '373 days', 5, 'France' FROM generate_series(1, 3);
        UPDATE sales SET at = at + interval '40 days' WHERE order_id = moved AND at < '2011-10-01';
        PERFORM pg_sleep(random() * 0.05);
        DELETE FROM sales WHERE order_id = deleted;
        IF i % 7 = 0 THEN ROLLBACK; ELSE COMMIT; END IF;
    END LOOP;
END $$;
CALL pg_temp.work(:transactions, :first, :last);
SQL
first=$(run -c "SELECT min(order_id) FROM sales") last=$(run -c "SELECT max(order_id) FROM sales")
writers=()
for seed in 0.1 0.2 0.3; do
    run -v seed=$seed -v transactions=$transactions -v first="$first" -v last="$last" -f "$PG_RETENTION_WORK/writer.sql" > /dev/null &
    writers+=($!)
done
refreshes=0
while kill -0 "${writers[@]}" 2> /dev/null; do
    run -c "CALL retention.refresh('live')"
    refreshes=$((refreshes + 1))
done
wait "${writers[@]}"
run -c "CALL retention.refresh('live')"
expect "differences after $((3 * transactions)) transactions of three writers during several refreshes" 0 "$(problems)"
[ "$refreshes" -ge 2 ] || { echo "only $refreshes refreshes while the writers were at work"; exit 1; }
expect "days left to read" 0 "$(run -c "SELECT count(*) FROM live.touched")"

# A transaction that is open during a refresh: neither seen nor lost.
(echo "BEGIN; INSERT INTO sales VALUES (1, 12347, '2011-02-02 12:00+00', 77, 'Atlantis'); SELECT pg_sleep(3); COMMIT;" | run > /dev/null) &
wait_for "query LIKE '%pg_sleep(3)%' AND wait_event = 'PgSleep'"
run -c "CALL retention.refresh('live')"
expect "orders of an open transaction" 0 "$(run -c "SELECT count(*) FROM live.value_by WHERE country = 'Atlantis'")"
wait
run -c "CALL retention.refresh('live')"
expect "and when it is committed" 1 "$(run -c "SELECT orders FROM live.value_by WHERE country = 'Atlantis'")"

# Two refreshes at once: the second waits, and finds what the first could not see.
(echo "BEGIN; CALL retention.refresh('live'); SELECT pg_sleep(2); COMMIT;" | run > /dev/null) &
wait_for "query LIKE '%pg_sleep(2)%' AND wait_event = 'PgSleep'"
run -c "DELETE FROM sales WHERE country = 'Atlantis'"
run -c "CALL retention.refresh('live')"
wait
expect "differences after two refreshes at once" 0 "$(problems)"
expect "a second one that does not wait" '*55P03*' "$(
    (echo "BEGIN; CALL retention.refresh('live'); SELECT pg_sleep(2); COMMIT;" | run > /dev/null) &
    wait_for "query LIKE '%pg_sleep(2)%' AND wait_event = 'PgSleep'"
    run -v VERBOSITY=sqlstate -c "SET lock_timeout = '100ms'" -c "CALL retention.refresh('live')" 2>&1 || true
    wait
)"

# A refresh that is killed in the middle, when days are taken and histories written: nothing has happened.
run -c "INSERT INTO sales VALUES (2, 12347, '2011-03-03 12:00+00', 77, 'Lyonesse')"
before=$(run -c "$answers")
(echo "BEGIN; LOCK TABLE live.portraits IN SHARE MODE; SELECT pg_sleep(600);" | run > /dev/null 2>&1) &
wait_for "query LIKE '%pg_sleep(600)%' AND wait_event = 'PgSleep'"
(run -c "CALL retention.refresh('live')" > "$PG_RETENTION_WORK/killed.log" 2>&1 || true) &
wait_for "query LIKE 'CALL retention.refresh%' AND wait_event_type = 'Lock'"
run -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL retention.refresh%' AND wait_event_type = 'Lock'" > /dev/null
run -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()" > /dev/null
wait
grep -q 'terminating connection' "$PG_RETENTION_WORK/killed.log"
expect "views after a refresh that was killed" "$before" "$(run -c "$answers")"
expect "days left to read after it" 2011-03-03 "$(run -c "SELECT string_agg(day::text, ' ') FROM live.touched")"
run -c "CALL retention.refresh('live')"
expect "differences after the next one" 0 "$(problems)"

# A reader in a long transaction goes on seeing what it saw, and nobody waits for anybody.
(echo "SELECT pg_advisory_lock(42); SELECT pg_sleep(600);" | run > /dev/null 2>&1) &
wait_for "query LIKE '%pg_sleep(600)%' AND wait_event = 'PgSleep'"
(run > "$PG_RETENTION_WORK/reader.out" << SQL
BEGIN ISOLATION LEVEL REPEATABLE READ;
$answers;
SELECT FROM pg_advisory_lock_shared(42);
$answers;
COMMIT;
SQL
) &
wait_for "query LIKE '%advisory_lock_shared%' AND wait_event = 'advisory'"
old=$(run -c "$answers")
run -c "SET lock_timeout = '500ms'" -c "INSERT INTO sales VALUES (3, 12347, '2011-04-04 12:00+00', 77, 'Avalon')" -c "CALL retention.refresh('live', full => true, refit => true)"
new=$(run -c "$answers")
expect "the reader is still at it" 1 "$(run -c "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%advisory_lock_shared%' AND wait_event = 'advisory'")"
run -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()" > /dev/null
wait
expect "what it saw, twice" "$old $old" "$(grep -E '^[0-9a-f]{32}$' "$PG_RETENTION_WORK/reader.out" | xargs)"
[ "$old" != "$new" ] || { echo "the refresh changed nothing"; exit 1; }

# A dump and restore: the same views, and a refresh goes on, with triggers that were restored.
pg_dump -Fc -d "$PGDATABASE" -f "$PG_RETENTION_WORK/dump"
createdb "$copy"
pg_restore -d "$copy" --exit-on-error "$PG_RETENTION_WORK/dump"
expect "views after a restore" "$new" "$(run -d "$copy" -c "$answers")"
run -d "$copy" -c "INSERT INTO sales VALUES (4, 12347, '2011-05-05 12:00+00', 77, 'Avalon')" -c "CALL retention.refresh('live')"
expect "spans read after a restore" '{[2011-05-01,2011-06-01)}' "$(run -d "$copy" -c "SELECT spans_read FROM retention.published()")"
expect "differences after it" 0 "$(run -d "$copy" -c "SELECT count(*) FROM retention.verify('live')")"
# As on a machine where members hash otherwise.
run -d "$copy" -c "UPDATE live.publication SET bucket_probe = bucket_probe + 1"
expect "what a refresh says where hashes differ" '*hash to other buckets*' "$(PGOPTIONS='' run -d "$copy" -c "CALL retention.refresh('live')" 2>&1)"
expect "spans read then" '{(,)}' "$(run -d "$copy" -c "SELECT spans_read FROM retention.published()")"

# A foreign table: read as any other, and not to be tracked.
if [ -f "$PG_RETENTION_SHAREDIR/extension/postgres_fdw.control" ]; then
    run << SQL
CREATE EXTENSION postgres_fdw;
CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$PGHOST', port '$PGPORT', dbname '$PGDATABASE');
CREATE USER MAPPING FOR CURRENT_USER SERVER here OPTIONS (user '$PGUSER');
CREATE FOREIGN TABLE far_sales (order_id bigint, who bigint, at timestamptz, amount numeric, country text) SERVER here OPTIONS (table_name 'sales');
CALL retention.publish('far_sales', member => 'who', at => 'at', amount => 'amount', schema => 'far', by => '{country}', zone => 'Europe/London', buckets => 2);
INSERT INTO sales VALUES (5, 12347, '2012-02-20 12:00+00', 77, 'Avalon');
CALL retention.refresh('far');
CALL retention.refresh('live', refit => true);
CALL retention.refresh('far', refit => true);
SQL
    expect "views of a foreign table" "$(run -c "$answers")" "$(run -c "${answers//live./far.}")"
    expect "differences between them and its rows" 0 "$(run -c "SELECT count(*) FROM retention.verify('far')")"
    expect "a foreign table that shall be tracked" '*0A000*' "$(run -v VERBOSITY=sqlstate -c "CALL retention.publish('far_sales', member => 'who', at => 'at', schema => 'far_tracked', zone => 'UTC', track => true)" 2>&1 || true)"
else
    echo "skipped: postgres_fdw is not installed"
fi

# A table that logical replication writes to fires no statement triggers. Nothing is replicated here: that it is subscribed to is enough.
run -c "CREATE PUBLICATION sold FOR TABLE sales" 2> /dev/null
run -d "$copy" << SQL
CREATE TABLE public.other_sales (LIKE sales);
CREATE SUBSCRIPTION sold CONNECTION 'host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE' PUBLICATION sold
    WITH (create_slot = false, slot_name = NONE, enabled = false, copy_data = false);
SQL
expect "a replicated table that is tracked, at the next refresh" '*0A000*' "$(run -v VERBOSITY=sqlstate -d "$copy" -c "CALL retention.refresh('live')" 2>&1 || true)"
expect "a replicated table that shall be tracked" '*0A000*' "$(
    run -v VERBOSITY=sqlstate -d "$copy" -c "CALL retention.publish('sales', member => 'who', at => 'at', schema => 'again', zone => 'UTC', track => true)" 2>&1 || true
)"
run -d "$copy" -c "CALL retention.publish('sales', member => 'who', at => 'at', amount => 'amount', schema => 'again', zone => 'UTC')"
expect "and one that is published without" 0 "$(run -d "$copy" -c "SELECT count(*) FROM retention.verify('again')")"
run -d "$copy" -c "DROP SUBSCRIPTION sold"

# What an upgrade does: functions are dropped and made anew, and nothing that is published stands on them.
expect "readers and publish dropped, views there" 't' "$(run << 'SQL'
BEGIN;
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS name, p.prokind FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
             WHERE p.prokind IN ('f', 'p') AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_retention')
                   AND (p.proretset OR p.proname ~ 'publish|refresh|verify|svg|heatmap|picture|report')
             -- What stands on readers goes first.
             ORDER BY p.proretset, p.proname !~ 'svg|heatmap'
    LOOP
        BEGIN
            EXECUTE format('ALTER EXTENSION pg_retention DROP ROUTINE %s', f.name);
            EXECUTE format('DROP ROUTINE %s', f.name);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            NULL; -- other functions of the extension stand on it
        END;
    END LOOP;
END $$;
SELECT to_regprocedure('retention.published()') IS NULL
       AND NOT EXISTS (SELECT FROM pg_proc WHERE proname IN ('cohorts', 'churn', 'growth', 'engagement', 'rfm', 'clv') AND pronamespace = 'retention'::regnamespace AND pronargs > 2)
       AND (SELECT count(*) > 10 FROM live.cohorts) AND (SELECT count(*) > 10 FROM live.churn_by) AND (SELECT count(*) > 10 FROM live.members);
ROLLBACK;
SQL
)"
