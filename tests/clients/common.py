"""What the clients in Python share: what is expected, and the questions."""
import json
import os

with open(os.environ["EXPECTED"], encoding="utf-8") as file:
    WANT = json.load(file)

COHORTS = "SELECT cohort, members, retained, rate FROM loyalty.cohorts WHERE period_number = 1 AND complete ORDER BY cohort"
BEST = "SELECT member, amount, events, last_day FROM loyalty.members ORDER BY amount DESC LIMIT 1"
# {} are the places of parameters: country, period, as_of.
RETAINED = """SELECT sum(c.retained)::bigint FROM retention.cohorts(
    (SELECT retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') FROM orders WHERE country = {}),
    period => {}, as_of => {}) AS c WHERE c.period_number > 0"""
# Of a stored history: what its places are stands in the text.
CHURN = "SELECT c.retained, c.churned FROM stored, retention.churn(h, period => {}, gap => {}, as_of => {}) AS c WHERE country = {} ORDER BY c.period_start DESC LIMIT 1"
CURVE = "SELECT r.eligible, r.retained, r.rate FROM stored, retention.retention_curve(h, period => {}, as_of => {}, confidence => {}) AS r WHERE country = {} AND r.period_number = 1"
RFM = "SELECT count(*), sum(f.frequency)::bigint, sum(f.monetary) FROM stored, retention.rfm(h, as_of => {}, bins => {}) AS f WHERE country = {}"
FAULT = "SELECT count(*) FROM stored, retention.cohorts(h, period => 'fortnight')"


def check(what, got, wanted):
    if got != wanted:
        raise SystemExit(f"{what}: expected {wanted!r}, got {got!r}")


def check_main(churn, curve, rfm):
    """A row of each of them."""
    check("churn", list(churn), WANT["german_churn"])
    check("retention_curve", list(curve), [*WANT["german_curve"], WANT["german_curve"][1] / WANT["german_curve"][0]])
    check("rfm", [rfm[0], rfm[1], str(rfm[2])], WANT["german_rfm"])


def check_cohorts(rows):
    """Days are days, counts whole numbers, rates doubles to the last bit."""
    check("cohorts", [[day.isoformat()[:10], members, retained] for day, members, retained, _ in rows], WANT["cohorts"])
    check("rates", [float(rate) for *_, rate in rows], [retained / members for _, members, retained in WANT["cohorts"]])
