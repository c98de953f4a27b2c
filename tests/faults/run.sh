#!/bin/bash
# Memory and faults: what a state takes is seen by PostgreSQL, given back when a query fails, and may be refused.
set -euo pipefail
export PGOPTIONS='' PGDATABASE=retention_faults

small=$PG_RETENTION_SERVER.small
clean_up() {
    "$PG_RETENTION_ROOT"/scripts/server.sh stop "$small" > /dev/null 2>&1 || true
    dropdb --if-exists retention_faults 2> /dev/null
}
trap clean_up EXIT
dropdb --if-exists retention_faults 2> /dev/null
createdb -T "$PG_RETENTION_TEMPLATE" "$PGDATABASE"

# PSQL statement: what it prints, or its SQLSTATE.
ask() { psql -X -q -A -t -v VERBOSITY=sqlstate -c "$1" 2>&1 || true; }
expect() {
    # shellcheck disable=SC2053 # a pattern
    if [[ $3 == $2 ]]; then
        echo "$1: $3"
    else
        echo "$1: expected $2, got: $3"
        exit 1
    fi
}

expect "the context of the states, in bytes" "[1-9]*" "$(ask "
    SELECT (SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name LIKE 'retention.history%')
    FROM (SELECT retention.history_agg(member_id, ordered_at) AS h FROM orders) s WHERE h IS NOT NULL")"
expect "hash aggregation with little work_mem" "*Disk Usage*" "$(psql -X -q -A -t <<'SQL' | grep -m 1 'Disk Usage'
SET work_mem = '1MB'; SET enable_sort = off; SET jit = off;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT retention.history_agg(i, date '2020-01-01' + i % 100) FROM generate_series(1, 200000) i GROUP BY i % 20000;
SQL
)"
expect "groups of a spilled aggregation that differ from those of a sorted one" "0" "$(ask "
    CREATE TABLE hashed AS SELECT i % 20000 AS g, retention.history_agg(i, date '2020-01-01' + i % 100) AS h FROM generate_series(1, 200000) i GROUP BY 1;
    SET enable_hashagg = off;
    CREATE TABLE sorted AS SELECT i % 20000 AS g, retention.history_agg(i, date '2020-01-01' + i % 100) AS h FROM generate_series(1, 200000) i GROUP BY 1;
    SELECT count(*) FROM hashed a FULL JOIN sorted b USING (g) WHERE (a.h OPERATOR(retention.=) b.h) IS NOT TRUE")"

# Ten thousand failing queries in one session, of four kinds: by their input, by a reader's argument, in the middle of a
# merge, and by a cancel. Resident memory stays where it was after the first thousand.
psql -X -q -A -t > "$PG_RETENTION_WORK/failing.out" 2>&1 <<'SQL'
\set VERBOSITY sqlstate
CREATE TEMP TABLE h AS SELECT retention.history_agg(i % 5000, date '2020-01-01' + i % 300, 1.5) AS day,
    retention.history_agg(i % 5000, date '2020-01-01' + i % 300, 1.5, 'month') AS month FROM generate_series(1, 50000) i;
CREATE PROCEDURE fail(n int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..n LOOP
        BEGIN
            CASE i % 4
                WHEN 0 THEN PERFORM retention.history_agg(j, date '2020-01-01', CASE WHEN j = 1900 THEN 'NaN' ELSE j END) FROM generate_series(1, 2000) j;
                WHEN 1 THEN PERFORM retention.cohorts(day, 'decade') FROM h;
                WHEN 2 THEN PERFORM retention.rollup(x) FROM (SELECT day FROM h UNION ALL SELECT month FROM h) t (x);
                ELSE
                    PERFORM retention.history_rows(day) FROM h LIMIT 10;
                    RAISE query_canceled;
            END CASE;
        EXCEPTION WHEN OTHERS OR query_canceled THEN NULL;
        END;
    END LOOP;
END $$;
CREATE FUNCTION resident() RETURNS bigint LANGUAGE sql AS $$
    SELECT (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'VmRSS:\s+(\d+)'))[1]::bigint $$;
CALL fail(1000);
SELECT resident() AS before \gset
CALL fail(9000);
SELECT CASE WHEN resident() - :before < 5000 THEN 'flat' ELSE (resident() - :before) || ' kB more' END;
SQL
expect "resident memory over 10,000 failing queries" "flat" "$(cat "$PG_RETENTION_WORK/failing.out")"

expect "a history over 700 MB" "*54000*" "$(ask "
    SELECT length(retention_internal.history_send(retention.history_agg(repeat(md5(i::text), 30) || i, date '2020-01-01')))
    FROM generate_series(1, 800000) i")"

# Under a limit on memory a query too large is an error of its own, and the server lives on.
(
    ulimit -v 1500000
    "$PG_RETENTION_ROOT"/scripts/server.sh start "$small" shared_buffers=16MB max_connections=10 \
        > "$PG_RETENTION_WORK/small.log" 2>&1
)
(
    eval "$("$PG_RETENTION_ROOT"/scripts/server.sh env "$small")"
    export PGDATABASE=postgres
    ask "CREATE EXTENSION pg_retention"
    started=$(ask "SELECT pg_postmaster_start_time()")
    expect "a query too large for the machine" "*53200*" "$(ask "
        SELECT retention.members(retention.history_agg(i, timestamptz '2020-01-01' + i * interval '1 second', 1.5::float8,
                                                       'second', 'UTC'))
        FROM generate_series(1, 200000000) i")"
    expect "the same server, after it" "$started" "$(ask "SELECT pg_postmaster_start_time()")"
    expect "crashes in its log" "0" "$(grep -c 'terminated by signal' "$PG_RETENTION_LOG" || true)"
)
