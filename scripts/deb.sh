#!/bin/bash
# Debian packages of the extension for the PostgreSQL of PG_CONFIG, in target/deb/: postgresql-NN-pg-retention, with a library without
# debugging information, and postgresql-NN-pg-retention-dbgsym, which has it.
#
#   PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config scripts/deb.sh
#
# Needs debhelper. debian/control is made from debian/control.in, as packages of PostgreSQL's extensions are: one package per major.

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

export PROFILE=${DEB_PROFILE:-release}
use_postgres
[[ $PG_BINDIR == /usr/lib/postgresql/$PG_MAJOR/bin ]] || die "$PG_CONFIG is none of Debian's or Ubuntu's" "Take /usr/lib/postgresql/NN/bin/pg_config."
command -v dh > /dev/null || die "debhelper is not installed" "apt-get install debhelper"
cd "$ROOT"
trap 'rm -rf debian/control debian/files debian/*.substvars debian/*.debhelper* debian/.debhelper debian/debhelper-build-stamp debian/postgresql-*' EXIT
sed "s/PGVERSION/$PG_MAJOR/g" debian/control.in > debian/control
[ "$(dpkg-parsechangelog -S Version)" = "$(extension_version)" ] || die "debian/changelog is of another version than $EXTENSION.control"
DEB_RULES_REQUIRES_ROOT=no debian/rules binary
for package in target/deb/postgresql-"$PG_MAJOR"-pg-retention*.deb; do note "$(du -h "$package" | cut -f 1) $package"; done
