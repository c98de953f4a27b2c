#!/bin/bash
# The demo: a throw-away PostgreSQL with the extension and two real data sets, and what they say about who came back.
#
#   scripts/demo.sh         make it afresh, print the tour, leave the server running
#   scripts/demo.sh stop    stop it and remove everything of it
#
# The server listens on its socket, which only this user and root can open, and for BI tools on 127.0.0.1, where the role
# "demo" needs a password made for this run.

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

cd "$ROOT"
server() { "$ROOT/scripts/server.sh" "$@"; }
database() { server psql demo -X -q -v ON_ERROR_STOP=1 -P pager=off "$@"; }

if [ "${1:-}" = stop ]; then
    server stop demo
    say "The demo's server is stopped and removed"
    exit
fi

"$ROOT/scripts/setup.sh"
"$ROOT/scripts/build.sh"

server stop demo # before the port is chosen: it may be the old one's
port=$(free_port)
say "Starting a throw-away PostgreSQL (port $port of 127.0.0.1; your own servers are left alone)"
server start demo port="$port" listen_addresses=127.0.0.1
eval "$(server env demo)"

say "Creating the extension and loading the data (a UK web shop's orders, and CDNOW's)"
password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
database -d postgres << END
CREATE ROLE demo LOGIN PASSWORD '$password';
CREATE DATABASE demo OWNER demo;
END
database -d demo << 'END'
CREATE EXTENSION pg_retention;
GRANT USAGE ON SCHEMA retention TO demo;
END
# From here on as the role demo, who owns nothing but its database: using the extension takes no more.
as_demo() { PGOPTIONS='-c role=demo' database -d demo "$@"; }
as_demo -f demo/load.sql

say "What the orders say: demo/demo.sql"
as_demo -e -f demo/demo.sql

psql_program=psql
command -v psql > /dev/null || psql_program=$PG_BINDIR/psql
cat << END

The server stays up until 'make demo-stop'; 'make demo' starts over, with a fresh database. To go on playing:

    $psql_program -h $PGHOST -p $PGPORT -U postgres demo

A BI tool on this machine connects to

    postgresql://demo:$password@127.0.0.1:$PGPORT/demo

END
