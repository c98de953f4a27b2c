"""How often the intervals of mbg/nbd hold the truth: customers simulated by numpy from the model's definition, fitted by the extension.

    pip install numpy
    PGHOST=... python tests/reference/clv_coverage.py DATABASE SAMPLES CUSTOMERS SEED

The database has the extension. Prints, for each parameter, the share of 95 % intervals (of the logarithm, by the standard error)
that hold it, and the mean and standard deviation of (estimate - truth) / standard error, which would be 0 and 1.
"""

import json
import subprocess
import sys

import numpy as np

NAMES = ("r", "alpha", "a", "b")
TRUTH = np.array([0.6, 5.0, 0.9, 2.5])

database, samples, customers, seed = sys.argv[1], *map(int, sys.argv[2:5])
random = np.random.default_rng(seed)


def customer(rate, dropout, age):
    """Purchases at a rate, and a chance to leave after each, the first one included (Batislam et al. 2007)."""
    x, last, now = 0, 0.0, 0.0
    while random.random() >= dropout:
        now += random.exponential(1 / rate) if rate > 0 else np.inf
        if now > age:
            break
        x, last = x + 1, now
    return x, last, age


rows = []
for sample in range(samples):
    r, alpha, a, b = TRUTH
    rates, dropouts = random.gamma(r, 1 / alpha, customers), random.beta(a, b, customers)
    ages = random.uniform(26, 52, customers)
    rows += (f"{sample},%d,%r,%r" % (x, float(last), float(age)) for x, last, age in map(customer, rates, dropouts, ages))

script = (
    "CREATE TEMP TABLE simulated (sample int, x float8, t_x float8, age float8);\n"
    "COPY simulated FROM STDIN (FORMAT csv);\n" + "\n".join(rows) + "\n\\.\n"
    "SELECT retention.clv_fit_agg(x, t_x, age, NULL, 'mbg/nbd')::jsonb FROM simulated GROUP BY sample;"
)
printed = subprocess.run(["psql", "-XAtq", "-d", database], input=script, capture_output=True, text=True, check=True).stdout
models = [json.loads(line) for line in printed.splitlines()]
estimates = np.array([[model["parameters"][name] for name in NAMES] for model in models])
errors = np.array([[model["std_errors"][name] for name in NAMES] for model in models])
z = np.log(estimates / TRUTH) / (errors / estimates)
for i, name in enumerate(NAMES):
    print(f"{name:5} {np.mean(np.abs(z[:, i]) < 1.96):.3f}  {np.mean(z[:, i]):+.3f}  {np.std(z[:, i]):.3f}   of {len(models)} samples")
