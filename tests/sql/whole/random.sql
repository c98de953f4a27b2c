-- The extension against the judge (tests/judge) on random tables of every kind.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET jit = off;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\i tests/judge/ask.sql
\set ECHO all
CALL oracle.make_all();

-- What is covered.
SELECT count(*) >= 200 AS enough_tables FROM oracle.spec;
SELECT shape, count(*) FROM oracle.spec GROUP BY shape ORDER BY shape COLLATE "C";
SELECT era, count(*) FROM oracle.spec GROUP BY era ORDER BY era COLLATE "C";
SELECT count(DISTINCT (member_type, time_type)) AS of_15, count(DISTINCT (time_type, amount_type)) AS of_12,
       count(DISTINCT (time_type, grain)) AS of_24, count(DISTINCT (grain, period)) AS of_27,
       count(DISTINCT coalesce(zone, session_zone)) FILTER (WHERE time_type = 'timestamptz') AS of_9
FROM oracle.spec;
-- What is in them: rows that are no events; rows that repeat a member and a time; negative amounts, zeros, none at all,
-- more than six decimals.
SELECT count(DISTINCT id) AS tables_with_rows, count(*) AS rows,
       count(*) FILTER (WHERE member IS NULL OR at IS NULL) AS no_events,
       count(*) - count(DISTINCT (id, member, at)) AS repeated, count(*) FILTER (WHERE amount < 0) AS negative,
       count(*) FILTER (WHERE amount = 0) AS zero, count(*) FILTER (WHERE amount IS NULL) AS without,
       count(*) FILTER (WHERE amount <> round(amount, 6)) AS finer
FROM random.rows;
-- Names of members that are easily confused, and times far away, right at midnight and right before it.
SELECT count(DISTINCT member) FILTER (WHERE octet_length(member) < 3) AS short_names,
       count(DISTINCT member) FILTER (WHERE octet_length(member) >= 1000) AS long_names,
       count(DISTINCT member) FILTER (WHERE member IN (E'\xC3\xA9', E'e\xCC\x81', '日本語', '🙂')) AS beyond_ascii,
       count(*) FILTER (WHERE at LIKE '% BC') > 100 AS before_christ,
       count(*) FILTER (WHERE at LIKE '9999-%') > 3 AS year_9999,
       count(*) FILTER (WHERE at LIKE '% 00:00:00%') > 1000 AS at_midnight,
       count(*) FILTER (WHERE at LIKE '% 23:59:59.999999%') > 500 AS before_midnight
FROM random.rows;

-- The comparisons compare: against another table, or with one answer changed, they do find differences.
SELECT 'rows' AS question, c.* FROM (SELECT retention.history_agg(member, at, amount) AS h FROM oracle.by_hand) s,
  oracle.compare_rows(s.h, 'oracle.by_hand') c
UNION ALL SELECT 'other rows', c.* FROM (SELECT retention.history_agg(member, at, 2 * amount) AS h FROM oracle.by_hand) s,
  oracle.compare_rows(s.h, 'oracle.by_hand') c
UNION ALL SELECT 'cohorts', c.* FROM (SELECT retention.history_agg(member, at, amount) AS h FROM oracle.by_hand) s,
  oracle.compare_cohorts(s.h, 'oracle.by_hand', 'month') c
UNION ALL SELECT 'other cohorts', c.* FROM (SELECT retention.history_agg(member, at) AS h FROM oracle.by_hand) s,
  oracle.compare_cohorts(s.h, 'oracle.by_hand', 'month') c
UNION ALL SELECT 'churn', c.* FROM (SELECT retention.history_agg(member, at) AS h FROM oracle.by_hand) s,
  oracle.compare_churn(s.h, 'oracle.by_hand', 'month', 2) c
UNION ALL SELECT 'other churn', c.*
FROM (SELECT retention.history_agg(member, at) AS h FROM oracle.by_hand WHERE member <> 'd') s,
  oracle.compare_churn(s.h, 'oracle.by_hand', 'month', 2) c
UNION ALL SELECT 'value', c.* FROM (SELECT retention.history_agg(member, at, amount) AS h FROM oracle.by_hand) s,
  oracle.compare_value(s.h, 'oracle.by_hand', 'month') c
UNION ALL SELECT 'other value', c.* FROM (SELECT retention.history_agg(member, at, 2 * amount) AS h FROM oracle.by_hand) s,
  oracle.compare_value(s.h, 'oracle.by_hand', 'month') c
UNION ALL SELECT 'no history', c.* FROM oracle.compare_churn(NULL, 'oracle.by_hand', 'month', 2) c;

-- Everything that is asked about one table. The session's TimeZone must be the table's.
CREATE FUNCTION oracle.questions(s oracle.spec) RETURNS TABLE (question text, query text)
LANGUAGE plpgsql AS $$
DECLARE
  t text := 'random.t' || s.id;
  starts text := 'random.s' || s.id;
  agg text := oracle.aggregate(s);
  h text := format('(SELECT %s FROM %s)', agg, t);
  hs text := format('(SELECT %s FROM %s)', agg, starts);
  clock text := format('%L, %L', s.grain, s.zone);
  days date[] := (SELECT array_agg(e.day ORDER BY e.day) FROM oracle.events(t, s.grain, s.zone) e);
  last_day date := greatest(days[cardinality(days)],
                            (SELECT max(e.day) FROM oracle.events(starts, s.grain, s.zone) e));
  -- by default, some days after everything, or at the end of some earlier tick
  as_of date := CASE s.as_of
    WHEN 'later' THEN last_day + floor(oracle.u(1, s.id) * 60)::int
    WHEN 'earlier' THEN oracle.end_of_tick(s.grain, oracle.one_of(oracle.u(2, s.id), days)) END;
  -- the starts' last tick may be later than the last event, and a tick of a week or longer can not be cut
  as_of_starts date := CASE WHEN as_of IS NOT NULL OR s.grain IN ('second', 'minute', 'hour', 'day') THEN as_of
                            ELSE last_day END;
  some_day date := oracle.one_of(oracle.u(3, s.id), days);
  from_date date := date_trunc(CASE WHEN s.grain IN ('second', 'minute', 'hour') THEN 'day' ELSE s.grain END,
                               some_day::timestamp);
  to_date date := oracle.end_of_tick(s.grain, greatest(some_day, oracle.one_of(oracle.u(4, s.id), days)));
  -- two fifths of the members, and one who is none
  some_members text[] := ARRAY(SELECT DISTINCT e.member FROM oracle.events(t, s.grain, s.zone) e
                               WHERE oracle.u(5, hashtextextended(e.member, 0)) < 0.4)
    || CASE s.member_type WHEN 'uuid' THEN '12345678-0000-0000-0000-000000000000' ELSE '12345678' END;
  id_type text := CASE s.member_type WHEN 'integer' THEN 'bigint' WHEN 'varchar' THEN 'text' ELSE s.member_type END;
BEGIN
  RETURN QUERY SELECT v.name, 'SELECT * FROM oracle.' || v.call FROM (VALUES
    ('history_rows', format('compare_rows(%s, %L, %s)', h, t, clock)),
    ('history_rows of a slice', format('compare_rows(retention.slice(%s, %L, %L), %L, %s, %L, %L)',
                                       h, from_date, to_date, t, clock, from_date, to_date)),
    ('history_rows without some', format('compare_rows(retention.without(%s, %L::%s[]), %L, %s, without => %L)',
                                         h, some_members, id_type, t, clock, some_members)),
    ('history_rows with typed ids', format('compare_ids(%s, %L)', h, nullif(id_type, 'text'))),
    ('members, events, first_at, ...', format('compare_facts(%s, %L, %s)', h, t, clock)),
    ('cohorts', format('compare_cohorts(%s, %L, %L, %s, %L, %s)', h, t, s.period, clock, as_of, s.confidence)),
    ('cohorts by starts', format('compare_starts(%s, %s, %L, %L, %L, %s, %L, %s)',
                                 h, hs, t, starts, s.period, clock, as_of_starts, s.confidence)),
    ('churn', format('compare_churn(%s, %L, %L, %s, %s, %L, %s)', h, t, s.period, s.gap, clock, as_of, s.confidence)),
    ('value_summary', format('compare_value(%s, %L, %L, %s, %L, %s)', h, t, s.period, clock, as_of, s.margin)),
    ('any order of rows', format('compare_orders(%L, %L)', agg, t)),
    ('any split, rolled up', format('compare_rollup(%L, %L)', agg, t)),
    ('parallel plan', format('compare_parallel(%L, %L)', agg, t)),
    ('history_of', format('compare_histories(retention.history_of(%L, ''member'', ''at'', %L, %s), %s)',
                          t, CASE WHEN s.amount_type <> 'none' THEN 'amount' END,
                          format('%L, %L', s.grain, CASE s.time_type WHEN 'timestamptz' THEN s.zone END), h)),
    ('text form', format('compare_text(%s)', h))
  ) v (name, call)
  WHERE NOT (v.name = 'history_rows with typed ids' AND id_type = 'text');
END $$;

-- How many tables each question was asked of, how many had an answer, and how many answers were wrong.
-- history_of says how many rows have a negative amount, or are none, or lie ahead.
SET client_min_messages = warning;
CALL oracle.ask_all('oracle.questions');
RESET client_min_messages;
SELECT question, count(*) AS tables, count(*) FILTER (WHERE answers > 0) AS with_answers,
       count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY question ORDER BY question COLLATE "C";
\x on
SELECT * FROM random.wrong;
