//! Pseudorandom numbers, the same on every machine.

/// SplitMix64: G. L. Steele, D. Lea and C. H. Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014.
///
/// ```
/// use model_kit::numeric::SplitMix64;
/// assert_eq!(SplitMix64::new(1_234_567).next_u64(), 6_457_827_717_110_365_317);
/// ```
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// The numbers that follow from a seed.
    pub fn new(seed: u64) -> Self {
        SplitMix64(seed)
    }

    /// The next 64 bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// Uniform on [0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform on (0, 1): its logarithm is a number.
    #[inline]
    pub fn open_unit(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::SplitMix64;

    /// The first numbers of the reference implementation, S. Vigna's splitmix64.c, with this seed.
    #[test]
    fn agrees_with_the_reference() {
        let mut random = SplitMix64::new(1_234_567);
        let reference = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(reference.map(|_| random.next_u64()), reference);
    }

    #[test]
    fn fills_the_unit_interval() {
        let mut random = SplitMix64::new(1);
        let mean = (0..100_000).map(|_| random.unit()).sum::<f64>() / 1e5;
        // Three standard errors: 3 / √(12 · 10⁵).
        assert!((mean - 0.5).abs() < 0.0028, "{mean}");
        assert!((0..100_000).map(|_| random.open_unit()).all(|unit| unit > 0.0 && unit < 1.0));
    }
}
