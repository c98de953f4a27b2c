#!/usr/bin/env python3
"""Makes cdnow_sample_cbs.csv from demo/data/cdnow.csv again, and compares: python3 cdnow_sample_cbs.py

The published sample of CDNOW up to 1997-09-30, a row a customer. A purchase is a day with orders. x: repeat purchases; t_x_days and
age_days: days from the first to the last, and to the end; litt_weeks: the sum of ln(weeks between purchases); spend: the mean
amount of the repeat purchases. Python's standard library is enough."""

import csv
import datetime
import math
import pathlib
import sys

HERE = pathlib.Path(__file__)
END = datetime.date(1997, 9, 30)


def main():
    days = {}
    with open(HERE.parents[4] / "demo/data/cdnow.csv", newline="") as file:
        for row in csv.DictReader(file):
            day = datetime.date.fromisoformat(row["ordered_on"])
            if row["in_sample"] == "True" and day <= END:
                amounts = days.setdefault(int(row["member_id"]), {})
                amounts[day] = amounts.get(day, 0) + round(100 * float(row["amount"]))
    with open(HERE.with_suffix(".csv"), newline="") as file:
        committed = list(csv.DictReader(file))
    different = [c["member_id"] for c in committed if not same(c, days.get(int(c["member_id"]), {}))]
    print(f"{len(committed)} customers, {len(days)} in the data, {len(different)} different", *different[:5])
    sys.exit(bool(different) or len(days) != len(committed))


def same(committed, amounts):
    bought = sorted(amounts)
    if not bought:
        return False
    repeats = [amounts[day] for day in bought[1:]]
    litt = sum(math.log((b - a).days / 7) for a, b in zip(bought, bought[1:]))
    spend = sum(repeats) / len(repeats) / 100 if repeats else None
    return (
        (int(committed["x"]), int(committed["t_x_days"]), int(committed["age_days"]))
        == (len(repeats), (bought[-1] - bought[0]).days, (END - bought[0]).days)
        and abs(float(committed["litt_weeks"]) - litt) < 1e-11
        and (committed["spend"] == "" if spend is None else abs(float(committed["spend"]) - spend) < 1e-9 * max(spend, 1))
    )


main()
