"""Monthly cohorts in DuckDB and chDB, in turn with ours: A B C A B C ...

    engines.py FOLDER ROUNDS

The rows of events_engines are exported once, loaded into each engine's own storage, and asked about. Loading is not timed.
Each engine is a process of its own with two threads. The times of all go into the table bench.timing; PGHOST and so on say
where that is.

Each engine is asked in three ways: as an analyst would write it, in the fastest general form that we found, and with a bit
for every month, which is faster still and ends at 64 periods.
"""

import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time

THREADS = 2
ORDINARY = "as an analyst writes it"
FASTEST = "fastest general form"
BITS = "a bit for each month"


class DuckDB:
    name = "DuckDB"
    queries = {
        ORDINARY: """
            WITH months AS (
                SELECT DISTINCT member_id, date_trunc('month', "at") AS month FROM events
            ), members AS (
                SELECT month, min(month) OVER (PARTITION BY member_id) AS cohort FROM months
            )
            SELECT strftime(cohort, '%Y-%m'), datediff('month', cohort, month), count(*)
            FROM members GROUP BY cohort, month""",
        # Months as whole numbers. A join in place of the window, keys of member and month in one, or lists took longer.
        FASTEST: """
            WITH months AS (
                SELECT DISTINCT member_id, (year("at") * 12 + month("at"))::INTEGER - 1 AS month FROM events
            ), members AS (
                SELECT month, min(month) OVER (PARTITION BY member_id) AS cohort FROM months
            )
            SELECT printf('%d-%02d', cohort // 12, cohort % 12 + 1), month - cohort, count(*)
            FROM members GROUP BY cohort, month""",
        BITS: f"""
            WITH members AS (
                SELECT bit_or(1::BIGINT << (year("at") * 12 + month("at") - 24265)) AS mask FROM events GROUP BY member_id
            ), cohorts AS (
                SELECT bit_count((mask & -mask) - 1) AS cohort, [{", ".join(f"sum((mask >> {m}) & 1)" for m in range(24))}] AS active
                FROM members GROUP BY ALL
            ), cells AS (
                SELECT cohort, unnest(range(24)) AS month, unnest(active)::BIGINT AS active FROM cohorts
            )
            SELECT printf('%d-%02d', 2022 + cohort // 12, cohort % 12 + 1), month - cohort, active FROM cells WHERE active > 0""",
    }

    def __init__(self, folder, csv):
        import duckdb

        self.version = duckdb.__version__
        self.connection = duckdb.connect(os.path.join(folder, "events.duckdb"), config={"threads": THREADS})
        self.connection.execute('CREATE TABLE events (member_id BIGINT, "at" TIMESTAMP)')
        self.connection.execute(f"COPY events FROM '{csv}' (HEADER false)")
        self.connection.execute("CHECKPOINT")

    def ask(self, query):
        return self.connection.execute(query).fetchall()


class ChDB:
    name = "chDB"
    # The cohort's months are counted as toRelativeMonthNum does: from year 0.
    text = "SELECT formatDateTime(makeDate(intDiv({0} - 1, 12), ({0} - 1) % 12 + 1, 1), '%Y-%m'), month - {0}, members FROM ({1})"
    queries = {
        ORDINARY: """
            WITH months AS (
                SELECT DISTINCT member_id, toStartOfMonth(at) AS month FROM bench.events
            ), members AS (
                SELECT month, min(month) OVER (PARTITION BY member_id) AS cohort FROM months
            )
            SELECT formatDateTime(cohort, '%Y-%m'), dateDiff('month', cohort, month), count()
            FROM members GROUP BY cohort, month""",
        FASTEST: text.format("cohort", """
            SELECT cohort, arrayJoin(bitmapToArray(months)) AS month, count() AS members
            FROM (SELECT groupBitmapState(toUInt32(toRelativeMonthNum(at))) AS months, bitmapMin(months) AS cohort
                  FROM bench.events GROUP BY member_id)
            GROUP BY cohort, month"""),
        BITS: text.format("cohort", """
            SELECT arrayMin(bits) + 24265 AS cohort, arrayJoin(bits) + 24265 AS month, sum(number) AS members
            FROM (SELECT bitPositionsToArray(mask) AS bits, count() AS number
                  FROM (SELECT groupBitOr(bitShiftLeft(toUInt64(1), toRelativeMonthNum(at) - 24265)) AS mask
                        FROM bench.events GROUP BY member_id)
                  GROUP BY mask)
            GROUP BY cohort, month"""),
    }

    def __init__(self, folder, csv):
        import chdb
        from chdb import session

        self.version = chdb.__version__
        self.session = session.Session(os.path.join(folder, "events.chdb"))
        self.session.query("CREATE DATABASE bench ENGINE = Atomic")
        self.session.query("CREATE TABLE bench.events (member_id Int64, at DateTime('UTC')) ENGINE = MergeTree ORDER BY tuple()")
        self.session.query(f"INSERT INTO bench.events SELECT * FROM file('{csv}', 'CSV', 'member_id Int64, at DateTime(\\'UTC\\')')")
        self.session.query("OPTIMIZE TABLE bench.events FINAL")

    def ask(self, query):
        answer = str(self.session.query(f"{query} SETTINGS max_threads = {THREADS}", "TSV"))
        return [line.split("\t") for line in answer.splitlines()]


def digest(rows):
    """The answer in the form of bench.answer('cohorts', ...)."""
    cells = sorted((str(cohort), int(number), int(active)) for cohort, number, active in rows if int(active) > 0)
    return hashlib.md5(",".join(f"{c} {n} {a}" for c, n, a in cells).encode()).hexdigest()


def processor():
    """Seconds of processor time since the machine started: everybody's but this process's. See bench.processor."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, interrupt, soft, stolen = map(int, file.readline().split()[1:9])
    return (user + nice + system + interrupt + soft + stolen) / 100 - time.process_time()


def serve(engine, folder, csv, pipe):
    """An engine's process: loads, says its version, and answers until it is told None."""
    loaded = engine(folder, csv)
    pipe.send(loaded.version)
    while (query := pipe.recv()) is not None:
        others, begun = processor(), time.perf_counter()
        rows = loaded.ask(query)
        seconds = time.perf_counter() - begun
        pipe.send((seconds, (processor() - others) / seconds, digest(rows)))


class Psql:
    """One session of psql that is kept."""

    def __init__(self):
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, sql):
        self.process.stdin.write(f"{sql};\n\\echo [[done]]\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.strip() == "[[done]]":
                return lines
            lines.append(line)
        raise RuntimeError("psql has ended")


def literal(value):
    return "'" + str(value).replace("'", "''") + "'"


def ask(psql, pipe, query):
    """Asks once; and again if that was disturbed, as bench.measure_one does."""
    for attempt in range(4):
        pipe.send(query)
        seconds, others, answer = pipe.recv()
        again = psql.run(f"SELECT seconds > 0 AND bench.is_disturbed({seconds}, {others}) FROM bench.patience")
        if attempt == 3 or again[0].strip() == "f":
            return seconds, others, answer
        psql.run("CALL bench.wait_until_quiet()")


def main(folder, rounds):
    csv = os.path.join(folder, "events.csv")
    with open(csv, "w") as out:
        export = "COPY (SELECT member_id, at AT TIME ZONE 'UTC' FROM events_engines) TO STDOUT (FORMAT csv)"
        subprocess.run(["psql", "-X", "-q", "-c", export], stdout=out, check=True)

    spawn = multiprocessing.get_context("spawn")
    psql, engines = Psql(), []
    for engine in DuckDB, ChDB:
        pipe, end = spawn.Pipe()
        process = spawn.Process(target=serve, args=(engine, folder, csv, end), daemon=True)
        process.start()
        end.close()
        psql.run(f"INSERT INTO bench.engine VALUES ({literal(engine.name)}, {literal(pipe.recv())})")
        engines.append((engine, pipe, process))

    for number in range(rounds + 1):
        psql.run(f"CALL bench.measure_one('engines', 'ours, two workers', {number})")
        for way in ORDINARY, FASTEST, BITS:
            for engine, pipe, _ in engines:
                seconds, others, answer = ask(psql, pipe, engine.queries[way])
                values = f"{engine.name}, {way}", number, seconds, others, json.dumps({"cohorts": answer})
                psql.run(f"INSERT INTO bench.timing VALUES ('engines', {', '.join(map(literal, values))})")
    for _, pipe, process in engines:
        pipe.send(None)
        process.join()
    for name in "events.csv", "events.duckdb", "events.chdb":
        path = os.path.join(folder, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
