#!/bin/bash
# A table of histories through pg_dump and restore, plain and custom, rows as text: every reader gives the same answers.
set -euo pipefail
export PGOPTIONS=''
export PATH=$PG_RETENTION_BINDIR:$PATH # pg_dump of the same major

source=retention_dump_source
answers="
SELECT kind, md5(string_agg(c::text, E'\n' ORDER BY c.cohort, c.period_number)) FROM kept, retention.cohorts(h) c GROUP BY kind ORDER BY kind;
SELECT kind, md5(string_agg(c::text, E'\n' ORDER BY c.period_start)) FROM kept, retention.churn(h, gap => 2) c GROUP BY kind ORDER BY kind;
SELECT kind, v.* FROM kept, retention.value_summary(h) v ORDER BY kind;
SELECT kind, md5(h::text), retention_internal.history_hash(h) FROM kept ORDER BY kind;"

drop_all() { for db in "$source" "${source}_plain" "${source}_custom" "${source}_latin1"; do dropdb --if-exists "$db"; done; }
drop_all
trap drop_all EXIT
createdb -T "$PG_RETENTION_TEMPLATE" "$source"
psql -X -q -v ON_ERROR_STOP=1 -d "$source" << 'SQL'
CREATE TABLE kept AS
    SELECT 'bigint' AS kind, retention.history_agg(member_id, ordered_at, amount, 'day', 'Europe/London') AS h FROM orders
    UNION ALL SELECT 'text', retention.history_agg('member ' || member_id, ordered_at, amount, 'hour', 'UTC') FROM orders
    UNION ALL SELECT 'uuid', retention.history_agg(md5(member_id::text)::uuid, ordered_on, amount) FROM cdnow;
CREATE MATERIALIZED VIEW by_country AS
    SELECT country, retention.history_agg(member_id, ordered_at, NULL, 'month', 'UTC') AS h FROM orders GROUP BY country;
SQL

pg_dump -d "$source" -f "$PG_RETENTION_WORK/plain.sql"
pg_dump -d "$source" -Fc -f "$PG_RETENTION_WORK/custom.dump"
createdb "${source}_plain"
psql -X -q -v ON_ERROR_STOP=1 -d "${source}_plain" -f "$PG_RETENTION_WORK/plain.sql" > "$PG_RETENTION_WORK/plain.log"
createdb "${source}_custom"
pg_restore -d "${source}_custom" --exit-on-error "$PG_RETENTION_WORK/custom.dump"

# Another encoding: the same names have the same bytes.
createdb -T template0 -E LATIN1 --locale=C "${source}_latin1"
names="SELECT retention.history_agg(name, date '2020-01-01') FROM (VALUES (chr(233) || 't' || chr(233)), ('Ada')) v (name)"
psql -X -q -d "${source}_latin1" -c "CREATE EXTENSION pg_retention"
[ "$(psql -X -A -t -d "$source" -c "$names")" = "$(psql -X -A -t -d "${source}_latin1" -c "$names")" ]
echo "a history of names in LATIN1 is that of the same names in UTF8"

psql -X -A -d "$source" -c "$answers" > "$PG_RETENTION_WORK/before"
for copy in plain custom; do
    psql -X -A -d "${source}_$copy" -c "$answers" > "$PG_RETENTION_WORK/$copy"
    diff "$PG_RETENTION_WORK/before" "$PG_RETENTION_WORK/$copy"
done
echo "$(wc -l < "$PG_RETENTION_WORK/before") lines of answers are the same after plain and custom restore"
