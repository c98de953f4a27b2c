"""P(n purchases within t) of pareto/nbd and ggompertz/nbd, to 17 digits: writes purchases_distribution.csv.

    pip install mpmath gmpy2
    python purchases_distribution.py > purchases_distribution.csv

Given the time tau at which its life ends, what a customer buys is negative binomial. That is integrated over tau
by Gauss and Legendre's rule at 30 digits, between points that are so near to each other that neither the purchases
nor the lifetime change much from one to the next; rules of 24 and of 32 nodes must agree.
"""

import itertools
import random

import mpmath as mp

mp.mp.dps = 30


class Pareto:
    def __init__(self, s, beta):
        self.s, self.beta = s, beta

    def ln_survivor(self, y):
        return -self.s * mp.log1p(y / self.beta)

    def ln_density(self, y):
        return mp.log(self.s / (self.beta + y)) + self.ln_survivor(y)

    def points(self, start, end):
        """Points from start to end between which the lifetime changes little."""
        at = start
        while at < end:
            yield at
            at += (at + self.beta) / max(2, self.s / 8)


class Gompertz:
    def __init__(self, b, s, beta):
        self.b, self.s, self.beta = b, s, beta

    def ln_survivor(self, y):
        return -self.s * mp.log1p(mp.expm1(self.b * y) / self.beta)

    def ln_density(self, y):
        growth = mp.log1p(mp.expm1(self.b * y) / self.beta)
        return mp.log(self.b * self.s / self.beta) + self.b * y - (self.s + 1) * growth

    def points(self, start, end):
        at = start
        while at < end:
            yield at
            # Where beta < 1, the nearest singularity is at ln(1 - beta) / b.
            near = at - mp.log1p(-self.beta) / self.b if self.beta < 1 else mp.inf
            hazard = mp.exp(self.ln_density(at) - self.ln_survivor(at))
            # In the end, lifetimes are exponential to the last digit.
            changes = 1 / self.b if self.b * at < 80 + mp.log(self.beta) else mp.inf
            at += min(changes, near / 2, 8 / hazard, (end - start) / 3)


def rule(n):
    """Gauss and Legendre's nodes on [-1, 1], with their weights."""
    nodes = []
    for i in range(n):
        x = mp.cos(mp.pi * (i + mp.mpf(3) / 4) / (n + mp.mpf(1) / 2))
        for _ in range(8):
            before, here = mp.mpf(1), x
            for j in range(2, n + 1):
                before, here = here, ((2 * j - 1) * x * here - (j - 1) * before) / j
            slope = n * (before - x * here) / (1 - x * x)
            x -= here / slope
        nodes.append((x, 2 / ((1 - x * x) * slope * slope)))
    return nodes


RULES = [rule(24), rule(32)]


def integral(ln_f, points):
    """Of exp(ln_f), a function with one maximum: from the first to the last of the points."""
    points = sorted(set(points))
    heights = [ln_f(at) for at in points]
    top = max(heights)
    totals = [mp.mpf(0), mp.mpf(0)]
    for (a, b), (at_a, at_b) in zip(itertools.pairwise(points), itertools.pairwise(heights)):
        # Far from the maximum, nothing counts.
        if max(at_a, at_b) < top - 70:
            continue
        for i, nodes in enumerate(RULES):
            half = (b - a) / 2
            totals[i] += half * sum(weight * mp.exp(ln_f(a + half + half * x)) for x, weight in nodes)
    assert abs(totals[0] - totals[1]) < mp.mpf(10) ** -17 * totals[1], totals
    return totals[1]


def probability(r, alpha, life, x, t_x, age, t, n):
    k, base = r + x, alpha + age

    def ln_odds(y):
        return life.ln_density(y) - life.ln_survivor(age) - k * mp.log((alpha + y) / base)

    odds = mp.mpf(0)
    if t_x < age:
        falls, step = [t_x], mp.expm1(min(2 / k, mp.mpf(1) / 2))
        while (at := falls[-1] + (alpha + falls[-1]) * step) < age:
            falls.append(at)
        odds = integral(ln_odds, falls + list(life.points(t_x, age)) + [age])
    alive = 1 / (1 + odds)

    ways = mp.loggamma(k + n) - mp.loggamma(k) - mp.loggamma(n + 1)

    def ln_purchases(tau):
        return ways + (n * mp.log(tau / (base + tau)) if n else 0) - k * mp.log1p(tau / base)

    def ln_f(tau):
        if tau == 0 and n:
            return mp.mpf(-10) ** 9
        return ln_purchases(tau) + life.ln_density(age + tau) - life.ln_survivor(age)

    root, points, phi = mp.sqrt(k), [mp.mpf(0)], mp.mpf(1) / 2
    while (tau := base * mp.sinh(phi / (2 * root)) ** 2) < t:
        points.append(tau)
        phi += 2 if root > 1 else mp.mpf(1) / 4
    points += [at - age for at in life.points(age, age + t)] + [t]
    # The maximum may lie between two points.
    if n and n * base / k < t:
        points.append(n * base / k)
    stays = mp.exp(life.ln_survivor(age + t) - life.ln_survivor(age) + ln_purchases(t))
    purchases = stays + integral(ln_f, points)
    return alive * purchases + (1 - alive if n == 0 else 0)


LIVES = {
    "pareto/nbd": [("0.5", "10"), ("0.05", "0.01"), ("0.6", "11.7"), ("2", "0.001"), ("3", "5000"), ("40", "30"), ("1000", "100")],
    "ggompertz/nbd": [
        ("0.03", "0.6", "0.4"),
        ("0.01", "0.5", "1000"),
        ("1", "0.01", "1000"),
        ("0.0005", "30", "2"),
        ("0.5", "2", "1e12"),
        ("0.02", "0.001", "0.0001"),
        ("10", "0.02", "0.5"),
    ],
}
RATES = [("1", "1.5"), ("0.55", "10.6"), ("0.001", "1e4"), ("20", "0.05"), ("1000", "300")]
CUSTOMERS = [("0", "0", "0"), ("0", "0", "52"), ("1", "1", "2600"), ("30", "38", "39"), ("300", "51.5", "52"),
             ("1000", "51.95", "52"), ("1000", "900", "1000")]
HORIZONS = ["0.1", "1", "13", "52", "520", "2600"]


def cases():
    issue = ("pareto/nbd", ("1", "1.5"), ("0.5", "10"), ("300", "51.5", "52"))
    yield from ((*issue, "520", n) for n in (0, 1, 2, 3, 10, 500, 3000, 4000))
    yield from ((*issue, "52", n) for n in (0, 1, 150, 300, 400))
    picks = random.Random(11)
    for model, lives in LIVES.items():
        for _ in range(100):
            rates, life = picks.choice(RATES), picks.choice(lives)
            customer, t = picks.choice(CUSTOMERS), picks.choice(HORIZONS)
            mean = (float(rates[0]) + float(customer[0])) / (float(rates[1]) + float(customer[2])) * float(t)
            n = picks.choice([0, 1, 2, 10, int(mean / 2), int(mean), int(mean + 3 * mean**0.5)])
            yield model, rates, life, customer, t, n


print("model,parameters,x,t_x,age,t,n,p")
for model, rates, life, customer, t, n in cases():
    lifetime = (Pareto if model == "pareto/nbd" else Gompertz)(*map(mp.mpf, life))
    p = probability(*map(mp.mpf, rates), lifetime, *map(mp.mpf, customer), mp.mpf(t), n)
    print(model, " ".join(rates + life), *customer, t, n, mp.nstr(p, 17, min_fixed=0, max_fixed=0), sep=",", flush=True)
