"""asyncpg: everything is bound, and everything is binary."""
import asyncio
import datetime
import decimal

import asyncpg
from common import BEST, CHURN, COHORTS, CURVE, FAULT, RETAINED, RFM, WANT, check, check_cohorts, check_main


async def main():
    connection = await asyncpg.connect()
    check_cohorts([tuple(row) for row in await connection.fetch(COHORTS)])
    best = await connection.fetchrow(BEST)
    check("the best member", (best["member"], str(best["amount"]), best["events"], best["last_day"].isoformat()),
          (WANT["best_member"], WANT["best_amount"], WANT["best_orders"], WANT["best_day"]))
    check("an amount", type(best["amount"]), decimal.Decimal)

    as_of = datetime.date(2011, 9, 30)
    question = RETAINED.format("$1", "$2", "$3")
    check("a function", await connection.fetchval(question, "Germany", "month", as_of), WANT["german_months"])
    check_main(await connection.fetchrow(CHURN.format("$1", "$2", "$3", "$4"), "month", 1, as_of, "Germany"),
               await connection.fetchrow(CURVE.format("$1", "$2", "$3", "$4"), "month", as_of, 0.9, "Germany"),
               await connection.fetchrow(RFM.format("$1", "$2", "$3"), as_of, 5, "Germany"))
    brackets = await connection.fetch("SELECT DISTINCT period_number FROM stored, retention.cohorts(h, period => 'day', brackets => $1) WHERE country = $2", [1, 3, 7], "Norway")
    check("an array", sorted(row[0] for row in brackets), [1, 3])

    # A history, as text.
    history = await connection.fetchval("SELECT h::text FROM stored WHERE country = 'Germany'")
    check("a history", await connection.fetchval("SELECT retention.events($1::text::retention.history)", history), WANT["german_events"])
    check("a picture", (await connection.fetchval("SELECT retention.cohort_svg(h) FROM stored WHERE country = 'Germany'"))[:5], "<svg ")
    try:
        await connection.fetch(FAULT)
        check("an error", "none", "one")
    except asyncpg.PostgresError as error:
        check("an error", (error.sqlstate, "month" in (error.hint or "")), ("22023", True))
    await connection.close()


asyncio.run(main())
