#!/bin/bash
# Runs a test's psql in a database of the test's own: a copy of the template, which has the extension and the demo's data.
# pg_regress calls it (its --launcher) with the command for psql, whose -d is replaced; PGAPPNAME says for which test.
#
#   own-database.sh TEMPLATE BINDIR psql ... -d DATABASE ...

set -euo pipefail
template=$1 bindir=$2
shift 2
database=sql_${PGAPPNAME#pg_regress/}
database=${database//[^a-z0-9_]/_}

arguments=()
while [ $# -gt 0 ]; do
    arguments+=("$1")
    if [ "$1" = -d ]; then
        arguments+=("$database")
        shift
    fi
    shift
done

"$bindir/psql" -X -q -d postgres -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' \
    -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database TEMPLATE $template"
# pg_regress gives its sessions Pacific time and American dates: back to UTC and ISO.
export PGTZ=UTC PGDATESTYLE=ISO,YMD PGOPTIONS=
exec "${arguments[@]}"
