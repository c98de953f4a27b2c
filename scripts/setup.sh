#!/bin/bash
# Installs what building and testing need and this machine lacks: a C compiler, libclang (pgrx reads the server's
# headers with it), PostgreSQL and its headers. When nothing is missing it touches nothing and asks for no rights.
#
#   scripts/setup.sh            install what is missing
#   scripts/setup.sh --lint     the same, and shellcheck, which only continuous integration needs
#   scripts/setup.sh --check    only say what is missing for a build (no server needed), and fail if anything is
#
# An existing PostgreSQL is left alone: no cluster is made, started, stopped or upgraded.

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# --- What is missing? --------------------------------------------------------------------------------

has_c_compiler() {
    command -v cc > /dev/null && echo '#include <stdio.h>' | cc -E -x c - > /dev/null 2>&1
}

has_libclang() {
    [ -n "${LIBCLANG_PATH:-}" ] ||
        compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' > /dev/null ||
        compgen -G '/usr/lib/*/libclang[-.]*so*' > /dev/null ||
        compgen -G '/usr/lib64/libclang.so*' > /dev/null
}

LINT=
[ "${1:-}" != --lint ] || LINT=yes

missing_tools() {
    [ -z "$LINT" ] || command -v shellcheck > /dev/null || echo shellcheck
    command -v make > /dev/null || echo make
    has_c_compiler || echo gcc libc6-dev
    command -v clang > /dev/null || echo clang
    has_libclang || echo libclang-dev
}

# PostgreSQL is there when the one to use has both server and headers; to build, the headers will do.
CHECK_ONLY=
[ "${1:-}" != --check ] || CHECK_ONLY=yes
has_postgres() {
    local found
    found=$(pick_pg_config) && has_headers "$found" && { [ -n "$CHECK_ONLY" ] || has_server "$found"; }
}

# --- Which PostgreSQL to install? Runs after apt-get update. -------------------------------------------

can_install() { [ -n "$(apt-cache show "$1" 2> /dev/null)" ]; }

# 1. what PG_CONFIG names, if that is one of Debian's;  2. the headers of a server that is here already;
# 3. the distribution's own.
major_to_install() {
    local major
    if [ -n "${PG_CONFIG:-}" ]; then
        major=$(echo "$PG_CONFIG" | sed -n 's|^/usr/lib/postgresql/\([0-9]*\)/bin/pg_config$|\1|p')
        [ -n "$major" ] || die "$PG_CONFIG lacks its server or its headers, and is none that a package could complete"
        echo "$major"
        return
    fi
    for major in $(supported_majors); do
        if [ -x "/usr/lib/postgresql/$major/bin/postgres" ] && can_install "postgresql-server-dev-$major"; then
            echo "$major"
            return
        fi
    done
    major=$(apt-cache depends postgresql 2> /dev/null | sed -n '/.*Depends: postgresql-\([0-9]*\)$/{s//\1/p;q}')
    if [ -z "$major" ] || [ "$major" -lt "$OLDEST" ] || [ "$major" -gt "$NEWEST" ]; then
        die "this distribution's PostgreSQL is ${major:-none}, and $EXTENSION supports $OLDEST to $NEWEST" \
            "Add PostgreSQL's own package repository (https://www.postgresql.org/download/), install" \
            "postgresql-15 and postgresql-server-dev-15 (or any supported version), and run this again."
    fi
    echo "$major"
}

packages_of_postgres() {
    local major=$1 headers=postgresql-server-dev-$1 version
    if [ ! -x "/usr/lib/postgresql/$major/bin/postgres" ]; then
        # Configuration without a program: installing the program would start these clusters.
        if compgen -G "/etc/postgresql/$major/*/postgresql.conf" > /dev/null; then
            die "there are clusters in /etc/postgresql/$major, but postgresql-$major is not installed" \
                "Installing it would start them, so please install postgresql-$major and postgresql-server-dev-$major yourself."
        fi
        echo "postgresql-$major"
    elif version=$(dpkg-query -W -f '${Version}' "postgresql-$major" 2> /dev/null) && can_install "$headers=$version"; then
        headers=$headers=$version # a newer one could bring a newer server along
    fi
    echo "$headers"
}

# An upgrade of a server, or of what manages it, restarts it or starts what was stopped: that is its owner's decision.
refuse_upgrades() {
    local upgrades
    upgrades=$(apt-get -s install --no-install-recommends "$@" |
        sed -n 's/^Inst \(postgresql-[0-9]*\|postgresql-common\) \[.*/\1/p' | xargs)
    [ -z "$upgrades" ] ||
        die "installing $* would upgrade $upgrades, and so might restart your PostgreSQL" \
            "Please install them when that suits you:  apt-get install $*"
}

# --- Installing --------------------------------------------------------------------------------------

# Prefixes for a command that needs root: nothing as root, else sudo if it can be asked.
AS_ROOT=()
find_root() {
    [ "$(id -u)" -ne 0 ] || return 0
    if ! command -v sudo > /dev/null || { ! sudo -n true 2> /dev/null && [ ! -t 0 ]; }; then
        die "only root can install packages (sudo is missing, or wants a password and there is no terminal)" \
            "Ask an administrator for:  apt-get install $*"
    fi
    AS_ROOT=(sudo)
}

# Runs as root (this script calls itself). Debian makes and starts a cluster "main" when a server is first installed;
# a line in createcluster.d says no. The file is there for the installation only.
install_as_root() {
    local folder=/etc/postgresql-common/createcluster.d made_folder=
    NO_CLUSTER_FILE=$folder/$EXTENSION-setup.conf
    [ -d "$folder" ] || made_folder=$folder
    # shellcheck disable=SC2064 # the values of now
    trap "rm -f '$NO_CLUSTER_FILE'; [ -z '$made_folder' ] || rmdir --ignore-fail-on-non-empty '$folder' || true" EXIT
    trap 'exit 130' INT TERM HUP
    mkdir -p "$folder"
    printf '# Made for an installation by %s, which removes it again.\ncreate_main_cluster = false\n' "$EXTENSION" > "$NO_CLUSTER_FILE"
    chmod 644 "$NO_CLUSTER_FILE"
    # needrestart (Ubuntu) would restart services after an installation: not ours to decide.
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

main() {
    local missing packages major log=$ROOT/target/setup.log
    need_cargo
    read -r -a missing <<< "$(missing_tools | xargs)"
    if [ ${#missing[@]} -eq 0 ] && has_postgres; then
        say "Set-up: everything needed is installed (PostgreSQL: $(pick_pg_config))"
        return
    fi
    packages=${missing[*]}
    if ! has_postgres; then
        missing+=("PostgreSQL's server and headers (${PG_CONFIG:-$OLDEST to $NEWEST})")
        packages="$packages postgresql postgresql-server-dev-all"
    fi
    say "Set-up: missing on this machine:"
    note "${missing[@]}"
    [ -z "$CHECK_ONLY" ] || die "please install these, or run 'make setup'"
    command -v apt-get > /dev/null || die "I can install packages on Debian and Ubuntu only; please install these by hand"

    # shellcheck disable=SC2086 # package names
    find_root $packages
    say "Set-up: refreshing the package lists (${AS_ROOT[*]:-as root}: apt-get update)"
    "${AS_ROOT[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 || note "apt-get update had problems; going on with what is known"

    read -r -a missing <<< "$(missing_tools | xargs)"
    if ! has_postgres; then
        major=$(major_to_install)
        packages=$(packages_of_postgres "$major" | xargs)
        read -r -a missing <<< "${missing[*]} $packages"
    fi
    refuse_upgrades "${missing[@]}"
    say "Set-up: installing ${missing[*]}"
    note "(some minutes; no database cluster will be made or started; apt-get's words go to ${log#"$ROOT/"})"
    mkdir -p "${log%/*}"
    "${AS_ROOT[@]}" bash "$ROOT/scripts/setup.sh" --install-as-root "${missing[@]}" < /dev/null > "$log" 2>&1 ||
        die "the installation failed; $log ends with:" "$(tail -n 15 "$log")" \
            "An administrator can do it with:  apt-get install ${missing[*]}"
    has_postgres || die "PostgreSQL was installed, but its server or headers are still missing"
    say "Set-up: done (PostgreSQL: $(pick_pg_config))"
}

if [ "${1:-}" = --install-as-root ]; then
    shift
    install_as_root "$@"
else
    main
fi
