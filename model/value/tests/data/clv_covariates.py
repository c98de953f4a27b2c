#!/usr/bin/env python3
"""Finds the maximum of the likelihood of the customers of clv_covariates.csv, which model/value/src/clv/fitting/covariates/tests.rs holds
the extension's fits against:  pip install numpy scipy; python3 clv_covariates.py

The definitions are those of PyMC-Marketing's models with flat priors, in which the maximum was first found: with z the covariates,
member and (years - 35) / 10,

    BG/NBD      alpha = alpha0 exp(-c1 z), a = a0 exp(c2 z), b = b0 exp(c3 z)
    Pareto/NBD  alpha = alpha0 exp(-c1 z), beta = beta0 exp(-c2 z)

Written from the papers' likelihoods with SciPy's special functions alone."""

import csv
import pathlib

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

TABLE = pathlib.Path(__file__).with_suffix(".csv")

# As PyMC-Marketing 0.19.2 has them: parameters, coefficients, log-likelihood.
REFERENCE = {
    "bg/nbd": (
        [0.7452569802789161, 4.692413281649452, 0.604766961308731, 1.6590721890556308],
        [0.3853474546078965, -0.1863735772084475, -0.3014118906703032, 0.0925161429866154, 0.42122437041269356, -0.030609902284957195],
        -12960.832726240797,
    ),
    "pareto/nbd": (
        [0.788892889254439, 10.379588537752701, 1.349398717394327, 28.542111587441568],
        [0.6146417580723417, -0.20705025412036493, -0.32884008483637334, 0.04488180608862514],
        -8564.538135073311,
    ),
}


def bg(v, x, t_x, age, z):
    r, alpha, a, b = np.exp(v[:4])
    alpha, a, b = alpha * np.exp(-z @ v[4:6]), a * np.exp(z @ v[6:8]), b * np.exp(z @ v[8:10])
    alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    again = np.maximum(x, 1)  # of those without a repeat purchase nobody has left
    left = np.where(x > 0, betaln(a + 1, b + again - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x), -np.inf)
    return np.sum(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + np.logaddexp(alive, left))


def pareto(v, x, t_x, age, z):
    r, alpha, s, beta = np.exp(v[:4])
    alpha, beta = alpha * np.exp(-z @ v[4:6]), beta * np.exp(-z @ v[6:8])
    first = alpha >= beta
    far, near, n = np.where(first, alpha, beta), np.where(first, beta, alpha), np.where(first, s + 1, r + x)
    power = r + s + x

    def tail(u, against):
        return hyp2f1(power, n, power + 1, (far - near) / (far + u)) * np.exp(-power * np.log(far + u) - against) / power

    alive = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
    terms = alive + np.log1p(s * np.maximum(tail(t_x, alive) - tail(age, alive), 0))
    return np.sum(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + terms)


def main():
    with open(TABLE, newline="") as file:
        rows = list(csv.DictReader(file))
    for model, likelihood, count in (("bg/nbd", bg, 10), ("pareto/nbd", pareto, 8)):
        of = [row for row in rows if row["model"] == model]
        x, t_x, age, member, years = (np.array([float(row[name]) for row in of]) for name in ("x", "t_x", "age", "member", "years"))
        z = np.stack([member, (years - 35) / 10], axis=1)
        parameters, coefficients, reference = REFERENCE[model]
        start = np.zeros(count)
        start[1:4:2] = 2  # in exp: alpha and b, or beta, are in weeks
        found = minimize(lambda v: -likelihood(v, x, t_x, age, z), start, method="BFGS", options={"gtol": 1e-5, "maxiter": 1000})
        found = minimize(lambda v: -likelihood(v, x, t_x, age, z), found.x, method="Nelder-Mead",
                         options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 20000, "maxfev": 20000})
        print(model, len(of), "customers; log-likelihood", repr(-found.fun), "reference", reference)
        print("  at the reference:", repr(likelihood(np.concatenate([np.log(parameters), coefficients]), x, t_x, age, z)))
        print("  parameters  ", np.exp(found.x[:4]), "off by", np.max(np.abs(np.exp(found.x[:4]) / parameters - 1)))
        print("  coefficients", found.x[4:], "off by", np.max(np.abs(found.x[4:] - coefficients)))


main()
