-- The ledger's readers: by hand, against the judge (tests/judge) on random tables and on both real tables.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET jit = off;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\i tests/judge/ask.sql
\i tests/judge/retention/churn.sql
\set ECHO all

-- The table oracle.by_hand (see tests/judge/oracle.sql): a in January, February, April; b in January, April; c in February,
-- March, May; d in February. First the judge, held against what is counted by hand.
SELECT * FROM oracle.churn_members('oracle.by_hand') ORDER BY 1, 3, 2;
SELECT period_start, new, retained, reactivated, dormant, churned, net_change, round(quick_ratio::numeric, 3) AS quick,
       round(quick_ratio_low::numeric, 3) AS low, round(quick_ratio_high::numeric, 3) AS high, truncated, complete
FROM oracle.growth('oracle.by_hand');
-- Stretches of 30 days up to 20 May, counted back: 21 April, 22 March, 21 February, 22 January, 23 December.
SELECT period_start, opening, new, reactivated, retained, churned, closing, complete
FROM oracle.churn('oracle.by_hand', '30 days');

CREATE TEMP VIEW by_hand AS SELECT retention.history_agg(member, at) AS h FROM oracle.by_hand;
SELECT c.* FROM by_hand, retention.churn_members(h, period_start => '2024-02-01') c ORDER BY 2, 1;
SELECT period_start, opening, new, reactivated, retained, churned, closing, complete
FROM by_hand, retention.churn(h, '30 days');

-- The textbooks' (end - new) / start, by hand: in February a stayed of a and b, 1 / 2; in April a and b came back and c left, 2 / 1.
SELECT period_start, opening, new, reactivated, retained, closing, crr, crr = (closing - new) / nullif(opening, 0)::float8 AS by_the_books, retention_rate, complete
FROM by_hand, retention.churn(h);
-- Of a contract: x stays, y leaves and comes back, and three join and leave within February.
SELECT c.period_start, c.opening, c.joined, c.rejoined, c.departed, c.retained, c.closing, c.crr, c.retention_rate
FROM (SELECT retention.membership_agg(m, j, e) AS m
      FROM (VALUES ('x', date '2024-01-01', NULL::date), ('y', '2024-01-01', '2024-02-10'), ('y', '2024-03-10', NULL),
                   ('a', '2024-02-02', '2024-02-03'), ('b', '2024-02-02', '2024-02-03'), ('c', '2024-02-02', '2024-02-03')) v (m, j, e)) s,
     retention.churn(m, as_of => '2024-03-31') c;

-- What has no answer, and what is no question.
SELECT 'churn_members' AS reader, count(*) FROM retention.churn_members(NULL, '2024-01-01'::date)
UNION ALL SELECT 'growth', count(*) FROM retention.growth(NULL)
UNION ALL SELECT 'a row that is not there', count(*) FROM by_hand, retention.churn_members(h, '2025-01-01'::date)
UNION ALL SELECT 'before everything', count(*) FROM by_hand, retention.growth(h, as_of => '2020-01-01');
SELECT * FROM by_hand, retention.churn_members(h, '2024-02-02'::date);
SELECT * FROM by_hand, retention.churn_members(h, NULL::date);
SELECT * FROM by_hand, retention.churn_members(h, 'infinity'::date);
SELECT * FROM by_hand, retention.churn_members(h, id => NULL::bigint, period_start => '2024-02-01');
SELECT * FROM by_hand, retention.churn_members(h, '2024-02-01'::date, gap => 0);
SELECT * FROM by_hand, retention.churn(h, '0 days');
SELECT * FROM by_hand, retention.churn(h, '24 hours');
SELECT * FROM retention.churn(retention.history_of('oracle.by_hand', 'member', 'at', grain => 'hour'), '24 hours');
SELECT * FROM retention.churn(retention.history_of('oracle.by_hand', 'member', 'at', grain => 'week'), '7 days');
SELECT * FROM by_hand, retention.churn(h, '2147483647 days');

-- The comparisons find differences: another gap, another day, other stretches.
SELECT 'churn_members' AS question, c.* FROM by_hand, oracle.compare_churn_members(h, 'oracle.by_hand', 'month', 2) c
UNION ALL SELECT 'others', c.* FROM (SELECT retention.history_agg(member, at) AS h FROM oracle.by_hand WHERE member <> 'd') s,
  oracle.compare_churn_members(h, 'oracle.by_hand', 'month', 2) c
UNION ALL SELECT 'growth', c.* FROM by_hand, oracle.compare_growth(h, 'oracle.by_hand', '30 days', 2) c
UNION ALL SELECT 'others', c.* FROM (SELECT retention.history_agg(member, at) AS h FROM oracle.by_hand WHERE member <> 'd') s,
  oracle.compare_growth(h, 'oracle.by_hand', '30 days', 2) c;

-- Both real tables.
CREATE TEMP TABLE shop AS SELECT member_id AS member, ordered_at AT TIME ZONE 'UTC' AS at, amount FROM orders;
CREATE TEMP TABLE music AS SELECT member_id AS member, ordered_on AS at, amount FROM cdnow;
SELECT t.tbl, v.question, v.answers > 0 AS answered, v.wrong
FROM (SELECT 'shop' AS tbl, retention.history_agg(member, at, amount) AS h FROM shop
      UNION ALL SELECT 'music', retention.history_agg(member, at, amount) FROM music) t,
     LATERAL (
       SELECT 'churn in 30 days, gap 2' AS question, * FROM oracle.compare_churn(t.h, t.tbl, '30 days', 2)
       UNION ALL SELECT 'churn_members, gap 3', * FROM oracle.compare_churn_members(t.h, t.tbl, 'month', 3)
       UNION ALL SELECT 'churn_members in 91 days', * FROM oracle.compare_churn_members(t.h, t.tbl, '91 days', 1)
       UNION ALL SELECT 'growth, gap 2', * FROM oracle.compare_growth(t.h, t.tbl, 'week', 2)
     ) v
ORDER BY 1, 2;

-- Random tables of every kind. Stretches of days are asked of histories that know days, as many as keep the rows in bounds.
CREATE FUNCTION oracle.questions(s oracle.spec) RETURNS TABLE (question text, query text)
LANGUAGE plpgsql AS $$
DECLARE
  t text := 'random.t' || s.id;
  h text := format('(SELECT %s FROM %s)', oracle.aggregate(s), t);
  clock text := format('%L, %L', s.grain, s.zone);
  days date[] := (SELECT array_agg(e.day ORDER BY e.day) FROM oracle.events(t, s.grain, s.zone) e);
  range int := days[cardinality(days)] - days[1];
  as_of date := CASE s.as_of
    WHEN 'later' THEN days[cardinality(days)] + floor(oracle.u(1, s.id) * 60)::int
    WHEN 'earlier' THEN oracle.end_of_tick(s.grain, oracle.one_of(oracle.u(2, s.id), days)) END;
  knows_days boolean := s.grain IN ('second', 'minute', 'hour', 'day');
  stretch text := greatest(range / 400, oracle.one_of(oracle.u(3, s.id), '{1,2,7,10,28,30,90,365}'::int[])) || ' days';
  back int := oracle.one_of(oracle.u(4, s.id), '{1,7,28,30,90}'::int[]);
BEGIN
  RETURN QUERY SELECT v.name, 'SELECT * FROM oracle.' || v.call FROM (VALUES
    ('churn in days', format('compare_churn(%s, %L, %L, %s, %s, %L, %s)', h, t, stretch, s.gap, clock, as_of, s.confidence), knows_days),
    ('churn_members', format('compare_churn_members(%s, %L, %L, %s, %s, %L)', h, t, s.period, s.gap, clock, as_of), true),
    ('churn_members in days', format('compare_churn_members(%s, %L, %L, %s, %s, %L)', h, t, stretch, s.gap, clock, as_of), knows_days),
    ('growth', format('compare_growth(%s, %L, %L, %s, %s, %L, %s)', h, t, s.period, s.gap, clock, as_of, s.confidence), true),
    ('growth in days', format('compare_growth(%s, %L, %L, %s, %s, %L, %s)', h, t, stretch, s.gap, clock, as_of, s.confidence), knows_days),
    ('the parts add up', format('compare_parts(%L, %L, %L, %s, %s, %L)', oracle.aggregate(s), t, stretch, s.gap, back,
       coalesce(as_of, days[cardinality(days)])), knows_days AND range < 1500)
  ) v (name, call, has_answer)
  WHERE v.has_answer;
END $$;
CALL oracle.make_all();
CALL oracle.ask_all('oracle.questions');
SELECT question, count(*) > 100 AS many_tables, count(*) FILTER (WHERE answers > 0) > 80 AS with_answers,
       count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY question ORDER BY question COLLATE "C";
\x on
SELECT * FROM random.wrong;
\x off

-- Two periods compared. By hand: the same rates, 10 % and 40 %, of 900 and 100, then of 500 and 500: 12 points, all of them mix.
CREATE TEMP VIEW compared AS
SELECT retention.decompose_churn_agg(stratum, o1, c1, o2, c2) AS strata
FROM (VALUES ('basic', 400, 40, 500, 50), ('plus', 100, 40, 250, 100), ('basic', 500, 50, NULL, NULL), ('plus', 0, 0, 250, 100)) v (stratum, o1, c1, o2, c2);
TABLE compared;
SELECT stratum, opening_1, opening_2, share_1, share_2, rate_1, rate_2, round(mix_effect::numeric, 6) AS mix,
       round(rate_effect::numeric, 6) AS rates, round(effect::numeric, 6) AS effect, overall
FROM compared, retention.decompose_churn(strata);
-- A stratum that is new, one that is gone, one without a name, one of nobody.
SELECT stratum, opening_1, opening_2, round(rate_1::numeric, 3) AS rate_1, round(rate_2::numeric, 3) AS rate_2,
       round(mix_effect::numeric, 6) AS mix, round(rate_effect::numeric, 6) AS rates, round(effect::numeric, 6) AS effect, overall
FROM retention.decompose_churn('{"(new,0,0,10,5)","(gone,20,2,,)","(,30,3,30,6)","(nobody,0,0,0,0)"}');
SELECT stratum, opening_1, rate_1, effect FROM retention.decompose_churn('{"(a,1,1,,)"}');
-- Many rows, of few strata and of many: they add up midway, and to the same.
SELECT strata, (SELECT retention.decompose_churn_agg((i % strata)::text, i, i / 2, 10, NULL) FROM generate_series(1, 3000) i)
             = (SELECT array_agg((s, o1, c1, o2, 0)::retention.churn_stratum ORDER BY s COLLATE "C")
                FROM (SELECT (i % strata)::text AS s, sum(i)::bigint AS o1, sum(i / 2)::bigint AS c1, sum(10)::bigint AS o2
                      FROM generate_series(1, 3000) i GROUP BY 1) e) AS as_summed
FROM unnest('{1,10,255,256,257,700,3000}'::int[]) strata;
SELECT count(*) AS none FROM (SELECT * FROM retention.decompose_churn(NULL) UNION ALL SELECT * FROM retention.decompose_churn('{}')) c;
SELECT retention.decompose_churn_agg('a', 1, 1, 1, 1) IS NULL AS nothing FROM orders WHERE false;
SELECT * FROM retention.decompose_churn('{"(a,10,11,10,1)"}');
SELECT * FROM retention.decompose_churn('{"(a,10,1,10,-1)"}');
SELECT * FROM retention.decompose_churn('{"(a,9223372036854775807,1,10,1)","(a,9223372036854775807,1,10,1)"}');
-- Quarters of the shop by country, against the textbook's sums; in any order of rows, in parallel, and with each row twice.
CREATE TEMP TABLE quarters AS
SELECT s.country, l.period_start, l.opening, l.churned
FROM (SELECT country, retention.history_agg(member_id, ordered_at, NULL, 'month', 'UTC') AS h FROM orders GROUP BY country) s,
     retention.churn(s.h, period => 'quarter', as_of => '2011-09-30') l;
CREATE TABLE pairs WITH (parallel_workers = 2) AS
SELECT country, a.opening AS o1, a.churned AS c1, b.opening AS o2, b.churned AS c2
FROM (SELECT * FROM quarters WHERE period_start = '2011-04-01') a
     FULL JOIN (SELECT * FROM quarters WHERE period_start = '2011-07-01') b USING (country);
WITH given AS (SELECT c.* FROM (SELECT retention.decompose_churn_agg(country, o1, c1, o2, c2) AS strata FROM pairs) s, retention.decompose_churn(strata) c),
overall AS (SELECT sum(o1) AS n1, sum(o2) AS n2, sum(c1)::float8 / sum(o1) AS r1, sum(c2)::float8 / sum(o2) AS r2 FROM pairs),
effect AS (
  SELECT p.country, coalesce(p.o1, 0) / o.n1 AS w1, coalesce(p.o2, 0) / o.n2 AS w2,
         coalesce(p.c1::float8 / nullif(p.o1, 0), p.c2::float8 / nullif(p.o2, 0)) AS r1,
         coalesce(p.c2::float8 / nullif(p.o2, 0), p.c1::float8 / nullif(p.o1, 0)) AS r2
  FROM pairs p, overall o
)
SELECT (SELECT count(*) FROM given) - 1 AS strata,
       (SELECT bool_and(abs(effect - mix_effect - rate_effect) < 1e-15) FROM given) AS each_adds_up,
       abs((SELECT effect FROM given WHERE overall) - (r2 - r1)) < 1e-15 AS the_change,
       abs((SELECT sum(effect) FROM given WHERE NOT overall) - (r2 - r1)) < 1e-15 AS of_all_strata,
       abs((SELECT mix_effect FROM given WHERE overall) - (SELECT sum((w2 - w1) * (e.r1 + e.r2) / 2) FROM effect e)) < 1e-15 AS mix,
       abs((SELECT rate_effect FROM given WHERE overall) - (SELECT sum((e.r2 - e.r1) * (w1 + w2) / 2) FROM effect e)) < 1e-15 AS rates
FROM overall;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT retention.decompose_churn_agg(country, o1, c1, o2, c2) FROM pairs;
SELECT (SELECT retention.decompose_churn_agg(country, o1, c1, o2, c2) FROM pairs)
       = (SELECT retention.decompose_churn_agg(country, o1, c1, o2, c2) FROM (SELECT * FROM pairs ORDER BY o2 DESC, country) p) AS any_order,
       (SELECT array_agg(round(effect::numeric, 12) ORDER BY stratum) FROM retention.decompose_churn((SELECT retention.decompose_churn_agg(country, o1, c1, o2, c2) FROM pairs)))
       = (SELECT array_agg(round(effect::numeric, 12) ORDER BY stratum) FROM retention.decompose_churn((SELECT retention.decompose_churn_agg(country, o1, c1, o2, c2) FROM (TABLE pairs UNION ALL TABLE pairs) p))) AS twice;
