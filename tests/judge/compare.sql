-- The comparisons: the extension's answer against the judge's (oracle.sql, to be read in first).
--
-- Each oracle.compare_… returns one row: how many rows (or values) the judge has, and how many of them differ.
-- Counts, dates and amounts must be equal; rates, intervals and other float8 within 1e-12.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_retention;
RESET client_min_messages;
SET search_path = public, retention;   -- for the operators of retention.history

CREATE FUNCTION oracle.far(a float8, b float8) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT (a IS NULL) <> (b IS NULL) OR coalesce(abs(a - b) > 1e-12 * greatest(1, abs(b)), false)
$$;

-- Ticks of a day and longer are compared by their local time: where a clock was put back at midnight, that day's
-- midnight is two instants, and either may be named.
CREATE FUNCTION oracle.tick_label(at timestamptz, grain text, zone text) RETURNS timestamp
LANGUAGE sql STABLE AS $$
  SELECT at AT TIME ZONE CASE WHEN grain IN ('second', 'minute', 'hour') THEN 'UTC'
                              ELSE coalesce(zone, current_setting('TimeZone')) END
$$;

CREATE FUNCTION oracle.compare_rows(
  h retention.history, tbl regclass, grain text DEFAULT 'day', zone text DEFAULT NULL,
  from_date date DEFAULT '-infinity', to_date date DEFAULT 'infinity', without text[] DEFAULT '{}',
  OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH expected AS (
    SELECT member, oracle.tick_label(at, grain, zone), events, amount
    FROM oracle.history_rows(tbl, grain, zone, from_date, to_date, without)
  ),
  given AS (
    SELECT member, oracle.tick_label(at, grain, zone), events, amount FROM retention.history_rows(h)
  )
  SELECT (SELECT count(*) FROM expected),
         (SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE given)
                                UNION ALL (TABLE given EXCEPT ALL TABLE expected)) d)
$$;

-- The same with members in their own type. Text has no such form.
CREATE FUNCTION oracle.compare_ids(h retention.history, type text, OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    WITH plain AS (SELECT * FROM retention.history_rows($1)),
         typed AS (SELECT member::text, at, events, amount
                   FROM (SELECT * FROM retention.history_rows($1, id => NULL::%1$s)) t (member, at, events, amount)
                   WHERE pg_typeof(member) = %1$L::regtype)
    SELECT (SELECT count(*) FROM plain),
           (SELECT count(*) FROM ((TABLE plain EXCEPT ALL TABLE typed) UNION ALL (TABLE typed EXCEPT ALL TABLE plain)) d)
    $q$, type) INTO answers, wrong USING h;
END $$;

-- members, events, first_at, last_at, grain and time_zone. A table without events has no history at all.
CREATE FUNCTION oracle.compare_facts(
  h retention.history, tbl regclass, grain text, zone text, OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    SELECT 1, CASE WHEN count(*) = 0 THEN ($1 IS NOT NULL)::int
      ELSE (retention.members($1) IS DISTINCT FROM count(DISTINCT member))::int
         + (retention.events($1) IS DISTINCT FROM count(*))::int
         + (retention.first_at($1) IS DISTINCT FROM min(at)::timestamptz)::int
         + (retention.last_at($1) IS DISTINCT FROM max(at)::timestamptz)::int
         + (retention.grain($1) IS DISTINCT FROM $2)::int
         + (pg_typeof(min(at)) = 'timestamptz'::regtype
            AND retention.time_zone($1) IS DISTINCT FROM coalesce($3, current_setting('TimeZone')))::int END
    FROM %s WHERE member IS NOT NULL AND at IS NOT NULL $q$, tbl) INTO answers, wrong USING h, grain, zone;
END $$;

CREATE FUNCTION oracle.compare_cohorts(
  h retention.history, tbl regclass, period text, grain text DEFAULT 'day', zone text DEFAULT NULL,
  as_of date DEFAULT NULL, confidence float8 DEFAULT 0.95, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.ordinality), count(*) FILTER (WHERE
    (a.cohort, a.period_number, a.members, a.eligible, a.retained, a.active, a.amount, a.complete) IS DISTINCT FROM
    (b.cohort, b.period_number, b.members, b.eligible, b.retained, b.active, b.amount, b.complete)
    OR oracle.far(b.rate, a.rate) OR oracle.far(b.rate_low, a.rate_low) OR oracle.far(b.rate_high, a.rate_high))
  FROM oracle.cohorts(tbl, period, grain, zone, as_of => as_of, confidence => confidence) WITH ORDINALITY a
       FULL JOIN retention.cohorts(h, period, as_of => as_of, confidence => confidence) WITH ORDINALITY b
       USING (ordinality)
$$;

CREATE FUNCTION oracle.compare_starts(
  h retention.history, starts retention.history, tbl regclass, starts_tbl regclass, period text,
  grain text DEFAULT 'day', zone text DEFAULT NULL, as_of date DEFAULT NULL, confidence float8 DEFAULT 0.95,
  OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.ordinality), count(*) FILTER (WHERE
    (a.cohort, a.period_number, a.members, a.eligible, a.retained, a.active, a.amount, a.complete) IS DISTINCT FROM
    (b.cohort, b.period_number, b.members, b.eligible, b.retained, b.active, b.amount, b.complete)
    OR oracle.far(b.rate, a.rate) OR oracle.far(b.rate_low, a.rate_low) OR oracle.far(b.rate_high, a.rate_high))
  FROM oracle.cohorts(tbl, period, grain, zone, 'starts', starts_tbl, as_of, confidence) WITH ORDINALITY a
       FULL JOIN retention.cohorts(h, period, entry => 'starts', starts => (SELECT starts), as_of => as_of,
                                   confidence => confidence) WITH ORDINALITY b
       USING (ordinality)
$$;

CREATE FUNCTION oracle.compare_churn(
  h retention.history, tbl regclass, period text, gap int, grain text DEFAULT 'day', zone text DEFAULT NULL,
  as_of date DEFAULT NULL, confidence float8 DEFAULT 0.95, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.ordinality), count(*) FILTER (WHERE
    (a.period_start, a.opening, a.new, a.reactivated, a.retained, a.churned, a.closing, a.truncated, a.complete)
    IS DISTINCT FROM
    (b.period_start, b.opening, b.new, b.reactivated, b.retained, b.churned, b.closing, b.truncated, b.complete)
    OR oracle.far(b.retention_rate, a.retention_rate) OR oracle.far(b.crr, a.crr) OR oracle.far(b.churn_rate, a.churn_rate)
    OR oracle.far(b.churn_rate_low, a.churn_rate_low) OR oracle.far(b.churn_rate_high, a.churn_rate_high))
  FROM oracle.churn(tbl, period, gap, grain, zone, as_of, confidence) WITH ORDINALITY a
       FULL JOIN retention.churn(h, period, gap, as_of => as_of, confidence => confidence) WITH ORDINALITY b USING (ordinality)
$$;

\ir value/compare_value.sql

-- Histories against histories; `agg` is the call of history_agg, such as 'retention.history_agg(member, at)'.

-- The order of the rows does not matter; one event more does.
CREATE FUNCTION oracle.compare_orders(agg text, tbl regclass, OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    WITH whole AS (SELECT %1$s AS h FROM %2$s),
    again AS (
      SELECT 1 AS n, %1$s AS h FROM (SELECT * FROM %2$s ORDER BY ctid DESC) t
      UNION ALL SELECT 2, %1$s FROM (SELECT * FROM %2$s ORDER BY member, at) t
      UNION ALL SELECT 3, %1$s FROM (SELECT * FROM %2$s ORDER BY at DESC, amount) t
      UNION ALL SELECT 4, %1$s FROM (SELECT * FROM %2$s ORDER BY md5(ctid::text)) t
    ),
    more AS (
      SELECT %1$s AS h
      FROM (SELECT member, at, amount FROM %2$s UNION ALL
            (SELECT member, at, NULL FROM %2$s WHERE member IS NOT NULL AND at IS NOT NULL LIMIT 1)) t
    )
    SELECT 5, (SELECT count(*) FROM whole w, again a WHERE NOT coalesce(w.h = a.h, w.h IS NULL AND a.h IS NULL))
              + (SELECT count(*) FROM whole w, more m WHERE w.h = m.h)
    $q$, agg, tbl) INTO answers, wrong;
END $$;

-- A history split by rows, by members, by days, into single rows or into five heaps, rolled up in one step or two.
CREATE FUNCTION oracle.compare_rollup(agg text, tbl regclass, OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    WITH whole AS (SELECT %1$s AS h FROM %2$s),
    part AS (
      SELECT split, key, %1$s AS h
      FROM %2$s t, LATERAL (VALUES (1, left(md5(t.ctid::text), 1)), (2, t.member::text), (3, t.at::date::text),
                                   (4, t.ctid::text)) v (split, key)
      GROUP BY split, key
    ),
    heap AS (SELECT split, md5(key) < '8', retention.rollup(h) AS h FROM part GROUP BY 1, 2),
    rolled AS (SELECT retention.rollup(h) AS h FROM part GROUP BY split
               UNION ALL SELECT retention.rollup(h) FROM heap GROUP BY split)
    SELECT count(*), count(*) FILTER (WHERE NOT coalesce(w.h = r.h, w.h IS NULL AND r.h IS NULL)) FROM whole w, rolled r
    $q$, agg, tbl) INTO answers, wrong;
END $$;

-- The history of a parallel plan is that of a serial one. That the plan is parallel is asked of EXPLAIN; that no process
-- reads a small table all alone, before the others have started, is what the naps on every page are for.
CREATE FUNCTION oracle.compare_parallel(agg text, tbl regclass, OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql SET max_parallel_workers_per_gather = 0 SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0
SET min_parallel_table_scan_size = 0 AS $$
DECLARE
  query text := format('SELECT %s FROM %s', agg, tbl);
  slow text := query || $q$ WHERE CASE WHEN ctid::text LIKE '%,1)' THEN pg_sleep(0.001) IS NOT NULL ELSE true END $q$;
  serial retention.history;
  parallel retention.history;
  plan json;
BEGIN
  EXECUTE query INTO serial;
  PERFORM set_config('max_parallel_workers_per_gather', '2', true);
  EXECUTE 'EXPLAIN (FORMAT json) ' || slow INTO plan;
  EXECUTE slow INTO parallel;
  answers := 1;
  wrong := (NOT (plan::text LIKE '%"Partial Mode": "Partial"%'
                 AND coalesce(serial = parallel, serial IS NULL AND parallel IS NULL)))::int;
END $$;

CREATE FUNCTION oracle.compare_histories(
  a retention.history, b retention.history, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT 1, (NOT coalesce(a = b, a IS NULL AND b IS NULL))::int
$$;

-- The text form round-trips.
CREATE FUNCTION oracle.compare_text(h retention.history, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT 1, (NOT coalesce(h::text::retention.history = h, h IS NULL AND h::text IS NULL))::int
$$;
