#!/bin/bash
# Hostile bytes for everything that the extension decodes, by libFuzzer, which looks for those that reach new code (fuzz/).
#
#   scripts/fuzz.sh [TARGET ...]      all targets of fuzz/src/lib.rs, one after another
#
# Environment: RUNS, executions of each target (10 million unless set); SECONDS_EACH, at most so long for each (no limit unless set).
# An execution may take 5 seconds and the process 1 GB; sums that overflow and debug assertions end it. What was found lies in
# target/fuzz/found/TARGET-*, what was made in target/fuzz/corpus. A finding that is mended goes into fuzz/corpus/TARGET/, which
# 'make test' runs. The end of the output says how many executions each target had: docs/trust.md keeps them.

# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

need_cargo
RUNS=${RUNS:-10000000}
OUT=${CARGO_TARGET_DIR:-$ROOT/target}/fuzz
HOST=$(rustc -vV | sed -n 's/^host: //p')
DRIVER=$OUT/$HOST/release/pg_retention_fuzz_driver
mkdir -p "$OUT/found" "$OUT/corpus"

say "Building the driver"
# What cargo-fuzz passes for a run without sanitizers; these work with a stable compiler. With --target, build scripts do not get them.
(
    cd "$ROOT/fuzz/driver"
    RUSTFLAGS='-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=16 --cfg fuzzing' \
        CARGO_TARGET_DIR=$OUT cargo build --release --target "$HOST"
)

mapfile -t TARGETS < <(sed -n 's/^    Target { name: "\([a-z0-9_]*\)".*/\1/p' "$ROOT/fuzz/src/lib.rs")
[ $# -eq 0 ] || TARGETS=("$@")
RESULTS=()
STATUS=0
for target in "${TARGETS[@]}"; do
    say "$target"
    mkdir -p "$OUT/corpus/$target" "$ROOT/fuzz/corpus/$target"
    log=$OUT/$target.log
    limit=()
    [ -z "${SECONDS_EACH:-}" ] || limit=("-max_total_time=$SECONDS_EACH")
    if FUZZ_TARGET=$target "$DRIVER" "$OUT/corpus/$target" "$ROOT/fuzz/corpus/$target" -runs="$RUNS" ${limit[@]+"${limit[@]}"} \
        -max_len=8192 -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$OUT/found/$target-" > "$log" 2>&1; then
        outcome='none found'
    else
        outcome="FOUND: $(grep -m 1 -oE "$OUT/found/[^ ]*" "$log" || tail -n 1 "$log")"
        STATUS=1
    fi
    RESULTS+=("$(printf '%-14s %9s executions, %s' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$outcome")")
    note "${RESULTS[-1]}"
done
say "All of them"
note "${RESULTS[@]}"
exit "$STATUS"
