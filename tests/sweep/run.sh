#!/bin/bash
# Sweeps over everything that is declared, from pg_proc and pg_type: a new function, type or form is looked at the day it is written.
set -euo pipefail
export PGOPTIONS='' PGDATABASE=retention_sweep
cd "$PG_RETENTION_ROOT"

clean_up() { dropdb --if-exists "$PGDATABASE" 2> /dev/null || true; }
trap clean_up EXIT
clean_up
createdb -T "$PG_RETENTION_TEMPLATE" "$PGDATABASE"

sweep() { # NAME: tests/sweep/NAME.sql says what is wrong in capitals
    psql -X -q -A -t -f "tests/sweep/$1.sql" > "$PG_RETENTION_WORK/$1.out" 2> "$PG_RETENTION_WORK/$1.err"
    if grep -E '^[A-Z]{3}[A-Z ]*:' "$PG_RETENTION_WORK/$1.out"; then
        echo "$1: see above"
        exit 1
    fi
    tail -n 1 "$PG_RETENTION_WORK/$1.out"
}

psql -X -q -v ON_ERROR_STOP=1 -c 'DROP TABLE IF EXISTS public.events, public.sample' -f tests/sweep/big.sql
sweep cancel
psql -X -q -v ON_ERROR_STOP=1 -c 'DROP TABLE public.events, public.sample'
sweep damaged
psql -X -q -v ON_ERROR_STOP=1 -c 'DROP TABLE public.events, public.contracts, public.sample'
sweep extremes
