//! Axes.

/// A scale from numbers to places, with round numbers for its labels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    step: f64,
    /// Where low and high are.
    places: (f64, f64),
}

impl Scale {
    /// From 0 to 1, over these numbers, widened to whole steps, with about so many of them; labels at whole numbers if `whole`.
    pub(super) fn round(low: f64, high: f64, steps: f64, whole: bool) -> Self {
        let span = if high > low { high - low } else { high.abs().max(1.0) };
        let step = nice(span / steps.max(1.0));
        let step = if whole { step.max(1.0).ceil() } else { step };
        let (low, high) = ((low / step).floor() * step, (high / step - 1e-9).ceil() * step);
        let high = if high > low { high } else { low + step };
        Scale { low, high, step, places: (0.0, 1.0) }
    }

    /// From 0 to 1, over these numbers as they are; labels at whole numbers if `whole`.
    pub(super) fn exact(low: f64, high: f64, steps: f64, whole: bool) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        let step = nice((high - low) / steps.max(1.0));
        let step = if whole { step.max(1.0).ceil() } else { step };
        Scale { low, high, step, places: (0.0, 1.0) }
    }

    /// The same numbers at other places.
    pub(super) fn between(self, places: (f64, f64)) -> Self {
        Scale { places, ..self }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        let (from, to) = self.places;
        from + (to - from) * (value - self.low) / (self.high - self.low)
    }

    pub(super) fn ticks(&self) -> impl Iterator<Item = f64> + use<> {
        let Scale { low, high, step, .. } = *self;
        let first = (low / step - 1e-9).ceil();
        let count = ((high / step + 1e-9).floor() - first).clamp(0.0, 100.0) as i32;
        (0..=count).map(move |i| (first + f64::from(i)) * step)
    }

    /// Digits after the point that tell the labels apart, if they are multiplied by this first.
    pub(super) fn digits(&self, by: f64) -> usize {
        let step = self.step * by;
        (0..6)
            .find(|&d| (step * 10f64.powi(d) - (step * 10f64.powi(d)).round()).abs() < 1e-6)
            .unwrap_or(6) as usize
    }
}

/// The next of 1, 2, 2.5, 5 and 10 with zeros.
fn nice(step: f64) -> f64 {
    let ten = 10f64.powf(step.max(f64::MIN_POSITIVE).log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|m| m * ten)
        .find(|&s| s >= step * (1.0 - 1e-9))
        .unwrap_or(step)
}

/// Every which label is written, so that they do not touch: 1, 2, 3, 5, 6 or 10, 12, 20 …
pub(super) fn every(count: usize, room: f64, wanted: f64) -> usize {
    const STEPS: [usize; 15] = [1, 2, 3, 4, 6, 12, 24, 36, 48, 60, 120, 240, 600, 1200, 6000];
    let fits = |&step: &usize| count.div_ceil(step) as f64 * wanted <= room || count <= step;
    STEPS.into_iter().find(fits).unwrap_or(count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_scales() {
        let ticks = |low, high, steps| {
            let scale = Scale::round(low, high, steps, false);
            scale.ticks().map(|t| (t * 1e6).round() / 1e6).collect::<Vec<_>>()
        };
        assert_eq!(ticks(0.0, 0.43, 5.0), [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!(ticks(-381.0, 1664.0, 5.0), [-500.0, 0.0, 500.0, 1000.0, 1500.0, 2000.0]);
        assert_eq!(ticks(0.0, 0.0, 5.0), [0.0, 0.2]);
        assert_eq!(ticks(0.0, 1.0, 4.0), [0.0, 0.25, 0.5, 0.75, 1.0]);
        let scale = Scale::round(0.0, 2.0, 2.0, false).between((100.0, 0.0));
        assert_eq!((scale.at(0.0), scale.at(2.0), scale.at(0.5)), (100.0, 0.0, 75.0));
        let whole = Scale::round(-1.0, 1.0, 5.0, true);
        assert_eq!(whole.ticks().collect::<Vec<_>>(), [-1.0, 0.0, 1.0]);
        assert_eq!(Scale::round(0.0, 0.1, 4.0, false).digits(100.0), 1);
    }

    #[test]
    fn labels_do_not_touch() {
        assert_eq!(
            [every(12, 600.0, 50.0), every(13, 600.0, 50.0), every(60, 600.0, 50.0)],
            [1, 2, 6]
        );
        assert_eq!(every(0, 600.0, 50.0), 1);
    }
}
