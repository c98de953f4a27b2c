//! Logarithms of gamma functions and of their quotients, for numbers that carry derivatives.
//!
//! The models need quotients such as Γ(r + x) / Γ(r), where the parameter may be tiny or huge. The
//! difference of two logarithms of Γ would lose the digits that matter; here large arguments cancel
//! before anything is added up. Stirling's series (Abramowitz and Stegun 6.1.41) is used from 10
//! upwards and the recurrence below.

use super::real::Real;

/// Where Stirling's series with nine terms is as good as a double.
const LARGE: f64 = 10.0;

const HALF_LN_2_PI: f64 = 0.918_938_533_204_672_8;

/// B₂ₖ / (2k (2k − 1)), k = 1 … 9.
const STIRLING: [f64; 9] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
    -3617.0 / 122_400.0,
    43_867.0 / 244_188.0,
];

/// What Stirling's formula adds to (z − ½) ln z − z + ½ ln 2π.
fn remainder<T: Real>(z: T) -> T {
    let r = z.recip();
    let r2 = r * r;
    let mut sum = T::of(0.0);
    for term in STIRLING.iter().rev() {
        sum = sum * r2 + *term;
    }
    sum * r
}

/// Steps by which an argument is raised so that it is large.
fn steps(z: f64) -> u32 {
    (LARGE - z).ceil().max(0.0) as u32
}

/// ln Γ(z), z > 0.
///
/// ```
/// use model_kit::numeric::ln_gamma;
/// assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-14);
/// ```
pub fn ln_gamma<T: Real>(z: T) -> T {
    let up = steps(z.value());
    let mut below = T::of(1.0);
    for i in 0..up {
        below = below * (z + f64::from(i));
    }
    let z = z + f64::from(up);
    let large = (z - 0.5) * z.ln() - z + HALF_LN_2_PI + remainder(z);
    if up == 0 { large } else { large - below.ln() }
}

/// ln Γ(z) − [(z − ½) ln z − z + ½ ln 2π], z > 0: by how much Stirling's formula is off.
pub fn stirling_error(z: f64) -> f64 {
    if z >= LARGE {
        return remainder(z);
    }
    ln_gamma(z) - ((z - 0.5) * z.ln() - z + HALF_LN_2_PI)
}

/// ψ(z), the derivative of ln Γ(z), z > 0.
pub fn digamma(z: f64) -> f64 {
    let mut z = z;
    let mut sum = 0.0;
    while z < LARGE {
        sum -= z.recip();
        z += 1.0;
    }
    // Abramowitz and Stegun 6.3.18: ln z − 1/2z − Σ B₂ₖ / (2k z²ᵏ), where STIRLING has B₂ₖ / (2k (2k − 1)).
    let r2 = (z * z).recip();
    let mut series = 0.0;
    for (place, term) in STIRLING.iter().enumerate().rev() {
        series = (series + term * (2.0 * place as f64 + 1.0)) * r2;
    }
    sum + z.ln() - 0.5 / z - series
}

/// ln Γ(z + n) − ln Γ(z), z > 0, z + n > 0: the logarithm of the rising factorial.
///
/// ```
/// use model_kit::numeric::ln_rising;
/// assert!((ln_rising(2.0, 3.0) - 24.0_f64.ln()).abs() < 1e-14); // 2 · 3 · 4
/// ```
pub fn ln_rising<T: Real>(z: T, n: T) -> T {
    let up = steps(z.value().min(z.value() + n.value()));
    let mut below = T::of(0.0);
    for i in 0..up {
        let z = z + f64::from(i);
        below = below + z.ln() - (z + n).ln();
    }
    let low = z + f64::from(up);
    let high = low + n;
    let large =
        (low - 0.5) * (n / low).ln_1p() + n * high.ln() - n + remainder(high) - remainder(low);
    if up == 0 { large } else { below + large }
}

/// ln Γ(z + n) − ln Γ(z) for a whole number: a sum of logarithms where that is shorter.
pub fn ln_rising_by<T: Real>(z: T, n: u64) -> T {
    if n > 24 {
        return ln_rising(z, T::of(n as f64));
    }
    let mut sum = T::of(0.0);
    let mut i = 0;
    while i < n {
        // Four factors at a time stay in range.
        let last = n.min(i + 4);
        let mut product = z + i as f64;
        for j in i + 1..last {
            product = product * (z + j as f64);
        }
        sum = sum + product.ln();
        i = last;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::real::Jet;

    #[test]
    fn agrees_with_statrs() {
        for z in [1e-8, 0.01, 0.3, 1.0, 1.5, 2.0, 7.3, 10.0, 55.5, 1e4, 1e9] {
            let reference = statrs::function::gamma::ln_gamma(z);
            let close = (ln_gamma(z) - reference).abs() < 2e-13 * (1.0 + reference.abs());
            assert!(close, "{z}: {} {reference}", ln_gamma(z));
        }
    }

    #[test]
    fn quotients_keep_their_digits() {
        // ln(z (z + 1) … (z + 29)) by adding logarithms.
        for z in [1e-9, 0.2, 3.0, 40.0, 1e7, 1e12] {
            let sum: f64 = (0..30).map(|i| (z + f64::from(i)).ln()).sum();
            assert!((ln_rising(z, 30.0) - sum).abs() < 4e-15 * sum.abs().max(10.0), "{z}");
            assert!((ln_rising_by(z, 30) - sum).abs() < 4e-15 * sum.abs().max(10.0), "{z}");
            let sum: f64 = (0..7).map(|i| (z + f64::from(i)).ln()).sum();
            assert!((ln_rising_by(z, 7) - sum).abs() < 4e-15 * sum.abs().max(10.0), "{z}");
        }
    }

    #[test]
    fn digamma_agrees_with_statrs() {
        for z in [1e-3, 0.05, 0.7, 1.0, 3.3, 9.9, 10.0, 55.5, 1e4] {
            let reference = statrs::function::gamma::digamma(z);
            let close = (digamma(z) - reference).abs() < 1e-11 * (1.0 + reference.abs());
            assert!(close, "{z}: {} {reference}", digamma(z));
        }
    }

    #[test]
    fn derivatives_are_digamma_and_trigamma() {
        let [z] = Jet::exp_of(&[0.7_f64.ln()]);
        let lg = ln_gamma(z);
        // ψ(0.7) and ψ'(0.7), by the logarithm of z
        let (psi, trigamma) = (-1.220_023_553_697_934_8, 2.834_049_156_694_611);
        assert!((lg.g[0] - 0.7 * psi).abs() < 1e-14);
        assert!((lg.h[0][0] - (0.7 * psi + 0.49 * trigamma)).abs() < 1e-12, "{}", lg.h[0][0]);
    }
}
