"""SQLAlchemy and pandas: frames of published views, and of functions with bound parameters."""
import datetime
import decimal

import pandas
from common import BEST, COHORTS, FAULT, RETAINED, WANT, check, check_cohorts
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

engine = create_engine("postgresql+psycopg://")
with engine.connect() as connection:
    frame = pandas.read_sql(text(COHORTS), connection, parse_dates=["cohort"])
    check("types", [frame[column].dtype.kind for column in ("cohort", "members", "retained", "rate")], ["M", "i", "i", "f"])
    check_cohorts(list(frame.itertuples(index=False)))

    # Amounts stay exact unless coerce_float is left on, which is the default.
    best = pandas.read_sql(text(BEST), connection, coerce_float=False).iloc[0]
    check("the best member", (int(best.member), str(best.amount), int(best.events), str(best.last_day)[:10]),
          (WANT["best_member"], WANT["best_amount"], WANT["best_orders"], WANT["best_day"]))
    check("an amount", type(best.amount), decimal.Decimal)
    rounded = pandas.read_sql(text(BEST), connection).iloc[0]
    check("an amount as float", float(rounded.amount), float(WANT["best_amount"]))

    # A pandas Timestamp is a timestamp: CAST it.
    for as_of, place in ((datetime.date(2011, 9, 30), ":as_of"), (pandas.Timestamp("2011-09-30"), "CAST(:as_of AS date)")):
        question = text(RETAINED.format(":country", ":period", place))
        answer = pandas.read_sql(question, connection, params={"country": "Germany", "period": "month", "as_of": as_of})
        check("a function", int(answer.iloc[0, 0]), WANT["german_months"])

    # The triangle that everybody wants.
    cells = pandas.read_sql(text("SELECT cohort_label, period_number, rate FROM loyalty.cohorts"), connection)
    triangle = cells.pivot(index="cohort_label", columns="period_number", values="rate")
    check("a triangle", triangle.loc["2010-12", 1], WANT["cohorts"][0][2] / WANT["cohorts"][0][1])
    try:
        connection.execute(text(FAULT))
        check("an error", "none", "one")
    except DBAPIError as error:
        check("an error", error.orig.sqlstate, "22023")
