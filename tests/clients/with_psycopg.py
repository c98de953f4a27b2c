"""psycopg 3: parameters bound by the server, results as text and in binary."""
import datetime
import decimal

import psycopg
from common import BEST, CHURN, COHORTS, CURVE, FAULT, RETAINED, RFM, WANT, check, check_cohorts, check_main

with psycopg.connect() as connection:
    for binary in (False, True):
        cursor = connection.cursor(binary=binary)
        check_cohorts(cursor.execute(COHORTS).fetchall())
        member, amount, orders, day = cursor.execute(BEST).fetchone()
        check("the best member", (member, str(amount), orders, day.isoformat()), (WANT["best_member"], WANT["best_amount"], WANT["best_orders"], WANT["best_day"]))
        check("types", (type(member), type(amount), type(day)), (int, decimal.Decimal, datetime.date))

        as_of = datetime.date(2011, 9, 30)
        question = RETAINED.format("%s", "%s", "%s")
        check("a function", cursor.execute(question, ("Germany", "month", as_of)).fetchone()[0], WANT["german_months"])
        check("a function, as_of as text", cursor.execute(question, ("Germany", "month", "2011-09-30")).fetchone()[0], WANT["german_months"])
        # A datetime goes as a timestamp, for which there is no function: an error, unless it says ::date.
        moment = datetime.datetime(2011, 9, 30, 23, 59)
        with_cast = RETAINED.format("%s", "%s", "%s::date")
        check("a function, as_of as a timestamp", cursor.execute(with_cast, ("Germany", "month", moment)).fetchone()[0], WANT["german_months"])
        try:
            with connection.transaction():
                cursor.execute(question, ("Germany", "month", moment))
            check("a timestamp for a date", "no error", "an error")
        except psycopg.errors.UndefinedFunction:
            pass

        one = lambda query, *values: cursor.execute(query.replace("{}", "%s"), values).fetchone()
        check_main(one(CHURN, "month", 1, as_of, "Germany"), one(CURVE, "month", as_of, 0.9, "Germany"), one(RFM, as_of, 5, "Germany"))

        rows = cursor.execute("SELECT DISTINCT period_number FROM stored, retention.cohorts(h, period => 'day', brackets => %s) WHERE country = %s",
                              ([1, 3, 7], "Norway")).fetchall()
        check("an array", sorted(row[0] for row in rows), [1, 3])

        # A stored history travels as text, and in binary as bytes.
        history = cursor.execute("SELECT h::text FROM stored WHERE country = 'Germany'").fetchone()[0]
        check("a history as it comes", type(cursor.execute("SELECT h FROM stored WHERE country = 'Germany'").fetchone()[0]), bytes if binary else str)
        back = cursor.execute("SELECT retention.events(%s::retention.history)", (history,)).fetchone()[0]
        check("a history", back, WANT["german_events"])
        check("a picture", cursor.execute("SELECT retention.cohort_svg(h) FROM stored WHERE country = 'Germany'").fetchone()[0][:5], "<svg ")
        try:
            with connection.transaction():
                cursor.execute(FAULT)
            check("an error", "none", "one")
        except psycopg.Error as error:
            check("an error", (error.sqlstate, "month" in (error.diag.message_hint or "")), ("22023", True))
