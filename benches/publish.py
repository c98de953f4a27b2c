"""What the views of a published schema answer, asked in plain SQL of PostgreSQL and of DuckDB as well, with the answers compared.

    publish.py FOLDER

Reads the table sales and the schema pub that publish.sql has made, and adds a line for every question to bench.published. DuckDB has
the rows in its own storage, and two threads; loading is not timed. PGHOST and so on say where the server is.
"""

import os
import subprocess
import sys
import time

THREADS = 2
DAYS = "SELECT DISTINCT member_id, CAST({at} AS date) AS day FROM sales"

# A view, and the same in plain SQL: {at} is the local time of a row.
QUESTIONS = {
    "cohorts": (
        "SELECT cohort, period_number, active FROM pub.cohorts WHERE active > 0",
        """WITH m AS (SELECT DISTINCT member_id, date_trunc('month', {at}) AS month FROM sales),
                c AS (SELECT month, min(month) OVER (PARTITION BY member_id) AS cohort FROM m)
           SELECT CAST(cohort AS date), CAST((extract(year FROM month) - extract(year FROM cohort)) * 12 + extract(month FROM month) - extract(month FROM cohort) AS integer), count(*)
           FROM c GROUP BY cohort, month""",
    ),
    "cohorts_by": (
        "SELECT country, channel, cohort, period_number, active FROM pub.cohorts_by WHERE active > 0",
        """WITH m AS (SELECT DISTINCT country, channel, member_id, date_trunc('month', {at}) AS month FROM sales),
                c AS (SELECT country, channel, month, min(month) OVER (PARTITION BY country, channel, member_id) AS cohort FROM m)
           SELECT country, channel, CAST(cohort AS date),
                  CAST((extract(year FROM month) - extract(year FROM cohort)) * 12 + extract(month FROM month) - extract(month FROM cohort) AS integer), count(*)
           FROM c GROUP BY country, channel, cohort, month""",
    ),
    "overview": (
        "SELECT month, active, new_members, orders, revenue FROM pub.overview",
        """WITH m AS (SELECT member_id, date_trunc('month', {at}) AS month, count(*) AS n, sum(amount) AS s FROM sales GROUP BY 1, 2),
                f AS (SELECT month, n, s, min(month) OVER (PARTITION BY member_id) AS first FROM m)
           SELECT CAST(month AS date), count(*), count(*) FILTER (WHERE month = first), sum(n), sum(s) FROM f GROUP BY month""",
    ),
    "churn": (
        "SELECT period_start, opening, new, reactivated, retained, closing FROM pub.churn",
        f"""WITH d AS ({DAYS}),
                 e AS (SELECT CAST(month + interval '1 month' AS date) - 1 AS last, CAST(month AS date) AS month FROM (SELECT DISTINCT date_trunc('month', day) AS month FROM d) AS m),
                 i AS (SELECT DISTINCT d.member_id, e.month FROM d JOIN e ON d.day > e.last - 90 AND d.day <= e.last),
                 l AS (SELECT month, lag(month) OVER (PARTITION BY member_id ORDER BY month) AS before FROM i),
                 c AS (SELECT month, count(*) AS closing, count(*) FILTER (WHERE before IS NULL) AS new,
                              count(*) FILTER (WHERE before = CAST(month - interval '1 month' AS date)) AS retained FROM l GROUP BY month)
            SELECT month, coalesce(lag(closing) OVER (ORDER BY month), 0), new, closing - new - retained, retained, closing FROM c""",
    ),
    "engagement": (
        "SELECT day, dau, mau FROM pub.engagement",
        f"""WITH d AS ({DAYS}),
                 n AS (SELECT day, lead(day) OVER (PARTITION BY member_id ORDER BY day) AS next FROM d),
                 c AS (SELECT day, 1 AS came, 1 AS change FROM n UNION ALL SELECT least(day + 30, next), 0, -1 FROM n),
                 s AS (SELECT day, sum(came) AS dau, sum(change) AS change FROM c GROUP BY day),
                 a AS (SELECT day, dau, sum(change) OVER (ORDER BY day) AS mau FROM s)
            SELECT day, dau, mau FROM a WHERE dau > 0""",
    ),
    "value": (
        "SELECT members, orders, revenue, repeat_members FROM pub.value",
        """SELECT count(*), sum(n), sum(s), count(*) FILTER (WHERE n > 1)
           FROM (SELECT member_id, count(*) AS n, sum(amount) AS s FROM sales GROUP BY member_id) AS m""",
    ),
}


def psql(sql, *options):
    command = ["psql", "-X", "-q", "-A", "-t", "-F", ",", "-v", "ON_ERROR_STOP=1", *options, "-c", sql]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def answer(lines):
    """Rows as sorted text, numbers by their value: 3 and 3.00 are one."""
    def cell(text):
        try:
            return f"{float(text):.4f}"
        except ValueError:
            return text
    return sorted(tuple(cell(text) for text in line) for line in lines)


def postgres(sql):
    begun = time.perf_counter()
    lines = psql(sql, "-c", "SET jit = off")
    return time.perf_counter() - begun, answer(line.split(",") for line in lines.splitlines())


def main(folder):
    import duckdb

    place, csv = os.path.join(folder, "sales.duckdb"), os.path.join(folder, "sales.csv")
    for path in place, csv:
        if os.path.exists(path):
            os.remove(path)
    with open(csv, "w") as out:
        export = "COPY (SELECT member_id, at AT TIME ZONE 'UTC', amount, country, channel FROM sales) TO STDOUT (FORMAT csv)"
        subprocess.run(["psql", "-X", "-q", "-c", export], stdout=out, check=True)
    engine = duckdb.connect(place, config={"threads": THREADS})
    engine.execute('CREATE TABLE sales (member_id BIGINT, "at" TIMESTAMP, amount DECIMAL(12, 2), country VARCHAR, channel VARCHAR)')
    engine.execute(f"COPY sales FROM '{csv}' (HEADER false)")
    engine.execute("CHECKPOINT")

    for view, (published, plain) in QUESTIONS.items():
        _, view_answer = postgres(published)
        seconds, rows = postgres(plain.replace("{at}", "(at AT TIME ZONE 'UTC')"))
        begun = time.perf_counter()
        fetched = engine.execute(plain.replace("{at}", '"at"')).fetchall()
        duck_seconds = time.perf_counter() - begun
        duck = answer([str(value) for value in line] for line in fetched)
        if not view_answer == rows == duck:
            sys.exit(f"{view}: the answers differ: {len(view_answer)}, {len(rows)} and {len(duck)} rows, {view_answer[:2]}, {rows[:2]}, {duck[:2]}")
        psql(f"""INSERT INTO bench.published (what, seconds, remark) VALUES
                 ('the question of view {view}, in plain SQL', {seconds}, 'DuckDB {duckdb.__version__}, {THREADS} threads: {duck_seconds:.2f} s; the view and both have one answer')""")
    engine.close()
    os.remove(place)
    os.remove(csv)


if __name__ == "__main__":
    main(sys.argv[1])
