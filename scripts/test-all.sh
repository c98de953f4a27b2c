#!/bin/bash
# 'make test' on every PostgreSQL that the extension supports, the newest first: the machine's own where it has server and headers,
# else what scripts/fetch-server.sh fetches, else skipped, with the reason. The model's tests, which know no server, run once.
#
#   scripts/test-all.sh               all majors, all tests
#   scripts/test-all.sh sql           only that part of scripts/test.sh, on all majors
#   MAJORS="18 16" scripts/test-all.sh

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

PART=${1:-all}
RESULTS=()
STATUS=0
mkdir -p "$ROOT/target"
LOG=$ROOT/target/test-all.log

# Prints the pg_config for a major; else says why there is none, and fails.
server_for() {
    local own=/usr/lib/postgresql/$1/bin/pg_config
    if [ -x "$own" ] && has_server "$own" && has_headers "$own"; then echo "$own"; else "$ROOT/scripts/fetch-server.sh" "$1"; fi
}

if [ "$PART" = all ]; then
    say "The model"
    "$ROOT/scripts/test.sh" model 2>&1 | tee "$LOG" || STATUS=1
    RESULTS+=("model: $(tail -n 1 "$LOG")")
    PART=server
fi
for major in ${MAJORS:-$(supported_majors)}; do
    say "PostgreSQL $major"
    if config=$(server_for "$major" 2> "$LOG"); then
        PG_CONFIG=$config "$ROOT/scripts/test.sh" "$PART" 2>&1 | tee "$LOG" || STATUS=1
        RESULTS+=("$("$config" --version): $(tail -n 1 "$LOG")")
        sed -n 's/^skipped  /    skipped /p' "$LOG" > "$LOG.skipped"
        while IFS= read -r line; do RESULTS+=("$line"); done < "$LOG.skipped"
    else
        RESULTS+=("PostgreSQL $major: skipped: $(tail -n 1 "$LOG")")
    fi
done
say "All of them"
note "${RESULTS[@]}"
exit "$STATUS"
