-- The judge of retention in all its forms: every mode, entry, kind of period, brackets and min_events, in plain SQL and from
-- the definitions alone (docs/retention/cohorts.md). To be read in after oracle.sql; nothing here needs the extension.

-- The local day of a tick, and the first tick of a local day: of instants on the clock of the zone. Where a clock is put
-- back over its midnight that is twice on the clock, and the first one counts.
CREATE FUNCTION oracle.has_zone(tbl regclass) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT atttypid = 'timestamptz'::regtype FROM pg_attribute WHERE attrelid = tbl AND attname = 'at'
$$;
CREATE FUNCTION oracle.local_day(tick timestamp, zone text) RETURNS date
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN zone IS NULL THEN tick ELSE tick AT TIME ZONE 'UTC' AT TIME ZONE zone END::date
$$;
CREATE FUNCTION oracle.begin_of_day(day date, zone text) RETURNS timestamp
LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN zone IS NULL THEN day::timestamp ELSE (
    SELECT min(t) FROM (SELECT day::timestamp AT TIME ZONE zone AT TIME ZONE 'UTC') m (midnight),
      unnest('{-1 hour,-30 minutes,0,30 minutes,1 hour,24 hours}'::interval[]) shift, LATERAL (SELECT midnight + shift) x (t)
    WHERE oracle.local_day(t, zone) >= day AND oracle.local_day(t - interval '0.000001', zone) < day) END
$$;

-- The number of a calendar unit: those of days that follow each other differ by one or not at all.
CREATE FUNCTION oracle.unit(period text, day date) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE period
    WHEN 'day' THEN day - date '2000-01-01'
    WHEN 'week' THEN (date_trunc('week', day::timestamp)::date - date '2000-01-03') / 7
    WHEN 'month' THEN year * 12 + extract(month FROM day)
    WHEN 'quarter' THEN year * 4 + extract(quarter FROM day)
    WHEN 'year' THEN year END::bigint
  FROM (SELECT extract(year FROM day) + (extract(year FROM day) < 0)::int) y (year)
$$;

-- Every entry with every cell of its cohort: [low, high) are the periods of the cell.
--   begun, ended   of the cell, for this entry, by as_of
--   counts         is the member active in it, in the sense of the mode?
--   amount         what it spent in the periods of the cell
CREATE FUNCTION oracle.entries(
  tbl regclass, period text DEFAULT 'month', mode text DEFAULT 'on', entry text DEFAULT 'first',
  starts regclass DEFAULT NULL, as_of date DEFAULT NULL, brackets int[] DEFAULT NULL, min_events int DEFAULT 1,
  grain text DEFAULT 'day', zone text DEFAULT NULL)
RETURNS TABLE (member text, entered_in bigint, cohort date, low int, begun boolean, ended boolean, counts boolean,
               amount numeric)
LANGUAGE sql STABLE AS $$
  WITH event AS MATERIALIZED (SELECT * FROM oracle.events(tbl, grain, zone)),
  given AS MATERIALIZED (
    SELECT CASE WHEN period ~ 'hour' THEN 'hours' WHEN period ~ '\d' THEN 'days' ELSE 'calendar' END AS kind,
           substring(period FROM '\d+')::int AS n,
           CASE WHEN oracle.has_zone(tbl) THEN coalesce(zone, current_setting('TimeZone')) END AS clock,
           coalesce(entries.as_of, (SELECT max(e.day) FROM event e)) AS last_day
  ),
  bounds AS MATERIALIZED (SELECT *, extract(epoch FROM oracle.begin_of_day(last_day + 1, clock)) AS the_end FROM given),
  -- since when a member is looked at
  member AS MATERIALIZED (
    SELECT s.member, min(s.tick) AS tick, min(s.day) AS day
    FROM oracle.events(CASE entry WHEN 'starts' THEN starts ELSE tbl END, grain, zone) s, bounds b
    WHERE s.day <= b.last_day
    GROUP BY s.member
  ),
  -- what it did in which period since then
  activity AS MATERIALIZED (
    SELECT m.member, p.period, count(*) AS events, sum(e.amount) AS amount
    FROM member m JOIN event e USING (member), bounds b, LATERAL (
      SELECT CASE b.kind WHEN 'calendar' THEN oracle.unit(entries.period, e.day) - oracle.unit(entries.period, m.day)
                         WHEN 'days' THEN (e.day - m.day) / b.n
                         ELSE floor(extract(epoch FROM e.tick - m.tick) / 3600 / b.n)::bigint END) p (period)
    WHERE e.tick >= m.tick AND e.day <= b.last_day
    GROUP BY m.member, p.period
  ),
  -- when it entered: at the beginning, or in every period in which it was active
  entered AS MATERIALIZED (
    SELECT m.*, 0::bigint AS at FROM member m WHERE entry <> 'recurring'
    UNION ALL
    SELECT m.*, a.period FROM member m JOIN activity a USING (member)
    WHERE entry = 'recurring' AND a.events >= min_events
  ),
  dated AS MATERIALIZED (
    SELECT e.member, e.at,
           CASE b.kind WHEN 'calendar' THEN (date_trunc(period, e.day::timestamp) + e.at *
                              CASE period WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || period)::interval END)::date
                       WHEN 'days' THEN e.day + (e.at * b.n)::int
                       -- where a clock is put forward over midnight, the first hour of the day is named after one
                       -- that is of the day before
                       ELSE CASE e.at WHEN 0 THEN e.day
                                      ELSE oracle.local_day(e.tick + e.at * b.n * interval '1 hour', b.clock) END END AS cohort,
           -- how long ago, in periods
           CASE b.kind WHEN 'calendar' THEN oracle.unit(period, b.last_day) - oracle.unit(period, e.day) - e.at
                                            + (oracle.unit(period, b.last_day + 1) - oracle.unit(period, b.last_day)) * 0.5 + 0.5
                       WHEN 'days' THEN (b.last_day + 1 - e.day)::numeric / b.n - e.at
                       ELSE (b.the_end - extract(epoch FROM e.tick)) / 3600 / b.n - e.at END AS age
    FROM entered e, bounds b
  ),
  aged AS MATERIALIZED (
    -- How many cells have begun and how many have ended for this entry, and how many the cohort has: with periods of hours,
    -- members of one cohort differ in age, and its cells are those of who entered first thing in the day.
    SELECT row_number() OVER () AS entry, d.member, d.at, d.cohort, ceil(d.age)::int AS begun, floor(d.age)::int AS ended,
           CASE b.kind WHEN 'hours' THEN ceil((b.the_end - extract(epoch FROM oracle.begin_of_day(d.cohort, b.clock))) / 3600 / b.n)
                       ELSE ceil(d.age) END::int AS cells
    FROM dated d, bounds b
  ),
  cell AS MATERIALIZED (
    SELECT n AS low, n + 1 AS high FROM generate_series(0, (SELECT max(cells) - 1 FROM aged)) n
    WHERE brackets IS NULL
    UNION ALL
    SELECT brackets[i], brackets[i + 1] FROM generate_series(1, cardinality(brackets) - 1) i
  ),
  hit AS MATERIALIZED (   -- the cells in which there was something
    SELECT g.entry, c.low, sum(a.events) AS events, sum(a.amount) AS amount
    FROM aged g JOIN activity a USING (member) JOIN cell c ON a.period >= g.at + c.low AND a.period < g.at + c.high
    GROUP BY g.entry, c.low
  ),
  active AS (
    SELECT g.entry, g.member, g.at, g.cohort, c.low, c.low < g.begun AS begun, c.high <= g.ended AS ended,
           coalesce(h.events, 0) >= min_events AS is_active, h.amount
    FROM aged g JOIN cell c ON c.low < g.cells LEFT JOIN hit h ON h.entry = g.entry AND h.low = c.low
  )
  SELECT a.member, a.at, a.cohort, a.low, a.begun, a.ended,
         a.begun AND CASE
           WHEN mode = 'on' OR mode <> 'on or after' AND a.low = 0 THEN a.is_active
           WHEN mode = 'on or after' THEN bool_or(a.is_active) OVER later
           -- Where the start is something else than an event, one in its own period is on or before all.
           WHEN mode = 'on or before' THEN bool_or(a.is_active AND (a.low > 0 OR entries.entry = 'starts')) OVER earlier
           WHEN mode = 'streak' THEN bool_and(a.is_active OR a.low = 0) OVER earlier END,
         a.amount
  FROM active a
  WINDOW later AS (PARTITION BY a.entry ORDER BY a.low ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING),
         earlier AS (PARTITION BY a.entry ORDER BY a.low ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
$$;

-- The same, and kept until the transaction ends: one question about a table is asked of the table, the curve and the members.
CREATE TEMP TABLE entries_kept (
  question text, member text, entered_in bigint, cohort date, low int, begun boolean, ended boolean, counts boolean, amount numeric
) ON COMMIT DELETE ROWS;
CREATE FUNCTION oracle.entries_once(
  tbl regclass, period text, mode text, entry text, starts regclass, as_of date, brackets int[], min_events int, grain text, zone text)
RETURNS TABLE (member text, entered_in bigint, cohort date, low int, begun boolean, ended boolean, counts boolean,
               amount numeric)
LANGUAGE plpgsql AS $$
DECLARE
  this text := format('%s %L', ROW (tbl::oid, period, mode, entry, starts::oid, as_of, brackets, min_events, grain, zone), current_setting('TimeZone'));
BEGIN
  IF NOT EXISTS (SELECT FROM pg_temp.entries_kept k WHERE k.question = this) THEN
    TRUNCATE pg_temp.entries_kept;
    INSERT INTO pg_temp.entries_kept
    SELECT this, e.* FROM oracle.entries(tbl, period, mode, entry, starts, as_of, brackets, min_events, grain, zone) e;
  END IF;
  RETURN QUERY SELECT k.member, k.entered_in, k.cohort, k.low, k.begun, k.ended, k.counts, k.amount
               FROM pg_temp.entries_kept k WHERE k.question = this;
END $$;

CREATE FUNCTION oracle.has_amounts(tbl regclass, grain text, zone text) RETURNS boolean
LANGUAGE sql STABLE AS $$ SELECT coalesce(bool_or(amount IS NOT NULL), false) FROM oracle.events(tbl, grain, zone) $$;

-- The cohort table: entries by cohort and cell.
CREATE FUNCTION oracle.retention(
  tbl regclass, period text DEFAULT 'month', mode text DEFAULT 'on', entry text DEFAULT 'first',
  starts regclass DEFAULT NULL, as_of date DEFAULT NULL, brackets int[] DEFAULT NULL, min_events int DEFAULT 1,
  grain text DEFAULT 'day', zone text DEFAULT NULL, confidence float8 DEFAULT 0.95)
RETURNS TABLE (cohort date, period_number int, members bigint, eligible bigint, retained bigint,
               rate float8, rate_low float8, rate_high float8, active bigint, amount numeric, complete boolean)
LANGUAGE sql STABLE AS $$
  SELECT c.cohort, c.low, c.members, c.eligible, c.retained, c.retained / nullif(c.eligible, 0)::float8, w.low, w.high,
         c.active, CASE WHEN (SELECT oracle.has_amounts(tbl, grain, zone)) THEN coalesce(c.amount, 0) END, c.eligible = c.members
  FROM (SELECT e.cohort, e.low, count(*) AS members, count(*) FILTER (WHERE e.ended) AS eligible,
               count(*) FILTER (WHERE e.ended AND e.counts) AS retained, count(*) FILTER (WHERE e.counts) AS active,
               sum(e.amount) AS amount
        FROM oracle.entries_once(tbl, period, mode, entry, starts, as_of, brackets, min_events, grain, zone) e
        GROUP BY e.cohort, e.low) c, LATERAL oracle.wilson(c.retained, c.eligible, confidence) w
  ORDER BY c.cohort, c.low
$$;

-- Wilson's interval of a rate seen in n trials, where n need not be whole.
CREATE FUNCTION oracle.wilson_of(p float8, n float8, confidence float8, OUT low float8, OUT high float8)
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN n > 0 THEN greatest(middle - half, 0) END, CASE WHEN n > 0 THEN least(middle + half, 1) END
  FROM (SELECT CASE confidence WHEN 0.9 THEN 1.6448536269514722 WHEN 0.95 THEN 1.959963984540054
                               WHEN 0.99 THEN 2.5758293035489004 END::float8) z (z),
       LATERAL (SELECT (p + z * z / (2 * n)) / (1 + z * z / n),
                       z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)) m (middle, half)
$$;

-- The curve: all entries by cell. `trials` are as many as an interval is for: where members enter several times, the
-- entries divided by the design effect, the variance between members against that of entries drawn one by one.
CREATE FUNCTION oracle.curve(
  tbl regclass, period text DEFAULT 'month', mode text DEFAULT 'on', entry text DEFAULT 'first',
  starts regclass DEFAULT NULL, as_of date DEFAULT NULL, brackets int[] DEFAULT NULL, min_events int DEFAULT 1,
  grain text DEFAULT 'day', zone text DEFAULT NULL, confidence float8 DEFAULT 0.95)
RETURNS TABLE (period_number int, members bigint, eligible bigint, retained bigint,
               rate float8, rate_low float8, rate_high float8, amount_per_member numeric, trials float8)
LANGUAGE sql STABLE AS $$
  WITH e AS MATERIALIZED (
    SELECT * FROM oracle.entries_once(tbl, period, mode, entry, starts, as_of, brackets, min_events, grain, zone)
  ),
  point AS (
    SELECT e.low, count(*) FILTER (WHERE begun) AS members, count(*) FILTER (WHERE ended) AS eligible,
           count(*) FILTER (WHERE ended AND counts) AS retained, sum(amount) FILTER (WHERE ended) AS amount
    FROM e GROUP BY e.low
  ),
  by_member AS (
    SELECT e.low, e.member, count(*)::numeric AS m, (count(*) FILTER (WHERE counts))::numeric AS x
    FROM e WHERE ended GROUP BY e.low, e.member
  ),
  spread AS (
    SELECT b.low, count(*) AS k, sum(b.m) AS n, sum(b.x) / sum(b.m) AS p,
           sum((b.x * p.eligible - p.retained * b.m) ^ 2) / p.eligible ^ 2 AS residual
    FROM by_member b JOIN point p USING (low) GROUP BY b.low, p.eligible
  ),
  effective AS (
    SELECT low, CASE WHEN k = n THEN n WHEN p IN (0, 1) OR k = 1 THEN k
                     ELSE n / greatest(1, residual / (n * p * (1 - p)) * k / (k - 1) * (n - 1) / n) END::float8 AS trials
    FROM spread
  )
  SELECT p.low, p.members, p.eligible, p.retained, p.retained / nullif(p.eligible, 0)::float8, w.low, w.high,
         CASE WHEN p.eligible > 0 AND (SELECT oracle.has_amounts(tbl, grain, zone))
              THEN round(coalesce(p.amount, 0) * 1.000000000000000000000000000000 / p.eligible, 6) END, f.trials
  FROM point p LEFT JOIN effective f USING (low)
       LEFT JOIN LATERAL oracle.wilson_of(p.retained / nullif(p.eligible, 0)::float8, f.trials, confidence) w ON true
  WHERE p.members > 0
  ORDER BY p.low
$$;

-- The probability that a standard normal variable is further from 0 than z: Abramowitz and Stegun 26.2.11.
CREATE FUNCTION oracle.two_tails(z float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  term float8 := abs(z);
  sum float8 := abs(z);
BEGIN
  IF abs(z) > 9 THEN
    RETURN 0;   -- less than 1e-18
  END IF;
  FOR i IN 1 .. 400 LOOP
    term := term * z * z / (2 * i + 1);
    sum := sum + term;
    EXIT WHEN term < 1e-20 * sum;
  END LOOP;
  RETURN 1 - 2 * sum * exp(-z * z / 2) / sqrt(2 * pi());
END $$;

-- Two curves, with Newcombe's interval of the difference and the two-proportion z test.
CREATE FUNCTION oracle.compare_curves(
  tbl1 regclass, tbl2 regclass, period text, mode text, entry text, as_of date, brackets int[], min_events int,
  grain text DEFAULT 'day', zone text DEFAULT NULL, confidence float8 DEFAULT 0.95)
RETURNS TABLE (period_number int, eligible_1 bigint, retained_1 bigint, rate_1 float8, eligible_2 bigint, retained_2 bigint,
               rate_2 float8, difference float8, difference_low float8, difference_high float8, p_value float8)
LANGUAGE sql STABLE AS $$
  SELECT coalesce(a.period_number, b.period_number), coalesce(a.eligible, 0), coalesce(a.retained, 0), a.rate,
         coalesce(b.eligible, 0), coalesce(b.retained, 0), b.rate, b.rate - a.rate,
         b.rate - a.rate - sqrt((b.rate - b.rate_low) ^ 2 + (a.rate_high - a.rate) ^ 2),
         b.rate - a.rate + sqrt((b.rate_high - b.rate) ^ 2 + (a.rate - a.rate_low) ^ 2),
         CASE WHEN a.rate = b.rate THEN 1
              ELSE oracle.two_tails((b.rate - a.rate) / sqrt(pooled.rate * (1 - pooled.rate) * (1 / a.trials + 1 / b.trials))) END
  FROM oracle.curve(tbl1, period, mode, entry, NULL, as_of, brackets, min_events, grain, zone, confidence) a
       FULL JOIN oracle.curve(tbl2, period, mode, entry, NULL, as_of, brackets, min_events, grain, zone, confidence) b
       USING (period_number),
       LATERAL (SELECT (a.rate * a.trials + b.rate * b.trials) / (a.trials + b.trials)) pooled (rate)
  ORDER BY 1
$$;
