#!/bin/bash
# The Debian package in a bare Debian, which debootstrap makes: with nothing but what the package asks for, the extension is there and
# answers; without the package, nothing of it is left.
set -euo pipefail
cd "$PG_RETENTION_ROOT"
skip() {
    echo "skipped: $1"
    exit 77
}
[ "$(id -u)" = 0 ] || skip 'a bare Debian can only be made by root'
command -v debootstrap > /dev/null && command -v dh > /dev/null || skip 'debootstrap or debhelper is not installed'
[[ $PG_CONFIG == /usr/lib/postgresql/*/bin/pg_config ]] || skip "$PG_CONFIG is none of Debian's"
major=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
package=postgresql-$major-pg-retention

bare=$(mktemp -d "$PG_RETENTION_WORK/bare.XXXXXX")
chmod 755 "$bare"
inside() { chroot "$bare" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }
as_postgres() { inside su postgres -s /bin/sh -c "$1"; }
bin=/usr/lib/postgresql/$major/bin
clean_up() {
    [ ! -e "$bare/srv/data/postmaster.pid" ] || as_postgres "$bin/pg_ctl -D /srv/data -m immediate stop" > /dev/null || true
    rm -rf --one-file-system "$bare"
}
trap clean_up EXIT

DEB_PROFILE=${PROFILE:-quick} scripts/deb.sh > "$PG_RETENTION_WORK/deb.log" 2>&1 || {
    tail -n 5 "$PG_RETENTION_WORK/deb.log"
    exit 1
}
# shellcheck source=/dev/null
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
debootstrap --variant=minbase "$codename" "$bare" > "$PG_RETENTION_WORK/debootstrap.log" 2>&1 ||
    skip "debootstrap: $(tail -n 1 "$PG_RETENTION_WORK/debootstrap.log")"
cp target/deb/"${package}"_*.deb "$bare/srv/"
[ -z "$(inside sh -c 'command -v postgres pg_config cargo gcc perl5 python3' || true)" ]
inside apt-get -qq update > "$PG_RETENTION_WORK/apt.log" 2>&1
inside sh -c "apt-get -qq install --no-install-recommends -y /srv/${package}_*.deb" >> "$PG_RETENTION_WORK/apt.log" 2>&1
echo "installed, with $(inside dpkg-query -W -f '.' | wc -c) packages in all; the library has $(stat -c %s "$bare$("$PG_CONFIG" --pkglibdir)/pg_retention.so") bytes"

inside install -d -o postgres /srv/data
as_postgres "$bin/initdb -D /srv/data --no-sync > /dev/null"
as_postgres "$bin/pg_ctl -w -D /srv/data -l /srv/data/log -o '-c listen_addresses= -c unix_socket_directories=/srv/data -c dynamic_shared_memory_type=mmap' start > /dev/null"
answer=$(as_postgres "psql -X -q -A -t -h /srv/data -v ON_ERROR_STOP=1" << 'SQL'
CREATE EXTENSION pg_retention;
SELECT extversion FROM pg_extension WHERE extname = 'pg_retention';
SELECT cohort, period_number, retained FROM retention.cohorts((SELECT retention.history_agg(m, date '2024-01-01' + m * d) FROM generate_series(1, 9) AS m, generate_series(0, 9) AS d)) WHERE period_number <= 1 ORDER BY 1, 2;
SELECT retention.p_alive('{"model": "nbd", "parameters": {"r": 0.4, "alpha": 12}}', 1, 2, 30) AS forever;
SQL
)
echo "$answer"
[ "$answer" = "$(printf '%s\n' "$(sed -n "s/^default_version = '\(.*\)'/\1/p" pg_retention.control)" '2024-01-01|0|9' '2024-01-01|1|6' 1)" ]

inside apt-get -qq purge -y "$package" >> "$PG_RETENTION_WORK/apt.log" 2>&1
left=$(find "$bare" -xdev -name '*pg_retention*' -not -path "$bare/srv/*" -not -path "$bare/var/lib/apt/*")
[ -z "$left" ] || {
    echo "left behind: $left"
    exit 1
}
echo 'and nothing of it is left when the package is gone'
