-- The judge of RFM, in plain SQL from the definitions alone (docs/value/rfm.md). After oracle.sql, tables.sql and compare.sql.

-- The three numbers of every member. `id_type` says by what ntile orders equal values.
CREATE FUNCTION oracle.rfm_values(
  tbl regclass, grain text DEFAULT 'day', zone text DEFAULT NULL, as_of date DEFAULT NULL,
  distinct_days boolean DEFAULT false, mean boolean DEFAULT false)
RETURNS TABLE (member text, recency int, frequency bigint, monetary numeric, revenue numeric)
LANGUAGE sql STABLE AS $$
  WITH event AS MATERIALIZED (SELECT * FROM oracle.events(tbl, grain, zone)),
  bounds AS (SELECT max(e.day) AS last_event, coalesce(rfm_values.as_of, max(e.day)) AS last_day,
                    bool_or(e.amount IS NOT NULL) AS has_amounts FROM event e),
  member AS (
    -- in ticks longer than a day the last event may have been any day up to the end of the last tick
    SELECT e.member, b.last_day - least(oracle.end_of_tick(grain, max(e.day)), b.last_event, b.last_day) AS recency,
           CASE WHEN distinct_days THEN count(DISTINCT e.day) ELSE count(*) END AS frequency,
           CASE WHEN b.has_amounts THEN coalesce(sum(e.amount), 0) END AS revenue
    FROM event e, bounds b WHERE e.day <= b.last_day GROUP BY e.member, b.last_day, b.last_event, b.has_amounts
  )
  SELECT m.member, m.recency, m.frequency,
         CASE WHEN mean THEN round(m.revenue * 1.000000000000000000000000000000 / m.frequency, 6) ELSE m.revenue END, m.revenue
  FROM member m
$$;

CREATE FUNCTION oracle.rf10(r int, f int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN r <= 2 THEN CASE WHEN f <= 2 THEN 'Hibernating' WHEN f <= 4 THEN 'At risk' ELSE 'Can''t lose them' END
    WHEN r = 3 THEN CASE WHEN f <= 2 THEN 'About to sleep' WHEN f = 3 THEN 'Need attention' ELSE 'Loyal customers' END
    WHEN r = 4 THEN CASE WHEN f = 1 THEN 'Promising' WHEN f <= 3 THEN 'Potential loyalists' ELSE 'Loyal customers' END
    WHEN r = 5 THEN CASE WHEN f = 1 THEN 'New customers' WHEN f <= 3 THEN 'Potential loyalists' ELSE 'Champions' END
  END
$$;

CREATE FUNCTION oracle.rfm(
  tbl regclass, bins int, method text, grain text DEFAULT 'day', zone text DEFAULT NULL, as_of date DEFAULT NULL,
  distinct_days boolean DEFAULT false, mean boolean DEFAULT false, id_type text DEFAULT 'text')
RETURNS TABLE (member text, recency int, frequency bigint, monetary numeric, r int, f int, m int, segment text, class text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  id text := CASE id_type WHEN 'text' THEN 'v.member COLLATE "C"' ELSE 'v.member::' || id_type END;
BEGIN
  RETURN QUERY EXECUTE format($q$
    WITH v AS MATERIALIZED (SELECT * FROM oracle.rfm_values($1, $2, $3, $4, $5, $6)),
    p AS (SELECT array_agg(k / $7::float8 ORDER BY k) AS p FROM generate_series(1, $7 - 1) k),
    cut AS (
      SELECT percentile_cont(p.p) WITHIN GROUP (ORDER BY v.recency::float8) AS r,
             percentile_cont(p.p) WITHIN GROUP (ORDER BY v.frequency::float8) AS f,
             percentile_cont(p.p) WITHIN GROUP (ORDER BY v.monetary::float8) AS m,
             avg(v.recency) AS mean_r, avg(v.frequency) AS mean_f, avg(v.monetary) AS mean_m
      FROM v, p GROUP BY p.p
    ),
    scored AS (
      SELECT v.member, v.recency, v.frequency, v.monetary, s.r::int, s.f::int, CASE WHEN v.monetary IS NOT NULL THEN s.m::int END AS m,
             (v.recency <= c.mean_r)::int * 4 + (v.frequency > c.mean_f)::int * 2 + (v.monetary > c.mean_m)::int AS class
      FROM v CROSS JOIN cut c JOIN LATERAL (
        SELECT $7 - (SELECT count(*) FROM unnest(c.r) x WHERE x < v.recency),
               1 + (SELECT count(*) FROM unnest(c.f) x WHERE x < v.frequency),
               1 + (SELECT count(*) FROM unnest(c.m) x WHERE x < v.monetary::float8)
      ) s (r, f, m) ON $8 = 'quantile'
      UNION ALL
      SELECT v.member, v.recency, v.frequency, v.monetary,
             CASE $8 WHEN 'rank' THEN least($7, 1 + floor($7 * percent_rank() OVER (ORDER BY v.recency DESC)))
                     ELSE ntile($7) OVER (ORDER BY v.recency DESC, %1$s) END::int,
             CASE $8 WHEN 'rank' THEN least($7, 1 + floor($7 * percent_rank() OVER (ORDER BY v.frequency)))
                     ELSE ntile($7) OVER (ORDER BY v.frequency, %1$s) END::int,
             CASE WHEN v.monetary IS NOT NULL THEN
               CASE $8 WHEN 'rank' THEN least($7, 1 + floor($7 * percent_rank() OVER (ORDER BY v.monetary)))
                       ELSE ntile($7) OVER (ORDER BY v.monetary, %1$s) END END::int, NULL
      FROM v WHERE $8 <> 'quantile'
    )
    SELECT s.member, s.recency, s.frequency, s.monetary, s.r, s.f, s.m, CASE WHEN $7 = 5 THEN oracle.rf10(s.r, s.f) END,
           (ARRAY['General win back', 'Important win back', 'General keep', 'Important keep',
                  'General develop', 'Important develop', 'General value', 'Important value'])[s.class + 1]
    FROM scored s $q$, id)
  USING tbl, grain, zone, as_of, distinct_days, mean, bins, method;
END $$;

CREATE FUNCTION oracle.compare_rfm(
  h retention.history, tbl regclass, bins int, method text, grain text DEFAULT 'day', zone text DEFAULT NULL,
  as_of date DEFAULT NULL, distinct_days boolean DEFAULT false, mean boolean DEFAULT false, id_type text DEFAULT 'text',
  OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.member), count(*) FILTER (WHERE
    (a.recency, a.frequency, a.monetary, a.r, a.f, a.m, a.segment) IS DISTINCT FROM
    (b.recency, b.frequency, b.monetary, b.r, b.f, b.m, b.segment)
    OR b.score IS DISTINCT FROM concat_ws(CASE WHEN bins > 9 THEN '-' ELSE '' END, a.r, a.f, a.m))
  FROM oracle.rfm(tbl, bins, method, grain, zone, as_of, distinct_days, mean, id_type) a
       FULL JOIN retention.rfm(h, as_of => as_of, bins => bins, method => method, distinct_days => distinct_days,
                               monetary => CASE WHEN mean THEN 'mean' ELSE 'total' END,
                               map => CASE bins WHEN 5 THEN 'rf10' ELSE 'none' END) b USING (member)
$$;

-- The eight classes, by the mean. Without amounts there are none.
CREATE FUNCTION oracle.compare_classes(
  h retention.history, tbl regclass, grain text DEFAULT 'day', zone text DEFAULT NULL, as_of date DEFAULT NULL,
  OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  SELECT count(a.member), count(*) FILTER (WHERE a.class IS DISTINCT FROM b.segment)
  FROM oracle.rfm(tbl, 3, 'quantile', grain, zone, as_of) a
       FULL JOIN retention.rfm(h, as_of => as_of, bins => 3, map => 'rfm8') b USING (member)
$$;

-- What must hold between the answers themselves.
CREATE FUNCTION oracle.compare_rfm_with_itself(h retention.history, as_of date, earlier date, method text, map text,
  OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH f AS MATERIALIZED (SELECT * FROM retention.rfm(h, as_of => as_of, method => method, map => map)),
  cut AS MATERIALIZED (SELECT retention.rfm_cuts_json(h, as_of => as_of, method => method) AS cuts),
  problem AS (
    -- a better value never scores lower, and equal values score the same
    SELECT 1 FROM (SELECT lag(recency) OVER w AS before, recency, lag(r) OVER w AS r_before, r FROM f
                   WINDOW w AS (ORDER BY recency, r)) t
    WHERE r > r_before OR recency = before AND r <> r_before
    UNION ALL
    SELECT 2 FROM (SELECT lag(frequency) OVER w AS before, frequency, lag(f) OVER w AS f_before, f FROM f
                   WINDOW w AS (ORDER BY frequency, f)) t
    WHERE f < f_before OR frequency = before AND f <> f_before
    UNION ALL
    SELECT 3 FROM (SELECT lag(monetary) OVER w AS before, monetary, lag(m) OVER w AS m_before, m FROM f
                   WINDOW w AS (ORDER BY monetary, m)) t
    WHERE m < m_before OR monetary = before AND m <> m_before
    UNION ALL
    -- the cut points give the same scores again: to the members, and to their numbers
    SELECT 4 FROM f FULL JOIN retention.rfm(h, as_of => as_of, method => 'fixed', map => map,
                                            cuts => (SELECT cuts FROM cut)) g USING (member)
    WHERE (f.score, f.segment) IS DISTINCT FROM (g.score, g.segment)
    UNION ALL
    SELECT 5 FROM f, cut WHERE score IS DISTINCT FROM retention.rfm_score(cuts, recency, frequency, monetary)
    UNION ALL
    SELECT 6 FROM (SELECT retention.rfm_cuts_agg(recency, frequency, monetary, 5, method) AS cuts FROM f) c
    WHERE c.cuts - '{mean,median}'::text[] IS DISTINCT FROM
          (SELECT cuts FROM cut) - '{mean,median}'::text[]
    UNION ALL
    -- rfm_cuts counts the members, and they lie between its cut points
    SELECT 7 FROM retention.rfm_cuts(h, as_of => as_of, method => method) c
    WHERE (c.members, c.lowest, c.highest) IS DISTINCT FROM (
      SELECT (count(*), min(v), max(v))
      FROM f, LATERAL (SELECT CASE c.measure WHEN 'recency' THEN f.r WHEN 'frequency' THEN f.f ELSE f.m END,
                              CASE c.measure WHEN 'recency' THEN recency WHEN 'frequency' THEN frequency ELSE monetary END::float8) s (score, v)
      WHERE s.score = c.score)
      OR c.lowest <= c.above OR c.highest > c.up_to
    UNION ALL
    -- the segments add up
    SELECT 8 FROM retention.rfm_segments(h, as_of => as_of, method => method, map => map) s
    FULL JOIN (SELECT segment, count(*) AS members, count(*) / sum(count(*)) OVER ()::float8 AS share,
                      avg(recency)::float8 AS rm, percentile_cont(0.5) WITHIN GROUP (ORDER BY recency) AS rd,
                      avg(frequency)::float8 AS fm, percentile_cont(0.5) WITHIN GROUP (ORDER BY frequency) AS fd,
                      round(sum(monetary) * 1.000000000000000000000000000000 / count(*), 6) AS mm, sum(monetary) AS revenue, min(monetary) AS low, max(monetary) AS high
               FROM f GROUP BY segment) a USING (segment)
    WHERE CASE WHEN a.members IS NULL THEN s.members <> 0
          ELSE s.members <> a.members OR oracle.far(s.share, a.share) OR oracle.far(s.recency_mean, a.rm) OR oracle.far(s.recency_median, a.rd)
            OR oracle.far(s.frequency_mean, a.fm) OR oracle.far(s.frequency_median, a.fd)
            OR s.monetary_mean IS DISTINCT FROM a.mm
            OR (s.monetary_median < a.low OR s.monetary_median > a.high) IS TRUE OR s.revenue IS DISTINCT FROM a.revenue END IS NOT FALSE
    UNION ALL
    -- the migration is a join of two days
    SELECT 9 FROM retention.rfm_migration(h, earlier, as_of, method => method, map => map) s
    FULL JOIN (SELECT a.segment AS from_segment, b.segment AS to_segment, count(*) AS members,
                      CASE WHEN sum(b.monetary) IS NOT NULL THEN coalesce(sum(a.monetary), 0) END AS from_revenue,
                      sum(b.monetary) AS to_revenue
               FROM (SELECT retention.rfm_cuts_json(h, as_of => earlier, method => method) AS cuts) c
                    JOIN LATERAL retention.rfm(h, as_of => as_of, method => 'fixed', map => map, cuts =>
                      coalesce(c.cuts, (SELECT cuts FROM cut))) b ON true
                    LEFT JOIN retention.rfm(h, as_of => earlier, method => method, map => map) a USING (member)
               GROUP BY 1, 2) a
      ON coalesce(s.from_segment, '') = coalesce(a.from_segment, '') AND s.to_segment = a.to_segment
    WHERE (s.members, s.from_revenue, s.to_revenue) IS DISTINCT FROM (a.members, a.from_revenue, a.to_revenue)
  )
  SELECT (SELECT count(*) FROM f), CASE WHEN h IS NOT NULL THEN (SELECT count(*) FROM problem) ELSE 0 END
$$;

-- The names of members do not matter, but to ntile.
CREATE FUNCTION oracle.compare_names(tbl regclass, amounts boolean, method text, OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
DECLARE
  amount text := CASE WHEN amounts THEN 'amount' ELSE 'NULL::numeric' END;
BEGIN
  EXECUTE format($q$
    WITH a AS (SELECT retention.history_agg(member::text, at, %1$s, 'day', 'UTC') AS h FROM %2$s),
    b AS (SELECT retention.history_agg(md5('other' || member::text), at, %1$s, 'day', 'UTC') AS h FROM %2$s),
    fa AS (SELECT recency, frequency, monetary, score, segment FROM a, retention.rfm(h, method => %3$L)),
    fb AS (SELECT recency, frequency, monetary, score, segment FROM b, retention.rfm(h, method => %3$L))
    SELECT (SELECT count(*) FROM fa),
           (SELECT count(*) FROM ((TABLE fa EXCEPT ALL TABLE fb) UNION ALL (TABLE fb EXCEPT ALL TABLE fa)) d) $q$,
    amount, tbl, method) INTO answers, wrong;
END $$;
