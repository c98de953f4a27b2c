#!/bin/bash
# What the commands that install say of a PostgreSQL that is not there: the path that was looked at, and what to type.
set -euo pipefail
cd "$PG_RETENTION_ROOT"
status=0
for command in build install package; do
    if PG_CONFIG=/nowhere/pg_config make "$command" > "$PG_RETENTION_WORK/output" 2>&1; then
        echo "make $command succeeds without a PostgreSQL"
        status=1
    elif ! grep -q '/nowhere/pg_config' "$PG_RETENTION_WORK/output" || ! grep -q "make setup" "$PG_RETENTION_WORK/output"; then
        echo "make $command does not name the path, or not what to type:"
        cat "$PG_RETENTION_WORK/output"
        status=1
    fi
done
exit $status
