#!/usr/bin/env python3
"""Computes clv_50_digits.csv again and compares, digit by digit:

    pip install mpmath==1.4.1
    python3 clv_50_digits.py             compare with the table beside this file
    python3 clv_50_digits.py --write     make the table anew, for the questions (the first six columns) that it has

A row is a customer with x repeat purchases, the last at t_x, looked at for `age`: the log-likelihood, the probability of being
alive at `age`, and the purchases to be expected within `t` from then on. By the papers' formulas, with Gauss's hypergeometric
function, or for GGompertz/NBD with quadrature over the time of leaving; with more digits than any cancellation eats, and printed
with 17.

BG/NBD       P. S. Fader, B. G. S. Hardie and K. L. Lee, Marketing Science 24 (2005), 275-284
MBG/NBD      E. P. Batislam, M. Denizel and A. Filiztekin, International Journal of Research in Marketing 24 (2007), 201-209
Pareto/NBD   D. C. Schmittlein, D. G. Morrison and R. Colombo, Management Science 33 (1987), 1-24
GGompertz/NBD  A. C. Bemmaor and N. Glady, Management Science 58 (2012), 1012-1021
"""

import csv
import pathlib
import sys

from mpmath import beta, exp, expm1, hyp2f1, linspace, log, loggamma, mp, mpf, nstr, quad

mp.dps = 70
TABLE = pathlib.Path(__file__).with_suffix(".csv")
COLUMNS = ["log_likelihood", "p_alive", "expected"]


def purchases(r, alpha, x):
    """ln of the factor of the gamma mixture of Poisson purchases that does not depend on the time of leaving."""
    return loggamma(r + x) - loggamma(r) + r * log(alpha)


def beta_geometric(r, alpha, a, b, x, t_x, age, t, first):
    """Leaving with a probability after each purchase; `first` is 1 if already after the purchase at time 0, else 0."""
    alive = beta(a, b + x + first) / beta(a, b) * (alpha + age) ** -(r + x)
    left = mpf(0)
    if x + first > 0:
        left = beta(a + 1, b + x + first - 1) / beta(a, b) * (alpha + t_x) ** -(r + x)
    p_alive = alive / (alive + left)
    c = a + b + x + first - 1
    z = t / (alpha + age + t)
    expected = c / (a - 1) * (1 - ((alpha + age) / (alpha + age + t)) ** (r + x) * hyp2f1(r + x, b + x + first, c, z))
    return purchases(r, alpha, x) + log(alive + left), p_alive, expected * p_alive


def pareto(r, alpha, s, b, x, t_x, age, t):
    def tail(u):
        """The integral of (b + w)^-(s + 1) (alpha + w)^-(r + x) over w from u to infinity."""
        far, near, n = (alpha, b, s + 1) if alpha >= b else (b, alpha, r + x)
        power = r + s + x
        return (far + u) ** -power / power * hyp2f1(power, n, power + 1, (far - near) / (far + u))

    alive = (b / (b + age)) ** s * (alpha + age) ** -(r + x)
    left = s * b**s * (tail(t_x) - tail(age))
    p_alive = alive / (alive + left)
    if s == 1:
        remaining = (b + age) * log((b + age + t) / (b + age))
    else:
        remaining = (b + age) / (s - 1) * (1 - ((b + age) / (b + age + t)) ** (s - 1))
    return purchases(r, alpha, x) + log(alive + left), p_alive, p_alive * (r + x) / (alpha + age) * remaining


def gompertz(r, alpha, rate, s, b, x, t_x, age, t):
    def survival(u):
        return (b / (b + expm1(rate * u))) ** s

    def hazard(u):
        return s * rate * exp(rate * u) / (b + expm1(rate * u))

    def integral(f, low, high):
        return quad(f, linspace(low, high, 1 + max(8, int(4 * rate * (high - low)))), maxdegree=10)

    alive = survival(age) * (alpha + age) ** -(r + x)
    left = integral(lambda u: survival(u) * hazard(u) * (alpha + u) ** -(r + x), t_x, age)
    p_alive = alive / (alive + left)
    remaining = integral(lambda u: survival(age + u) / survival(age), mpf(0), t)
    return purchases(r, alpha, x) + log(alive + left), p_alive, p_alive * (r + x) / (alpha + age) * remaining


MODELS = {
    "bg/nbd": lambda *given: beta_geometric(*given, first=0),
    "mbg/nbd": lambda *given: beta_geometric(*given, first=1),
    "pareto/nbd": pareto,
    "ggompertz/nbd": gompertz,
}


def main():
    with open(TABLE, newline="") as file:
        rows = list(csv.DictReader(file))
    different = 0
    for row in rows:
        # as doubles: that is what the tests read
        given = [mpf(float(word)) for word in row["parameters"].split()] + [mpf(float(row[name])) for name in ("x", "t_x", "age", "t")]
        for name, value in zip(COLUMNS, MODELS[row["model"]](*given)):
            committed = mpf(row[name])
            if abs(value - committed) > mpf(10) ** -16 * max(abs(value), mpf(10) ** -300):
                different += 1
                print(row["model"], row["parameters"], row["x"], row["t_x"], row["age"], row["t"], name, "is", row[name], "and should be", nstr(value, 17))
            row[name] = nstr(value, 17, strip_zeros=False)
    print(f"{len(rows)} rows, {len(rows) * len(COLUMNS)} values, {different} different")
    if "--write" in sys.argv[1:]:
        with open(TABLE, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    elif different:
        sys.exit(1)


if __name__ == "__main__":
    main()
