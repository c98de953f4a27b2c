-- Refunds are not purchases: a tick may have an amount and no event. Line items are not orders.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = public, retention;

CREATE TEMP TABLE orders (member text, at date, amount numeric);
INSERT INTO orders VALUES
    ('u1', '2024-01-05', 100), ('u1', '2024-01-20', -100),
    ('u2', '2024-01-10', 60), ('u2', '2024-03-01', 40), ('u2', '2024-03-05', -10),
    ('u3', '2024-02-01', 30), ('u4', '2024-02-02', -7);
CREATE TEMP TABLE h AS
SELECT history_agg(member, at, amount, 'day', NULL, (amount < 0) IS NOT TRUE) AS h FROM orders;

-- What is inside; and who is a member. Of u4 there is money alone.
SELECT r.member, r.at, r.events, r.amount FROM h, history_rows(h) r ORDER BY member, at;
SELECT members(h), events(h), first_at(h), last_at(h) FROM h;
-- The issue's numbers: frequency 1, 2, 1; recency from the last purchase; money 0, 90, 30; repeat purchases 0, 1, 0.
SELECT r.member, r.recency, r.frequency, r.monetary FROM h, rfm(h, map => 'none', bins => 2) r ORDER BY member;
SELECT b.* FROM h, btyd(h, unit => 'day') b ORDER BY member;
SELECT r.purchase_number, r.members, r.rate FROM h, repurchase(h) r ORDER BY 1;
SELECT v.* FROM h, value_summary(h) v \gx
SELECT c.cohort, c.period_number, c.members, c.active, c.amount FROM h, cohorts(h, 'month') c ORDER BY 1, 2;
SELECT c.cohort, c.period_number, c.members, c.active, c.amount FROM h, cohorts(h, 'month', entry => 'recurring') c ORDER BY 1, 2;
SELECT c.cohort, c.period_number, c.members, c.active, c.amount FROM h, cohorts(h, '20 days', mode => 'on or after') c ORDER BY 1, 2;
SELECT c.period_start, c.opening, c.new, c.retained, c.churned, c.closing FROM h, churn(h, 'month') c ORDER BY 1;
SELECT t.member, t.value, t.tier FROM h, tiers(h, '{"window": "40 days", "tiers": [{"name": "Silver", "from": 25}]}') t ORDER BY 1;
SELECT t.member, t.value, t.tier FROM h, tiers(h, '{"by": "events", "tiers": [{"name": "Twice", "from": 2}]}') t ORDER BY 1;
SELECT e.day, e.mau FROM h, engagement(h) e WHERE day IN ('2024-01-05', '2024-02-02', '2024-03-05') ORDER BY 1;
-- A purchase after as_of is none yet, and the money of its member does not count.
SELECT v.members, v.orders, v.revenue
FROM (SELECT history_agg(m, d, a, 'day', NULL, a > 0) AS h
      FROM (VALUES (1, date '2024-01-01', 5.0), (2, '2024-01-02', -3), (2, '2024-02-01', 9)) v(m, d, a)) s, value_summary(h, 'day', as_of => '2024-01-31') v;

-- is_event: NULL is an event; without an event and without an amount a row is nothing.
SELECT r.* FROM (SELECT history_agg(m, timestamp '2024-01-01', a, 'day', NULL, e) AS h
                 FROM (VALUES (1, 5.0, NULL), (2, NULL, false), (3, 0, false), (4, NULL, true)) v(m, a, e)) s, history_rows(h) r ORDER BY 1;
SELECT history_agg(1, timestamptz '2024-01-01', NULL::float8, 'day', 'UTC', false) IS NULL AS nothing;
-- Of money alone there is a history, and nobody in it.
SELECT members(h), events(h), (SELECT count(*) FROM rfm(h)) AS rfm, (SELECT count(*) FROM cohorts(h)) AS cohorts,
       (SELECT count(*) FROM value_summary(h)) AS value, (SELECT sum(closing) FROM churn(h)) AS closing, (SELECT count(*) FROM btyd(h)) AS btyd
FROM (SELECT history_agg(1, date '2024-01-01', -5::bigint, 'day', NULL, false) AS h) s;
-- With starts, who has refunds alone is a member of its cohort, and not active.
SELECT c.cohort, c.period_number, c.members, c.active, c.amount
FROM h, (SELECT history_agg(m, d) AS starts FROM (VALUES ('u4', date '2024-01-31'), ('u3', '2024-01-30')) v(m, d)) s,
     cohorts(h, 'month', entry => 'starts', starts => starts) c ORDER BY 1, 2;

-- history_of tells refunds by their sign, if it is told to; else it says how many there are.
SELECT history_of('orders', 'member', 'at', 'amount', negative => 'refund') = h AS same FROM h;
SELECT events(history_of('orders', 'member', 'at', 'amount'));
SELECT events(history_of('orders', 'member', 'at'));
SELECT history_of('orders', 'member', 'at', 'amount', negative => 'ignore');
SELECT history_of('orders', 'member', 'at', negative => 'refund');

-- A row for each item of an order. Real ones, of 24 customers of the web shop.
CREATE TEMP TABLE lines (order_id int, at timestamp, amount numeric, member_id bigint);
\copy lines FROM 'tests/reference/order_lines.csv' (FORMAT csv, HEADER)
SELECT count(*) AS lines, count(DISTINCT order_id) AS orders, count(DISTINCT member_id) AS members FROM lines;
CREATE TEMP TABLE by_order AS
SELECT history_of('lines', 'member_id', 'at', 'amount', order_id => 'order_id') AS h,
       (SELECT history_agg(member_id, at, amount)
        FROM (SELECT member_id, min(at) AS at, sum(amount) AS amount FROM lines GROUP BY member_id, order_id) o) AS by_hand;
SELECT h = by_hand AS same FROM by_order;
SELECT of_lines.repurchase_rate AS of_lines, v.repurchase_rate, e.rate AS judge, v.orders = e.orders AS orders, v.aov = e.aov AS aov,
       days.repurchase_rate = e.days AS days
FROM by_order, value_summary(h) v, history_of('lines', 'member_id', 'at', 'amount') hl, value_summary(hl) of_lines, value_summary(hl, distinct_days => true) days,
     (SELECT avg((orders > 1)::int)::float8 AS rate, sum(orders) AS orders, round(sum(amount) / sum(orders), 6) AS aov, avg((days > 1)::int)::float8 AS days
      FROM (SELECT count(DISTINCT order_id) AS orders, sum(amount) AS amount, count(DISTINCT at::date) AS days FROM lines GROUP BY member_id) m) e;
-- An order that is given back is one refund, and rows without an order stand for themselves.
INSERT INTO lines VALUES (1, '2012-01-02', 5, 1), (1, '2012-01-01', 6, 1), (2, '2012-01-03', 5, 1), (2, '2012-01-03', -16, 1),
                         (NULL, '2012-01-04', 1, 1), (NULL, '2012-01-04', 1, 1), (NULL, NULL, 1, 1);
SELECT r.* FROM history_rows(history_of('lines', 'member_id', 'at', 'amount', negative => 'refund', order_id => 'order_id'), 1) r WHERE member = 1 ORDER BY at;
SELECT events(history_of('lines', 'member_id', 'at', 'amount', order_id => 'order_id'));
SELECT value_summary(h, 'year', distinct_days => true) FROM (SELECT history_agg(1, date '2024-01-01', 1::bigint, 'month') AS h) s;

-- Values of 0.1, in version 1 of the bytes, as its tables hold them: they read, and they compare as what they hold.
-- As a table holds them: numeric_uplus copies whatever it is given.
CREATE FUNCTION pg_temp.as_stored(bytea) RETURNS history LANGUAGE internal STRICT AS 'numeric_uplus';
CREATE TEMP TABLE old (name text, h history);
INSERT INTO old VALUES
    ('plain', pg_temp.as_stored(decode('01000300030b0c8080ec98dee89e028080c484fc909f0288729872080c0b0002030f0284c1010388720005000600000300020001000000000000000000008d90105ab595e17c', 'hex'))),
    ('amounts', pg_temp.as_stored(decode('01000300030b0c8080ec98dee89e028080c484fc909f0288729872080c0b2902030f0284c101038872000500060000030002000100000000000000000000e1978813e1a9fc14e1c4ea17e0d6de19e1cde418e1dfd81ae1a08214e1fac61d00e1f1cc1ce1b2f615419bb21264cdbcd9', 'hex')));
SELECT name, get_byte(decode(h::text, 'base64'), 0) AS text_in_version, r.* FROM old, history_rows(h) r ORDER BY name DESC, member, at;
CREATE TEMP TABLE today AS
SELECT name, (SELECT history_agg(member::bigint, at::date, amount) FROM
                (SELECT r.member, r.at, CASE WHEN i = 1 THEN r.amount END AS amount FROM history_rows(h) r, generate_series(1, r.events) i) e) AS h
FROM old;
SELECT o.name, t.name, o.h = t.h AS eq, t.h = o.h AS eq_2, o.h <> t.h AS ne, o.h < t.h AS lt, o.h > t.h AS gt, o.h <= t.h AS le, retention_internal.history_cmp(o.h, t.h),
       retention_internal.history_hash(o.h) = retention_internal.history_hash(t.h) AS hash, retention_internal.history_hash_extended(o.h, 7) = retention_internal.history_hash_extended(t.h, 7) AS hash_extended,
       o.h::text = t.h::text AS text, retention_internal.history_send(o.h) = retention_internal.history_send(t.h) AS send
FROM old o, today t ORDER BY 1, 2;
SELECT count(DISTINCT h) FROM (TABLE old UNION ALL TABLE today) t;
SELECT name, rollup(h) = (SELECT rollup(h) FROM (SELECT h FROM today t WHERE t.name = b.name UNION ALL SELECT h FROM today t WHERE t.name = b.name) u) AS rolled_up
FROM (TABLE old UNION ALL TABLE today) b GROUP BY name ORDER BY name;
-- A dump of 0.1 is read into today's version.
SELECT encode(retention_internal.history_send('AQADAAMLDICA7Jje6J4CgIDEhPyQnwKIcphyCAwLAAIDDwKEwQEDiHIABQAGAAADAAIAAQAAAAAAAAAAAACNkBBatZXhfA=='::history), 'hex') AS today;

-- Random tables whose negative amounts are refunds, against plain SQL.
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\i tests/judge/retention/cohorts.sql
\i tests/judge/ask.sql
\i tests/judge/history/refunds.sql
\set ECHO all
-- Some of the tables will do: each is of another kind.
DELETE FROM oracle.spec WHERE id % 7 <> 0 OR amount_type = 'none';
CALL oracle.make_all();
SELECT count(*) > 25 AS enough_tables FROM oracle.spec;
SET client_min_messages = warning;
CALL oracle.ask_all('oracle.refund_questions');
RESET client_min_messages;
SELECT question, count(*) > 20 AS enough, count(*) FILTER (WHERE answers > 0) > 15 AS with_answers, count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY question ORDER BY question COLLATE "C";
\x on
SELECT * FROM random.wrong;
