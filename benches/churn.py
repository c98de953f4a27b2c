"""Who leaves, predicted by churn_fit, and by LightGBM and scikit-learn on the same rows.

    churn.py LOG=HORIZON,STEP,ANCHORS:FILE ...   logs of events: CSV with the columns member, day (ISO), amount, without a header
    churn.py TABLE=LABEL,YES:FILE ...            tables: CSV with a header; every other column is an attribute
    churn.py shap=HORIZON,STEP,ANCHORS:FILE      the effects of churn_reasons against those of shap, for the model of such a log
    churn.py time=ROWS                           a made-up history of about so many rows of a fit, for the clock

PGHOST and so on say where the server is; its database needs the extension. The rows that LightGBM gets are those of churn_dataset, split
at the same anchors: those whose horizon ends before the first of the newest quarter begins fit, that quarter tests. Tables are
split by member into five folds. Packages: benches/churn.txt.
"""

import io
import subprocess
import sys
import time
import warnings

import lightgbm
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")


def psql(sql, rows=None):
    command = ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql]
    return subprocess.run(command, input=rows, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def clocked(action):
    begin = time.perf_counter()
    result = action()
    return result, time.perf_counter() - begin


def booster(leaves):
    return lightgbm.LGBMClassifier(n_estimators=200, num_leaves=leaves, learning_rate=0.05, n_jobs=1, verbose=-1)


def report(name, label, p, seconds):
    auc, loss = p if isinstance(p, tuple) else (roc_auc_score(label, p), log_loss(label, p))
    print(f"| {name} | {auc:.4f} | {loss:.4f} | {seconds:.1f} |")


def ours(fit, what):
    """Fits by method, and prints what the test says."""
    for method in ["auto", "logit", "boosted"]:
        psql("DROP TABLE IF EXISTS churn_bench_model")
        _, seconds = clocked(lambda: psql(f"CREATE TABLE churn_bench_model AS SELECT {fit.format(method=method)} AS f {what}"))
        rows = psql("SELECT measure, value FROM churn_bench_model, retention.churn_test(f)").splitlines()
        measures = dict(row.split("\t") for row in rows if "\t" in row and not row.endswith("\t"))
        report(f"churn_fit, {method}", None, (float(measures["auc"]), float(measures["log_loss"])), seconds)
        inside = measures.get("bins_inside")
        print(f"<!-- bins_inside {inside}, slope {measures.get('calibration_slope')} -->")


def dataset(arguments):
    text = psql("COPY (SELECT member, anchor, churned::int, array_to_string(features, ',', '') "
                f"FROM churn_bench_h, retention.churn_dataset(h, {arguments})) TO STDOUT")
    rows = pd.read_csv(io.StringIO(text), sep="\t", header=None, names=["member", "anchor", "churned", "features"])
    x = np.array([[float(v) if v else np.nan for v in row.split(",")] for row in rows.features])
    return rows, x


def of_log(name, horizon, step, anchors, file):
    psql("DROP TABLE IF EXISTS churn_bench_log, churn_bench_h")
    psql("CREATE TABLE churn_bench_log (member text, day date, amount numeric)")
    psql("COPY churn_bench_log FROM STDIN (FORMAT csv)", open(file).read())
    psql("CREATE TABLE churn_bench_h AS SELECT retention.history_agg(member, day, amount) AS h FROM churn_bench_log")
    arguments = f"'{horizon} days', anchors => {anchors}, step => '{step} days'"
    rows, x = dataset(arguments)
    days = pd.to_datetime(rows.anchor)
    distinct = sorted(days.unique())
    first = distinct[-max(1, len(distinct) // 4)]
    fit, test = (days + pd.Timedelta(days=horizon) <= first).values, (days >= first).values
    y = rows.churned.values
    print(f"\n{name}, horizon {horizon} days, {fit.sum()} rows fit, {test.sum()} test\n\n| | AUC | log loss | s |\n| --- | --- | --- | --- |")
    for leaves in [8, 31]:
        fitted, seconds = clocked(lambda: booster(leaves).fit(x[fit], y[fit]))
        report(f"LightGBM, {leaves} leaves", y[test], fitted.predict_proba(x[test])[:, 1], seconds)
    known = np.sign(x) * np.log1p(np.abs(x))
    known = np.nan_to_num(known, nan=0.0)
    fitted, seconds = clocked(lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(known[fit], y[fit]))
    report("scikit-learn, logistic", y[test], fitted.predict_proba(known[test])[:, 1], seconds)
    ours(f"retention.churn_fit(h, {arguments}, method => '{{method}}')", "FROM churn_bench_h")


def of_table(name, label, yes, file):
    rows = pd.read_csv(file)
    y = (rows[label].astype(str) == yes).astype(int).values
    x = rows.drop(columns=[label])
    for column in x.select_dtypes(["object", "string"]):
        x[column] = x[column].astype("category")
    print(f"\n{name}, {len(rows)} rows, five folds\n\n| | AUC | log loss | s |\n| --- | --- | --- | --- |")
    fold = np.arange(len(rows)) % 5

    def folds():
        p = np.zeros(len(rows))
        for k in range(5):
            p[fold == k] = booster(31).fit(x[fold != k], y[fold != k]).predict_proba(x[fold == k])[:, 1]
        return p

    p, seconds = clocked(folds)
    report("LightGBM, 31 leaves", y, p, seconds)
    psql("DROP TABLE IF EXISTS churn_bench_table")
    psql("CREATE TABLE churn_bench_table (id bigint, churned boolean, features jsonb)")
    records = x.astype(object).where(x.notna(), None).to_dict("records")
    text = "".join(f"{i}\t{'t' if y[i] else 'f'}\t{pd.Series(row).to_json()}\n" for i, row in enumerate(records))
    psql("COPY churn_bench_table FROM STDIN", text)
    ours("retention.churn_fit_agg(id, NULL, churned, features, '{method}')", "FROM churn_bench_table")


def tree_of_shap(tree):
    """A tree of a churn_model as shap takes one: nodes, the root first."""
    nodes = {"children_left": [], "children_right": [], "children_default": [], "features": [], "thresholds": [], "values": [], "node_sample_weight": []}

    def node(of):
        place = len(nodes["values"])
        for values in nodes.values():
            values.append(-1)
        nodes["node_sample_weight"][place] = 1.0
        nodes["values"][place] = [of] if isinstance(of, float) else [0.0]
        if not isinstance(of, float):
            (feature, end, unknown_left), left, right = of
            nodes["features"][place], nodes["thresholds"][place] = feature, end
            left, right = node(left), node(right)
            nodes["children_left"][place], nodes["children_right"][place] = left, right
            nodes["children_default"][place] = left if unknown_left else right
        return place

    a, b, c, d = map(float, tree["leaves"])
    left, right = tree.get("left"), tree.get("right")
    node((tree["root"], (left, a, b) if left else a, (right, c, d) if right else c))
    arrays = {name: np.array(values) for name, values in nodes.items()}
    arrays["thresholds"] = arrays["thresholds"].astype(float)
    return arrays


def of_shap(horizon, step, anchors, file):
    import json

    import shap

    psql("DROP TABLE IF EXISTS churn_bench_log, churn_bench_h, churn_bench_model")
    psql("CREATE TABLE churn_bench_log (member text, day date, amount numeric)")
    psql("COPY churn_bench_log FROM STDIN (FORMAT csv)", open(file).read())
    psql("CREATE TABLE churn_bench_h AS SELECT retention.history_agg(member, day, amount) AS h FROM churn_bench_log")
    psql(f"CREATE TABLE churn_bench_model AS SELECT retention.churn_fit(h, '{horizon} days', anchors => {anchors}, step => '{step} days') AS f FROM churn_bench_h")
    # Half and half, whatever the fit chose: both parts are judged.
    model = json.loads(psql("SELECT f::jsonb FROM churn_bench_model"))
    model["weight"] = 0.5
    psql("DROP TABLE churn_bench_model")
    psql("CREATE TABLE churn_bench_model (f retention.churn_model)")
    psql("COPY churn_bench_model FROM STDIN (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')", json.dumps(model))
    names = [feature["name"] for feature in model["features"]]
    array = "ARRAY[" + ", ".join(f"x.{name}::float8" for name in names) + "]"
    rows = psql(f"SELECT x.member, array_to_string({array}, ',', '') FROM churn_bench_h, churn_bench_model, retention.churn_features(h, '{horizon} days') x "
                "WHERE x.member IN (SELECT member FROM retention.churn_risk(h, f)) ORDER BY 1").splitlines()
    members = [row.split("\t")[0] for row in rows]
    x = np.array([[float(v) if v else np.nan for v in row.split("\t")[1].split(",")] for row in rows])
    background = np.array([[np.nan if v is None else v for v in row] for row in model["background"]])

    trees = {"trees": [tree_of_shap(tree) for tree in model["trees"]]}
    explainer = shap.TreeExplainer(trees, data=background, feature_perturbation="interventional", model_output="raw")
    effects = 0.5 * explainer.shap_values(x, check_additivity=False)

    def columns(x):
        logs = np.sign(x) * np.log1p(np.abs(x))
        of = []
        for term in model["terms"]:
            value = np.isnan(x[:, term["feature"]]).astype(float) if term.get("unknown") else logs[:, term["feature"]]
            of.append(np.where(np.isnan(value), 0.0, (value - term["mean"]) / term["sd"]))
        return np.array(of).T

    coefficients = np.array([term["coefficient"] for term in model["terms"]])
    linear = shap.LinearExplainer((coefficients, model["intercept"]), shap.maskers.Independent(columns(background), max_samples=1000))
    of_terms = linear.shap_values(columns(x))
    for place, term in enumerate(model["terms"]):
        effects[:, term["feature"]] += 0.5 * of_terms[:, place]
    groups = sorted({feature["reason"] for feature in model["features"]})
    sums = np.array([[row[[feature["reason"] == group for feature in model["features"]]].sum() for group in groups] for row in effects])
    told = psql("SELECT member, string_agg(effect::text, ',' ORDER BY rank) FROM churn_bench_h, churn_bench_model, "
                "retention.churn_reasons(h, f, top => 99) GROUP BY member ORDER BY member").splitlines()
    told = {row.split("\t")[0]: [float(v) for v in row.split("\t")[1].split(",")] for row in told}
    assert sorted(told) == sorted(members)
    ours = np.array([told[member] for member in members])
    far = np.abs(-np.sort(-sums, axis=1) - ours).max()
    print(f"{len(members)} members, {len(names)} features, {len(model['trees'])} trees, {len(background)} rows of background: "
          f"the effects of {len(groups)} reasons differ from shap {shap.__version__} by {far:.1e} at most; they go to {np.abs(ours).max():.2f}")


def for_the_clock(rows):
    psql("DROP TABLE IF EXISTS churn_bench_log, churn_bench_h")
    members = rows // 8
    psql(f"""CREATE TABLE churn_bench_log AS
             SELECT m AS member, date '2022-01-01' + (n * (3 + m % 50) + (m * 7919 + n * n * 31) % 17)::int AS day, (m * n % 97)::numeric AS amount
             FROM generate_series(1::bigint, {members}) m, generate_series(0, 3 + (m * 104729 % 40)::int) n
             WHERE n * (3 + m % 50) < 1090""")
    psql("VACUUM ANALYZE churn_bench_log")
    make = "CREATE TABLE churn_bench_h AS SELECT retention.history_agg(member, day, amount) AS h FROM churn_bench_log"
    _, reading = clocked(lambda: psql("SET max_parallel_workers_per_gather = 0; " + make))
    arguments = "'90 days', population => 'all'"
    (data, x), _ = clocked(lambda: dataset(arguments))
    y = data.churned.values
    print(f"\n{psql('SELECT count(*) FROM churn_bench_log')} events, {len(data)} rows of a fit\n\n| | s |\n| --- | --- |")
    print(f"| history_agg of the events | {reading:.1f} |")
    for method in ["logit", "boosted", "auto"]:
        fit = f"CREATE TABLE churn_bench_model AS SELECT retention.churn_fit(h, {arguments}, method => '{method}') AS f FROM churn_bench_h"
        psql("DROP TABLE IF EXISTS churn_bench_model")
        _, seconds = clocked(lambda: psql(fit))
        print(f"| churn_fit, {method} | {seconds:.1f} |")
    _, seconds = clocked(lambda: psql("SELECT count(*), avg(risk) FROM churn_bench_h, churn_bench_model, retention.churn_risk(h, f)"))
    print(f"| churn_risk of {members} members | {seconds:.1f} |")
    for leaves in [8, 31]:
        _, seconds = clocked(lambda: booster(leaves).fit(x, y))
        print(f"| LightGBM, {leaves} leaves, 200 rounds | {seconds:.1f} |")


for argument in sys.argv[1:]:
    name, _, rest = argument.partition("=")
    how, _, file = rest.partition(":")
    if name == "time":
        for_the_clock(int(how))
    elif name == "shap":
        of_shap(*map(int, how.split(",")), file)
    elif how.count(",") == 2:
        of_log(name, *map(int, how.split(",")), file)
    else:
        of_table(name, *how.split(","), file)
