"""The logistic regression of churn_risk/tests.rs by scikit-learn: standardised columns, C = 1, which is half the sum of
squares. Prints intercept and coefficients.

    python3 model/prediction/tests/data/logit.py
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

i = np.arange(300)
x = np.stack([i * 7 % 13, i * 5 % 17, i * i % 11], axis=1).astype(float)
y = (3 * x[:, 0] + 2 * x[:, 1] + i * 31 % 29) % 40 < 15
z = (x - x.mean(axis=0)) / x.std(axis=0)
fitted = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-14, max_iter=1000).fit(z, y)
print(repr([float(v) for v in [fitted.intercept_[0], *fitted.coef_[0]]]))
