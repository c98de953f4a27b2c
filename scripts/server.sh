#!/bin/bash
# A PostgreSQL server of our own, with the extension as it was last built: for the demo, the tests and the benchmarks.
#
#   scripts/server.sh start NAME [setting=value ...]   make it afresh and start it (a setting: of postgresql.conf);
#                                                      with standby_of=OTHER, as a streaming standby of a server made here;
#                                                      with upgrade_of=OTHER, as pg_upgrade makes it of an older one, which is stopped
#   scripts/server.sh restart NAME                     stop and start, data kept
#   scripts/server.sh restart-at-once NAME             the same without a word to its sessions, as after a failure
#   scripts/server.sh stop NAME                        stop it and remove everything of it, and of the servers NAME.*
#   scripts/server.sh psql NAME [argument ...]         psql, as its superuser
#   scripts/server.sh env NAME                         print how to reach it, as shell assignments:
#                                                      eval "$(scripts/server.sh env NAME)"
#   scripts/server.sh reap PREFIX                      stop the servers PREFIX* whose owner (see below) is gone
#
# Nothing of the machine's own PostgreSQL is changed, neither its files nor its clusters. Everything lives in
# /tmp/pg_retention-UID-NAME (or below $TMPDIR):
#
#   tree/   a mirror of the installation, at the same paths: its programs copied, its libraries and share files as symbolic
#           links, and the extension's files as files of its own. PostgreSQL finds its libraries and share files by their
#           place relative to its program, so the copy uses the mirror (and links to programs would not do: it resolves them).
#   run/    mode 0700, the server's: the data, the log, the socket. Who can open the socket may connect as anyone; only the
#           user who started the server, and root, can.
#   state   how to reach it
#
# PostgreSQL refuses to run as root: started by root it runs as the user postgres, or nobody where there is none.
# Environment of start: PG_RETENTION_OWNER, a process id: when that process is gone the server may be reaped.

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

umask 022

# --- Where, and as whom ------------------------------------------------------------------------------

SERVER_USER=
if [ "$(id -u)" -eq 0 ]; then
    SERVER_USER=nobody
    ! id postgres > /dev/null 2>&1 || SERVER_USER=postgres
fi

# Runs a command as the server's user, from a folder that it can read and without what the caller's environment would
# bring into the server: Rust backtraces in error messages, a language, a time zone.
as_server() {
    local drop=()
    if [ -n "$SERVER_USER" ]; then
        drop=(setpriv "--reuid=$SERVER_USER" "--regid=$(id -g "$SERVER_USER")" --init-groups)
    fi
    (
        cd /
        unset RUST_BACKTRACE RUST_LIB_BACKTRACE LANG LANGUAGE TZ PGDATA PGHOST PGPORT PGUSER PGDATABASE PGOPTIONS
        LC_ALL=C exec ${drop[@]+"${drop[@]}"} "$@"
    )
}

# The longest socket path that the kernel takes has 107 bytes.
SOCKET_LIMIT=107

# $TMPDIR if it will do (a private one is closed to the user postgres), else /tmp.
base_folder() {
    local base socket
    base=$(realpath "${TMPDIR:-/tmp}")
    socket=$base/$(folder_name)/run/.s.PGSQL.12345
    if [ ${#socket} -le $SOCKET_LIMIT ] && as_server test -x "$base"; then
        echo "$base"
    else
        realpath /tmp
    fi
}

folder_name() { echo "$EXTENSION-$(id -u)-$NAME"; }

# Temporary folders are open to everyone: never trust, or remove, what someone else has put there.
check_ours() {
    [ ! -L "$FOLDER" ] && [ "$(stat -c %u "$FOLDER")" = "$(id -u)" ] ||
        die "$FOLDER exists and is not yours" "Remove it, or set TMPDIR to another folder."
}

locate() {
    NAME=$1
    [[ $NAME =~ ^[A-Za-z0-9._-]+$ ]] || die "a server's name has letters, digits and ._- only: $NAME"
    FOLDER=$(base_folder)/$(folder_name)
    DATA=$FOLDER/run/data
    LOG=$FOLDER/run/server.log
    [ ! -e "$FOLDER" ] || check_ours
}

# Sets what start wrote: PG_CONFIG, PG_BINDIR, PORT.
load_state() {
    [ -f "$FOLDER/state" ] || die "there is no server \"$NAME\" ($FOLDER)" "Start it with: scripts/server.sh start $NAME"
    # shellcheck disable=SC1091
    . "$FOLDER/state"
}

# The process that runs in our data folder, if any. After a reboot a left-over pid file can name a stranger.
server_pid() {
    local pid
    pid=$(head -n 1 "$DATA/postmaster.pid" 2> /dev/null) || return 1
    [ "$(readlink "/proc/$pid/cwd" 2> /dev/null)" = "$DATA" ] && echo "$pid"
}

# --- The mirror of the installation ------------------------------------------------------------------

# A folder of symbolic links to the files of $1, at the same path below tree/; copies where the server could not read them
# (a fetched installation in somebody's home).
mirror() {
    mkdir -p "$FOLDER/tree$1"
    if as_server test -r "$1"; then
        cp -as "$1/." "$FOLDER/tree$1/"
    else
        cp -RL "$1/." "$FOLDER/tree$1/"
    fi
}

make_tree() {
    local sharedir pkglibdir libdir folder
    sharedir=$("$PG_CONFIG" --sharedir)
    pkglibdir=$("$PG_CONFIG" --pkglibdir)
    libdir=$("$PG_CONFIG" --libdir)
    mkdir -p "$FOLDER/tree$PG_BINDIR"
    cp -L "$PG_BINDIR"/* "$FOLDER/tree$PG_BINDIR/"
    case $libdir in
        /lib | /lib/* | /usr/lib | /usr/lib/* | /usr/lib64 | "$pkglibdir") ;;
        *) [ ! -d "$libdir" ] || mirror "$libdir" ;; # an installation with a prefix of its own: its programs may look for libpq beside themselves
    esac
    case $pkglibdir in
        "$libdir"/*) [ -d "$FOLDER/tree$pkglibdir" ] || mirror "$pkglibdir" ;;
        *) mirror "$pkglibdir" ;;
    esac
    mirror "$sharedir"
    # What scripts/fetch-server.sh fetches has libpq in a folder beside the installation, where its programs look for it.
    for folder in "$PG_BINDIR"/../../../*.libs; do
        [ ! -d "$folder" ] || mirror "$(realpath -s "$folder")"
    done

    # If the extension is installed here for all: not that one, ours. (Links first: cp would write through them.)
    rm -rf "$FOLDER/tree$pkglibdir/$EXTENSION.so" "$FOLDER/tree$pkglibdir/bitcode/$EXTENSION"*
    rm -f "$FOLDER/tree$sharedir/extension/$EXTENSION.control" "$FOLDER/tree$sharedir/extension/$EXTENSION"--*.sql
    cp "$STAGE"/lib/* "$FOLDER/tree$pkglibdir/"
    cp "$STAGE"/extension/* "$FOLDER/tree$sharedir/extension/"

    as_server "$FOLDER/tree$PG_BINDIR/postgres" --version > /dev/null ||
        die "programs in $FOLDER can not be run" "If the file system is mounted noexec, set TMPDIR to a folder on another one."
}

# --- Commands ----------------------------------------------------------------------------------------

# On the socket, the folder's mode is the guard; whoever comes by TCP needs a password.
new_cluster() {
    as_server "$FOLDER/tree$PG_BINDIR/initdb" -D "$DATA" -U postgres -E UTF8 --locale=C --no-sync \
        --auth-local=trust --auth-host=scram-sha-256 "$@" > "$FOLDER/initdb.log" 2>&1 ||
        die "initdb failed:" "$(cat "$FOLDER/initdb.log")"
}

# In a subshell: it looks at another server.
socket_and_port_of() (
    locate "$1"
    load_state
    echo "$FOLDER/run" "$PORT"
)

# Its settings come along, the primary's; what initialise appends overrides them.
copy_of_cluster() {
    local address socket port
    address=$(socket_and_port_of "$1")
    read -r socket port <<< "$address"
    as_server "$FOLDER/tree$PG_BINDIR/pg_basebackup" -h "$socket" -p "$port" -U postgres -D "$DATA" \
        --write-recovery-conf --checkpoint=fast --no-sync > "$FOLDER/basebackup.log" 2>&1 ||
        die "pg_basebackup of $1 failed:" "$(cat "$FOLDER/basebackup.log")"
}

# In a subshell: it looks at another server. Prints its folder of programs and its data.
stop_older() (
    locate "$1"
    load_state
    halt fast
    echo "$FOLDER/tree$PG_BINDIR $DATA"
)

upgraded_cluster() {
    local older programs data options=()
    [ "$PG_MAJOR" -lt 18 ] || options=(--no-data-checksums) # the older one has none
    new_cluster ${options[@]+"${options[@]}"}
    older=$(stop_older "$1")
    read -r programs data <<< "$older"
    (
        as_server mkdir "$FOLDER/run/upgrade"
        as_server env -C "$FOLDER/run/upgrade" "$FOLDER/tree$PG_BINDIR/pg_upgrade" -U postgres -s "$FOLDER/run" \
            -b "$programs" -B "$FOLDER/tree$PG_BINDIR" -d "$data" -D "$DATA" > "$FOLDER/upgrade.log" 2>&1
    ) || die "pg_upgrade of $1 failed:" "$(tail -n 30 "$FOLDER/upgrade.log")" "$(find "$DATA" -name '*.txt' -path '*pg_upgrade*' -exec cat {} +)"
}

initialise() {
    local setting
    if [ -n "$PRIMARY" ]; then
        copy_of_cluster "$PRIMARY"
    elif [ -n "$OLDER" ]; then
        upgraded_cluster "$OLDER"
    else
        new_cluster
    fi
    {
        echo "# $EXTENSION"
        echo "port = $PORT"
        echo "unix_socket_directories = '$FOLDER/run'"
        echo "listen_addresses = ''"
        echo "timezone = 'UTC'"
        echo "log_timezone = 'UTC'"
        echo "datestyle = 'ISO, YMD'"
        echo "synchronous_commit = off"
        for setting in "$@"; do
            echo "${setting%%=*} = '${setting#*=}'"
        done
    } | as_server tee -a "$DATA/postgresql.conf" > /dev/null
}

launch() {
    # Descriptors that make and others hand down must not stay open in a server that outlives them.
    as_server "$FOLDER/tree$PG_BINDIR/pg_ctl" -D "$DATA" -l "$LOG" -w -t 60 start \
        < /dev/null > /dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- ||
        die "the server did not start; its log ($LOG) ends with:" "$(tail -n 20 "$LOG" 2> /dev/null)"
}

halt() {
    ! server_pid > /dev/null || as_server "$FOLDER/tree$PG_BINDIR/pg_ctl" -D "$DATA" -m "$1" -w -t 60 stop > /dev/null
}

start() {
    PORT=5432 # of the socket's name only, unless the caller says otherwise
    PRIMARY=
    OLDER=
    local setting settings=()
    for setting in "$@"; do
        case $setting in
            port=*) PORT=${setting#port=} ;;
            standby_of=*) PRIMARY=${setting#standby_of=} ;;
            upgrade_of=*) OLDER=${setting#upgrade_of=} ;;
            *=*) settings+=("$setting") ;;
            *) die "not a setting=value: $setting" ;;
        esac
    done
    use_postgres
    has_server "$PG_CONFIG" || die "$PG_CONFIG has no server ($PG_BINDIR/postgres)"
    [ -f "$STAGE/lib/$EXTENSION.so" ] || die "the extension is not built for PostgreSQL $PG_MAJOR yet" "Run: make build"
    stop
    mkdir -m 755 "$FOLDER" || die "$FOLDER can not be made"
    mkdir -m 700 "$FOLDER/run"
    [ -z "$SERVER_USER" ] || chown "$SERVER_USER:$(id -g "$SERVER_USER")" "$FOLDER/run"
    [ -z "${PG_RETENTION_OWNER:-}" ] || echo "$PG_RETENTION_OWNER" > "$FOLDER/owner"
    printf 'PG_CONFIG=%q\nPG_BINDIR=%q\nPORT=%q\n' "$PG_CONFIG" "$PG_BINDIR" "$PORT" > "$FOLDER/state"
    make_tree
    initialise ${settings[@]+"${settings[@]}"}
    launch
}

# In a subshell: start goes on with its own name, and with the PG_CONFIG that it was called for.
stop() (
    for folder in "$FOLDER" "$FOLDER".*; do
        [ -e "$folder" ] || continue
        locate "${folder#*"$EXTENSION-$(id -u)-"}"
        if [ -f "$FOLDER/state" ]; then
            load_state
            halt fast || halt immediate || die "the server \"$NAME\" does not stop ($FOLDER)"
        fi
        rm -rf "$FOLDER"
    done
)

restart() {
    load_state
    halt "$1"
    launch
}

print_env() {
    load_state
    local tree=$FOLDER/tree
    cat << END
export PGHOST='$FOLDER/run'
export PGPORT='$PORT'
export PGUSER='postgres'
export PG_CONFIG='$PG_CONFIG'
export PG_RETENTION_SERVER='$NAME'
export PG_RETENTION_BINDIR='$tree$PG_BINDIR'
export PG_RETENTION_SHAREDIR='$tree$("$PG_CONFIG" --sharedir)'
export PG_RETENTION_PKGLIBDIR='$tree$("$PG_CONFIG" --pkglibdir)'
export PG_RETENTION_LOG='$LOG'
END
}

run_psql() {
    load_state
    exec "$PG_BINDIR/psql" -h "$FOLDER/run" -p "$PORT" -U postgres "$@"
}

# What a killed test run has left.
reap() {
    local prefix=$1 folder owner
    locate "$prefix"
    for folder in "$FOLDER"*; do
        [ -f "$folder/owner" ] && [ -O "$folder" ] || continue
        owner=$(cat "$folder/owner")
        [ ! -e "/proc/$owner" ] || continue
        locate "${folder#*"$EXTENSION-$(id -u)-"}"
        note "removing what an aborted run left: $FOLDER"
        stop
    done
}

[ $# -ge 2 ] || {
    sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
    exit 2
}
command=$1
locate "$2"
shift 2
case $command in
    start) start "$@" ;;
    restart) restart fast ;;
    restart-at-once) restart immediate ;;
    stop) stop ;;
    psql) run_psql "$@" ;;
    env) print_env ;;
    reap) reap "$NAME" ;;
    *) die "unknown command: $command" "start, restart, restart-at-once, stop, psql, env, reap" ;;
esac
