#!/usr/bin/env python3
"""Computes cdnow_sample_per_customer.csv again, by other means than made it:

    pip install mpmath==1.4.1; python3 cdnow_sample_per_customer.py

The table is from the R packages BTYD (BG/NBD: bgnbd, Pareto/NBD: pnbd, Gamma-Gamma: spend) and BTYDplus (MBG/NBD: mbgnbd), at the
parameters that they found for the sample: those below, of which the Gamma-Gamma's are left to the table itself. R is not needed
here: at these parameters the papers' formulas of clv_50_digits.py must give the same ten digits."""

import csv
import pathlib
import sys

from mpmath import mp, mpf

import clv_50_digits as formulas

mp.dps = 40
HERE = pathlib.Path(__file__)
MODELS = {
    "bg/nbd": ("bgnbd", [0.24259815230439222, 4.4136841631907595, 0.7929898736040539, 2.4261666961672117]),
    "mbg/nbd": ("mbgnbd", [0.5248435585650897, 6.183092844602335, 0.8913877803102905, 1.6140483347001773]),
    "pareto/nbd": ("pnbd", [0.553397143253418, 10.580198543935195, 0.6060624971592765, 11.656223671580367]),
}


def main():
    with open(HERE.with_suffix(".csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    known, worst, different = {}, mpf(0), 0
    for row in rows:
        days = [mpf(round(7 * float(row[name]))) / 7 for name in ("t_x", "age")]
        for model, (column, parameters) in MODELS.items():
            question = (model, row["x"], *days)
            if question not in known:
                known[question] = formulas.MODELS[model](*map(mpf, parameters), mpf(row["x"]), *days, mpf(39))
            _, p_alive, expected = known[question]
            for value, name in ((p_alive, f"{column}_p_alive"), (expected, f"{column}_expected_39w")):
                off = abs(mpf(row[name]) / value - 1)
                worst = max(worst, off)
                different += off > 1e-9
    print(f"{len(rows)} customers, {6 * len(rows)} values, {different} different; the largest difference is", mp.nstr(worst, 2), "of the value")
    sys.exit(bool(different))


main()
