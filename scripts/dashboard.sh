#!/bin/bash
# A dashboard over the published demo: Apache Superset with examples/superset imported, on this machine alone.
#
#   scripts/dashboard.sh         set it up, start it, print where it is
#   scripts/dashboard.sh test    open it in headless Chromium, compare what it shows with psql, take screenshots
#   scripts/dashboard.sh stop    stop it and remove everything of it
#
# It has a throw-away PostgreSQL of its own ("dashboard", with a password made for this run), SQLite for itself, a free port, and lives in
# target/dashboard, the downloaded packages (pinned in examples/superset/requirements.txt; 800 MB) included. Superset 6.1 wants Python 3.10 to 3.12.

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

cd "$ROOT"
HOME_OF_IT=$ROOT/target/dashboard
STATE=$HOME_OF_IT/state
EXAMPLE=$ROOT/examples/superset
server() { "$ROOT/scripts/server.sh" "$@"; }
database() { server psql dashboard -X -q -v ON_ERROR_STOP=1 "$@"; }
superset() { "$HOME_OF_IT/venv/bin/superset" "$@"; }
password() { od -An -N12 -tx1 /dev/urandom | tr -d ' \n'; }

# Only the process that was started here, and only while it is that one.
stop_superset() {
    local pid
    pid=$(cat "$HOME_OF_IT/pid" 2> /dev/null) || return 0
    if [[ $(tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline") == *"$HOME_OF_IT"* ]]; then
        kill "$pid"
        while [ -d "/proc/$pid" ]; do sleep 0.2; done
    fi
    rm -f "$HOME_OF_IT/pid"
}

python_for_it() {
    local candidate
    for candidate in python3.11 python3.12 python3.10 python3; do
        if "$candidate" -c 'import sys, venv; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2> /dev/null; then
            echo "$candidate"
            return
        fi
    done
    die "Superset 6.1 needs Python 3.10, 3.11 or 3.12 with venv" "On Debian 12: apt-get install python3-venv"
}

install_superset() {
    local python
    if cmp -s "$EXAMPLE/requirements.txt" "$HOME_OF_IT/requirements.txt"; then return; fi
    python=$(python_for_it)
    say "Installing Apache Superset into target/dashboard/venv (800 MB; a minute or some)"
    rm -rf "$HOME_OF_IT/venv"
    "$python" -m venv "$HOME_OF_IT/venv" &&
        "$HOME_OF_IT/venv/bin/pip" install -q --disable-pip-version-check -r "$EXAMPLE/requirements.txt" ||
        die "Superset could not be installed: see above"
    cp "$EXAMPLE/requirements.txt" "$HOME_OF_IT/"
}

start_database() {
    "$ROOT/scripts/setup.sh"
    "$ROOT/scripts/build.sh"
    server stop dashboard
    DB_PORT=$(free_port)
    DB_PASSWORD=$(password)
    say "Starting a throw-away PostgreSQL on port $DB_PORT, and publishing the demo's orders"
    server start dashboard port="$DB_PORT" listen_addresses=127.0.0.1
    database -d postgres -c "CREATE ROLE dashboard LOGIN PASSWORD '$DB_PASSWORD'" -c 'CREATE DATABASE demo'
    database -d demo -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION pg_retention' -f demo/load.sql -c "CALL retention.publish('orders',
        member => 'member_id', at => 'ordered_at', amount => 'amount', schema => 'loyalty', by => 'country', zone => 'UTC', reader => 'dashboard')"
}

# The files with the address of this run's database, as the zip that Superset imports.
bundle() {
    local work=$HOME_OF_IT/import
    rm -rf "$work"
    mkdir -p "$work"
    cp -R "$EXAMPLE/dashboard" "$work/"
    sed -i "s|^sqlalchemy_uri: .*|sqlalchemy_uri: postgresql+psycopg2://dashboard:$DB_PASSWORD@127.0.0.1:$DB_PORT/demo|" "$work/dashboard/databases/loyalty.yaml"
    (cd "$work" && "$HOME_OF_IT/venv/bin/python" -m zipfile -c dashboard.zip dashboard)
    echo "$work/dashboard.zip"
}

environment() {
    export SUPERSET_HOME=$HOME_OF_IT/home SUPERSET_CONFIG_PATH=$EXAMPLE/superset_config.py FLASK_APP=superset
    SUPERSET_SECRET_KEY=$(password)
    export SUPERSET_SECRET_KEY
}

# await URL PID LOG: until it answers; an error if the process is gone before, or five minutes are.
await() {
    local url=$1 pid=$2 log=$3
    for _ in $(seq 1 300); do
        if [ "$(curl -s -o /dev/null -w '%{http_code}' "$url" || true)" = 200 ]; then return; fi
        kill -0 "$pid" 2> /dev/null || die "Superset ended by itself; its log ends with:" "$(tail -n 15 "$log")"
        sleep 1
    done
    die "Superset does not answer at $url; its log ends with:" "$(tail -n 15 "$log")"
}

start() {
    local port admin log=$HOME_OF_IT/superset.log
    mkdir -p "$HOME_OF_IT"
    stop_superset
    install_superset
    start_database
    say "Setting Superset up (two minutes or so; its words go to target/dashboard/superset.log)"
    environment
    rm -rf "$SUPERSET_HOME"
    mkdir -p "$SUPERSET_HOME"
    admin=$(password)
    { superset db upgrade &&
        superset fab create-admin --username admin --firstname Demo --lastname Admin --email admin@localhost --password "$admin" &&
        superset init &&
        superset import-dashboards --path "$(bundle)" --username admin; } > "$log" 2>&1 ||
        die "Superset could not be set up; its log ends with:" "$(tail -n 15 "$log")"
    rm -rf "$HOME_OF_IT/import"
    port=$(free_port)
    nohup "$HOME_OF_IT/venv/bin/superset" run --port "$port" --with-threads >> "$log" 2>&1 < /dev/null 3>&- 4>&- 5>&- &
    echo $! > "$HOME_OF_IT/pid"
    await "http://127.0.0.1:$port/health" "$(cat "$HOME_OF_IT/pid")" "$log"
    printf 'export URL=%q ADMIN=%q\n' "http://127.0.0.1:$port" "$admin" > "$STATE"
    cat << END

The dashboard:   http://127.0.0.1:$port/superset/dashboard/loyalty/
as               admin, with the password $admin

It stays until 'make dashboard-stop'.
END
}

# With Debian's Chromium and puppeteer-core from npm.
test_it() {
    local tools=$HOME_OF_IT/browser chromium
    [ -f "$STATE" ] || die "the dashboard is not up" "First: make dashboard"
    # shellcheck disable=SC1090
    . "$STATE"
    chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || die "there is no Chromium" "On Debian: apt-get install chromium"
    command -v npm > /dev/null || die "there is no npm" "On Debian: apt-get install npm"
    [ -d "$tools/node_modules/puppeteer-core" ] || npm install --prefix "$tools" --silent --no-audit --no-fund puppeteer-core@24.43.1
    mkdir -p "$HOME_OF_IT/screenshots"
    database -d demo -A -t -f "$EXAMPLE/expected.sql" > "$HOME_OF_IT/expected.json"
    NODE_PATH=$tools/node_modules CHROMIUM=$chromium node "$EXAMPLE/test.js" "$HOME_OF_IT/expected.json" "$HOME_OF_IT/screenshots"
}

case ${1:-start} in
    start) start ;;
    test) test_it ;;
    stop)
        stop_superset
        server stop dashboard
        rm -rf "$HOME_OF_IT"
        say "The dashboard is stopped and removed"
        ;;
    *) die "unknown: $1" "nothing, test or stop" ;;
esac
