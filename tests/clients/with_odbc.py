"""psqlODBC, by pyodbc: what Excel, Tableau, Power BI and SAS go through."""
import datetime
import os

import pyodbc
from common import BEST, COHORTS, FAULT, RETAINED, WANT, check, check_cohorts

pyodbc.pooling = False
SERVER = "DRIVER={ODBC_DRIVER};SERVER={PGHOST};PORT={PGPORT};DATABASE={PGDATABASE};UID={PGUSER};PWD={PGPASSWORD};".format(**os.environ)

# Parameters are bound by the server (UseServerSidePrepare=1) or put into the text by the driver (0). With BoolsAsChar=0 booleans are bits and not letters.
for prepare in (0, 1):
    connection = pyodbc.connect(SERVER + f"BoolsAsChar=0;UseServerSidePrepare={prepare};")
    cursor = connection.cursor()
    check_cohorts([tuple(row) for row in cursor.execute(COHORTS).fetchall()])
    member, amount, orders, day = cursor.execute(BEST).fetchone()
    check("the best member", (int(member), str(amount).rstrip("0").rstrip("."), int(orders), day.isoformat()[:10]),
          (WANT["best_member"], WANT["best_amount"].rstrip("0").rstrip("."), WANT["best_orders"], WANT["best_day"]))
    check("a boolean", cursor.execute("SELECT complete FROM loyalty.overview ORDER BY month LIMIT 1").fetchone()[0], True)

    # What the driver does not know it sends without a type: each parameter says its own.
    question = RETAINED.format("?", "?::text", "?::date")
    check("a function", int(cursor.execute(question, "Germany", "month", datetime.date(2011, 9, 30)).fetchone()[0]), WANT["german_months"])
    check("a picture", cursor.execute("SELECT retention.cohort_svg(h) FROM stored WHERE country = 'Germany'").fetchone()[0][:5], "<svg ")
    try:
        cursor.execute(FAULT)
        check("an error", "none", "one")
    except pyodbc.Error as error:
        check("an error", (error.args[0], "fortnight" in error.args[1]), ("22023", True))
    connection.close()
