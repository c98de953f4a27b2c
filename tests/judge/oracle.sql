-- The judge: what the extension answers, asked again in plain SQL.
--
-- Every function here is written from the definitions alone (docs/), with DISTINCT, date_trunc, joins and
-- generate_series, for clarity and not for speed. It takes a table or view with the columns
-- (member, at, amount) and returns the columns of its namesake in the schema retention.
-- Nothing here needs the extension. tests/sql/whole/oracle.sql holds the judge itself against tables counted by hand.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS oracle CASCADE;
CREATE SCHEMA oracle;
RESET client_min_messages;

-- The events of a table: a row without member or without time is none.
--   day     the day of the event on the calendar of the zone (NULL: the session's TimeZone);
--           a timestamp or a date has no zone, its calendar is its own
--   tick    what identifies the tick: two events are in one tick exactly if this is equal
--   tick_at the instant at which the tick starts; of a timestamp or a date, its cast to timestamptz
CREATE FUNCTION oracle.events(tbl regclass, grain text DEFAULT 'day', zone text DEFAULT NULL)
RETURNS TABLE (member text, day date, tick timestamp, tick_at timestamptz, amount numeric)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  of_type regtype := (SELECT atttypid FROM pg_attribute WHERE attrelid = tbl AND attname = 'at');
  query text;
BEGIN
  IF tbl IS NULL THEN
    RETURN;
  ELSIF of_type = 'timestamptz'::regtype THEN
    query := 'SELECT member::text, (at AT TIME ZONE %2$L)::date, date_trunc(%3$L, at, %2$L) AT TIME ZONE ''UTC'',
                     date_trunc(%3$L, at, %2$L), round(amount::numeric, 6)
              FROM %1$s WHERE member IS NOT NULL AND at IS NOT NULL';
  ELSE
    query := 'SELECT member::text, at::date, date_trunc(%3$L, at::timestamp),
                     date_trunc(%3$L, at::timestamp)::timestamptz, round(amount::numeric, 6)
              FROM %1$s WHERE member IS NOT NULL AND at IS NOT NULL';
  END IF;
  RETURN QUERY EXECUTE format(query, tbl, coalesce(zone, current_setting('TimeZone')), grain);
END $$;

-- The last three arguments stand for slice (whole ticks, please) and without.
CREATE FUNCTION oracle.history_rows(
  tbl regclass, grain text DEFAULT 'day', zone text DEFAULT NULL,
  from_date date DEFAULT '-infinity', to_date date DEFAULT 'infinity', without text[] DEFAULT '{}')
RETURNS TABLE (member text, at timestamptz, events bigint, amount numeric)
LANGUAGE sql STABLE AS $$
  SELECT e.member, e.tick_at, count(*), sum(e.amount)
  FROM oracle.events(tbl, grain, zone) e
  WHERE e.day BETWEEN from_date AND to_date AND e.member <> ALL (without)
  GROUP BY e.member, e.tick, e.tick_at
$$;

-- All periods from the one of first_day to the one of last_day, numbered from 1. Calendar periods; or '30 days':
-- stretches of so many days, of which the last ends on last_day.
CREATE FUNCTION oracle.periods(period text, first_day date, last_day date)
RETURNS TABLE (n bigint, first date, last date)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF period ~ '^[0-9]+ days?$' THEN
    RETURN QUERY
      SELECT row_number() OVER (ORDER BY s DESC), last_day - s - split_part(period, ' ', 1)::int + 1, last_day - s
      FROM generate_series(0, last_day - first_day, split_part(period, ' ', 1)::int) s;
  ELSE
    RETURN QUERY
      SELECT row_number() OVER (ORDER BY s), s::date, (s + step.one)::date - 1
      FROM (SELECT CASE period WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || period)::interval END) step (one),
           generate_series(date_trunc(period, first_day::timestamp), last_day::timestamp, step.one) s;
  END IF;
END $$;

-- Wilson's interval of k out of n: the p for which |k/n - p| = z sqrt(p (1 - p) / n).
CREATE FUNCTION oracle.wilson(k bigint, n bigint, confidence float8, OUT low float8, OUT high float8)
LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(centre - half, 0), least(centre + half, 1)
  FROM (SELECT CASE confidence WHEN 0.9 THEN 1.6448536269514722 WHEN 0.95 THEN 1.959963984540054
                               WHEN 0.99 THEN 2.5758293035489004 END::float8,
               k / nullif(n, 0)::float8, nullif(n, 0)) a (z, p, n),
       LATERAL (SELECT (p + z * z / (2 * a.n)) / (1 + z * z / a.n),
                       z / (1 + z * z / a.n) * sqrt(p * (1 - p) / a.n + z * z / (4.0::float8 * a.n * a.n))
                WHERE a.n > 0) b (centre, half)
$$;

-- entry 'first': a member enters with its first event. entry 'starts': with its first tick in the table `starts`;
-- what it did in ticks before that is not counted, and it is counted even without any event.
CREATE FUNCTION oracle.cohorts(
  tbl regclass, period text DEFAULT 'month', grain text DEFAULT 'day', zone text DEFAULT NULL,
  entry text DEFAULT 'first', starts regclass DEFAULT NULL, as_of date DEFAULT NULL, confidence float8 DEFAULT 0.95)
RETURNS TABLE (cohort date, period_number int, members bigint, eligible bigint, retained bigint,
               rate float8, rate_low float8, rate_high float8, active bigint, amount numeric, complete boolean)
LANGUAGE sql STABLE AS $$
  WITH event AS (SELECT * FROM oracle.events(tbl, grain, zone)),
  bounds AS (
    SELECT coalesce(cohorts.as_of, max(e.day)) AS last_day, bool_or(e.amount IS NOT NULL) AS has_amounts
    FROM event e
    HAVING min(e.day) <= coalesce(cohorts.as_of, max(e.day))
  ),
  entered AS (
    SELECT s.member, min(s.tick) AS since, date_trunc(period, min(s.day)::timestamp)::date AS cohort
    FROM oracle.events(CASE entry WHEN 'starts' THEN starts ELSE tbl END, grain, zone) s, bounds b
    WHERE s.day <= b.last_day
    GROUP BY s.member
  ),
  size AS (SELECT cohort, count(*) AS members FROM entered GROUP BY cohort),
  calendar AS (
    SELECT p.* FROM bounds b, LATERAL oracle.periods(period, (SELECT min(cohort) FROM entered), b.last_day) p
  ),
  activity AS (
    SELECT n.cohort, date_trunc(period, e.day::timestamp)::date AS first,
           count(DISTINCT e.member) AS active, sum(e.amount) AS amount
    FROM event e JOIN entered n USING (member), bounds b
    WHERE e.tick >= n.since AND e.day <= b.last_day
    GROUP BY 1, 2
  ),
  cell AS (
    SELECT s.cohort, (p.n - c.n)::int AS period_number, s.members, p.last <= b.last_day AS ended,
           coalesce(a.active, 0) AS active, a.amount, b.has_amounts
    FROM size s JOIN calendar c ON c.first = s.cohort JOIN calendar p ON p.n >= c.n CROSS JOIN bounds b
         LEFT JOIN activity a ON a.cohort = s.cohort AND a.first = p.first
  )
  SELECT c.cohort, c.period_number, c.members,
         CASE WHEN c.ended THEN c.members ELSE 0 END,
         CASE WHEN c.ended THEN c.active ELSE 0 END,
         CASE WHEN c.ended THEN c.active / c.members::float8 END,
         CASE WHEN c.ended THEN w.low END, CASE WHEN c.ended THEN w.high END,
         c.active, CASE WHEN c.has_amounts THEN coalesce(c.amount, 0) END, c.ended
  FROM cell c, LATERAL oracle.wilson(c.active, c.members, confidence) w
  ORDER BY c.cohort, c.period_number
$$;

-- A member is in at the end of a period if active in it or in one of the gap - 1 periods before it. The readers of
-- the ledger, churn_members and growth, are judged in churn.sql.
CREATE FUNCTION oracle.churn(
  tbl regclass, period text DEFAULT 'month', gap int DEFAULT 1, grain text DEFAULT 'day', zone text DEFAULT NULL,
  as_of date DEFAULT NULL, confidence float8 DEFAULT 0.95)
RETURNS TABLE (period_start date, opening bigint, new bigint, reactivated bigint, retained bigint, churned bigint,
               closing bigint, retention_rate float8, crr float8, churn_rate float8, churn_rate_low float8, churn_rate_high float8,
               truncated boolean, complete boolean)
LANGUAGE sql STABLE AS $$
  WITH event AS (SELECT * FROM oracle.events(tbl, grain, zone)),
  bounds AS (SELECT min(e.day) AS first_day, coalesce(churn.as_of, max(e.day)) AS last_day FROM event e),
  calendar AS (SELECT p.* FROM bounds b, LATERAL oracle.periods(period, b.first_day, b.last_day) p
               WHERE b.first_day <= b.last_day),
  active AS (
    SELECT DISTINCT e.member, p.n
    FROM event e JOIN calendar p ON e.day BETWEEN p.first AND p.last, bounds b
    WHERE e.day <= b.last_day
  ),
  newcomer AS (SELECT member, min(n) AS n FROM active GROUP BY member),
  inside AS (SELECT DISTINCT a.member, a.n + k AS n FROM active a, generate_series(0, gap - 1) k),
  change AS (   -- one row for every member and period at whose end, or at whose beginning, the member is in
    SELECT coalesce(now.n, before.n + 1) AS n, before.member IS NOT NULL AS was_in, now.member IS NOT NULL AS is_in,
           f.n IS NOT NULL AS is_new
    FROM inside before
         FULL JOIN inside now ON now.member = before.member AND now.n = before.n + 1
         LEFT JOIN newcomer f ON f.member = now.member AND f.n = now.n
  ),
  ledger AS (
    SELECT p.*, count(*) FILTER (WHERE was_in) AS opening,
           count(*) FILTER (WHERE is_new) AS new,
           count(*) FILTER (WHERE is_in AND NOT was_in AND NOT is_new) AS reactivated,
           count(*) FILTER (WHERE is_in AND was_in) AS retained,
           count(*) FILTER (WHERE was_in AND NOT is_in) AS churned,
           count(*) FILTER (WHERE is_in) AS closing,
           p.last <= (SELECT last_day FROM bounds) AS ended
    FROM calendar p LEFT JOIN change c USING (n)
    GROUP BY p.n, p.first, p.last
  )
  SELECT l.first, l.opening, l.new, l.reactivated, l.retained, l.churned, l.closing,
         CASE WHEN l.ended THEN l.retained / nullif(l.opening, 0)::float8 END,
         -- The textbooks' (E - N) / S, from who is there and has been there before.
         CASE WHEN l.ended THEN (l.retained + l.reactivated) / nullif(l.opening, 0)::float8 END,
         CASE WHEN l.ended THEN l.churned / nullif(l.opening, 0)::float8 END,
         CASE WHEN l.ended THEN w.low END, CASE WHEN l.ended THEN w.high END,
         l.n - 1 < gap, l.ended
  FROM ledger l LEFT JOIN LATERAL oracle.wilson(l.churned, l.opening, confidence) w ON true
  ORDER BY l.n
$$;

\ir value/value.sql

-- A table small enough to count by hand.
--
--   member   Jan  Feb  Mar  Apr  May  (as of 20 May: May is running)
--   a         2    1    .    1    .
--   b         1    .    .    1    .
--   c         .    1    1    .    1
--   d         .    1    .    .    .
CREATE TABLE oracle.by_hand (member text, at date, amount numeric);
INSERT INTO oracle.by_hand VALUES
  ('a', '2024-01-05', 10), ('a', '2024-01-31', 2.5), ('a', '2024-02-29', 5), ('a', '2024-04-01', NULL),
  ('b', '2024-01-01', 4), ('b', '2024-04-30', -4),
  ('c', '2024-02-01', 1), ('c', '2024-03-31', 1), ('c', '2024-05-20', 1),
  ('d', '2024-02-10', 0.0000015),
  (NULL, '2024-03-01', 99), ('a', NULL, 99);
