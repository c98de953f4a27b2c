#!/bin/bash
# Sweeps over everything that is declared, from pg_proc and pg_type: a new function, type or form is looked at the day it is written.
set -euo pipefail
export PGOPTIONS='' PGDATABASE=retention_sweep
cd "$PG_RETENTION_ROOT"

clean_up() { dropdb --if-exists "$PGDATABASE" 2> /dev/null || true; }
trap clean_up EXIT
clean_up
createdb -T "$PG_RETENTION_TEMPLATE" "$PGDATABASE"

sweep() { # NAME option ...: tests/sweep/NAME.sql says what is wrong in capitals
    local name=$1 last
    shift
    if ! psql -X -q -A -t "$@" -f "tests/sweep/$name.sql" > "$PG_RETENTION_WORK/$name.out" 2> "$PG_RETENTION_WORK/$name.err"; then
        cat "$PG_RETENTION_WORK/$name.err"
        exit 1
    fi
    if grep -E '^[A-Z][A-Z0-9. ]+:|\|' "$PG_RETENTION_WORK/$name.out"; then
        echo "$name: see above"
        exit 1
    fi
    # Errors do not end these scripts, so what they say at their end tells that they came there.
    last=$(tail -n 1 "$PG_RETENTION_WORK/$name.out")
    if ! [[ $last =~ ^[1-9][0-9]*\  ]]; then
        cat "$PG_RETENTION_WORK/$name.err"
        echo "$name: no sum at its end"
        exit 1
    fi
    echo "$last"
}

psql -X -q -v ON_ERROR_STOP=1 -f tests/sweep/big.sql
sweep cancel
psql -X -q -v ON_ERROR_STOP=1 -c 'DROP TABLE public.events, public.sample'
sweep damaged -v ON_ERROR_STOP=1
psql -X -q -v ON_ERROR_STOP=1 -c 'DROP TABLE public.events, public.contracts, public.sample'
sweep extremes
