-- What a refresh reads, what it finds, and what it leaves alone.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.same(schema text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    -- The views against one history of all rows, and each history against the rows.
    EXECUTE format('SELECT (SELECT count(*) FROM retention.verify(%1$L)) || '' histories and '' || count(*) || '' days differ''
        FROM (SELECT day, dau, mau FROM %1$I.engagement) e
             FULL JOIN (SELECT r.* FROM (SELECT retention.history_agg(member, at, amount, ''day'', ''UTC'', true) AS h FROM %1$I.source_rows) s, retention.engagement(s.h, as_of => (SELECT as_of FROM %1$I.freshness)) r) r
                       USING (day) WHERE (e.dau, e.mau) IS DISTINCT FROM (r.dau, r.mau)', schema) INTO answer;
    RETURN answer;
END $$;
CREATE INDEX ON orders (ordered_at);
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', amount => 'amount', schema => 'shop', by => '{country}', zone => 'UTC', buckets => 4);
SELECT pg_temp.same('shop'), as_of, exact FROM shop.freshness;
CREATE TABLE kept AS SELECT 'span' AS what, ctid AS place, strata, bucket, span FROM shop.histories UNION ALL SELECT 'base', ctid, strata, bucket, closed_to FROM shop.bases;

-- New rows in the newest span: that span and the one before are read, two histories written, and no base.
INSERT INTO orders VALUES (900001, 12347, '2011-12-09 20:00+00', 10, 'Iceland'), (900002, 99999, '2011-12-10 08:00+00', 20, 'Atlantis');
CALL retention.refresh('shop');
SELECT pg_temp.same('shop'), as_of, exact FROM shop.freshness;
SELECT spans_read, rows_read = (SELECT count(*) FROM orders WHERE ordered_at >= '2011-11-01+00') AS rows_of_two_spans FROM retention.published();
CREATE FUNCTION pg_temp.written() RETURNS TABLE (what text, written bigint) LANGUAGE sql AS $$
    SELECT what, count(*) FILTER (WHERE k.place IS NULL) FROM (SELECT 'span' AS what, ctid AS place, strata, bucket, span FROM shop.histories UNION ALL SELECT 'base', ctid, strata, bucket, closed_to FROM shop.bases) n
           LEFT JOIN kept k USING (what, place, strata, bucket, span) GROUP BY 1 ORDER BY 1 $$;
SELECT * FROM pg_temp.written();
-- A change in the span before is seen: one span, and no base, which end with it. Older rows are not seen ...
UPDATE orders SET amount = amount + 1 WHERE order_id = 581585;
DELETE FROM orders WHERE member_id = 12348 AND ordered_at < '2011-02-01+00';
INSERT INTO orders VALUES (900003, 12347, '2011-11-15 20:00+00', 10, 'Iceland'), (900004, 12347, '2011-03-03 20:00+00', 10, 'Iceland');
CALL retention.refresh('shop');
SELECT pg_temp.same('shop');
SELECT strata, span, problem, events, events_published FROM retention.verify('shop') ORDER BY 2, 1;
-- ... until everything is read.
CALL retention.refresh('shop', full => true);
SELECT pg_temp.same('shop'), exact FROM shop.freshness;
SELECT * FROM pg_temp.written();
-- The month turns: bases grow.
INSERT INTO orders SELECT order_id + 10000000, member_id, '2012-02-03 10:00+00', amount, country FROM orders WHERE ordered_at BETWEEN '2011-12-08+00' AND '2011-12-09+00';
CALL retention.refresh('shop');
SELECT pg_temp.same('shop'), as_of FROM shop.freshness;
SELECT DISTINCT closed_to FROM shop.bases ORDER BY 1;
-- Damage in a base is seen.
UPDATE shop.bases SET h = retention.slice(h, '2011-02-01', NULL) WHERE strata = '{France}' AND bucket = 1;
SELECT strata, bucket, problem FROM retention.verify('shop');
CALL retention.refresh('shop', full => true);
SELECT strata, bucket, problem FROM retention.verify('shop');
DELETE FROM shop.bases WHERE strata = '{France}';
CALL retention.refresh('shop', full => true);
SELECT pg_temp.same('shop');
-- All rows gone.
DELETE FROM orders;
CALL retention.refresh('shop', full => true);
SELECT pg_temp.same('shop'), (SELECT count(*) FROM shop.cohorts) AS cohorts, (SELECT count(*) FROM shop.members) AS members, as_of FROM shop.freshness;

-- Days of a zone: the same instants in two, and where a clock was set back over midnight, days and not instants decide.
CREATE TABLE calls (who int, at timestamptz);
INSERT INTO calls SELECT i % 7, timestamptz '2009-10-31 20:00+00' + i * interval '10 seconds' FROM generate_series(1, 5000) i;
CREATE INDEX ON calls (at);
CALL retention.publish('calls', member => 'who', at => 'at', schema => 'utc', zone => 'UTC');
CALL retention.publish('calls', member => 'who', at => 'at', schema => 'john', zone => 'America/St_Johns');
SELECT (SELECT array_agg(day || ' ' || dau ORDER BY day) FROM utc.engagement) AS utc, (SELECT array_agg(day || ' ' || dau ORDER BY day) FROM john.engagement) AS st_johns;
SELECT span, retention.events(h), (SELECT count(*) FROM calls WHERE date_trunc('month', at AT TIME ZONE 'America/St_Johns') = span) AS plain_sql FROM john.histories ORDER BY 1;
SELECT retention_internal.publish_in_days('{[2009-11-01,2009-12-01)}', '{"zone": "America/St_Johns", "time_type": "timestamptz"}') AS not_sharp,
       retention_internal.publish_in_days('{[2009-11-01,2009-12-01),[2010-01-01,)}', '{"zone": "Asia/Shanghai", "time_type": "timestamptz"}') AS sharp,
       retention_internal.publish_in_days('{(,2009-12-01)}', '{"time_type": "date"}') AS dates;
UPDATE calls SET who = who + 1 WHERE (at AT TIME ZONE 'America/St_Johns')::date = '2009-10-31';
CALL retention.refresh('john', full => false);
SELECT count(*) FROM retention.verify('john');
-- Sessions with other settings read and show the same.
SET timezone = 'America/New_York'; SET datestyle = 'German'; SET intervalstyle = 'sql_standard'; SET extra_float_digits = -3;
CALL retention.refresh('john', full => true);
SELECT count(*) FROM retention.verify('john');
RESET timezone; RESET datestyle; RESET intervalstyle; RESET extra_float_digits;

-- Up to when: a date, yesterday, and never after today.
SET client_min_messages = notice;
CREATE TABLE days (who int, at date, amount int);
CREATE INDEX ON days (at);
INSERT INTO days SELECT i, current_date - i, 1 FROM generate_series(0, 40) i;
CALL retention.publish('days', member => 'who', at => 'at', amount => 'amount', schema => 'last', zone => 'UTC', model => 'none');
CALL retention.publish('days', member => 'who', at => 'at', amount => 'amount', schema => 'yesterday', zone => 'UTC', as_of => 'Yesterday', model => 'none');
CALL retention.publish('days', member => 'who', at => 'at', amount => 'amount', schema => 'fixed', as_of => '2020-02-29', model => 'none');
SELECT current_date - l.as_of AS last, current_date - y.as_of AS yesterday, f.as_of, (SELECT count(*) FROM fixed.members) AS members FROM last.freshness l, yesterday.freshness y, fixed.freshness f;
INSERT INTO days VALUES (1, '2999-12-31', 1);
CALL retention.refresh('last', full => true);
CALL retention.refresh('last', full => true);
SELECT current_date - as_of AS last, last_day AS stray FROM last.freshness;
SELECT count(*) FROM retention.verify('last');

-- Orders: lines of a member, an order and a day are one event.
SET client_min_messages = notice;
CREATE TABLE lines (member bigint, invoice text, at timestamptz, price float8, shop int);
CREATE INDEX ON lines (at);
INSERT INTO lines VALUES (1, 'a', '2024-01-05 10:00+00', 5, 1), (1, 'a', '2024-01-05 11:00+00', 7, 1), (1, 'b', '2024-01-05 12:00+00', 1, 2), (1, 'b', '2024-01-06 12:00+00', 1, 2),
    (1, 'b', '2024-02-06 12:00+00', 1, 2), (2, 'a', '2024-01-05 10:00+00', 3, 3), (2, 'c', '2024-01-09 10:00+00', 3, 3), (2, 'c', '2024-01-09 11:00+00', -9, 1), (3, NULL, '2024-01-10 10:00+00', 1, NULL), (3, NULL, '2024-01-10 10:00+00', 1, NULL);
CALL retention.publish('lines', member => 'member', at => 'at', amount => 'price', schema => 'by_order', order_id => 'invoice', by => '{shop}', zone => 'UTC', model => 'none', lookback => '6 months');
SELECT members, orders, revenue FROM by_order.value;
SELECT shop, pg_typeof(shop), members, orders, revenue FROM by_order.value_by;
SELECT count(*) FROM retention.verify('by_order');
CALL retention.publish('lines', member => 'member', at => 'at', amount => 'price', schema => 'refunds', order_id => 'invoice', negative => 'refund', zone => 'UTC', model => 'none', lookback => '6 months');
SELECT members, orders, revenue FROM refunds.value;
-- Many months become quarters.
CREATE TABLE long (who int, at date);
CREATE INDEX ON long (at);
INSERT INTO long SELECT i % 5, date '2000-01-15' + i * 20 FROM generate_series(0, 300) i;
CALL retention.publish('long', member => 'who', at => 'at', schema => 'quarters', model => 'none', members => false);
SELECT count(*) AS spans, min(span), max(span) FROM quarters.histories;
SELECT count(*) FROM retention.verify('quarters');
INSERT INTO long VALUES (7, '2016-06-01');
CALL retention.refresh('quarters');
SELECT spans_read, rows_read FROM retention.published() WHERE schema = 'quarters';
SELECT count(*) FROM retention.verify('quarters');
