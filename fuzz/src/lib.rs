//! Hostile bytes for everything that `pg_retention` decodes.
//!
//! A [`Target`] takes any bytes and must end, without a panic: what it decodes, it refuses with an
//! error or takes; of what it took, every reader is asked, and the bytes that are written again must
//! be the same. Bytes that end with a checksum get the right one, so that the checks behind it are
//! reached.
//!
//! | who | what |
//! | --- | --- |
//! | `tests/corpus.rs` | `cargo test` runs what lies in `corpus/TARGET/`: good values; a finding that is mended is added |
//! | `driver/` | libFuzzer makes more of them, guided by what code they reach: `make fuzz` |
#![forbid(unsafe_code)]

mod documents;
mod durations;
mod events;
mod journeys;
mod pictures;
mod prediction;
pub mod seeds;
mod spells;
mod words;

use xxhash_rust::xxh3::xxh3_64;

/// Something that decodes bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folder in `corpus/`.
    pub name: &'static str,
    /// Takes any bytes. Were they good ones?
    pub run: fn(&[u8]) -> bool,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "history", run: events::run },
    Target { name: "history_readers", run: events::readers },
    Target { name: "memberships", run: spells::run },
    Target { name: "memberships_readers", run: spells::readers },
    Target { name: "journeys", run: journeys::run },
    Target { name: "journeys_readers", run: journeys::readers },
    Target { name: "survival_data", run: durations::survival_data },
    Target { name: "logrank_data", run: durations::logrank_data },
    Target { name: "cox_model", run: durations::cox_model },
    Target { name: "cox_json", run: durations::cox_json },
    Target { name: "clv_model", run: documents::clv_model },
    Target { name: "segment_map", run: documents::segment_map },
    Target { name: "cut_points", run: documents::cut_points },
    Target { name: "tier_rules", run: documents::tier_rules },
    Target { name: "churn_rows", run: prediction::churn_rows },
    Target { name: "churn_model", run: prediction::churn_model },
    Target { name: "picture", run: pictures::picture },
    Target { name: "words", run: words::run },
    Target { name: "base64", run: words::base64 },
];

/// The target of a name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}

/// Bytes with the checksum that makes them whole.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut bytes = body.to_vec();
    bytes.extend_from_slice(&xxh3_64(body).to_le_bytes());
    bytes
}

/// Choices that depend on the bytes alone, so that what was found is found again.
struct Choices(u64);

impl Choices {
    fn of(bytes: &[u8]) -> Self {
        Choices(xxh3_64(bytes))
    }

    /// One of `n`.
    fn one_of(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.one_of(from.len() as u64) as usize]
    }
}
