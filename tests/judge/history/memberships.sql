-- The judge of memberships: days counted one by one with generate_series, and the comparisons; after oracle.sql and
-- compare.sql. A table of spells has the columns (member, joined, ended).

-- The spells of a table, in days of the calendar of the zone. A row without member or first day is none.
CREATE FUNCTION oracle.spells(tbl regclass, zone text DEFAULT NULL)
RETURNS TABLE (member text, joined date, ended date)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  of_type regtype := (SELECT atttypid FROM pg_attribute WHERE attrelid = tbl AND attname = 'joined');
BEGIN
  RETURN QUERY EXECUTE format(
    CASE WHEN of_type = 'timestamptz'::regtype
         THEN 'SELECT member::text, (joined AT TIME ZONE %2$L)::date, (nullif(ended, ''infinity'') AT TIME ZONE %2$L)::date'
         ELSE 'SELECT member::text, joined::date, nullif(ended, ''infinity'')::date' END
    || ' FROM %1$s WHERE member IS NOT NULL AND joined IS NOT NULL', tbl, coalesce(zone, current_setting('TimeZone')));
END $$;

-- The days up to as_of at whose end a member is in, each once, whether or not the day before is one; and the bounds.
CREATE FUNCTION oracle.days_in(tbl regclass, zone text, as_of date,
                               OUT member text, OUT day date, OUT first_day date, OUT last_day date)
RETURNS SETOF record LANGUAGE sql STABLE AS $$
  WITH spell AS MATERIALIZED (SELECT * FROM oracle.spells(tbl, zone)),
  bounds AS (SELECT min(s.joined) AS first_day, coalesce(days_in.as_of, greatest(max(s.joined), max(s.ended))) AS last_day
             FROM spell s)
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
               churned bigint, closing bigint, retention_rate float8, churn_rate float8, churn_low float8,
               churn_high float8, member_years float8, departure_rate float8, complete boolean)
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
  WITH expected AS (SELECT * FROM oracle.spells(tbl, zone)), given AS (SELECT * FROM retention.membership_rows(m))
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
    OR oracle.far(b.retention_rate, a.retention_rate) OR oracle.far(b.churn_rate, a.churn_rate)
    OR oracle.far(b.churn_low, a.churn_low) OR oracle.far(b.churn_high, a.churn_high)
    OR oracle.far(b.member_years, a.member_years) OR oracle.far(b.departure_rate, a.departure_rate)
    OR b.closing IS DISTINCT FROM b.opening + b.joined + b.rejoined - b.departed
    OR (b.departure_low IS NULL) <> (a.departure_rate IS NULL) OR (b.departure_high IS NULL) <> (a.departure_rate IS NULL)
    OR CASE WHEN b.departed = 0 THEN b.departure_low <> 0 WHEN b.departure_low IS NULL THEN false
            ELSE abs(1 - oracle.poisson_cdf(b.departed - 1, b.departure_low * b.member_years) - (1 - confidence) / 2) > 1e-9 END
    OR b.departure_high IS NOT NULL
       AND abs(oracle.poisson_cdf(b.departed, b.departure_high * b.member_years) - (1 - confidence) / 2) > 1e-9)
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

-- A spell that is given twice is an error that names its member.
CREATE FUNCTION oracle.compare_overlap(agg text, tbl regclass, OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
DECLARE
  name text;
  said text;
BEGIN
  EXECUTE format('SELECT member FROM %s WHERE member IS NOT NULL AND joined IS NOT NULL ORDER BY member LIMIT 1', tbl) INTO name;
  answers := (name IS NOT NULL)::int;
  BEGIN
    EXECUTE format('SELECT (%s)::text FROM (SELECT * FROM %2$s UNION ALL
      (SELECT * FROM %2$s WHERE member IS NOT NULL AND joined IS NOT NULL ORDER BY member LIMIT 1)) t', agg, tbl);
    wrong := answers;
  EXCEPTION WHEN invalid_parameter_value THEN
    GET STACKED DIAGNOSTICS said = MESSAGE_TEXT;
    wrong := (said NOT LIKE format('member %s: two spells overlap on %%', replace(name, E'\\', E'\\\\')))::int;
  END;
END $$;

-- The value depends on the spells alone: not on the order of rows, on how they are split and rolled up, on a parallel plan or
-- on being written as text and read again; and one spell less is another value. `agg` is a call of membership_agg.
CREATE FUNCTION oracle.compare_memberships(agg text, tbl regclass, OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql SET max_parallel_workers_per_gather = 0 SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0
SET min_parallel_table_scan_size = 0 AS $$
DECLARE
  query text := format('SELECT %s FROM %s', agg, tbl);
  whole retention.memberships;
  others retention.memberships[];
  parallel retention.memberships;
  fewer retention.memberships;
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
      UNION ALL SELECT ($1::text)::retention.memberships) t $q$, agg, tbl) INTO others USING whole;
  EXECUTE query || ' WHERE ctid <> (SELECT min(ctid) FROM ' || tbl || ' WHERE member IS NOT NULL AND joined IS NOT NULL)' INTO fewer;
  PERFORM set_config('max_parallel_workers_per_gather', '2', true);
  EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
  EXECUTE query INTO parallel;
  others := others || parallel;
  answers := cardinality(others);
  wrong := (SELECT count(*) FROM unnest(others) o WHERE NOT coalesce(o = whole AND retention.memberships_hash(o) = retention.memberships_hash(whole), o IS NULL AND whole IS NULL))
    + (whole = fewer IS TRUE)::int + (NOT plan::text LIKE '%"Partial Mode": "Partial"%')::int;
END $$;
