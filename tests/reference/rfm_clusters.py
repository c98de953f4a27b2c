"""The least sum of squared distances that scikit-learn's k-means finds, for tests/sql/value/rfm.sql.

    pip install scikit-learn pandas
    python tests/reference/rfm_clusters.py demo/data/online_retail_orders.csv
"""

import sys

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans

orders = pd.read_csv(sys.argv[1], parse_dates=["ordered_at"])
members = orders.groupby("member_id").agg(last=("ordered_at", "max"), frequency=("amount", "size"), monetary=("amount", "sum"))
recency = (pd.Timestamp("2011-12-09") - members["last"].dt.normalize()).dt.days
# Amounts in units of their median.
monetary = members["monetary"].round(6) / members["monetary"].round(6).abs().loc[lambda amount: amount != 0].median()
points = np.column_stack([np.log1p(recency), np.log1p(members["frequency"]), np.sign(monetary) * np.log1p(monetary.abs())])
points = (points - points.mean(axis=0)) / points.std(axis=0)
for k in (2, 3, 4, 6):
    print(k, repr(float(KMeans(k, n_init=50, random_state=1).fit(points).inertia_)))
