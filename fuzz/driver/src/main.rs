//! libFuzzer over the target that `FUZZ_TARGET` names: `scripts/fuzz.sh` builds and calls it.
#![no_main]

use pg_retention_fuzz::{Target, target};
use std::sync::OnceLock;

static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        target(&name).expect("FUZZ_TARGET names no target")
    });
    (target.run)(bytes);
});
