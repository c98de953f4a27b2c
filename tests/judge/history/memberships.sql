-- The judge of memberships: days counted one by one with generate_series, unions by range_agg, and the comparisons; after
-- oracle.sql and compare.sql. A table of spells has the columns (member, joined, ended).

-- The spells of a table that hold a day, in days of the calendar of the zone: the first day in, and the first day out, which is
-- the day of an end at its very beginning, and the next one of an end inside it. No end, or one from the year 9000 on: still in.
-- A row without member or first day is none.
CREATE FUNCTION oracle.spells(tbl regclass, zone text DEFAULT NULL)
RETURNS TABLE (member text, joined date, ended date)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  of_type regtype := (SELECT atttypid FROM pg_attribute WHERE attrelid = tbl AND attname = 'joined');
BEGIN
  RETURN QUERY EXECUTE format($q$
    SELECT member, joined::date, CASE WHEN is_far THEN NULL WHEN is_midnight THEN ended::date ELSE ended::date + 1 END
    FROM (SELECT member::text, %2$s AS joined, %3$s AS ended, %3$s >= '9000-01-01' AS is_far,
                 %3$s = date_trunc('day', %3$s) OR %4$s AS is_midnight
          FROM %1$s WHERE member IS NOT NULL AND joined IS NOT NULL) s
    WHERE ended IS NULL OR is_far OR ended::date + (NOT is_midnight)::int > joined::date $q$,
    tbl,
    CASE of_type WHEN 'timestamptz'::regtype THEN format('joined AT TIME ZONE %L', coalesce(zone, current_setting('TimeZone'))) ELSE 'joined::timestamp' END,
    CASE of_type WHEN 'timestamptz'::regtype THEN format('ended AT TIME ZONE %L', coalesce(zone, current_setting('TimeZone'))) ELSE 'ended::timestamp' END,
    -- Where clocks are set forward over midnight, the day begins later.
    CASE of_type WHEN 'timestamptz'::regtype
      THEN format('ended = date_trunc(''day'', ended AT TIME ZONE %1$L) AT TIME ZONE %1$L', coalesce(zone, current_setting('TimeZone'))) ELSE 'false' END);
END $$;

-- The stretches of days of each member: the union of its spells.
CREATE FUNCTION oracle.stretches(tbl regclass, zone text DEFAULT NULL)
RETURNS TABLE (member text, joined date, ended date)
LANGUAGE sql STABLE AS $$
  SELECT s.member, lower(r), upper(r)
  FROM (SELECT s.member, range_agg(daterange(s.joined, s.ended)) AS days FROM oracle.spells(tbl, zone) s GROUP BY s.member) s,
       unnest(s.days) r
$$;

-- The last day that is looked at, as_of by default: the last on which somebody joined or left, or today.
CREATE FUNCTION oracle.last_day(tbl regclass, zone text) RETURNS date
LANGUAGE sql STABLE AS $$
  SELECT least(greatest(max(s.joined), max(s.ended)), (now() AT TIME ZONE coalesce(zone, current_setting('TimeZone')))::date)
  FROM oracle.stretches(tbl, zone) s
$$;

-- The days up to as_of at whose end a member is in, each once, whether or not the day before is one; and the bounds.
CREATE FUNCTION oracle.days_in(tbl regclass, zone text, as_of date,
                               OUT member text, OUT day date, OUT first_day date, OUT last_day date)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
  WITH spell AS MATERIALIZED (SELECT * FROM oracle.spells(tbl, zone)),
  bounds AS (SELECT min(s.joined) AS first_day, coalesce(days_in.as_of, oracle.last_day(tbl, zone)) AS last_day FROM spell s)
  SELECT DISTINCT s.member, s.joined + d, b.first_day, b.last_day
  FROM spell s, bounds b, generate_series(0, least(s.ended - 1, b.last_day) - s.joined) d
$$;

-- The probability of k events or fewer, where mu are expected.
CREATE FUNCTION oracle.poisson_cdf(k bigint, mu float8) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(sum(CASE WHEN i * ln(mu) - mu - log_factorial > -700 THEN exp(i * ln(mu) - mu - log_factorial) END), 0)
  FROM (SELECT i, sum(ln(greatest(i, 1))) OVER (ORDER BY i) AS log_factorial FROM generate_series(0, k) i) f
$$;

CREATE FUNCTION oracle.churn_of_memberships(
  tbl regclass, period text DEFAULT 'month', zone text DEFAULT NULL, as_of date DEFAULT NULL,
  confidence float8 DEFAULT 0.95)
RETURNS TABLE (period_start date, opening bigint, joined bigint, rejoined bigint, departed bigint, retained bigint,
               churned bigint, closing bigint, retention_rate float8, crr float8, churn_rate float8, churn_rate_low float8,
               churn_rate_high float8, member_years float8, departure_rate float8, complete boolean)
LANGUAGE sql STABLE AS $$
  WITH inside AS MATERIALIZED (SELECT * FROM oracle.days_in(tbl, zone, churn_of_memberships.as_of)),
  bounds AS (SELECT DISTINCT first_day, last_day FROM inside),
  calendar AS (SELECT p.first, p.last, least(p.last, b.last_day) AS seen, p.last <= b.last_day AS ended
               FROM bounds b, LATERAL oracle.periods(period, b.first_day, b.last_day) p),
  arrival AS (
    SELECT i.member, i.day, i.day = min(i.day) OVER (PARTITION BY i.member) AS is_first
    FROM inside i WHERE NOT EXISTS (SELECT FROM inside b WHERE b.member = i.member AND b.day = i.day - 1)
  ),
  departure AS (
    SELECT i.member, i.day + 1 AS day
    FROM inside i WHERE NOT EXISTS (SELECT FROM inside a WHERE a.member = i.member AND a.day = i.day + 1)
  ),
  counted AS (
    SELECT c.*,
           (SELECT count(*) FROM inside i WHERE i.day = c.first - 1) AS opening,
           (SELECT count(*) FROM arrival a WHERE a.is_first AND a.day BETWEEN c.first AND c.seen) AS joined,
           (SELECT count(*) FROM arrival a WHERE NOT a.is_first AND a.day BETWEEN c.first AND c.seen) AS rejoined,
           (SELECT count(*) FROM departure d WHERE d.day BETWEEN c.first AND c.seen) AS departed,
           (SELECT count(*) FROM inside i JOIN inside o USING (member) WHERE i.day = c.seen AND o.day = c.first - 1) AS retained,
           (SELECT count(*) FROM inside i WHERE i.day = c.seen) AS closing,
           (SELECT count(*) FROM inside i WHERE i.day BETWEEN c.first AND c.seen) / 365.25::float8 AS years
    FROM calendar c
  )
  SELECT c.first, c.opening, c.joined, c.rejoined, c.departed, c.retained, c.opening - c.retained, c.closing,
         CASE WHEN c.ended THEN c.retained / nullif(c.opening, 0)::float8 END,
         CASE WHEN c.ended THEN (c.closing - c.joined) / nullif(c.opening, 0)::float8 END,
         CASE WHEN c.ended THEN (c.opening - c.retained) / nullif(c.opening, 0)::float8 END,
         CASE WHEN c.ended THEN w.low END, CASE WHEN c.ended THEN w.high END,
         c.years, c.departed / nullif(c.years, 0), c.ended
  FROM counted c LEFT JOIN LATERAL oracle.wilson(c.opening - c.retained, c.opening, confidence) w ON true
$$;

CREATE FUNCTION oracle.cohorts_of_memberships(
  tbl regclass, period text DEFAULT 'month', zone text DEFAULT NULL, as_of date DEFAULT NULL,
  confidence float8 DEFAULT 0.95)
RETURNS TABLE (cohort date, period_number int, members bigint, eligible bigint, retained bigint,
               rate float8, rate_low float8, rate_high float8, active bigint, complete boolean)
LANGUAGE sql STABLE AS $$
  WITH inside AS MATERIALIZED (SELECT * FROM oracle.days_in(tbl, zone, cohorts_of_memberships.as_of)),
  bounds AS (SELECT DISTINCT first_day, last_day FROM inside),
  entered AS (
    SELECT member, CASE WHEN period ~ 'days?$' AND period ~ '^[0-9]' THEN min(day)
                        ELSE date_trunc(period, min(day)::timestamp)::date END AS cohort
    FROM inside GROUP BY member
  ),
  size AS (SELECT cohort, count(*) AS members FROM entered GROUP BY cohort),
  cell AS (
    SELECT s.cohort, s.members, n, p.last, p.last <= b.last_day AS ended, least(p.last, b.last_day) AS seen
    FROM size s, bounds b,
         LATERAL (SELECT (row_number() OVER (ORDER BY q) - 1)::int AS n,
                         CASE WHEN period ~ '^[0-9]' THEN s.cohort + (q + 1) * split_part(period, ' ', 1)::int - 1 END AS last
                  FROM generate_series(0, CASE WHEN period ~ '^[0-9]'
                         THEN (b.last_day - s.cohort) / split_part(period, ' ', 1)::int ELSE -1 END) q
                  UNION ALL
                  SELECT c.n::int - 1, c.last
                  FROM oracle.periods(CASE WHEN period ~ '^[0-9]' THEN 'year' ELSE period END, s.cohort, b.last_day) c
                  WHERE period !~ '^[0-9]') p
  ),
  on_day AS (SELECT e.cohort, i.day, count(*) AS members FROM inside i JOIN entered e USING (member) GROUP BY 1, 2),
  counted AS (
    SELECT c.*, coalesce(d.members, 0) AS active FROM cell c LEFT JOIN on_day d ON d.cohort = c.cohort AND d.day = c.seen
  )
  SELECT c.cohort, c.n, c.members, CASE WHEN c.ended THEN c.members ELSE 0 END, CASE WHEN c.ended THEN c.active ELSE 0 END,
         CASE WHEN c.ended THEN c.active / c.members::float8 END, CASE WHEN c.ended THEN w.low END,
         CASE WHEN c.ended THEN w.high END, c.active, c.ended
  FROM counted c, LATERAL oracle.wilson(c.active, c.members, confidence) w
$$;

CREATE FUNCTION oracle.compare_membership_rows(
  m retention.memberships, tbl regclass, zone text DEFAULT NULL, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH expected AS (SELECT * FROM oracle.stretches(tbl, zone)), given AS (SELECT * FROM retention.membership_rows(m))
  SELECT (SELECT count(*) FROM expected),
         (SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE given)
                                UNION ALL (TABLE given EXCEPT ALL TABLE expected)) d)
         + (coalesce(retention.members(m), 0) <> (SELECT count(DISTINCT member) FROM expected))::int
$$;

-- The ends of the departure rate are judged by what they mean: so many departures or more, or fewer, in so few cases.
CREATE FUNCTION oracle.compare_churn_of_memberships(
  m retention.memberships, tbl regclass, period text, zone text DEFAULT NULL, as_of date DEFAULT NULL,
  confidence float8 DEFAULT 0.95, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.period_start), count(*) FILTER (WHERE
    (a.opening, a.joined, a.rejoined, a.departed, a.retained, a.churned, a.closing, a.complete) IS DISTINCT FROM
    (b.opening, b.joined, b.rejoined, b.departed, b.retained, b.churned, b.closing, b.complete)
    OR oracle.far(b.retention_rate, a.retention_rate) OR oracle.far(b.crr, a.crr) OR oracle.far(b.churn_rate, a.churn_rate)
    OR oracle.far(b.churn_rate_low, a.churn_rate_low) OR oracle.far(b.churn_rate_high, a.churn_rate_high)
    OR oracle.far(b.member_years, a.member_years) OR oracle.far(b.departure_rate, a.departure_rate)
    OR b.closing IS DISTINCT FROM b.opening + b.joined + b.rejoined - b.departed
    OR (b.departure_rate_low IS NULL) <> (a.departure_rate IS NULL) OR (b.departure_rate_high IS NULL) <> (a.departure_rate IS NULL)
    OR CASE WHEN b.departed = 0 THEN b.departure_rate_low <> 0 WHEN b.departure_rate_low IS NULL THEN false
            ELSE abs(1 - oracle.poisson_cdf(b.departed - 1, b.departure_rate_low * b.member_years) - (1 - confidence) / 2) > 1e-9 END
    OR b.departure_rate_high IS NOT NULL
       AND abs(oracle.poisson_cdf(b.departed, b.departure_rate_high * b.member_years) - (1 - confidence) / 2) > 1e-9)
  FROM oracle.churn_of_memberships(tbl, period, zone, as_of, confidence) a
       FULL JOIN retention.churn(m, period, as_of, confidence) b USING (period_start)
$$;

CREATE FUNCTION oracle.compare_cohorts_of_memberships(
  m retention.memberships, tbl regclass, period text, zone text DEFAULT NULL, as_of date DEFAULT NULL,
  confidence float8 DEFAULT 0.95, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.cohort), count(*) FILTER (WHERE
    (a.members, a.eligible, a.retained, a.active, a.complete) IS DISTINCT FROM
    (b.members, b.eligible, b.retained, b.active, b.complete)
    OR oracle.far(b.rate, a.rate) OR oracle.far(b.rate_low, a.rate_low) OR oracle.far(b.rate_high, a.rate_high))
  FROM oracle.cohorts_of_memberships(tbl, period, zone, as_of, confidence) a
       FULL JOIN retention.cohorts(m, period, as_of, confidence) b USING (cohort, period_number)
$$;

-- Who is behind the rows of churn: of every row, one for each member and change; the times add up to the ledger of the judge, and
-- stretches and days in membership are those of the days counted one by one.
CREATE FUNCTION oracle.compare_churn_members_of_memberships(
  m retention.memberships, tbl regclass, period text, zone text DEFAULT NULL, as_of date DEFAULT NULL, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH inside AS MATERIALIZED (SELECT * FROM oracle.days_in(tbl, zone, compare_churn_members_of_memberships.as_of)),
  stretch AS MATERIALIZED (SELECT * FROM oracle.stretches(tbl, zone)),
  ledger AS MATERIALIZED (SELECT * FROM retention.churn(m, period, as_of) ORDER BY md5(period_start::text) LIMIT 5),
  bounds AS (SELECT DISTINCT first_day, last_day FROM inside),
  line AS (SELECT l.*, b.last_day, least(b.last_day, p.last) AS seen
          FROM ledger l, bounds b, LATERAL (SELECT p.last FROM oracle.periods(period, b.first_day, b.last_day) p WHERE p.first = l.period_start) p),
  given AS (SELECT r.period_start, c.* FROM line r, retention.churn_members(m, r.period_start, period, as_of) c),
  fact AS (
    SELECT r.period_start, s.member, s.joined, CASE WHEN s.ended <= r.seen THEN s.ended END AS ended, r.seen,
           s.joined BETWEEN r.period_start AND r.seen AS joins, s.ended BETWEEN r.period_start AND r.seen AS departs,
           s.joined = min(s.joined) OVER (PARTITION BY r.period_start, s.member) AS is_first,
           s.joined < r.period_start AND (s.ended IS NULL OR s.ended >= r.period_start) AS was_in, s.ended IS NULL OR s.ended > r.seen AS is_in
    FROM line r JOIN stretch s ON s.joined <= r.seen
  ),
  change AS (
    SELECT period_start, member, 'joined' AS change, count(*) AS times, max(joined) AS joined FROM fact WHERE joins AND is_first GROUP BY 1, 2
    UNION ALL SELECT period_start, member, 'rejoined', count(*), max(joined) FROM fact WHERE joins AND NOT is_first GROUP BY 1, 2
    UNION ALL SELECT period_start, member, 'departed', count(*), max(joined) FROM fact WHERE departs GROUP BY 1, 2
    UNION ALL SELECT period_start, member, CASE WHEN bool_or(is_in) THEN 'retained' ELSE 'churned' END, 1,
                     CASE WHEN bool_or(is_in) THEN max(joined) FILTER (WHERE is_in) ELSE max(joined) FILTER (WHERE departs) END
              FROM fact GROUP BY 1, 2 HAVING bool_or(was_in)
  ),
  expected AS (
    SELECT c.period_start, c.member, c.change, c.times, c.joined, f.ended,
           (SELECT count(*) FROM inside i WHERE i.member = c.member AND i.day <= f.seen) AS member_days
    FROM change c JOIN fact f USING (period_start, member, joined)
  )
  SELECT (SELECT count(*) FROM expected),
         (SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE given) UNION ALL (TABLE given EXCEPT ALL TABLE expected)) d)
         + (SELECT count(*) FROM line r, LATERAL (
              SELECT coalesce(sum(times) FILTER (WHERE change = 'joined'), 0) AS joined, coalesce(sum(times) FILTER (WHERE change = 'rejoined'), 0) AS rejoined,
                     coalesce(sum(times) FILTER (WHERE change = 'departed'), 0) AS departed,
                     count(*) FILTER (WHERE change = 'churned') AS churned, count(*) FILTER (WHERE change = 'retained') AS retained
              FROM given g WHERE g.period_start = r.period_start) g
            WHERE (r.joined, r.rejoined, r.departed, r.churned, r.retained) IS DISTINCT FROM (g.joined, g.rejoined, g.departed, g.churned, g.retained))
$$;

-- What the others say of the same counts: growth of churn, the curve of cohorts, the members of a cell of its number.
CREATE FUNCTION oracle.compare_more_of_memberships(m retention.memberships, period text, as_of date, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH churn AS MATERIALIZED (SELECT *, sum(joined) OVER (ORDER BY period_start) AS ever FROM retention.churn(m, period, as_of)),
  cell AS MATERIALIZED (SELECT * FROM retention.cohorts(m, period, as_of)),
  curve AS (SELECT period_number, sum(members) AS members, sum(eligible) AS eligible, sum(retained) AS retained FROM cell GROUP BY 1)
  SELECT (SELECT count(*) FROM churn) + (SELECT count(*) FROM curve),
         (SELECT count(*) FROM churn c FULL JOIN retention.growth(m, period, as_of) g USING (period_start)
          WHERE (c.joined, c.rejoined, c.retained, c.departed, c.churned, c.complete, c.ever - c.closing, c.closing - c.opening) IS DISTINCT FROM
                (g.joined, g.rejoined, g.retained, g.departed, g.churned, g.complete, g.dormant, g.net_change)
             OR oracle.far(g.quick_ratio, CASE WHEN c.complete THEN (c.joined + c.rejoined) / nullif(c.departed, 0)::float8 END))
         + (SELECT count(*) FROM curve a FULL JOIN retention.retention_curve(m, period, as_of) b USING (period_number)
            WHERE (a.members, a.eligible, a.retained) IS DISTINCT FROM (b.members, b.eligible, b.retained)
               OR oracle.far(b.rate, a.retained / nullif(a.eligible, 0)::float8))
         + (SELECT count(*) FROM (SELECT * FROM cell ORDER BY md5(cohort::text || period_number) LIMIT 5) c
            WHERE c.active <> (SELECT count(*) FROM retention.cohort_members(m, c.cohort, c.period_number, period, as_of)))
$$;

-- The value depends on the union of the spells alone: not on the order of rows, on how often they come, on how they are split and
-- rolled up, on a parallel plan or on being written as text and read again; and one row less is another value just where it is
-- another union. `agg` is a call of membership_agg.
CREATE FUNCTION oracle.compare_memberships(agg text, tbl regclass, zone text, OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql SET max_parallel_workers_per_gather = 0 SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0
SET min_parallel_table_scan_size = 0 AS $$
DECLARE
  query text := format('SELECT %s FROM %s', agg, tbl);
  whole retention.memberships;
  others retention.memberships[];
  parallel retention.memberships;
  fewer retention.memberships;
  differs boolean;
  plan json;
BEGIN
  EXECUTE query INTO whole;
  EXECUTE format($q$
    SELECT array_agg(m) FROM (
      SELECT %1$s AS m FROM (SELECT * FROM %2$s ORDER BY ctid DESC) t
      UNION ALL SELECT %1$s FROM (SELECT * FROM %2$s ORDER BY joined, member) t
      UNION ALL SELECT retention.rollup(m) FROM (SELECT %1$s AS m FROM %2$s GROUP BY member) t
      UNION ALL SELECT retention.rollup(m) FROM (SELECT %1$s AS m FROM %2$s GROUP BY ctid) t
      UNION ALL SELECT retention.rollup(m) FROM (SELECT %1$s AS m FROM %2$s GROUP BY left(md5(ctid::text), 1)) t
      UNION ALL SELECT %1$s FROM (TABLE %2$s UNION ALL TABLE %2$s) t
      UNION ALL SELECT retention.rollup(m) FROM (SELECT %1$s AS m FROM %2$s UNION ALL SELECT %1$s FROM (SELECT * FROM %2$s ORDER BY ctid DESC LIMIT 5) t UNION ALL SELECT $1) t
      UNION ALL SELECT ($1::text)::retention.memberships) t $q$, agg, tbl) INTO others USING whole;
  EXECUTE format('CREATE TEMP TABLE fewer_rows ON COMMIT DROP AS SELECT * FROM %1$s
                  WHERE ctid <> (SELECT min(ctid) FROM %1$s WHERE member IS NOT NULL AND joined IS NOT NULL)', tbl);
  EXECUTE format('SELECT %s FROM fewer_rows', agg) INTO fewer;
  differs := EXISTS ((SELECT * FROM oracle.stretches(tbl, zone) EXCEPT SELECT * FROM oracle.stretches('fewer_rows', zone))
                     UNION ALL (SELECT * FROM oracle.stretches('fewer_rows', zone) EXCEPT SELECT * FROM oracle.stretches(tbl, zone)));
  DROP TABLE fewer_rows;
  PERFORM set_config('max_parallel_workers_per_gather', '2', true);
  EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
  EXECUTE query INTO parallel;
  others := others || parallel;
  answers := cardinality(others);
  wrong := (SELECT count(*) FROM unnest(others) o WHERE NOT coalesce(o = whole AND retention_internal.memberships_hash(o) = retention_internal.memberships_hash(whole), o IS NULL AND whole IS NULL))
    + ((whole IS DISTINCT FROM fewer) <> differs)::int + (NOT plan::text LIKE '%"Partial Mode": "Partial"%')::int;
END $$;
