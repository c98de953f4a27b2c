-- The judge of engagement and engagement_days (docs/retention/engagement.md), and the comparisons; after oracle.sql and compare.sql.

-- Each day counts the members of the 1, 7 and 30 days up to it anew.
CREATE FUNCTION oracle.engagement(
  tbl regclass, grain text DEFAULT 'day', zone text DEFAULT NULL, as_of date DEFAULT NULL)
RETURNS TABLE (day date, dau bigint, wau bigint, mau bigint, stickiness float8, truncated boolean)
LANGUAGE sql STABLE AS $$
  WITH event AS MATERIALIZED (SELECT DISTINCT member, day FROM oracle.events(tbl, grain, zone)),
  bounds AS (SELECT min(e.day) AS first_day, coalesce(engagement.as_of, max(e.day)) AS last_day FROM event e)
  SELECT c.day, c.dau, c.wau, c.mau, c.dau / nullif(c.mau, 0)::float8, c.day - b.first_day < 29
  FROM bounds b, generate_series(0, b.last_day - b.first_day) d,
       LATERAL (SELECT b.first_day + d AS day,
                       count(DISTINCT member) FILTER (WHERE e.day = b.first_day + d) AS dau,
                       count(DISTINCT member) FILTER (WHERE e.day > b.first_day + d - 7) AS wau,
                       count(DISTINCT member) AS mau
                FROM event e WHERE e.day > b.first_day + d - 30 AND e.day <= b.first_day + d) c
$$;

CREATE FUNCTION oracle.engagement_days(
  tbl regclass, days int DEFAULT 28, grain text DEFAULT 'day', zone text DEFAULT NULL, as_of date DEFAULT NULL)
RETURNS TABLE (active_days int, members bigint, share float8, share_at_least float8)
LANGUAGE sql STABLE AS $$
  WITH event AS (SELECT DISTINCT member, day FROM oracle.events(tbl, grain, zone)),
  bounds AS (SELECT min(e.day) AS first_day, coalesce(engagement_days.as_of, max(e.day)) AS last_day FROM event e),
  member AS (
    SELECT e.member, count(*) AS active_days FROM event e, bounds b
    WHERE e.day BETWEEN b.last_day - days + 1 AND b.last_day GROUP BY e.member
  )
  SELECT k, count(*) FILTER (WHERE m.active_days = k),
         count(*) FILTER (WHERE m.active_days = k) / nullif(count(m.member), 0)::float8,
         count(*) FILTER (WHERE m.active_days >= k) / nullif(count(m.member), 0)::float8
  FROM bounds b CROSS JOIN generate_series(1, days) k LEFT JOIN member m ON true
  WHERE b.first_day <= b.last_day
  GROUP BY k
$$;

CREATE FUNCTION oracle.compare_engagement(
  h retention.history, tbl regclass, grain text DEFAULT 'day', zone text DEFAULT NULL, as_of date DEFAULT NULL,
  OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.day), count(*) FILTER (WHERE
    (a.dau, a.wau, a.mau, a.truncated) IS DISTINCT FROM (b.dau, b.wau, b.mau, b.truncated)
    OR oracle.far(b.stickiness, a.stickiness))
  FROM oracle.engagement(tbl, grain, zone, as_of) a FULL JOIN retention.engagement(h, as_of) b USING (day)
$$;

CREATE FUNCTION oracle.compare_engagement_days(
  h retention.history, tbl regclass, days int, grain text DEFAULT 'day', zone text DEFAULT NULL, as_of date DEFAULT NULL,
  OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.active_days), count(*) FILTER (WHERE
    a.members IS DISTINCT FROM b.members
    OR oracle.far(b.share, a.share) OR oracle.far(b.share_at_least, a.share_at_least))
  FROM oracle.engagement_days(tbl, days, grain, zone, as_of) a
       FULL JOIN retention.engagement_days(h, days || ' days', as_of) b USING (active_days)
$$;
