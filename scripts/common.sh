# shellcheck shell=bash
# What all scripts here share: words to the user, and which PostgreSQL it is about. Sourced, never run.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
EXTENSION=pg_retention
OLDEST=15 # the PostgreSQL majors that the extension supports
NEWEST=18

say() { printf '==> %s\n' "$*"; }
note() { printf '    %s\n' "$@"; }
die() {
    printf '%s: error: %s\n' "$EXTENSION" "$1" >&2
    shift
    [ $# -eq 0 ] || printf '    %s\n' "$@" >&2
    exit 1
}

extension_version() {
    sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" "$ROOT/$EXTENSION.control"
}

# A port on which nobody listens.
free_port() {
    local port
    for port in $(seq 54320 54420); do
        if ! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
            echo "$port"
            return
        fi
    done
    die "no free port between 54320 and 54420"
}

# --- Rust --------------------------------------------------------------------------------------------

# rustup puts cargo where not every shell looks for it (a cron job, CI, a login from before the installation).
if ! command -v cargo > /dev/null && [ -x "${HOME:-}/.cargo/bin/cargo" ]; then
    PATH=$HOME/.cargo/bin:$PATH
fi

need_cargo() {
    command -v cargo > /dev/null ||
        die "there is no cargo on the PATH" \
            "Install Rust first (https://rustup.rs), and run this as the user who has it:" \
            "not with sudo, which hides that user's PATH."
}

# Which of Cargo.toml's profiles is built. What goes to users, and what is measured, is "release": 'make install', 'make package',
# 'make build' (which 'sudo make install' takes) and 'make bench' set it. Tests, development and the demo build "quick", so that who
# looks at the demo and then runs the tests builds once.
# Each profile has a stage of its own, so that one never installs the other's. PROFILE=release make test tests the release.
PROFILE=${PROFILE:-quick}
export PROFILE

# --- PostgreSQL --------------------------------------------------------------------------------------

# "PostgreSQL 15.20 (Debian 15.20-0+deb12u1)" -> 15
pg_major_of() { "$1" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/'; }

has_server() { [ -x "$("$1" --bindir)/postgres" ]; }
has_headers() { [ -f "$("$1" --includedir-server)/postgres.h" ] && [ -f "$("$1" --pgxs)" ]; }

supported_majors() { seq "$NEWEST" -1 "$OLDEST"; }

# Prints the pg_config to use, or fails without a word. The caller's PG_CONFIG; else the newest of Debian's and Ubuntu's
# that has server and headers; else the one on the PATH.
pick_pg_config() {
    local major candidate
    if [ -n "${PG_CONFIG:-}" ]; then
        command -v "$PG_CONFIG"
        return
    fi
    for major in $(supported_majors); do
        candidate=/usr/lib/postgresql/$major/bin/pg_config
        if [ -x "$candidate" ] && has_server "$candidate" && has_headers "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    candidate=$(command -v pg_config) && has_server "$candidate" && has_headers "$candidate" && echo "$candidate"
}

# Sets PG_CONFIG, PG_MAJOR, PG_BINDIR and CARGO_PG (what cargo needs to build for it), or ends with advice.
use_postgres() {
    local given=${PG_CONFIG:-}
    PG_CONFIG=$(pick_pg_config) ||
        die "no PostgreSQL with its server headers was found${given:+ at $given}" \
            "Name one with PG_CONFIG=/path/to/pg_config, or let 'make setup' install your distribution's."
    # One name for one PostgreSQL: /usr/bin/pg_config, say, may stand for one of several, and pgrx builds again for a new name.
    PG_BINDIR=$("$PG_CONFIG" --bindir)
    [ ! -x "$PG_BINDIR/pg_config" ] || PG_CONFIG=$PG_BINDIR/pg_config
    PG_CONFIG=$(realpath -s "$PG_CONFIG")
    PG_MAJOR=$(pg_major_of "$PG_CONFIG")
    if [ "$PG_MAJOR" -lt "$OLDEST" ] || [ "$PG_MAJOR" -gt "$NEWEST" ]; then
        die "$PG_CONFIG is PostgreSQL $PG_MAJOR: $EXTENSION supports $OLDEST to $NEWEST"
    fi
    has_headers "$PG_CONFIG" ||
        die "the server headers of $PG_CONFIG are missing" "On Debian and Ubuntu: apt-get install postgresql-server-dev-$PG_MAJOR"
    export PG_CONFIG

    # Every major has a target folder of its own, so that going from one to another rebuilds nothing.
    BUILD_DIR=${CARGO_TARGET_DIR:-$ROOT/target}/pg$PG_MAJOR
    # shellcheck disable=SC2034
    STAGE=$BUILD_DIR/stage/$PROFILE
    # shellcheck disable=SC2034
    CARGO_PG=(--no-default-features --features "pg$PG_MAJOR")
}

# cargo for the extension: pgrx learns from PGRX_PG_CONFIG_PATH which server's headers to read.
pg_cargo() {
    (cd "$ROOT" && PGRX_PG_CONFIG_PATH=$PG_CONFIG CARGO_TARGET_DIR=$BUILD_DIR cargo "$@")
}
