-- The comparison of value_summary with its judge: read in by compare.sql.

-- formula_clv within 1e-9 and a unit of the last decimal; its factor aov may have been rounded before or not.
CREATE FUNCTION oracle.compare_value(
  h retention.history, tbl regclass, period text, grain text DEFAULT 'day', zone text DEFAULT NULL,
  as_of date DEFAULT NULL, margin float8 DEFAULT 1.0, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.ordinality), count(*) FILTER (WHERE
    (a.members, a.orders, a.revenue, a.aov, a.historic_clv) IS DISTINCT FROM
    (b.members, b.orders, b.revenue, b.aov, b.historic_clv)
    OR oracle.far(b.orders_per_member, a.orders_per_member) OR oracle.far(b.repurchase_rate, a.repurchase_rate)
    OR oracle.far(b.churn_rate, a.churn_rate) OR oracle.far(b.lifespan, a.lifespan)
    OR (a.formula_clv IS NULL) <> (b.formula_clv IS NULL)
    OR abs(b.formula_clv - a.formula_clv)
       > 1e-6 + abs(a.formula_clv) * (1e-9 + 5e-7 / greatest(abs(a.aov), 1e-6)))
  FROM oracle.value_summary(tbl, period, grain, zone, as_of, margin) WITH ORDINALITY a
       FULL JOIN retention.value_summary(h, period, as_of => as_of, margin => margin) WITH ORDINALITY b USING (ordinality)
$$;
