#!/bin/bash
# Declarative partitions, by a hash of the member, by time and by both, aggregated partition by partition, in one process and
# in parallel: the histories are those of the table that is not partitioned, and the plans are what the names say.
set -euo pipefail
export PGOPTIONS='-c client_min_messages=warning'

cd "$(dirname "$0")"
database=retention_partitions
work=$PG_RETENTION_WORK
here() { psql -X -q -v ON_ERROR_STOP=1 -d "$database" "$@"; }

trap 'dropdb --if-exists "$database"' EXIT
dropdb --if-exists "$database"
createdb -T "$PG_RETENTION_TEMPLATE" "$database"
here -f tables.sql
here -f compare.sql

here -At -F ': ' -c "SELECT kind, count(*) || ' histories in ' || count(DISTINCT question) || ' questions, '
                            || count(DISTINCT question) FILTER (WHERE in_parallel) || ' of them made in parallel, '
                            || count(*) FILTER (WHERE same IS NOT TRUE) || ' differ'
                     FROM compared GROUP BY kind ORDER BY kind" | tee "$work/compared"
if [ "$(wc -l < "$work/compared")" -ne 4 ] || grep -qv ', 0 differ$' "$work/compared" ||
    [ "$(grep -c 'parallel.* 50 of them made in parallel' "$work/compared")" -ne 2 ]; then
    here -c "SELECT * FROM compared WHERE same IS NOT TRUE LIMIT 30"
    exit 1
fi
here -At -F ': ' -c "SELECT name, plan_is_so FROM plans ORDER BY name" | tee "$work/plans"
if [ "$(wc -l < "$work/plans")" -ne 9 ] || grep -qv ': t$' "$work/plans"; then
    here -At -c "SELECT name || E':\n' || plan FROM plans WHERE NOT plan_is_so"
    exit 1
fi
