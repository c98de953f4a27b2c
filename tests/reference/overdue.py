"""Silences of the two data sets of demo/data, by scipy 1.x: what docs/prediction/overdue.md defines, written anew.

    python3 tests/reference/overdue.py > tests/reference/overdue_members.csv

prints every 40th judged member with its probability and its bound, and one row of false alarms for each
data set, whose member is 'alarms': gaps, alarms and the share.
"""

import csv
import datetime
import math

from scipy.optimize import brentq
from scipy.special import digamma
from scipy.stats import f as fisher


def read(path, member, at):
    days = {}
    for row in csv.DictReader(open(path)):
        day = datetime.date.fromisoformat(row[at][:10]).toordinal()
        days.setdefault(int(row[member]), set()).add(day)
    return {member: sorted(days) for member, days in days.items()}


def rhythm(days):
    gaps = [[b - a for a, b in zip(d, d[1:])] for d in days.values() if len(d) > 1]
    mean = sum(map(sum, gaps)) / sum(map(len, gaps))
    several = [g for g in gaps if len(g) > 1]
    right = sum(math.log(sum(g) / x) for g in several for x in g)

    def slope(k):
        return sum(len(g) * (digamma(len(g) * k) - digamma(k)) for g in several) - right

    return brentq(slope, 0.02, 500, xtol=1e-14, rtol=1e-14), mean


def distribution(k, mean, gaps, total):
    # x (n + 2) k / (k (2 mean + total)) is F with 2k and 2 (n + 2) k degrees of freedom.
    return fisher(2 * k, 2 * (gaps + 2) * k, scale=(2 * mean + total) / (gaps + 2))


def main():
    print("data,member,silent_days,gaps,p_silence,due_by")
    for data, path, member, at, as_of in [
        ("shop", "demo/data/online_retail_orders.csv", "member_id", "ordered_at", "2011-12-09"),
        ("cdnow", "demo/data/cdnow.csv", "member_id", "ordered_on", "1998-06-30"),
    ]:
        days, end = read(path, member, at), datetime.date.fromisoformat(as_of).toordinal()
        k, mean = rhythm(days)
        judged = [m for m in sorted(days) if len(days[m]) > 3]
        for m in judged[::40]:
            d = days[m]
            of = distribution(k, mean, len(d) - 1, d[-1] - d[0])
            due_by = datetime.date.fromordinal(d[-1] + math.floor(of.isf(0.05)))
            print(f"{data},{m},{end - d[-1]},{len(d) - 1},{float(of.sf(end - d[-1]))!r},{due_by}")
        gaps = alarms = 0
        for d in days.values():
            for i in range(3, len(d) - 1):
                of = distribution(k, mean, i, d[i] - d[0])
                if d[i] + of.isf(0.005) <= end:
                    gaps += 1
                    alarms += d[i + 1] - d[i] > math.floor(of.isf(0.05))
        print(f"{data},alarms,{gaps},{alarms},{alarms / gaps!r},")


main()
