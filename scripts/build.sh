#!/bin/bash
# Builds the extension for one PostgreSQL (PG_CONFIG, or what common.sh picks) and lays out its files as they are to be
# installed, in target/pgNN/stage/PROFILE/: lib/pg_retention.so and extension/*.control, *.sql. Everything that installs, the demo,
# the tests, 'make install' and 'make package', copies that folder.
#
# Environment: PROFILE, quick unless set (common.sh says which is used when); CARGO_FLAGS, e.g. --locked or --offline.

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# The install script is the files of sql/ in the order that sql/ORDER names (one path below sql/ a line, '#' begins a comment).
install_script() {
    local name names
    # psql is not to run this file by itself: PostgreSQL drops this line, psql obeys it.
    printf '\\echo Use "CREATE EXTENSION %s" to load this file. \\quit\n' "$EXTENSION"
    mapfile -t names < <(sed 's/#.*//' "$ROOT/sql/ORDER" | xargs -n 1)
    for name in "$ROOT"/sql/*.sql "$ROOT"/sql/*/*.sql; do
        name=${name#"$ROOT/sql/"}
        [[ $name == upgrade/* || " ${names[*]} " == *" $name "* ]] || die "sql/$name is not listed in sql/ORDER"
    done
    for name in "${names[@]}"; do
        [ -f "$ROOT/sql/$name" ] || die "sql/ORDER lists $name, and there is no sql/$name"
        printf '\n-- %s\n\n' "sql/$name"
        cat "$ROOT/sql/$name"
    done
}

stage() {
    local version new=$STAGE.new upgrade
    version=$(extension_version)
    [ -n "$version" ] || die "$EXTENSION.control names no default_version"
    rm -rf "$new"
    mkdir -p "$new/lib" "$new/extension"
    install -m 755 "$BUILD_DIR/$PROFILE/lib$EXTENSION.so" "$new/lib/$EXTENSION.so"
    install -m 644 "$ROOT/$EXTENSION.control" "$new/extension/"
    install_script > "$new/extension/$EXTENSION--$version.sql"
    for upgrade in "$ROOT"/sql/upgrade/"$EXTENSION"--*--*.sql; do
        [ ! -f "$upgrade" ] || install -m 644 "$upgrade" "$new/extension/"
    done
    rm -rf "$STAGE"
    mv "$new" "$STAGE"
}

need_cargo
use_postgres
say "Building $EXTENSION $(extension_version) for PostgreSQL $PG_MAJOR ($PG_CONFIG), profile $PROFILE; the first time takes some minutes"
# shellcheck disable=SC2086 # CARGO_FLAGS is a list
pg_cargo build --profile "$PROFILE" --package "$EXTENSION" "${CARGO_PG[@]}" ${CARGO_FLAGS:-}
stage
note "built: ${STAGE#"$ROOT/"}"
