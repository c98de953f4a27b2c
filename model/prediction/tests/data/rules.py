"""The tree of rules/tests.rs by scikit-learn, of the half of the members that grows it: prints the numbers of members of the other
half in each leaf, and those who left, by descending rate.

    python3 model/prediction/tests/data/rules.py        needs scikit-learn and xxhash
"""

import numpy as np
import xxhash
from sklearn.tree import DecisionTreeClassifier, export_text

i = np.arange(4000)
x = np.stack([i * 7 % 101, i * 13 % 59, i * i % 47], axis=1).astype(float)
noise = i * 7919 % 1000
odds = np.where(x[:, 0] > 60, 2.0, -1.5) + np.where((x[:, 0] <= 60) & (x[:, 1] > 40), 2.5, 0) + 0.02 * x[:, 2]
y = noise < np.floor(1000 / (1 + np.exp(-odds)))
of = lambda text: xxhash.xxh3_64_intdigest(text)
grows = np.array([((of(f"m{k}".encode()) ^ of(b"rules")) & 1) == 1 for k in i])
tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=50, random_state=0).fit(x[grows], y[grows])
print(export_text(tree, decimals=3))
leaf = tree.apply(x[~grows])
rows = [(int((leaf == n).sum()), int(y[~grows][leaf == n].sum())) for n in np.unique(leaf)]
print(sorted(rows, key=lambda r: (-r[1] / r[0], -r[0])))
