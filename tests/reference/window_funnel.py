#!/usr/bin/env python3
"""Asks ClickHouse's engine (the package chdb) how far random groups of rows come in windowFunnel, for the tests to agree with:

    python3 window_funnel.py [GROUPS [SEED]] > window_funnel.csv

A line for every question: the group, the window, the modes, the number of conditions, the rows as time:conditions (a bit for each), and
what windowFunnel answers. Times are few, so that many rows are at one time, and rows meet none, one or several conditions.
"""

import random
import sys

import chdb.session

MODES = ["default", "strict_order", "strict_increase", "strict_deduplication", "strict_once", "strict_order,strict_increase",
         "strict_deduplication,strict_increase", "strict_deduplication,strict_order", "strict_once,strict_increase"]


def main():
    groups = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 17)
    session = chdb.session.Session()
    session.query("CREATE DATABASE w ENGINE = Atomic")
    session.query("CREATE TABLE w.rows (grp UInt32, at UInt32, met UInt32) ENGINE = Memory")
    rows, told = [], {}
    for group in range(groups):
        conditions = rng.randint(1, 5)
        several = rng.random() < 0.4
        own = []
        for _ in range(rng.randint(1, 14)):
            met = rng.randrange(1 << conditions) if several else (1 << rng.randrange(conditions)) * rng.choice([0, 1, 1, 1])
            own.append((rng.randrange(1000, 1000 + rng.choice([4, 12, 40])), met))
        told[group] = (conditions, rng.randint(0, 20), own)
        rows += [f"({group},{at},{met})" for at, met in own]
    for begin in range(0, len(rows), 10000):
        session.query("INSERT INTO w.rows VALUES " + ",".join(rows[begin : begin + 10000]))
    # The window and the number of conditions are constants of the function.
    kinds = {}
    for group, (conditions, within, _) in told.items():
        kinds.setdefault((conditions, within), []).append(group)
    print("grp,within,modes,conditions,rows,level")
    for (conditions, within), own in sorted(kinds.items()):
        met = ", ".join(f"toUInt8(bitTest(met, {step}))" for step in range(conditions))
        for modes in MODES:
            options = "".join(f", '{mode}'" for mode in modes.split(",") if mode != "default")
            answer = session.query(
                f"SELECT grp, windowFunnel({within}{options})(at, {met}) FROM w.rows WHERE grp IN ({','.join(map(str, own))}) GROUP BY grp ORDER BY grp", "CSV")
            for line in str(answer).split():
                group, level = map(int, line.split(","))
                text = " ".join(f"{at}:{bits}" for at, bits in told[group][2])
                print(f'{group},{within},"{modes}",{conditions},{text},{level}')


main()
