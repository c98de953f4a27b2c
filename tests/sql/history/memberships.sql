-- Memberships: by hand, against the judge (tests/judge/history/memberships.sql) on random tables of spells, and on spells made of the
-- orders of both real tables.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET jit = off;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\i tests/judge/ask.sql
\i tests/judge/history/memberships.sql
\set ECHO all

-- Five members of a gym. b renews on 1 March, c comes back in April, d leaves and is back within March, e is in for ten days.
CREATE TABLE gym (member text, joined date, ended date);
INSERT INTO gym VALUES
  ('a', '2024-01-10', NULL), ('b', '2024-01-15', '2024-03-01'), ('b', '2024-03-01', '2024-05-01'),
  ('c', '2024-02-01', '2024-02-20'), ('c', '2024-04-05', 'infinity'), ('d', '2024-02-10', '2024-03-05'),
  ('d', '2024-03-20', NULL), ('e', '2024-04-11', '2024-04-21'), (NULL, '2024-01-01', NULL), ('f', NULL, '2024-01-01');
CREATE TEMP VIEW members_of_gym AS SELECT retention.membership_agg(member, joined, ended) AS m FROM gym;
SELECT retention.members(m) FROM members_of_gym;
SELECT r.* FROM members_of_gym, retention.membership_rows(m) r ORDER BY 1, 2;
-- The judge, held against what is counted by hand; then the extension.
SELECT period_start, opening, joined, rejoined, departed, retained, churned, closing,
       round(churn_rate::numeric, 3) AS churn, round((member_years * 365.25)::numeric) AS member_days, complete
FROM oracle.churn_of_memberships('gym', as_of => '2024-05-15') ORDER BY 1;
SELECT period_start, opening, joined, rejoined, departed, retained, churned, closing,
       round(churn_rate::numeric, 3) AS churn, round((member_years * 365.25)::numeric) AS member_days,
       round(departure_rate::numeric, 2) AS per_year, round(departure_rate_low::numeric, 2) AS low,
       round(departure_rate_high::numeric, 2) AS high, complete
FROM members_of_gym, retention.churn(m, as_of => '2024-05-15');
SELECT cohort, period_number AS n, members, eligible, retained, round(rate::numeric, 3) AS rate, active, complete
FROM oracle.cohorts_of_memberships('gym', as_of => '2024-05-15') ORDER BY 1, 2;
SELECT cohort, period_number AS n, members, eligible, retained, round(rate::numeric, 3) AS rate, active, complete
FROM members_of_gym, retention.cohorts(m, as_of => '2024-05-15');
SELECT cohort, period_number AS n, members, retained, active, complete
FROM members_of_gym, retention.cohorts(m, '30 days', '2024-05-15');

-- Survival: e joined in April, which is not over, and is at no risk in it yet; f, alone, has nothing to tell.
SELECT tenure, at_risk, events, censored FROM members_of_gym, retention.survival(m, as_of => '2024-04-15');
SELECT count(*) FROM retention.survival((SELECT retention.membership_agg('f', DATE '2024-04-01', NULL)), as_of => '2024-04-15');

-- Types of members and times, a zone's calendar, and what a literal resolves to.
SELECT pg_typeof(r.member), r.* FROM (SELECT retention.membership_agg(7, DATE '2024-01-01', NULL) AS m) s,
  retention.membership_rows(m, id => NULL::bigint) r;
SELECT pg_typeof(r.member), r.* FROM (SELECT retention.membership_agg(md5('7')::uuid, TIMESTAMP '2024-01-01 23:59', '2024-02-01') AS m) s,
  retention.membership_rows(m, id => NULL::uuid) r;
SELECT zone, r.joined, r.ended
FROM (SELECT zone, retention.membership_agg('a', TIMESTAMPTZ '2024-01-01 00:10+00', TIMESTAMPTZ '2024-02-01 18:20+00', zone) AS m
      FROM (VALUES ('UTC'), ('America/New_York'), ('Asia/Kathmandu')) z (zone) GROUP BY zone) s,
     retention.membership_rows(m) r ORDER BY zone;
SELECT provolatile, count(*) FROM pg_proc WHERE proname IN ('membership_agg', 'membership_step') GROUP BY 1 ORDER BY 1;

-- An instant inside a day is the last day in, midnight and a date are the first day out: paid until the last second of a month, and
-- again from the next one on, nobody ever left.
SELECT period_start, opening, joined, rejoined, departed, churned, closing
FROM (SELECT retention.membership_agg(member, joined, ended) AS m FROM (VALUES
        (1, TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-31 23:59:59'), (1, '2024-02-01', '2024-02-29 23:59:59'),
        (1, '2024-03-01', NULL), (2, '2024-01-01', '2024-01-31 23:59:59')) v (member, joined, ended)) s,
     retention.churn(m, as_of => '2024-03-31');
SELECT r.* FROM (SELECT retention.membership_agg(member, joined, ended) AS m FROM (VALUES
        ('a', TIMESTAMP '2024-01-05 08:00', TIMESTAMP '2024-01-05 18:00'), ('b', '2024-01-05 08:00', '2024-01-06 00:00'),
        ('c', '2024-01-05', '2024-01-06 00:00:00.000001'), ('d', '2024-01-05', '2024-01-05')) v (member, joined, ended)) s,
  retention.membership_rows(m) r ORDER BY 1;
-- Sao Paulo's 4 November 2018 began at one o'clock.
SELECT r.* FROM (SELECT retention.membership_agg(member, '2018-10-01 12:00+00', ended, 'America/Sao_Paulo') AS m FROM (VALUES
        (1, TIMESTAMPTZ '2018-11-04 02:59:59+00'), (2, '2018-11-04 03:00+00'), (3, '2018-11-04 03:00:01+00')) v (member, ended)) s,
  retention.membership_rows(m) r ORDER BY 1;
-- Ends far away: still in. Contracts up to 31 December 9999 do not reach there.
SELECT member, retention.membership_agg(member, DATE '2024-01-01', ended) = retention.membership_agg(member, DATE '2024-01-01', NULL) AS still_in
FROM (VALUES (1, DATE '9999-12-31'), (2, '9000-01-01'), (3, 'infinity'), (4, '5000000-01-01'), (5, '8999-12-31')) v (member, ended)
GROUP BY member ORDER BY member;
SELECT count(*), max(closing) FROM (SELECT retention.membership_agg(g, DATE '2024-01-01' + 31 * g, DATE '9999-12-31') AS m FROM generate_series(1, 4) g) s,
  retention.churn(m);
-- Spells that overlap, touch or come twice are one stretch. Empty ones are none.
SELECT r.* FROM (SELECT retention.membership_agg(member, joined, ended) AS m FROM (VALUES
        (1, DATE '2024-01-01', DATE '2024-04-01'), (1, '2024-03-15', '2024-06-01'), (1, '2024-02-01', '2024-02-10'),
        (2, '2024-01-01', '2024-02-01'), (2, '2024-01-01', '2024-02-01'), (2, '2024-01-01', NULL),
        (3, '2024-01-01', '2024-01-01'), (3, '2024-01-02', '2024-01-03'), (4, '2024-01-07', '2024-01-07')) v (member, joined, ended)) s,
  retention.membership_rows(m) r ORDER BY 1;
SELECT retention.membership_agg('anna', DATE '2024-01-05', '2024-01-05') IS NULL AS nobody;
SELECT member, retention.members(retention.membership_agg(member, day, day + member)) FROM generate_series(0, 2) member, (VALUES (DATE '2024-01-05'), ('2024-01-06')) v (day)
GROUP BY member ORDER BY member;
SELECT retention.rollup(m) = (SELECT m FROM members_of_gym) AS as_once FROM (SELECT m FROM members_of_gym UNION ALL SELECT m FROM members_of_gym) s;
-- By default as_of is today or, if nothing has happened since, the last day on which somebody joined or left.
SELECT max(period_start) = date_trunc('month', current_date) AS this_month
FROM (SELECT retention.membership_agg(member, joined, ended) AS m FROM (VALUES (1, DATE '2024-01-01', current_date + 400), (2, current_date + 40, NULL)) v (member, joined, ended)) s,
     retention.churn(m);
SELECT max(period_start) FROM members_of_gym, retention.churn(m);
SELECT count(*) FROM retention.cohorts((SELECT retention.membership_agg(1, current_date + 1, NULL)));
SELECT zone, (SELECT count(*) FROM retention.churn(retention.membership_agg(1, TIMESTAMPTZ '2024-01-01 12:00+00', now() + '1 year', zone), 'day'))
             = (now() AT TIME ZONE zone)::date - (TIMESTAMPTZ '2024-01-01 12:00+00' AT TIME ZONE zone)::date + 1 AS up_to_today
FROM (VALUES ('Pacific/Kiritimati'), ('Pacific/Pago_Pago')) z (zone) GROUP BY zone ORDER BY zone;
SELECT provolatile, count(*) >= 20 AS all_of_them FROM pg_proc
WHERE pronamespace = 'retention'::regnamespace AND 'retention.memberships'::regtype = ANY (proargtypes) AND 'as_of' = ANY (proargnames) GROUP BY 1;

-- What is no membership, and who it is.
SELECT retention.membership_agg('anna', DATE '2024-01-05', '2024-01-04');
SELECT retention.membership_agg('anna', TIMESTAMP '2024-01-05 18:00', '2024-01-05 08:00');
SELECT retention.membership_agg('anna', TIMESTAMPTZ '2024-01-05 18:00+00', '2024-01-05 08:00+00', 'Asia/Kathmandu');
SELECT retention.membership_agg('anna', DATE '-infinity', NULL);
SELECT retention.membership_agg('anna', DATE '2024-01-01', '-infinity');
SELECT retention.membership_agg('anna', DATE '5000000-01-01', NULL);
SELECT retention.membership_agg('anna', TIMESTAMPTZ '2024-01-01', NULL, 'Mars/Olympus');
SELECT retention.rollup(m) FROM (SELECT retention.membership_agg(1, TIMESTAMPTZ '2024-01-01', NULL, z) AS m FROM (VALUES ('UTC'), ('Europe/London')) v (z) GROUP BY z) s;
SELECT retention.rollup(m) FROM (SELECT retention.membership_agg(1, DATE '2024-01-01', NULL) AS m UNION ALL SELECT retention.membership_agg('a', DATE '2024-01-01', NULL)) s;
SELECT r.* FROM members_of_gym, retention.membership_rows(m, id => NULL::uuid) r;
SELECT r.* FROM members_of_gym, retention.churn(m, '24 hours') r;
SELECT r.* FROM members_of_gym, retention.churn(m, as_of => 'infinity') r;
SELECT r.* FROM members_of_gym, retention.cohorts(m, confidence => 2) r;
SELECT retention_internal.membership_step(NULL, 1, DATE '2024-01-01', NULL);
SELECT retention_internal.memberships_merge(m, m) FROM members_of_gym;

-- Nothing, NULL, before everything.
SELECT retention.membership_agg(1, NULL::date, NULL) IS NULL AS nobody, retention.members(NULL::retention.memberships) IS NULL AS none;
SELECT 'rows' AS of_nothing, count(*) FROM retention.membership_rows(NULL)
UNION ALL SELECT 'churn', count(*) FROM retention.churn(NULL::retention.memberships)
UNION ALL SELECT 'cohorts', count(*) FROM retention.cohorts(NULL::retention.memberships)
UNION ALL SELECT 'churn before', count(*) FROM members_of_gym, retention.churn(m, as_of => '2023-12-31')
UNION ALL SELECT 'cohorts before', count(*) FROM members_of_gym, retention.cohorts(m, as_of => '2023-12-31');
-- A plain NULL is taken for a history, and has no rows either.
SELECT count(*) FROM retention.churn(NULL), retention.cohorts(NULL);
SELECT a = b AS same FROM (SELECT array_agg(c) AS a FROM members_of_gym, retention.churn(m, NULL, NULL, NULL) c) x,
  (SELECT array_agg(c) AS b FROM members_of_gym, retention.churn(m) c) y;

-- The readers that histories have too. Who left, with the stretch and the days in membership so far; growth, whose quick ratio counts
-- events; the curve of all cohorts; who is behind a cell.
SELECT c.* FROM members_of_gym, retention.churn_members(m, period_start => '2024-03-01', as_of => '2024-05-15') c ORDER BY change, member;
SELECT c.* FROM members_of_gym, retention.churn_members(m, period_start => '2024-05-01', as_of => '2024-05-15') c ORDER BY change, member;
SELECT c.* FROM (SELECT retention.membership_agg(g, DATE '2024-01-01' + g, CASE WHEN g > 1 THEN DATE '2024-01-20' END) AS m FROM generate_series(1, 3) g) s,
  retention.churn_members(m, id => 2, period_start => '2024-01-01', as_of => '2024-01-31') c ORDER BY change;
SELECT count(*) FROM members_of_gym, retention.churn_members(m, period_start => '2020-03-01');
SELECT c.* FROM members_of_gym, retention.churn_members(m, period_start => '2024-03-02') c;
SELECT c.* FROM members_of_gym, retention.churn_members(m, period_start => NULL) c;
SELECT period_start, joined, retained, rejoined, dormant, departed, churned, net_change, round(quick_ratio::numeric, 3) AS quick,
       round(quick_ratio_low::numeric, 3) AS low, round(quick_ratio_high::numeric, 3) AS high, complete, net_change = joined + rejoined - departed AS adds_up
FROM members_of_gym, retention.growth(m, as_of => '2024-05-15');
SELECT period_number AS n, members, eligible, retained, round(rate::numeric, 3) AS rate, round(rate_low::numeric, 3) AS low, round(rate_high::numeric, 3) AS high
FROM members_of_gym, retention.retention_curve(m, as_of => '2024-05-15');
SELECT period_number AS n, members, eligible, retained FROM members_of_gym, retention.retention_curve(m, '30 days', '2024-05-15');
SELECT c.* FROM members_of_gym, retention.cohort_members(m, cohort => '2024-02-01', period_number => 1, as_of => '2024-05-15') c ORDER BY 1;
SELECT c.* FROM members_of_gym, retention.cohort_members(m, cohort => '2024-02-02', period_number => 1) c;
-- A plain NULL is taken for a history there too; one of memberships has no rows.
SELECT count(*) FROM retention.growth(NULL::retention.memberships) UNION ALL SELECT count(*) FROM retention.retention_curve(NULL::retention.memberships)
UNION ALL SELECT count(*) FROM retention.churn_members(NULL::retention.memberships, period_start => '2024-01-01')
UNION ALL SELECT count(*) FROM retention.cohort_members(NULL::retention.memberships, cohort => '2024-01-01', period_number => 0);

-- Erasure: the value is that of the other members' rows.
SELECT retention.without(m, '{b,d,nobody}'::text[]) = (SELECT retention.membership_agg(member, joined, ended) FROM gym WHERE member NOT IN ('b', 'd')) AS as_if_never_there,
       retention.without(m, '{}'::text[]) = m AS all_there, retention.without(m, NULL::text[]) = m AS all_there,
       retention.without(m, '{a,b,c,d,e}'::text[]) IS NULL AS nobody FROM members_of_gym;
SELECT retention.without(m, '{1}'::bigint[]) FROM members_of_gym;

-- membership_of: a table by the names of its columns, and what is odd in it.
CREATE TYPE plan AS ENUM ('gold', 'silver');
CREATE TABLE contracts (customer int, whole numeric(10, 2), broken numeric, plan plan, code char(5), name varchar(9),
                        begins date, ends date, begins_at timestamptz, ends_at timestamp);
INSERT INTO contracts VALUES
  (1, 7.00, 1.5, 'gold', 'x', 'y', '2024-01-01', NULL, '2024-01-01 12:00+00', NULL),
  (2, 8.00, 2.0, 'silver', 'xx', 'yy', '2024-01-15', '2024-03-15', '2024-01-15 03:00+00', '2024-03-15 00:00'),
  (3, 9, 3, 'gold', 'x', 'y', '2024-02-01', '2024-03-01', '2024-02-01 00:00+00', '2024-03-01 10:00');
SELECT retention.membership_of('contracts', 'customer', 'begins', 'ends') = retention.membership_agg(customer, begins, ends) AS same FROM contracts;
SELECT r.* FROM retention.membership_rows(retention.membership_of('contracts', 'whole', 'begins', 'ends_at')) r ORDER BY 1;
SELECT r.* FROM retention.membership_rows(retention.membership_of('contracts', 'customer', 'begins_at', 'ends_at', 'America/New_York')) r ORDER BY 1;
SELECT c.name, retention.members(retention.membership_of('contracts', c.name, 'begins', 'ends')) FROM (VALUES (name 'plan'), ('code'), ('name')) c (name);
SELECT retention.membership_of('contracts', 'broken', 'begins', 'ends');
SELECT retention.membership_of('contracts', 'begins', 'begins', 'ends');
SELECT retention.membership_of('contracts', 'customer', 'begins', 'customer');
SELECT retention.membership_of('contracts', 'client', 'begins', 'ends');
SELECT retention.membership_of('contracts', 'customer', 'begins', 'ends', 'UTC');
SELECT retention.membership_of('contracts', 'customer', 'begins', NULL);
INSERT INTO contracts (customer, begins, ends) VALUES (2, '2024-01-15', NULL), (4, '2024-02-01', '2024-02-01'), (NULL, '2024-02-01', NULL), (5, NULL, NULL), (6, '2024-02-01', '9999-12-31');
SELECT r.* FROM retention.membership_rows(retention.membership_of('contracts', 'customer', 'begins', 'ends')) r ORDER BY 1;
INSERT INTO contracts (customer, begins, ends) SELECT 20 + g % 12, '2024-01-01', DATE '2024-01-01' - g FROM generate_series(1, 20) g;
SELECT retention.membership_of('contracts', 'customer', 'begins', 'ends');

-- A value that 0.1.0 stored, with Ben's two spells: it is read, compared and written as their union.
-- As a table holds them: numeric_uplus copies whatever it is given.
CREATE FUNCTION pg_temp.as_stored(bytea) RETURNS retention.memberships LANGUAGE internal STRICT AS 'numeric_uplus';
CREATE TABLE old AS SELECT bytes, pg_temp.as_stored(bytes) AS m FROM (SELECT decode('4d0102030d4575726f70652f4c6f6e646f6e0308088080dd97dce2d8028080adfbfd95dd029e9202dc9502120a000004616e6e61000362656e0305636c617261029e9202145a007844245a16f3c72e453b0e07', 'hex') AS bytes) b;
CREATE TABLE new AS SELECT retention.membership_agg(member, joined, ended, 'Europe/London') AS m FROM (VALUES
  ('anna', TIMESTAMPTZ '2024-01-10', NULL), ('ben', '2024-01-15', TIMESTAMPTZ '2024-03-01'), ('ben', '2024-03-01', '2024-04-30 23:00+00'),
  ('clara', '2024-02-01', '2024-02-20'), ('clara', '2024-04-05', NULL)) v (member, joined, ended);
SELECT o.m = n.m AS eq, o.m <> n.m AS ne, o.m <= n.m AS le, retention_internal.memberships_cmp(o.m, n.m) AS cmp,
       retention_internal.memberships_hash(o.m) = retention_internal.memberships_hash(n.m) AS same_hash, o.m::text = n.m::text AS same_text,
       retention_internal.memberships_send(o.m) = retention_internal.memberships_send(n.m) AS same_bytes, translate(encode(o.bytes, 'base64'), E'\n', '')::retention.memberships = n.m AS read
FROM old o, new n;
SELECT retention.members(m), r.* FROM old, retention.membership_rows(m) r ORDER BY 2, 3;
SELECT (SELECT retention.rollup(m) FROM old) = n.m AS rolled_up, (SELECT retention.rollup(m) FROM (TABLE new UNION ALL SELECT m FROM old) s) = n.m AS both,
       retention.without(o.m, '{ben}'::text[]) = retention.without(n.m, '{ben}'::text[]) AS without,
       (SELECT count(DISTINCT m) FROM (TABLE new UNION ALL SELECT m FROM old) s) AS distinct FROM old o, new n;

-- The type: stored, compared, grouped, as bytes; text that is none.
CREATE TABLE stored (id int, m retention.memberships);
INSERT INTO stored SELECT g, m FROM members_of_gym, generate_series(1, 3) g;
SELECT count(*), count(DISTINCT m) AS distinct FROM stored;
SELECT count(*) FROM stored a JOIN stored b USING (m);
SELECT c.closing FROM stored, retention.churn(m, as_of => '2024-03-31') c WHERE id = 1 ORDER BY period_start DESC LIMIT 1;
SELECT DISTINCT retention_internal.memberships_send(m) = decode(m::text, 'base64') AS same_bytes FROM stored;
SELECT 'no base64 §'::retention.memberships;
SELECT 'TQ=='::retention.memberships;
SELECT ''::retention.memberships;
SELECT (retention.history_agg(1, DATE '2024-01-01')::text)::retention.memberships;
SELECT (m::text)::retention.history FROM members_of_gym;
-- A history in a memberships' bytes that is none of joins and ends, with the right checksum.
SELECT encode('M'::bytea || retention_internal.history_send(h), 'base64')::retention.memberships
FROM (SELECT retention.history_agg(1, DATE '2024-01-01', 5.0) AS h) s;
SELECT encode('M'::bytea || retention_internal.history_send(h), 'base64')::retention.memberships
FROM (SELECT retention.history_agg(1, DATE '2024-01-01', NULL, 'hour') AS h) s;
-- One that 0.1.0 wrote.
SELECT replace(encode('M'::bytea || decode('01000300030b0c8080ec98dee89e028080c484fc909f0288729872080c0b0002030f0284c1010388720005000600000300020001000000000000000000008d90105ab595e17c', 'hex'), 'base64'), E'\n', '')::retention.memberships;
-- Every byte changed in turn: refused or, rarely, another value; never a crash.
DO $$
DECLARE bytes bytea := (SELECT retention_internal.memberships_send(m) FROM members_of_gym); refused int := 0;
BEGIN
  FOR i IN 0 .. length(bytes) - 1 LOOP
    BEGIN
      PERFORM encode(set_byte(bytes, i, 255 - get_byte(bytes, i)), 'base64')::retention.memberships;
    EXCEPTION WHEN OTHERS THEN refused := refused + 1;
    END;
    BEGIN
      PERFORM encode(substr(bytes, 1, i), 'base64')::retention.memberships;
    EXCEPTION WHEN OTHERS THEN refused := refused + 1;
    END;
  END LOOP;
  ASSERT refused = 2 * length(bytes);
END $$;

-- The comparisons find differences: another member more, another day.
CREATE TABLE other_gym AS SELECT * FROM gym UNION ALL SELECT 'g', '2024-02-01', '2024-03-02';
SELECT 'rows' AS question, c.* FROM members_of_gym, oracle.compare_membership_rows(m, 'gym') c
UNION ALL SELECT 'others', c.* FROM members_of_gym, oracle.compare_membership_rows(m, 'other_gym') c
UNION ALL SELECT 'churn', c.* FROM members_of_gym, oracle.compare_churn_of_memberships(m, 'gym', 'week') c
UNION ALL SELECT 'others', c.* FROM members_of_gym, oracle.compare_churn_of_memberships(m, 'other_gym', 'week') c
UNION ALL SELECT 'cohorts', c.* FROM members_of_gym, oracle.compare_cohorts_of_memberships(m, 'gym', 'week') c
UNION ALL SELECT 'others', c.* FROM members_of_gym, oracle.compare_cohorts_of_memberships(m, 'other_gym', 'week') c;

-- Real orders as memberships, of a tenth of the members: in from an order until some days after it, if there is no other before.
CREATE FUNCTION spells_of(orders text, days int) RETURNS TABLE (member bigint, joined date, ended date) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format($q$
    SELECT member_id::bigint, min(day), max(day) + %2$s
    FROM (SELECT *, sum((day > before + %2$s)::int) OVER (PARTITION BY member_id ORDER BY day) AS spell
          FROM (SELECT member_id, day, lag(day, 1, day) OVER (PARTITION BY member_id ORDER BY day) AS before
                FROM (%1$s) o) o) o
    GROUP BY member_id, spell $q$, orders, days);
END $$;
CREATE TABLE shop_spells AS SELECT * FROM spells_of($$SELECT member_id, (ordered_at AT TIME ZONE 'UTC')::date AS day FROM orders WHERE member_id % 10 = 0$$, 45);
CREATE TABLE music_spells AS SELECT * FROM spells_of('SELECT member_id, ordered_on AS day FROM cdnow WHERE member_id % 100 = 0', 90);
SELECT t.tbl, v.question, v.answers > 0 AS answered, v.wrong
FROM (SELECT 'shop_spells' AS tbl, retention.membership_agg(member, joined, ended) AS m FROM shop_spells
      UNION ALL SELECT 'music_spells', retention.membership_agg(member, joined, ended) FROM music_spells) t,
     LATERAL (
       SELECT 'rows' AS question, * FROM oracle.compare_membership_rows(t.m, t.tbl)
       UNION ALL SELECT 'churn', * FROM oracle.compare_churn_of_memberships(t.m, t.tbl, 'month', as_of => '2011-12-09')
       UNION ALL SELECT 'churn in 30 days', * FROM oracle.compare_churn_of_memberships(t.m, t.tbl, '30 days')
       UNION ALL SELECT 'cohorts', * FROM oracle.compare_cohorts_of_memberships(t.m, t.tbl, 'month')
       UNION ALL SELECT 'cohorts in 90 days', * FROM oracle.compare_cohorts_of_memberships(t.m, t.tbl, '90 days')
     ) v
WHERE NOT (tbl = 'music_spells' AND question = 'churn')
ORDER BY 1, 2;

-- Random tables of spells: for every member some spells that follow each other, touch, overlap, hold no day, or come twice; a tenth
-- without an end or with one far away; rows that are none. Times of day in the zones and at the clock changes of
-- tests/judge/tables.sql.
CREATE TABLE oracle.spells_spec AS
SELECT id, oracle.one_of(oracle.u(1, id), '{bigint,uuid,text}'::text[]) AS member_type,
       oracle.one_of(oracle.u(2, id), '{date,timestamp,timestamptz,timestamptz}'::text[]) AS time_type,
       k.zone AS a_zone, oracle.u(3, id) < 0.6 AS zone_is_passed, k.moment,
       oracle.one_of(oracle.u(4, id), '{day,week,month,quarter,year,1 days,7 days,30 days,100 days}'::text[]) AS period,
       1 + floor(30 * oracle.u(5, id))::int AS members, 1 + floor(6 * oracle.u(6, id))::int AS spells,
       oracle.one_of(oracle.u(7, id), '{3,20,60}'::int[]) AS days,
       oracle.one_of(oracle.u(10, id), '{0,0.3,1,2}'::float8[]) AS overlap,
       oracle.one_of(oracle.u(11, id), '{0,0.1,1}'::float8[]) AS twice,
       oracle.one_of(oracle.u(8, id), '{default,later,earlier}'::text[]) AS as_of,
       oracle.one_of(oracle.u(9, id), '{0.9,0.95,0.99}'::float8[]) AS confidence
FROM generate_series(1, 150) id
     JOIN (SELECT row_number() OVER (ORDER BY zone COLLATE "C", moment) AS n, c.* FROM oracle.clock c WHERE moment > '1900-01-01') k
     ON k.n = 1 + id % (SELECT count(*) FROM oracle.clock WHERE moment > '1900-01-01');
CREATE PROCEDURE oracle.make_spells() LANGUAGE plpgsql AS $$
DECLARE s oracle.spells_spec;
BEGIN
  FOR s IN SELECT * FROM oracle.spells_spec ORDER BY id LOOP
    EXECUTE format('CREATE TABLE random.m%s (member %s, joined %s, ended %3$s) WITH (parallel_workers = 2, fillfactor = 10)',
                   s.id, s.member_type, s.time_type);
    EXECUTE format($q$
      WITH drawn AS (
        SELECT m, k, $1.id * 100000 + m * 100 + k AS i,
               CASE WHEN oracle.u(11, $1.id * 100000 + m * 100 + k) < 0.25 AND k > 1 THEN 0
                    ELSE floor($1.days * ((1 + $1.overlap) * oracle.u(12, $1.id * 100000 + m * 100 + k) - $1.overlap))::int END AS gap,
               CASE WHEN oracle.u(10, $1.id * 100000 + m * 100 + k) < 0.05 THEN 0
                    ELSE 1 + floor($1.days * oracle.u(13, $1.id * 100000 + m * 100 + k))::int END AS length
        FROM generate_series(1, $1.members) m, generate_series(1, 1 + floor($1.spells * oracle.u(14, $1.id * 100 + m))::int) k
      ),
      placed AS (
        SELECT *, ($1.moment AT TIME ZONE $1.a_zone)::date - 40 + (sum(gap + length) OVER w - length)::int AS joined,
               ($1.moment AT TIME ZONE $1.a_zone)::date - 40 + (sum(gap + length) OVER w)::int AS ended,
               k = max(k) OVER (PARTITION BY m) AS is_last
        FROM drawn WINDOW w AS (PARTITION BY m ORDER BY k)
      ),
      timed AS (
        SELECT *, oracle.one_of(oracle.u(15, i), '{00:00,23:59:59.999999,12:00}'::time[]) AS at,
               oracle.one_of(oracle.u(16, i), '{00:00,23:59:59.999999,06:30}'::time[]) AS until,
               CASE WHEN is_last AND oracle.u(17, i) < 0.3 THEN oracle.one_of(oracle.u(18, i), '{infinity,9999-12-31,""}'::text[]) END AS open
        FROM placed, generate_series(1, 1 + (oracle.u(22, i) < $1.twice)::int)
      )
      INSERT INTO random.m%1$s
      SELECT CASE WHEN oracle.u(19, i) > 0.03 THEN oracle.member_name($1.member_type, m) END::%2$s,
             CASE WHEN oracle.u(20, i) > 0.03 THEN %4$s END,
             CASE WHEN open IS NULL THEN greatest(%4$s, %5$s) ELSE nullif(open, '')::%3$s END
      FROM timed ORDER BY hashint8extended(i, 21) $q$,
      s.id, s.member_type, s.time_type,
      CASE s.time_type WHEN 'date' THEN 'joined' WHEN 'timestamp' THEN 'joined + at'
        ELSE '(joined + at) AT TIME ZONE $1.a_zone' END,
      CASE s.time_type WHEN 'date' THEN 'ended' WHEN 'timestamp' THEN 'ended + until'
        ELSE '(ended + until) AT TIME ZONE $1.a_zone' END) USING s;
  END LOOP;
END $$;
CALL oracle.make_spells();
-- The questions, in the shape that oracle.ask_all wants.
CREATE TABLE oracle.spec_of_histories AS TABLE oracle.spec;
DELETE FROM oracle.spec WHERE id NOT IN (SELECT id FROM oracle.spells_spec);
UPDATE oracle.spec s SET session_zone = CASE WHEN p.time_type = 'timestamptz' AND NOT p.zone_is_passed THEN p.a_zone ELSE s.session_zone END
FROM oracle.spells_spec p WHERE p.id = s.id;
CREATE FUNCTION oracle.questions(spec oracle.spec) RETURNS TABLE (question text, query text)
LANGUAGE plpgsql AS $$
DECLARE
  s oracle.spells_spec := (SELECT p FROM oracle.spells_spec p WHERE p.id = spec.id);
  t text := 'random.m' || s.id;
  zone text := CASE WHEN s.time_type = 'timestamptz' AND s.zone_is_passed THEN s.a_zone END;
  agg text := 'retention.membership_agg(member, joined, ended' || CASE WHEN zone IS NULL THEN ')' ELSE format(', %L)', zone) END;
  m text := format('(SELECT %s FROM %s)', agg, t);
  days date[] := (SELECT array_agg(d ORDER BY d) FROM (SELECT joined FROM oracle.spells(t, zone) UNION SELECT ended FROM oracle.spells(t, zone) WHERE ended IS NOT NULL) d (d));
  as_of date := CASE s.as_of WHEN 'later' THEN days[cardinality(days)] + floor(oracle.u(1, s.id) * 60)::int
                             WHEN 'earlier' THEN oracle.one_of(oracle.u(2, s.id), days) END;
BEGIN
  RETURN QUERY SELECT v.name, 'SELECT * FROM oracle.' || v.call FROM (VALUES
    ('membership_rows, members', format('compare_membership_rows(%s, %L, %L)', m, t, zone)),
    ('churn', format('compare_churn_of_memberships(%s, %L, %L, %L, %L, %s)', m, t, s.period, zone, as_of, s.confidence)),
    ('cohorts', format('compare_cohorts_of_memberships(%s, %L, %L, %L, %L, %s)', m, t, s.period, zone, as_of, s.confidence)),
    ('churn_members', format('compare_churn_members_of_memberships(%s, %L, %L, %L, %L)', m, t, s.period, zone, as_of)),
    ('growth, curve, cohort_members', format('compare_more_of_memberships(%s, %L, %L)', m, s.period, as_of)),
    ('any order, any split, twice, parallel, text', format('compare_memberships(%L, %L, %L)', agg, t, zone))
  ) v (name, call);
END $$;
CALL oracle.ask_all('oracle.questions');
SELECT question, count(*) AS tables, count(*) FILTER (WHERE answers > 0) AS with_answers,
       count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY question ORDER BY question COLLATE "C";
\x on
SELECT * FROM random.wrong;
\x off

-- A cancelled query stops, a large one does not mind.
CREATE TABLE many AS SELECT g % 300000 AS member, DATE '2020-01-01' + (g / 300000) * 40 + g % 7 AS joined,
  DATE '2020-01-01' + (g / 300000) * 40 + g % 7 + 30 AS ended FROM generate_series(0, 599999) g;
SELECT period_start, opening, joined, rejoined, departed, closing
FROM (SELECT retention.membership_agg(member, joined, ended) AS m FROM many) s, retention.churn(m, as_of => '2020-04-30');
SELECT count(*), sum(active) FROM (SELECT retention.membership_agg(member, joined, ended) AS m FROM many) s, retention.cohorts(m, '7 days', as_of => '2020-04-30');
