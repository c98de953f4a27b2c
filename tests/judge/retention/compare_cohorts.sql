-- The comparisons of retention in all its forms: the extension's answer against the judge's (cohorts.sql), as in
-- compare.sql, which is to be read in before.

CREATE FUNCTION oracle.compare_cohort_table(
  h retention.history, hs retention.history, tbl regclass, starts_tbl regclass, period text, mode text, entry text,
  as_of date, brackets int[], min_events int, grain text DEFAULT 'day', zone text DEFAULT NULL,
  confidence float8 DEFAULT 0.95, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.ordinality), count(*) FILTER (WHERE
    (a.cohort, a.period_number, a.members, a.eligible, a.retained, a.active, a.amount, a.complete) IS DISTINCT FROM
    (b.cohort, b.period_number, b.members, b.eligible, b.retained, b.active, b.amount, b.complete)
    OR oracle.far(b.rate, a.rate) OR oracle.far(b.rate_low, a.rate_low) OR oracle.far(b.rate_high, a.rate_high))
  FROM oracle.retention(tbl, period, mode, entry, starts_tbl, as_of, brackets, min_events, grain, zone, confidence)
         WITH ORDINALITY a
       FULL JOIN retention.cohorts(h, period, mode, entry, CASE entry WHEN 'starts' THEN hs END, as_of, brackets,
                                   min_events, confidence) WITH ORDINALITY b USING (ordinality)
$$;

CREATE FUNCTION oracle.compare_curve(
  h retention.history, hs retention.history, tbl regclass, starts_tbl regclass, period text, mode text, entry text,
  as_of date, brackets int[], min_events int, grain text DEFAULT 'day', zone text DEFAULT NULL,
  confidence float8 DEFAULT 0.95, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.ordinality), count(*) FILTER (WHERE
    (a.period_number, a.members, a.eligible, a.retained, a.amount_per_member) IS DISTINCT FROM
    (b.period_number, b.members, b.eligible, b.retained, b.amount_per_member)
    OR oracle.far(b.rate, a.rate) OR oracle.far(b.rate_low, a.rate_low) OR oracle.far(b.rate_high, a.rate_high))
  FROM oracle.curve(tbl, period, mode, entry, starts_tbl, as_of, brackets, min_events, grain, zone, confidence)
         WITH ORDINALITY a
       FULL JOIN retention.retention_curve(h, period, mode, entry, CASE entry WHEN 'starts' THEN hs END, as_of, brackets,
                                           min_events, confidence) WITH ORDINALITY b USING (ordinality)
$$;

-- The members of all cells that `which` picks, by a hash: one in so many.
CREATE FUNCTION oracle.compare_cohort_members(
  h retention.history, hs retention.history, tbl regclass, starts_tbl regclass, period text, mode text, entry text,
  as_of date, brackets int[], min_events int, grain text DEFAULT 'day', zone text DEFAULT NULL,
  one_in int DEFAULT 1, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH entry AS MATERIALIZED (
    SELECT * FROM oracle.entries_once(tbl, period, mode, entry, starts_tbl, as_of, brackets, min_events, grain, zone) e
    WHERE hashint8(hashtext(e.cohort::text) + e.low) % one_in = 0
  ),
  expected AS (SELECT e.cohort, e.low, e.member FROM entry e WHERE e.counts),
  given AS (
    SELECT c.cohort, c.low, m.member
    FROM (SELECT DISTINCT e.cohort, e.low FROM entry e) c,
         retention.cohort_members(h, c.cohort, c.low, period, mode, entry, CASE entry WHEN 'starts' THEN hs END, as_of,
                                  brackets, min_events) m
  )
  SELECT (SELECT count(*) FROM expected),
         (SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE given) UNION ALL (TABLE given EXCEPT ALL TABLE expected)) d)
$$;

-- A missing history has no curve, and there is nothing to compare.
CREATE FUNCTION oracle.compare_comparison(
  h1 retention.history, h2 retention.history, tbl1 regclass, tbl2 regclass, period text, mode text, entry text,
  as_of date, brackets int[], min_events int, grain text DEFAULT 'day', zone text DEFAULT NULL,
  confidence float8 DEFAULT 0.95, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.ordinality), count(*) FILTER (WHERE
    (a.period_number, a.eligible_1, a.retained_1, a.eligible_2, a.retained_2) IS DISTINCT FROM
    (b.period_number, b.eligible_1, b.retained_1, b.eligible_2, b.retained_2)
    OR oracle.far(b.rate_1, a.rate_1) OR oracle.far(b.rate_2, a.rate_2) OR oracle.far(b.difference, a.difference)
    OR oracle.far(b.difference_low, a.difference_low) OR oracle.far(b.difference_high, a.difference_high)
    OR oracle.far(b.p_value, a.p_value))
  FROM oracle.compare_curves(CASE WHEN h2 IS NOT NULL THEN tbl1 END, CASE WHEN h1 IS NOT NULL THEN tbl2 END, period, mode, entry, as_of, brackets, min_events, grain, zone, confidence)
         WITH ORDINALITY a
       FULL JOIN retention.compare_retention(h1, h2, period, mode, entry, NULL, NULL, as_of, brackets, min_events,
                                             confidence) WITH ORDINALITY b USING (ordinality)
$$;
