//! Words: stretches of time, periods, grains and names; base64.

use model_ground::calendar::{Grain, Period, Periods, Stretch, Takes, not_a_zone};
use model_ground::host::Global;
use model_retention::cohorts::{Entry, Mode};
use model_retention::survival::Scale;
use model_value::clv::family::Kind;
use model_value::clv::summary::TimeUnit;
use model_value::rfm::{Method, Monetary};

/// Any text, where a word is expected.
pub fn run(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    for takes in [Takes::days("within"), Takes::days_or_none("recent"), Takes::time("horizon")] {
        if let Ok(stretch) = Stretch::parse(text, takes) {
            let shown = stretch.to_string();
            if let Ok(again) = Stretch::parse(&shown, takes) {
                assert_eq!(again, stretch, "{shown}");
            }
            stretch.before(10_000);
        }
    }
    for periods in [Periods::Own, Periods::OwnDays, Periods::Shared] {
        if let Ok(period) = Period::parse(text, periods) {
            let _ = period.check_grain(Grain::Day);
            let _ = period.check_grain(Grain::Month);
        }
    }
    let _ = (Grain::parse(text), Mode::parse(text), Entry::parse(text), Scale::parse(text));
    let _ = (Kind::parse(text), Method::parse(text), Monetary::parse(text));
    let _ = not_a_zone("zone", text);
    let unit = TimeUnit::parse(text);
    if let Ok(unit) = &unit {
        assert_eq!(TimeUnit::parse(&unit.name()).as_ref(), Ok(unit));
    }
    unit.is_ok()
}

/// Any text, where base64 is expected; and bytes, that become some.
pub fn base64(bytes: &[u8]) -> bool {
    use pg_retention_wire::base64::{decode, decoded_len, encode, encoded_len};
    let mut decoded = vec![0; decoded_len(bytes.len())];
    if let Some(len) = decode(bytes, &mut decoded, &Global) {
        assert!(len <= decoded.len());
    }
    let mut text = vec![0; encoded_len(bytes.len()).expect("a short text")];
    encode(bytes, &mut text, &Global);
    let mut back = vec![0; decoded_len(text.len())];
    let len = decode(&text, &mut back, &Global).expect("its own text");
    assert_eq!(&back[..len], bytes);
    true
}
