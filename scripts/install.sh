#!/bin/bash
# Installs what was built, for a database administrator, or packs it.
#
#   PG_CONFIG=/path/to/pg_config scripts/install.sh            into that PostgreSQL (below $DESTDIR, if set)
#   PG_CONFIG=/path/to/pg_config scripts/install.sh package    into a tar.gz with the same paths, in target/pgNN/
#   PG_CONFIG=/path/to/pg_config scripts/install.sh image DIR  into DIR/share/extension and DIR/lib, without the debugging information:
#                                                              what extension_control_path and dynamic_library_path of
#                                                              PostgreSQL 18 name, and CloudNativePG mounts as an image
#   scripts/install.sh dist                                    the sources with META.json as target/pg_retention-VERSION.zip, for PGXN
#
# As 'make build PG_CONFIG=...' and then 'sudo make install PG_CONFIG=...': root need not have Rust.

export PROFILE=${PROFILE:-release}
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

if [ "${1:-}" = dist ]; then
    name=$EXTENSION-$(extension_version)
    mkdir -p "$ROOT/target"
    git -C "$ROOT" archive --format=zip --prefix="$name/" -o "$ROOT/target/$name.zip" HEAD
    note "target/$name.zip, of what is committed"
    exit
fi

[ -n "${PG_CONFIG:-}" ] || die "say which PostgreSQL: PG_CONFIG=/path/to/pg_config" \
    "On this machine:" "$(compgen -G '/usr/lib/postgresql/*/bin/pg_config' || command -v pg_config || echo '(none found)')"
use_postgres

# Under sudo there is often no cargo, and what it built would be root's: then take what is built already, if it is current.
if [ "$(id -u)" -eq 0 ] && { [ -n "${SUDO_USER:-}" ] || ! command -v cargo > /dev/null; }; then
    cd "$ROOT"
    [ -f "$STAGE/lib/$EXTENSION.so" ] &&
        [ -z "$(find src model sql Cargo.toml Cargo.lock "$EXTENSION.control" -newer "$STAGE/lib/$EXTENSION.so" -type f)" ] ||
        die "not built yet, or changed since" "First, as the user who has Rust:  make build PG_CONFIG=$PG_CONFIG"
else
    "$ROOT/scripts/setup.sh" --check
    "$ROOT/scripts/build.sh"
fi

# Copies the stage to where PostgreSQL looks for it, below the folder $1.
install_below() {
    local root=$1 libdir sharedir file
    libdir=$root$("$PG_CONFIG" --pkglibdir)
    sharedir=$root$("$PG_CONFIG" --sharedir)/extension
    mkdir -p "$libdir" "$sharedir" 2> /dev/null || true
    [ -w "$libdir" ] && [ -w "$sharedir" ] ||
        die "you may not write to $libdir and $sharedir" "It is built; now:  sudo make install PG_CONFIG=$PG_CONFIG"
    for file in "$STAGE"/lib/*; do
        install -m 755 "$file" "$libdir/"
        note "$libdir/${file##*/}"
    done
    for file in "$STAGE"/extension/*; do
        install -m 644 "$file" "$sharedir/"
        note "$sharedir/${file##*/}"
    done
}

if [ "${1:-}" = package ]; then
    package=$BUILD_DIR/$EXTENSION-$(extension_version)-pg$PG_MAJOR-$(uname -m).tar.gz
    tree=$(mktemp -d)
    trap 'rm -rf "$tree"' EXIT
    say "Packing for PostgreSQL $PG_MAJOR"
    install_below "$tree" > /dev/null
    # Files only: entries for folders would bring their modes along, that of / among them.
    (cd "$tree" && find . -type f -printf '%P\n' | sort | tar --owner=0 --group=0 -czf - -T -) > "$package"
    tar -tzf "$package" | while read -r file; do note "$file"; done
    note "in ${package#"$ROOT/"}: unpack it with  tar -C / -xzf"
elif [ "${1:-}" = image ]; then
    target=${2:?DIR, where the files are to be}
    say "Laying out the files for PostgreSQL $PG_MAJOR in $target"
    mkdir -p "$target/lib" "$target/share/extension"
    install -m 644 "$STAGE"/extension/* "$target/share/extension/"
    install -m 755 "$STAGE/lib/$EXTENSION.so" "$target/lib/"
    strip --strip-unneeded "$target/lib/$EXTENSION.so"
    note "$(du -h "$target/lib/$EXTENSION.so" | cut -f 1) $target/lib/$EXTENSION.so"
else
    say "Installing into PostgreSQL $PG_MAJOR ($PG_CONFIG)"
    install_below "${DESTDIR:-}"
    note "In each database that is to have it:  CREATE EXTENSION $EXTENSION;"
fi
