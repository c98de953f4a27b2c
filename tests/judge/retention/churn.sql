-- The judge of the ledger's other readers, and the comparisons; after oracle.sql and compare.sql.

-- Every member that is new, reactivated or churned in a period, from the periods at whose end it is in.
CREATE FUNCTION oracle.churn_members(
  tbl regclass, period text DEFAULT 'month', gap int DEFAULT 1, grain text DEFAULT 'day', zone text DEFAULT NULL,
  as_of date DEFAULT NULL)
RETURNS TABLE (period_start date, member text, change text, last_day date, silent_days int, amount numeric)
LANGUAGE sql STABLE AS $$
  -- An event is known to its tick, which begins on a day.
  WITH event AS (
    SELECT e.member, e.amount, e.day,
           date_trunc(CASE WHEN grain IN ('second', 'minute', 'hour') THEN 'day' ELSE grain END, e.day::timestamp)::date AS tick_day
    FROM oracle.events(tbl, grain, zone) e
  ),
  bounds AS (SELECT min(e.day) AS first_day, coalesce(churn_members.as_of, max(e.day)) AS last_day FROM event e),
  calendar AS (SELECT p.* FROM bounds b, LATERAL oracle.periods(period, b.first_day, b.last_day) p
               WHERE b.first_day <= b.last_day),
  active AS (
    SELECT DISTINCT e.member, p.n
    FROM event e JOIN calendar p ON e.day BETWEEN p.first AND p.last, bounds b
    WHERE e.day <= b.last_day
  ),
  inside AS (SELECT DISTINCT a.member, a.n + k AS n FROM active a, generate_series(0, gap - 1) k),
  change AS (
    SELECT i.member, i.n, CASE WHEN i.n = min(i.n) OVER (PARTITION BY i.member) THEN 'new' ELSE 'reactivated' END AS change
    FROM inside i
    WHERE NOT EXISTS (SELECT FROM inside b WHERE b.member = i.member AND b.n = i.n - 1)
    UNION ALL
    SELECT i.member, i.n + 1, CASE WHEN a.n IS NULL THEN 'churned' ELSE 'retained' END
    FROM inside i LEFT JOIN inside a ON a.member = i.member AND a.n = i.n + 1
  ),
  known AS (
    -- What is known of a member from the end of one of its active periods to the next.
    SELECT e.member, p.n, lead(p.n) OVER m AS next_n, max(max(e.tick_day)) OVER m AS tick_day, sum(sum(e.amount)) OVER m AS amount
    FROM event e JOIN calendar p ON e.day BETWEEN p.first AND p.last, bounds b
    WHERE e.day <= b.last_day
    GROUP BY e.member, p.n
    WINDOW m AS (PARTITION BY e.member ORDER BY p.n)
  )
  SELECT p.first, c.member, c.change, k.tick_day, least(p.last, b.last_day) - k.tick_day, k.amount
  FROM change c JOIN calendar p USING (n)
       JOIN known k ON k.member = c.member AND k.n <= c.n AND (k.next_n > c.n OR k.next_n IS NULL),
       bounds b
$$;

-- Every member so far is in exactly one state at the end of a period.
CREATE FUNCTION oracle.growth(
  tbl regclass, period text DEFAULT 'month', gap int DEFAULT 1, grain text DEFAULT 'day', zone text DEFAULT NULL,
  as_of date DEFAULT NULL, confidence float8 DEFAULT 0.95)
RETURNS TABLE (period_start date, new bigint, retained bigint, reactivated bigint, dormant bigint, churned bigint,
               net_change bigint, quick_ratio float8, quick_ratio_low float8, quick_ratio_high float8,
               truncated boolean, complete boolean)
LANGUAGE sql STABLE AS $$
  WITH event AS (SELECT * FROM oracle.events(tbl, grain, zone)),
  bounds AS (SELECT min(e.day) AS first_day, coalesce(growth.as_of, max(e.day)) AS last_day FROM event e),
  calendar AS (SELECT p.* FROM bounds b, LATERAL oracle.periods(period, b.first_day, b.last_day) p
               WHERE b.first_day <= b.last_day),
  seen AS (   -- members that had an event by the end of the period
    SELECT p.first AS period_start, count(f.member) AS members
    FROM calendar p, bounds b, (SELECT member, min(day) AS day FROM event GROUP BY member) f
    WHERE f.day <= least(p.last, b.last_day)
    GROUP BY p.first
  ),
  ledger AS (SELECT * FROM oracle.churn(tbl, period, gap, grain, zone, growth.as_of))
  SELECT l.period_start, l.new, l.retained, l.reactivated, s.members - l.closing, l.churned, l.closing - l.opening,
         CASE WHEN l.complete AND l.churned > 0 THEN (l.new + l.reactivated) / l.churned::float8 END,
         CASE WHEN l.complete AND l.churned > 0 THEN w.low / (1 - w.low) END,
         CASE WHEN l.complete AND l.churned > 0 THEN w.high / (1 - w.high) END,
         l.truncated, l.complete
  FROM ledger l JOIN seen s USING (period_start)
       LEFT JOIN LATERAL oracle.wilson(l.new + l.reactivated, l.new + l.reactivated + l.churned, confidence) w ON true
$$;

-- In forty periods at most: each is a walk through the whole history.
CREATE FUNCTION oracle.compare_churn_members(
  h retention.history, tbl regclass, period text, gap int, grain text DEFAULT 'day', zone text DEFAULT NULL,
  as_of date DEFAULT NULL, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH row AS (
    SELECT period_start, new, reactivated, retained, churned FROM retention.churn(h, period, gap, as_of => as_of) ORDER BY md5(period_start::text) LIMIT 40
  ),
  expected AS MATERIALIZED (
    SELECT e.period_start, e.member, e.change, e.last_day, e.silent_days,
           CASE WHEN (SELECT bool_or(r.amount IS NOT NULL) FROM retention.history_rows(h) r) THEN e.amount END
    FROM oracle.churn_members(tbl, period, gap, grain, zone, as_of) e
    WHERE e.period_start IN (SELECT period_start FROM row)
  ),
  given AS MATERIALIZED (
    SELECT r.period_start, c.member, c.change, c.last_day, c.silent_days, c.amount
    FROM row r, retention.churn_members(h, period_start => r.period_start, period => period, gap => gap, as_of => as_of) c
  )
  SELECT (SELECT count(*) FROM expected),
         (SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE given)
                                UNION ALL (TABLE given EXCEPT ALL TABLE expected)) d)
         + (SELECT count(*) FROM row r LEFT JOIN LATERAL (
              SELECT count(*) FILTER (WHERE change = 'new') AS new,
                     count(*) FILTER (WHERE change = 'reactivated') AS reactivated,
                     count(*) FILTER (WHERE change = 'retained') AS retained,
                     count(*) FILTER (WHERE change = 'churned') AS churned
              FROM given g WHERE g.period_start = r.period_start) g ON true
            WHERE (r.new, r.reactivated, r.retained, r.churned) IS DISTINCT FROM (g.new, g.reactivated, g.retained, g.churned))
$$;

CREATE FUNCTION oracle.compare_growth(
  h retention.history, tbl regclass, period text, gap int, grain text DEFAULT 'day', zone text DEFAULT NULL,
  as_of date DEFAULT NULL, confidence float8 DEFAULT 0.95, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.period_start), count(*) FILTER (WHERE
    (a.new, a.retained, a.reactivated, a.dormant, a.churned, a.net_change, a.truncated, a.complete) IS DISTINCT FROM
    (b.new, b.retained, b.reactivated, b.dormant, b.churned, b.net_change, b.truncated, b.complete)
    OR oracle.far(b.quick_ratio, a.quick_ratio) OR oracle.far(b.quick_ratio_low, a.quick_ratio_low)
    OR oracle.far(b.quick_ratio_high / (1 + b.quick_ratio_high), a.quick_ratio_high / (1 + a.quick_ratio_high)))
  FROM oracle.growth(tbl, period, gap, grain, zone, as_of, confidence) a
       FULL JOIN retention.growth(h, period, gap, as_of => as_of, confidence => confidence) b USING (period_start)
$$;

-- At one explicit as_of the counts of two parts, by members, add up to those of the whole.
CREATE FUNCTION oracle.compare_parts(
  agg text, tbl regclass, period text, gap int, days int, as_of date, OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    WITH h AS MATERIALIZED (
      SELECT true AS whole, %1$s AS h FROM %2$s
      UNION ALL SELECT false, %1$s FROM %2$s GROUP BY left(md5(member::text), 1) < '6'
    ),
    row AS (
      SELECT whole, 'churn' AS reader, period_start AS day, 0 AS k, ARRAY[opening, new, reactivated, retained, churned, closing] AS n
      FROM h, retention.churn(h, $1, $2, as_of => $4)
      UNION ALL SELECT whole, 'growth', period_start, 0, ARRAY[new, retained, reactivated, dormant, churned, net_change]
      FROM h, retention.growth(h, $1, $2, as_of => $4)
      UNION ALL SELECT whole, 'engagement', day, 0, ARRAY[dau, wau, mau, 0, 0, 0] FROM h, retention.engagement(h, $4)
      UNION ALL SELECT whole, 'engagement_days', NULL, active_days, ARRAY[members, 0, 0, 0, 0, 0]
      FROM h, retention.engagement_days(h, $3 || ' days', $4)
    ),
    summed AS (
      SELECT whole, reader, day, k, ARRAY[sum(n[1]), sum(n[2]), sum(n[3]), sum(n[4]), sum(n[5]), sum(n[6])] AS n
      FROM row GROUP BY 1, 2, 3, 4
    )
    SELECT count(a.n), count(*) FILTER (WHERE a.n IS DISTINCT FROM b.n)
    FROM (SELECT * FROM summed WHERE whole) a
         FULL JOIN (SELECT * FROM summed WHERE NOT whole) b
         ON (a.reader, a.k, coalesce(a.day, '-infinity')) = (b.reader, b.k, coalesce(b.day, '-infinity')) $q$, agg, tbl)
  INTO answers, wrong USING period, gap, days, as_of;
END $$;
