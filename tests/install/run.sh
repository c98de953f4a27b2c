#!/bin/bash
# Installing: what the commands say of a PostgreSQL that is not there; what PostgreSQL says of a wrong installation, which docs/install.md
# explains word by word; what the library asks of the machine; the folders that PostgreSQL 18 takes; META.json.
set -euo pipefail
cd "$PG_RETENTION_ROOT"
work=$PG_RETENTION_WORK
status=0
wrong() {
    echo "$1"
    status=1
}

for command in build install package; do
    if PG_CONFIG=/nowhere/pg_config make "$command" > "$work/output" 2>&1; then
        wrong "make $command succeeds without a PostgreSQL"
    elif ! grep -q '/nowhere/pg_config' "$work/output" || ! grep -q "make setup" "$work/output"; then
        wrong "make $command does not name the path, or not what to type: $(cat "$work/output")"
    fi
done

# --- What PostgreSQL says: a server of its own, whose files are taken away ---------------------------

server=$PG_RETENTION_SERVER.install
clean_up() { scripts/server.sh stop "$server"; }
trap clean_up EXIT
scripts/server.sh start "$server" fsync=off
variables=$(scripts/server.sh env "$server")
eval "$variables"
export PGDATABASE=postgres
library=$PG_RETENTION_PKGLIBDIR/pg_retention.so control=$PG_RETENTION_SHAREDIR/extension/pg_retention.control
said() { # PART-OF-THE-MESSAGE STATEMENT: the server says so, and docs/install.md explains it
    local answer
    answer=$(psql -X -q -c "$2" 2>&1 || true)
    [[ $answer == *"$1"* ]] || wrong "not what was expected of $2: $answer"
    grep -qF "$1" docs/install.md || wrong "docs/install.md does not explain: $1"
}
said 'syntax error at or near "-"' 'CREATE EXTENSION pg-retention'
said 'extension "pg-retention" is not available' 'CREATE EXTENSION "pg-retention"'
mv "$control" "$work/"
said 'extension "pg_retention" is not available' 'CREATE EXTENSION pg_retention'
mv "$work/pg_retention.control" "$control"
mv "$library" "$work/pg_retention.so"
# shellcheck disable=SC2016 # it says so; since 18, which may look in several folders, by the name alone
missing='could not access file "$libdir/pg_retention": No such file or directory'
[ "$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')" -lt 18 ] || missing='could not access file "pg_retention": No such file or directory'
said "$missing" 'CREATE EXTENSION pg_retention'
echo 'no library' > "$library"
said 'could not load library' 'CREATE EXTENSION pg_retention'
# One that says that it is for another major: its version number, the first after the words of the magic block, is another.
major=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
for other in 14 15 16 17 18; do
    build=${CARGO_TARGET_DIR:-$PG_RETENTION_ROOT/target}/pg$other/stage/${PROFILE:-quick}/lib/pg_retention.so
    [ "$other" != "$major" ] && [ -f "$build" ] || continue
    cp "$build" "$library"
    answer=$(psql -X -q -c 'CREATE EXTENSION pg_retention' 2>&1 || true)
    # A library may lack a function of the server before its version is looked at.
    [[ $answer == *'version mismatch'* || $answer == *'could not load library'*'undefined symbol'* ]] || wrong "of a library for $other: $answer"
done
grep -q 'version mismatch' docs/install.md || wrong "docs/install.md does not explain a version mismatch"
cp "$work/pg_retention.so" "$library"
psql -X -q -c 'CREATE ROLE nobody_here' -c 'REVOKE CREATE ON DATABASE postgres FROM PUBLIC'
said 'permission denied to create extension "pg_retention"' 'SET ROLE nobody_here; CREATE EXTENSION pg_retention'
psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION pg_retention' -c 'DROP EXTENSION pg_retention'
echo "what PostgreSQL says of wrong installations is explained"

# --- What the library asks of the machine ------------------------------------------------------------

needed=$(objdump -T "$work/pg_retention.so" | grep -oE 'GLIBC_[0-9.]+' | sort -V | tail -n 1)
floor=$(grep -oE 'glibc [0-9.]+' docs/install.md | head -n 1)
[ "$(printf '%s\n' "${floor/glibc /GLIBC_}" "$needed" | sort -V | tail -n 1)" = "${floor/glibc /GLIBC_}" ] ||
    wrong "the library needs $needed, and docs/install.md says $floor: $(objdump -T "$work/pg_retention.so" | grep -F "$needed" | head -n 3)"
echo "the library needs $needed or newer; $floor is promised"

# --- PostgreSQL 18: folders of its own ---------------------------------------------------------------

if [ "$major" -ge 18 ]; then
    image=$work/image
    PROFILE=${PROFILE:-quick} PG_CONFIG=$PG_CONFIG scripts/install.sh image "$image" > "$work/image.log"
    rm -f "$library" "$PG_RETENTION_SHAREDIR"/extension/pg_retention*
    chmod -R a+rX "$image"
    psql -X -q -v ON_ERROR_STOP=1 -c "ALTER SYSTEM SET extension_control_path = '$image/share:\$system'" \
        -c "ALTER SYSTEM SET dynamic_library_path = '$image/lib:\$libdir'" -c 'SELECT pg_reload_conf()' > /dev/null
    sleep 1
    answer=$(psql -X -q -A -t -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION pg_retention' -c "SELECT retention.members(retention.history_agg(1, date '2024-01-01'))")
    [ "$answer" = 1 ] || wrong "from extension_control_path: $answer"
    echo "the extension is installed from a folder of its own: $(du -h "$image/lib/pg_retention.so" | cut -f 1) of library"
fi

# --- One version everywhere --------------------------------------------------------------------------

version=$(sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" pg_retention.control)
for place in "META.json:\"version\": \"$version\"" "Cargo.toml:version = \"$version\"" "debian/changelog:pg-retention ($version)" "CHANGELOG.md:## $version"; do
    grep -qF "${place#*:}" "${place%%:*}" || wrong "${place%%:*} is not of version $version"
done
exit $status
