#!/bin/bash
# Builds the extension for one PostgreSQL (PG_CONFIG, or what common.sh picks) and lays out its files as they are to be
# installed, in target/pgNN/stage/PROFILE/: lib/pg_retention.so and extension/*.control, *.sql. Everything that installs, the demo,
# the tests, 'make install' and 'make package', copies that folder.
#
# Environment: PROFILE, quick unless set (common.sh says which is used when); CARGO_FLAGS, e.g. --locked or --offline.

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# What sql/ORDER names, in its order: a file, and the release that has it already, or nothing. '#' begins a comment.
order() { sed 's/#.*//' "$ROOT/sql/ORDER" | awk 'NF { print $1, $3 }'; }

check_order() {
    local name names
    mapfile -t names < <(order | cut -d ' ' -f 1)
    for name in "$ROOT"/sql/*.sql "$ROOT"/sql/*/*.sql; do
        name=${name#"$ROOT/sql/"}
        [[ $name == upgrade/* || " ${names[*]} " == *" $name "* ]] || die "sql/$name is not listed in sql/ORDER"
    done
    for name in "${names[@]}"; do
        [ "$name" = upgrade ] || [ -f "$ROOT/sql/$name" ] || die "sql/ORDER lists $name, and there is no sql/$name"
    done
}

# A database has the encoding that it has, and the script is read in it: "..." in one letter of UTF-8 is no text at all in EUC_JP.
check_ascii() {
    local letters
    letters=$(LC_ALL=C grep -rn $'[\x80-\xff]' "$ROOT/sql" "$ROOT/$EXTENSION.control") || return 0
    die "letters that are not ASCII, and that CREATE EXTENSION does not take in every encoding:" "$letters"
}

part() { # FILE: a file of sql/, under its name
    printf '\n-- %s\n\n' "sql/$1"
    if [ "$1" = schema.sql ]; then cat "$ROOT/sql/$1"; else sed 's/@extschema@/retention/g' "$ROOT/sql/$1"; fi
}

not_for_psql() { # COMMAND: PostgreSQL drops this line, psql obeys it
    printf '\\echo Use "%s" to load this file. \\quit\n' "$1"
}

install_script() {
    local name since
    not_for_psql "CREATE EXTENSION $EXTENSION"
    order | while read -r name since; do
        [ "$name" = upgrade ] || part "$name"
    done
}

# The same without what the release before has and keeps, and with what must come first.
upgrade_script() { # FROM FILE: FILE is what comes first, below sql/
    local name since
    not_for_psql "ALTER EXTENSION $EXTENSION UPDATE"
    order | while read -r name since; do
        if [ "$name" = upgrade ]; then
            part "$2"
        elif [ -z "$since" ] || [ "$(printf '%s\n' "$since" "$1" | sort -V | head -1)" != "$since" ]; then
            part "$name"
        fi
    done
}

stage() {
    local version new=$STAGE.new upgrade name
    version=$(extension_version)
    [ -n "$version" ] || die "$EXTENSION.control names no default_version"
    rm -rf "$new"
    mkdir -p "$new/lib" "$new/extension"
    install -m 755 "$BUILD_DIR/$PROFILE/lib$EXTENSION.so" "$new/lib/$EXTENSION.so"
    install -m 644 "$ROOT/$EXTENSION.control" "$new/extension/"
    check_order
    check_ascii
    install_script > "$new/extension/$EXTENSION--$version.sql"
    # Between releases the upgrade script is made here. A release keeps it as sql/upgrade/pg_retention--FROM--TO.sql, for good.
    for upgrade in "$ROOT"/sql/upgrade/*.sql; do
        name=$(basename "$upgrade")
        case $name in
            "$EXTENSION"--*) install -m 644 "$upgrade" "$new/extension/" ;;
            *--"$version".sql) upgrade_script "${name%%--*}" "upgrade/$name" > "$new/extension/$EXTENSION--$name" ;;
        esac
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
