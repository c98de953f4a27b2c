"""BG/NBD and Pareto/NBD fitted by the Python package lifetimes, in turn with ours.

    clv.py CUSTOMERS ROUNDS

Customers are simulated: CUSTOMERS of BG/NBD, and a quarter as many of Pareto/NBD, whose times are whole days. They are copied
into tables for ours. lifetimes fits arrays that are in memory already, once, since it takes minutes; ours reads its rows
from the table in every round. The times go into the table bench.timing; PGHOST and so on say where that is.

Whose estimates are better is told by lifetimes' own likelihood at both. It is a sum of hundreds of thousands of terms in double
precision: what differs by less than ROUNDING of it does not differ.
"""

import importlib.metadata
import subprocess
import sys
import time
import warnings

import numpy as np
from lifetimes import BetaGeoFitter, ParetoNBDFitter

GROUPED = "lifetimes, rows grouped beforehand"
ROUNDING = 1e-12


def simulate(model, number, random):
    """x, t_x and age in weeks: rates from Gamma(0.6, rate 5), two years of customers."""
    age = random.integers(1, 731, number) / 7
    rate = random.gamma(0.6, 1 / 5, number) + 1e-12
    leaves, end = 0.0, age
    if model == "bg/nbd":
        leaves = random.beta(0.9, 2.5, number)
    else:
        end = np.minimum(age, random.exponential(1, number) / (random.gamma(0.8, 1 / 12, number) + 1e-12))
    x, last, now = np.zeros(number), np.zeros(number), np.zeros(number)
    alive = np.ones(number, bool)
    while alive.any():
        now += random.exponential(1, number) / rate
        alive &= now <= end
        x += alive
        last = np.where(alive, now, last)
        alive &= random.random(number) >= leaves
    return x, np.minimum(np.ceil(last * 7) / 7, age), age


def processor():
    """See bench.processor: everybody's but this process's."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, interrupt, soft, stolen = map(int, file.readline().split()[1:9])
    return (user + nice + system + interrupt + soft + stolen) / 100 - time.process_time()


def psql(sql, rows=None):
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]
    return subprocess.run(command, input=rows, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def store(table, columns):
    psql(f"CREATE TABLE {table} (x float8, t_x float8, age float8)")
    rows = "\n".join(f"{x:.0f}\t{t_x!r}\t{age!r}" for x, t_x, age in zip(*(column.tolist() for column in columns)))
    psql(f"COPY {table} FROM STDIN", rows)
    psql(f"VACUUM (FREEZE, ANALYZE) {table}")


def fit(model, variant, fitter, columns, weights=None):
    others, begun = processor(), time.perf_counter()
    fitter.fit(*columns, weights=weights)
    seconds = time.perf_counter() - begun
    others = (processor() - others) / seconds
    psql(f"INSERT INTO bench.timing VALUES ('clv', '{variant}, {model}', 1, {seconds}, {others}, NULL)")
    return fitter


def log_likelihood(fitter, parameters, columns, weights):
    """By lifetimes' function, which is a mean for BG/NBD, of logarithms of parameters, and a sum over mean weights for the other."""
    if isinstance(fitter, BetaGeoFitter):
        return -fitter._negative_log_likelihood(np.log(parameters), *columns, weights, 0) * weights.sum()
    return -fitter._negative_log_likelihood(parameters, *columns, weights, 0) * weights.mean()


def main(customers, rounds):
    warnings.simplefilter("ignore")
    random = np.random.default_rng(1)
    for model, table, number, new in [
        ("bg/nbd", "bench.bg_customers", customers, BetaGeoFitter),
        ("pareto/nbd", "bench.pareto_customers", customers // 4, ParetoNBDFitter),
    ]:
        columns = simulate(model, number, random)
        store(table, columns)
        for number_of_round in range(rounds + 1):
            psql(f"CALL bench.measure_one('clv', 'ours, {model}', {number_of_round})")
        theirs = fit(model, "lifetimes", new(), columns)
        groups, weights = np.unique(np.column_stack(columns), axis=0, return_counts=True)
        if model == "bg/nbd":
            fit(model, GROUPED, new(), groups.T, weights)
        names = list(theirs.params_.index)
        keys = ", ".join(f"fitted -> 'parameters' ->> '{name}'" for name in names)
        ours = psql(f"SELECT concat_ws(' ', {keys}) FROM (SELECT retention.clv_fit_agg(x, t_x, age, NULL, '{model}')::jsonb AS fitted "
                    f"FROM {table}) f")
        ours = np.array([float(value) for value in ours.split()])
        likelihood = [log_likelihood(theirs, parameters, groups.T, weights) for parameters in (ours, np.array(theirs.params_))]
        more = likelihood[0] - likelihood[1]
        if abs(more) < ROUNDING * abs(likelihood[1]):
            more = 0
        psql(f"INSERT INTO bench.number VALUES ('clv, {model}: customers', {number}), ('clv, {model}: distinct', {len(weights)}), "
             f"('clv, {model}: log-likelihood', {more})")
        psql(f"DROP TABLE {table}")
    version = importlib.metadata.version("lifetimes")
    psql(f"INSERT INTO bench.engine VALUES ('lifetimes', '{version}')")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
