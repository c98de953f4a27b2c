-- The judge of value_summary (docs/value/value.md): read in by oracle.sql. Nothing here needs the extension.

-- The quotients of numeric carry 30 more digits than they need before they are rounded: rounded once, not twice.
CREATE FUNCTION oracle.value_summary(
  tbl regclass, period text DEFAULT 'month', grain text DEFAULT 'day', zone text DEFAULT NULL,
  as_of date DEFAULT NULL, margin float8 DEFAULT 1.0)
RETURNS TABLE (members bigint, orders bigint, revenue numeric, aov numeric, orders_per_member float8,
               repurchase_rate float8, churn_rate float8, lifespan float8, historic_clv numeric, formula_clv numeric)
LANGUAGE sql STABLE AS $$
  WITH every AS (SELECT * FROM oracle.events(tbl, grain, zone)),
  bounds AS (SELECT min(e.day) AS first_day, coalesce(value_summary.as_of, max(e.day)) AS last_day FROM every e),
  event AS (SELECT e.* FROM every e, bounds b WHERE e.day <= b.last_day),
  member AS (SELECT e.member, count(*) AS orders FROM event e GROUP BY e.member),
  total AS (   -- like a cell's amount: 0 if there is none by as_of, NULL if the table has none at all
    SELECT count(*) AS orders,
           CASE WHEN (SELECT bool_or(v.amount IS NOT NULL) FROM every v) THEN coalesce(sum(e.amount), 0) END AS revenue
    FROM event e
  ),
  period_total AS (
    SELECT p.n, count(*) AS orders, count(DISTINCT e.member) AS active
    FROM bounds b, LATERAL oracle.periods(period, b.first_day, b.last_day) p, event e
    WHERE p.last <= b.last_day AND e.day BETWEEN p.first AND p.last
    GROUP BY p.n
  ),
  frequency AS (SELECT sum(orders) / nullif(sum(active), 0)::float8 AS per_active FROM period_total),
  ledger AS (
    SELECT sum(c.churned) / nullif(sum(c.opening), 0)::float8 AS churn_rate
    FROM oracle.churn(tbl, period, 1, grain, zone, value_summary.as_of) c WHERE c.complete
  ),
  answer AS (
    SELECT (SELECT count(*) FROM member) AS members, t.orders, t.revenue,
           (SELECT avg((orders >= 2)::int)::float8 FROM member) AS repurchase_rate, l.churn_rate,
           1 / nullif(l.churn_rate, 0) AS lifespan, f.per_active
    FROM total t, ledger l, frequency f WHERE t.orders > 0
  )
  SELECT a.members, a.orders, a.revenue, round(a.revenue * 1.000000000000000000000000000000 / a.orders, 6),
         a.orders / a.members::float8, a.repurchase_rate, a.churn_rate, a.lifespan,
         round(a.revenue * margin::numeric * 1.000000000000000000000000000000 / a.members, 6),
         round((a.revenue / a.orders) * (a.per_active * a.lifespan * margin)::numeric, 6)
  FROM answer a
$$;
