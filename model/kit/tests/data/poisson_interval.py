"""Garwood's exact interval of a Poisson count, for large counts: the table MPMATH of numeric/poisson.rs.

    pip install mpmath
    python poisson_interval.py

The tail of a gamma distribution is integrated in standard deviations from its mean, at fifty digits, and the quantile found by
Newton's method.
"""

import mpmath as mp

mp.mp.dps = 50


def quantile(a, p, z):
    """Where gamma's distribution of the shape a has p below it (z < 0), or above it (z > 0)."""
    mean, deviation = mp.mpf(a), mp.sqrt(a)
    constant = mp.log(deviation) - mp.loggamma(a)

    def density(u):
        x = mean + deviation * u
        return mp.exp(constant + (a - 1) * mp.log(x) - x)

    u, direction = z, mp.sign(z)
    for _ in range(8):
        far = max(direction * 12, (1 - mean) / deviation) if z < 0 else direction * 14
        tail = mp.quad(density, mp.linspace(u, u + far, 13)) * direction
        step = (tail - p) / density(u) * direction
        u += step
        if abs(step) < mp.mpf(10) ** -30:
            return mean + deviation * u
    raise ArithmeticError((a, p))


print("count, confidence, low, high")
for count in (10_000, 12_345, 10**6, 10**9 + 7, 10**13, 2**53, 10**18, 2**64 - 1):
    for confidence in ("0.5", "0.95", "0.999999999"):
        tail = (1 - mp.mpf(float(confidence))) / 2
        z = mp.sqrt(2) * mp.erfinv(mp.mpf(float(confidence)))
        low, high = quantile(mp.mpf(count), tail, -z), quantile(mp.mpf(count) + 1, tail, z)
        print(f"({count}, {confidence}, {mp.nstr(low, 20)}, {mp.nstr(high, 20)}),")
