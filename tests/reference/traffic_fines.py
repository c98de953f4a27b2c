#!/usr/bin/env python3
"""Makes traffic_fines.csv of the data set traffic_fines of the R package eventdataR (MIT; a log of a police force in Italy, by M. de Leoni
and F. Mannhardt), written as CSV with the columns case_id, activity, timestamp and .order:

    python3 traffic_fines.py < traffic_fines_of_eventdataR.csv > traffic_fines.csv

A line for every way that a case went: how many cases went it, and its events, each as a letter and the days since the first. The five steps
of the test have letters of their own (C, S, N, A, P); X is any other event.
"""

import collections
import csv
import datetime
import sys

LETTERS = {"Create Fine": "C", "Send Fine": "S", "Insert Fine Notification": "N", "Add penalty": "A", "Payment": "P"}

cases = collections.defaultdict(list)
for row in csv.DictReader(sys.stdin):
    day = datetime.date.fromisoformat(row["timestamp"][:10]).toordinal()
    cases[row["case_id"]].append((day, int(row[".order"]), LETTERS.get(row["activity"], "X")))
ways = collections.Counter()
for events in cases.values():
    events.sort()
    ways[" ".join(f"{letter}{day - events[0][0]}" for day, _, letter in events)] += 1
print("cases,events")
for way, count in sorted(ways.items()):
    print(f"{count},{way}")
