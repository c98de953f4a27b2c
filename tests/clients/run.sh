#!/bin/bash
# Real clients, each in a program of its own: they read published views and call functions with bound parameters, as text and in binary,
# and compare what arrives with what plain SQL says. They come by TCP with a password, in America/New_York: what a client takes for
# granted about days shows there.
#
#   CLIENTS=quick     those that install within seconds (make test): psql, psycopg, pandas, asyncpg, node, and JDBC and ODBC where the machine
#                     has Java and apt-get
#   CLIENTS=all       tokio-postgres, which is compiled, and dbt as well (make test-clients)
#   CLIENTS="odbc …"  these
#
# What they need comes from PyPI, npm, Debian's packages and crates.io into target/clients; nothing is installed. A client that can not be had is
# skipped, with the reason.
set -euo pipefail
# shellcheck source=../../scripts/common.sh
. "$PG_RETENTION_ROOT/scripts/common.sh"
here=$PG_RETENTION_ROOT/tests/clients
tools=$PG_RETENTION_ROOT/target/clients
log=$PG_RETENTION_WORK/install.log
mkdir -p "$tools"

ALL="psql psycopg pandas asyncpg node jdbc odbc tokio dbt"
case ${CLIENTS:-quick} in
    quick) clients=${ALL% tokio dbt} ;;
    all) clients=$ALL ;;
    *) clients=$CLIENTS ;;
esac

# --- A server with TCP, and what plain SQL says --------------------------------------------------------

port=$(free_port)
server() { "$PG_RETENTION_ROOT/scripts/server.sh" "$@"; }
name=$PG_RETENTION_SERVER.clients
server start "$name" port="$port" listen_addresses=127.0.0.1
trap 'server stop "$name"' EXIT
as_owner() { server psql "$name" -X -q -v ON_ERROR_STOP=1 "$@"; }
cd "$PG_RETENTION_ROOT"
as_owner -d postgres -c "CREATE ROLE analyst LOGIN PASSWORD 'secret'" -c "CREATE ROLE builder LOGIN PASSWORD 'secret'" -c 'CREATE DATABASE shop'
as_owner -d shop -f "$here/shop.sql"
export EXPECTED=$PG_RETENTION_WORK/expected.json
as_owner -d shop -A -t -f "$here/expected.sql" > "$EXPECTED"
unset PGOPTIONS PGTZ PGDATESTYLE
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=analyst PGPASSWORD=secret PGDATABASE=shop TZ=America/New_York

# --- What they need ------------------------------------------------------------------------------------

# Each prints why it can not, and fails.
need() { command -v "$1" > /dev/null || { echo "there is no $1" && return 1; }; }
quiet() { "$@" >> "$log" 2>&1 || { echo "could not be installed ($(tail -n 1 "$log" | cut -c 1-120))" && return 1; }; }

# venv NAME REQUIREMENTS
venv() {
    need python3 || return
    if ! cmp -s "$2" "$tools/$1/requirements.txt"; then
        rm -rf "${tools:?}/$1"
        quiet python3 -m venv "$tools/$1" &&
            quiet "$tools/$1/bin/pip" install -q --disable-pip-version-check --retries 1 --timeout 20 -r "$2" &&
            cp "$2" "$tools/$1/requirements.txt"
    fi
}
python_packages() { venv python "$here/requirements.txt"; }

# Debian's packages, unpacked and not installed.
debian_packages() {
    local folder=$tools/debian package
    need apt-get && need dpkg || return
    mkdir -p "$folder"
    for package; do
        [ ! -e "$folder/$package.done" ] || continue
        (cd "$folder" && quiet apt-get -o APT::Sandbox::User=root download -qq "$package") || return
        quiet dpkg -x "$folder/${package}"_*.deb "$folder" && touch "$folder/$package.done" || return
    done
}

python() { "$tools/python/bin/python" "$here/$1"; }
psql_() { bash "$here/psql.sh"; }
psycopg() { python with_psycopg.py; }
pandas() { python with_pandas.py; }
asyncpg() { python with_asyncpg.py; }
need_node() {
    need node && need npm || return
    if ! cmp -s "$here/package.json" "$tools/node/package.json"; then
        mkdir -p "$tools/node"
        cp "$here/package.json" "$tools/node/package.json.new"
        quiet npm install --prefix "$tools/node" --silent --no-audit --no-fund "$(sed -n 's/^ *"pg": "\(.*\)".*/pg@\1/p' "$here/package.json")" || return
        mv "$tools/node/package.json.new" "$tools/node/package.json"
    fi
}
node_() { NODE_PATH=$tools/node/node_modules node "$here/with_node.js"; }
need_jdbc() { need java && need javac && debian_packages libpostgresql-jdbc-java libscram-java; }
jdbc() {
    mkdir -p "$tools/java"
    javac -d "$tools/java" "$here/WithJdbc.java" && java -cp "$tools/java:$tools/debian/usr/share/java/*" WithJdbc
}
need_odbc() { python_packages && debian_packages odbc-postgresql libodbc2 libodbcinst2 libpq5 libltdl7; }
odbc() {
    local library
    library=$(dirname "$(find "$tools/debian/usr/lib" -name 'libodbcinst.so.2' | head -n 1)")
    LD_LIBRARY_PATH=$library ODBC_DRIVER=$(find "$tools/debian" -name psqlodbcw.so) python with_odbc.py
}
need_tokio() { need cargo; }
tokio() { CARGO_TARGET_DIR=$tools/tokio cargo run --quiet --manifest-path "$here/tokio/Cargo.toml"; }

# examples/dbt, as it stands: made, tested, and brought up to date after new orders.
need_dbt() { venv dbt "$PG_RETENTION_ROOT/examples/dbt/requirements.txt"; }
run_dbt() {
    (cd "$PG_RETENTION_ROOT/examples/dbt" && PGUSER=builder DBT_TARGET_PATH=$PG_RETENTION_WORK/dbt DBT_LOG_PATH=$PG_RETENTION_WORK/dbt DBT_SEND_ANONYMOUS_USAGE_STATS=false \
        "$tools/dbt/bin/dbt" --no-use-colors "$@" --quiet --profiles-dir .)
}
dbt() {
    run_dbt build &&
        as_owner -d shop -c "INSERT INTO orders SELECT 9000000 + n, 12347, timestamptz '2011-12-10 12:00+00' + n * interval '10 days', 10, 'Iceland' FROM generate_series(0, 9) AS n" &&
        run_dbt build &&
        run_dbt docs generate && [ -s "$PG_RETENTION_WORK/dbt/catalog.json" ] &&
        [ "$(as_owner -d shop -A -t -c 'SELECT max(month), count(*) FROM marts.histories')" = "2012-03-01|16" ] &&
        as_owner -d shop -c 'DELETE FROM orders WHERE order_id >= 9000000'
}

# --- One after another ---------------------------------------------------------------------------------

failed=0 ran=0
for client in $clients; do
    begin=$SECONDS reason=
    case $client in
        psql) run=psql_ && reason=$(need psql && need python3) || true ;;
        psycopg | pandas | asyncpg) run=$client && reason=$(python_packages) || true ;;
        node) run=node_ && reason=$(need_node) || true ;;
        jdbc | odbc | tokio | dbt) run=$client && reason=$("need_$client") || true ;;
        *) echo "no client is called $client: $ALL" && exit 1 ;;
    esac
    if [ -n "$reason" ]; then
        echo "$client: skipped: $reason"
    elif "$run"; then
        ran=$((ran + 1))
        echo "$client: passed ($((SECONDS - begin)) s)"
    else
        failed=$((failed + 1))
        echo "$client: FAILED"
    fi
done
[ "$ran" -gt 0 ] || [ "$failed" -gt 0 ] || {
    echo "skipped: no client can be had here"
    exit 77
}
[ "$failed" -eq 0 ]
