-- The judge of refunds: rows with a negative amount are money and no events. In plain SQL, from the definitions alone
-- (docs/history/history.md): activity is events, money is amounts; without an event nobody is a member, and the money of
-- such is in nothing but history_rows. After oracle.sql, tables.sql, compare.sql, retention/cohorts.sql and ask.sql.

-- The rows of a table as oracle.events has them, and whether each is an event.
CREATE FUNCTION oracle.with_refunds(tbl regclass, grain text, zone text)
RETURNS TABLE (member text, day date, tick timestamp, tick_at timestamptz, amount numeric, is_event boolean)
LANGUAGE sql STABLE AS $$
  SELECT e.*, (e.amount < 0) IS NOT TRUE FROM oracle.events(tbl, grain, zone) e
$$;

-- The events of random.t<id> alone, for the judges that know no refunds.
CREATE FUNCTION oracle.events_view(id int) RETURNS regclass
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE OR REPLACE VIEW random.e%1$s AS SELECT * FROM random.t%1$s WHERE (round(amount::numeric, 6) < 0) IS NOT TRUE', id);
  RETURN format('random.e%s', id)::regclass;
END $$;

CREATE FUNCTION oracle.compare_refund_rows(
  h retention.history, tbl regclass, grain text, zone text,
  from_date date DEFAULT '-infinity', to_date date DEFAULT 'infinity', without text[] DEFAULT '{}',
  OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH expected AS (
    SELECT member, oracle.tick_label(tick_at, grain, zone), count(*) FILTER (WHERE is_event) AS events, sum(amount) AS amount
    FROM oracle.with_refunds(tbl, grain, zone)
    WHERE day BETWEEN from_date AND to_date AND member <> ALL (without)
    GROUP BY member, tick, tick_at
  ),
  given AS (
    SELECT member, oracle.tick_label(at, grain, zone), events, amount FROM retention.history_rows(h)
  )
  SELECT (SELECT count(*) FROM expected),
         (SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE given)
                                UNION ALL (TABLE given EXCEPT ALL TABLE expected)) d)
$$;

CREATE FUNCTION oracle.compare_refund_facts(h retention.history, tbl regclass, grain text, zone text,
  OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    SELECT 1, CASE WHEN count(*) = 0 THEN ($1 IS NOT NULL)::int
      ELSE (retention.members($1) IS DISTINCT FROM count(DISTINCT member) FILTER (WHERE is_event))::int
         + (retention.events($1) IS DISTINCT FROM count(*) FILTER (WHERE is_event))::int
         + (retention.first_at($1) IS DISTINCT FROM min(at)::timestamptz)::int
         + (retention.last_at($1) IS DISTINCT FROM max(at)::timestamptz)::int END
    FROM (SELECT *, (round(amount::numeric, 6) < 0) IS NOT TRUE AS is_event FROM %s) t
    WHERE member IS NOT NULL AND at IS NOT NULL $q$, tbl) INTO answers, wrong USING h;
END $$;

-- Recency from the last event, frequency of events, all money up to as_of.
CREATE FUNCTION oracle.compare_refund_rfm(h retention.history, tbl regclass, grain text, zone text, as_of date,
  distinct_days boolean, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH entry AS MATERIALIZED (SELECT * FROM oracle.with_refunds(tbl, grain, zone)),
  bounds AS (SELECT max(day) AS last_tick, coalesce(as_of, max(day)) AS last_day, bool_or(amount IS NOT NULL) AS has_amounts FROM entry),
  a AS (
    SELECT e.member,
           b.last_day - least(oracle.end_of_tick(grain, max(e.day) FILTER (WHERE is_event)), b.last_tick, b.last_day) AS recency,
           CASE WHEN distinct_days THEN count(DISTINCT e.day) FILTER (WHERE is_event)
                ELSE count(*) FILTER (WHERE is_event) END AS frequency,
           CASE WHEN b.has_amounts THEN coalesce(sum(e.amount), 0) END AS monetary
    FROM entry e, bounds b WHERE e.day <= b.last_day
    GROUP BY e.member, b.last_day, b.last_tick, b.has_amounts
    HAVING bool_or(is_event)
  )
  SELECT count(a.member), count(*) FILTER (WHERE
    (a.recency, a.frequency, a.monetary) IS DISTINCT FROM (b.recency, b.frequency, b.monetary))
  FROM a FULL JOIN retention.rfm(h, as_of => as_of, distinct_days => distinct_days) b USING (member)
$$;

-- The counts of cohorts are those of the events alone; the money of a cell is that of all rows of its members from the
-- cohort's own period on.
CREATE FUNCTION oracle.compare_refund_cohorts(h retention.history, tbl regclass, events regclass, period text,
  grain text, zone text, as_of date, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH entry AS MATERIALIZED (SELECT * FROM oracle.with_refunds(tbl, grain, zone)),
  bounds AS (SELECT coalesce(as_of, max(day)) AS last_day, bool_or(amount IS NOT NULL) AS has_amounts FROM entry),
  entered AS (
    SELECT member, oracle.unit(period, min(e.day)) AS cohort FROM entry e, bounds b
    WHERE is_event AND e.day <= b.last_day GROUP BY member
  ),
  money AS (
    SELECT n.cohort, oracle.unit(period, e.day) - n.cohort AS period_number, sum(e.amount) AS amount
    FROM entry e JOIN entered n USING (member), bounds b
    WHERE e.day <= b.last_day AND oracle.unit(period, e.day) >= n.cohort GROUP BY 1, 2
  ),
  a AS (
    SELECT c.cohort, c.period_number, c.members, c.eligible, c.retained, c.active, c.complete,
           CASE WHEN b.has_amounts THEN coalesce(m.amount, 0) END AS amount
    FROM bounds b, oracle.cohorts(events, period, grain, zone, as_of => b.last_day) c
         LEFT JOIN money m ON m.cohort = oracle.unit(period, c.cohort) AND m.period_number = c.period_number
  )
  SELECT count(a.members), count(*) FILTER (WHERE
    (a.members, a.eligible, a.retained, a.active, a.complete, a.amount) IS DISTINCT FROM
    (b.members, b.eligible, b.retained, b.active, b.complete, b.amount))
  FROM a FULL JOIN retention.cohorts(h, period, as_of => as_of) b USING (cohort, period_number)
$$;

-- The ledger may begin earlier, with a refund: nobody is in it then.
CREATE FUNCTION oracle.compare_refund_churn(h retention.history, tbl regclass, events regclass, period text, gap int,
  grain text, zone text, as_of date, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH bounds AS (SELECT coalesce(as_of, max(day)) AS last_day FROM oracle.with_refunds(tbl, grain, zone))
  SELECT count(a.period_start), count(*) FILTER (WHERE CASE WHEN a.period_start IS NULL
    THEN (b.opening, b.new, b.reactivated, b.retained, b.churned, b.closing) IS DISTINCT FROM (0, 0, 0, 0, 0, 0)
    ELSE (a.opening, a.new, a.reactivated, a.retained, a.churned, a.closing, a.complete) IS DISTINCT FROM
         (b.opening, b.new, b.reactivated, b.retained, b.churned, b.closing, b.complete) END)
  FROM (SELECT c.* FROM bounds, oracle.churn(events, period, gap, grain, zone, last_day) c) a
       FULL JOIN retention.churn(h, period, gap, as_of => as_of) b USING (period_start)
$$;

CREATE FUNCTION oracle.compare_refund_value(h retention.history, tbl regclass, events regclass, period text,
  grain text, zone text, as_of date, OUT answers bigint, OUT wrong bigint)
LANGUAGE sql AS $$
  WITH entry AS MATERIALIZED (SELECT * FROM oracle.with_refunds(tbl, grain, zone)),
  bounds AS (SELECT coalesce(as_of, max(day)) AS last_day, bool_or(amount IS NOT NULL) AS has_amounts FROM entry),
  money AS (
    SELECT CASE WHEN b.has_amounts THEN coalesce(sum(e.amount), 0) END AS revenue FROM entry e, bounds b
    WHERE e.day <= b.last_day
      AND e.member IN (SELECT i.member FROM entry i WHERE i.is_event AND i.day <= b.last_day) GROUP BY b.has_amounts
  ),
  days AS (
    SELECT count(*) AS orders, avg((orders >= 2)::int)::float8 AS repurchase_rate, sum(orders) AS all_orders
    FROM (SELECT member, count(DISTINCT e.day) AS orders FROM entry e, bounds b
          WHERE is_event AND e.day <= b.last_day GROUP BY member) m
  )
  SELECT count(a.members), count(*) FILTER (WHERE
    (a.members, a.orders, m.revenue) IS DISTINCT FROM (b.members, b.orders, b.revenue)
    OR oracle.far(b.repurchase_rate, a.repurchase_rate) OR oracle.far(b.churn_rate, a.churn_rate)
    OR b.aov IS DISTINCT FROM round(m.revenue * 1.000000000000000000000000000000 / a.orders, 6)
    OR grain IN ('second', 'minute', 'hour', 'day') AND EXISTS (
         SELECT 1 FROM days d, retention.value_summary(h, period, as_of => as_of, distinct_days => true) v
         WHERE (v.members, v.orders, v.revenue) IS DISTINCT FROM (d.orders, d.all_orders, b.revenue)
            OR oracle.far(v.repurchase_rate, d.repurchase_rate)))
  FROM (SELECT v.* FROM bounds, oracle.value_summary(events, period, grain, zone, last_day) v) a
       CROSS JOIN money m FULL JOIN retention.value_summary(h, period, as_of => as_of) b ON true
$$;

-- Readers of activity alone: what they say of the events, asked at the day of the last tick.
CREATE FUNCTION oracle.compare_refund_activity(h retention.history, of_events retention.history, last_day date, grain text,
  OUT answers bigint, OUT wrong bigint)
LANGUAGE plpgsql AS $$
BEGIN
  answers := 1;
  wrong := 0;
  IF of_events IS NULL OR grain NOT IN ('second', 'minute', 'hour', 'day') THEN
    RETURN;
  END IF;
  WITH a AS (SELECT r::text FROM retention.repurchase(of_events, as_of => last_day) r),
       b AS (SELECT r::text FROM retention.repurchase(h) r),
       c AS (SELECT b.member, b.x, b.t_x, b.age FROM retention.btyd(of_events, as_of => last_day) b),
       d AS (SELECT b.member, b.x, b.t_x, b.age FROM retention.btyd(h) b),
       e AS (SELECT e.day, e.dau, e.wau, e.mau FROM retention.engagement(of_events, last_day) e WHERE e.mau > 0),
       f AS (SELECT e.day, e.dau, e.wau, e.mau FROM retention.engagement(h) e WHERE e.mau > 0)
  SELECT count(*) INTO wrong FROM (
    SELECT 1 FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) x
    UNION ALL SELECT 1 FROM ((TABLE c EXCEPT ALL TABLE d) UNION ALL (TABLE d EXCEPT ALL TABLE c)) x
    UNION ALL SELECT 1 FROM ((TABLE e EXCEPT ALL TABLE f) UNION ALL (TABLE f EXCEPT ALL TABLE e)) x) w;
END $$;

-- Everything that is asked about one table.
CREATE FUNCTION oracle.refund_questions(s oracle.spec) RETURNS TABLE (question text, query text)
LANGUAGE plpgsql AS $$
DECLARE
  t text := 'random.t' || s.id;
  events regclass := oracle.events_view(s.id);
  zone text := coalesce(s.zone, s.session_zone);
  clock text := format('%L, %L', s.grain, zone);
  amount text := CASE s.amount_type WHEN 'none' THEN 'NULL::numeric' ELSE 'amount' END;
  agg text := format('retention.history_agg(member, at, %s, %s, (round(amount::numeric, 6) < 0) IS NOT TRUE)', amount, clock);
  h text := format('(SELECT %s FROM %s)', agg, t);
  only_events text := format('(SELECT retention.history_agg(member, at, %s, %s) FROM %s)', amount, clock, events);
  days date[] := (SELECT array_agg(e.day ORDER BY e.day) FROM oracle.events(t, s.grain, zone) e);
  last_day date := days[cardinality(days)];
  as_of date := CASE s.as_of
    WHEN 'later' THEN last_day + floor(oracle.u(1, s.id) * 60)::int
    WHEN 'earlier' THEN oracle.end_of_tick(s.grain, oracle.one_of(oracle.u(2, s.id), days)) END;
  some_day date := oracle.one_of(oracle.u(3, s.id), days);
  from_date date := date_trunc(CASE WHEN s.grain IN ('second', 'minute', 'hour') THEN 'day' ELSE s.grain END,
                               some_day::timestamp);
  to_date date := oracle.end_of_tick(s.grain, greatest(some_day, oracle.one_of(oracle.u(4, s.id), days)));
  some_members text[] := ARRAY(SELECT DISTINCT e.member FROM oracle.events(t, s.grain, zone) e
                               WHERE oracle.u(5, hashtextextended(e.member, 0)) < 0.4);
  id_type text := CASE s.member_type WHEN 'integer' THEN 'bigint' WHEN 'varchar' THEN 'text' ELSE s.member_type END;
BEGIN
  RETURN QUERY SELECT v.name, 'SELECT * FROM oracle.' || v.call FROM (VALUES
    ('history_rows', format('compare_refund_rows(%s, %L, %s)', h, t, clock)),
    ('history_rows of a slice', format('compare_refund_rows(retention.slice(%s, %L, %L), %L, %s, %L, %L)',
                                       h, from_date, to_date, t, clock, from_date, to_date)),
    ('history_rows without some', format('compare_refund_rows(retention.without(%s, %L::%s[]), %L, %s, without => %L)',
                                         h, some_members, id_type, t, clock, some_members)),
    ('members, events, first_at, last_at', format('compare_refund_facts(%s, %L, %s)', h, t, clock)),
    ('rfm', format('compare_refund_rfm(%s, %L, %s, %L, %L)', h, t, clock, as_of,
                   s.grain IN ('second', 'minute', 'hour', 'day') AND s.id % 3 = 0)),
    ('cohorts', format('compare_refund_cohorts(%s, %L, %L, %L, %s, %L)', h, t, events, s.period, clock, as_of)),
    ('churn', format('compare_refund_churn(%s, %L, %L, %L, %s, %s, %L)', h, t, events, s.period, s.gap, clock, as_of)),
    ('value_summary', format('compare_refund_value(%s, %L, %L, %L, %s, %L)', h, t, events, s.period, clock, as_of)),
    ('repurchase, btyd, engagement', format('compare_refund_activity(%s, %s, %L, %L)', h, only_events, last_day, s.grain)),
    ('any order of rows', format('compare_orders(%L, %L)', agg, t)),
    ('any split, rolled up', format('compare_rollup(%L, %L)', agg, t)),
    ('parallel plan', format('compare_parallel(%L, %L)', agg, t)),
    ('history_of', format('compare_histories(retention.history_of(%L, ''member'', ''at'', %L, %s, negative => ''refund''), %s)',
                          t, 'amount', format('%L, %L', s.grain, CASE s.time_type WHEN 'timestamptz' THEN zone END), format('(SELECT retention.history_agg(member, at, amount, %s, (amount < 0) IS NOT TRUE) FROM %s)', clock, t))),
    ('text form', format('compare_text(%s)', h))
  ) v (name, call)
  -- engagement has a row for every day
  WHERE NOT (v.name LIKE '%engagement' AND s.era = 'far away');
END $$;
