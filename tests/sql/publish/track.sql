-- With track: every change is seen, however late, old or small, and only its span is read.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE TABLE sales (who int, at timestamptz, amount numeric, place text, CONSTRAINT one UNIQUE (who, at));
INSERT INTO sales SELECT i % 97, timestamptz '2023-01-01 00:00+00' + i * interval '9 hours', i, chr(65 + i % 3) FROM generate_series(1, 1500) i;
CALL retention.publish('sales', member => 'who', at => 'at', amount => 'amount', schema => 't', by => '{place}', zone => 'Asia/Shanghai', track => true, model => 'none', buckets => 2);
-- Waiting days, then a refresh, what it read, and whether all is as the rows are.
CREATE FUNCTION pg_temp.next() RETURNS TABLE (days text, spans text, read bigint, problems bigint, tracked text) LANGUAGE plpgsql AS $$
BEGIN
    SELECT string_agg(DISTINCT day::text, ' ' ORDER BY day::text) INTO days FROM t.touched;
    CALL retention.refresh('t');
    SELECT spans_read, rows_read, exact INTO spans, read, tracked FROM t.publication;
    SELECT count(*) INTO problems FROM retention.verify('t');
    RETURN NEXT;
END $$;
SELECT * FROM pg_temp.next();
-- New, late, changed and deleted rows, and a day that a row has left.
INSERT INTO sales VALUES (5, '2024-07-20 17:00+00', 1, 'A'), (5, '2023-02-03 17:00+00', 1, 'A'), (5, NULL, 1, 'A');
SELECT * FROM pg_temp.next();
UPDATE sales SET amount = 7 WHERE who = 5 AND at = '2023-02-03 17:00+00';
SELECT * FROM pg_temp.next();
UPDATE sales SET at = '2023-05-06 12:00+00' WHERE who = 5 AND at = '2023-02-03 17:00+00';
SELECT * FROM pg_temp.next();
DELETE FROM sales WHERE who = 5 AND at = '2023-05-06 12:00+00';
SELECT * FROM pg_temp.next();
UPDATE sales SET who = 6, place = 'D' WHERE who = 5 AND at > '2024-07-20 16:00+00';
SELECT * FROM pg_temp.next();
-- Nothing: nothing is read.
DELETE FROM sales WHERE who = 12345;
SELECT * FROM pg_temp.next();
-- COPY, ON CONFLICT, a cascade, and what was taken back.
CREATE TABLE people (who int PRIMARY KEY);
INSERT INTO people SELECT generate_series(0, 97);
ALTER TABLE sales ADD FOREIGN KEY (who) REFERENCES people ON DELETE CASCADE;
COPY sales FROM stdin;
1	2023-09-09 12:00:00+00	5	A
\.
INSERT INTO sales VALUES (1, '2023-09-09 12:00+00', 6, 'A'), (1, '2023-10-10 12:00+00', 6, 'B') ON CONFLICT (who, at) DO UPDATE SET amount = EXCLUDED.amount;
SELECT * FROM pg_temp.next();
DELETE FROM people WHERE who = 33;
SELECT (SELECT count(*) FROM t.touched) > 10 AS many_days;
SELECT spans, problems FROM pg_temp.next();
BEGIN;
INSERT INTO sales VALUES (2, '2023-09-09 13:00+00', 6, 'A');
ROLLBACK;
SELECT * FROM pg_temp.next();
-- Sessions that replay changes fire the triggers too.
SET session_replication_role = replica;
INSERT INTO sales VALUES (2, '2023-03-09 13:00+00', 6, 'A');
RESET session_replication_role;
SELECT * FROM pg_temp.next();
TRUNCATE sales;
SELECT * FROM pg_temp.next();
SELECT (SELECT count(*) FROM t.cohorts) AS cohorts, as_of FROM t.freshness;
INSERT INTO sales VALUES (2, '2023-03-09 13:00+00', 6, 'A');
SELECT * FROM pg_temp.next();
-- Disabled triggers are seen, and everything is read as long as they are.
SET client_min_messages = notice;
ALTER TABLE sales DISABLE TRIGGER USER;
INSERT INTO sales VALUES (2, '2023-01-09 13:00+00', 6, 'A');
SELECT * FROM pg_temp.next();
INSERT INTO sales VALUES (2, '2023-02-09 13:00+00', 6, 'A');
ALTER TABLE sales ENABLE TRIGGER USER;
SELECT * FROM pg_temp.next();
SELECT * FROM pg_temp.next();
DROP TRIGGER retention_t_delete ON sales;
CALL retention.refresh('t');
CALL retention.unpublish('t');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'sales'::regclass AND NOT tgisinternal;

-- Partitions, written by their parent and by their own names, at every level; new, attached and detached ones.
SET client_min_messages = warning;
CREATE TABLE events (x text, who bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2024-02-01') TO ('2024-03-01') PARTITION BY HASH (who);
CREATE TABLE events_2_a PARTITION OF events_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE events_2_b (at date NOT NULL, y int, who bigint, x text);
ALTER TABLE events_2_b DROP COLUMN y;
ALTER TABLE events_2 ATTACH PARTITION events_2_b FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO events SELECT 'x', i % 10, date '2024-01-01' + i % 58 FROM generate_series(1, 200) i;
CALL retention.publish('events', member => 'who', at => 'at', schema => 't', track => true, model => 'none', silence => '10 days');
SELECT count(*) AS triggers, count(DISTINCT tgrelid) AS relations FROM pg_trigger WHERE tgname LIKE 'retention_t_%';
INSERT INTO events VALUES ('x', 1, '2024-01-03'), ('x', 1, '2024-02-03');
SELECT * FROM pg_temp.next();
INSERT INTO events_1 VALUES ('x', 2, '2024-01-04');
SELECT * FROM pg_temp.next();
UPDATE events_2_b SET x = 'y' WHERE who IN (SELECT who FROM events_2_b LIMIT 1);
SELECT days <> '' AS some_days, spans, problems FROM pg_temp.next();
DELETE FROM events_2 WHERE at = '2024-02-10';
SELECT * FROM pg_temp.next();
UPDATE events SET at = '2024-01-31' WHERE at = '2024-02-03' AND who = 1;
SELECT * FROM pg_temp.next();
TRUNCATE events_2_a;
SELECT days, spans, problems FROM pg_temp.next();
SET client_min_messages = notice;
CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM ('2024-03-01') TO ('2024-04-01');
INSERT INTO events_3 VALUES ('x', 1, '2024-03-03');
SELECT * FROM pg_temp.next();
INSERT INTO events_3 VALUES ('x', 1, '2024-03-04');
SELECT * FROM pg_temp.next();
CREATE TABLE events_4 AS SELECT 'x' AS x, 5::bigint AS who, date '2024-04-04' AS at;
ALTER TABLE events_4 ALTER at SET NOT NULL;
ALTER TABLE events ATTACH PARTITION events_4 FOR VALUES FROM ('2024-04-01') TO ('2024-05-01');
SELECT * FROM pg_temp.next();
ALTER TABLE events DETACH PARTITION events_1;
SELECT days, spans, problems FROM pg_temp.next();
DROP TABLE events_4;
SELECT days, spans, problems FROM pg_temp.next();
CALL retention.unpublish('t');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgname LIKE 'retention_t_%';

-- What can not be tracked.
CALL retention.publish('events_2', member => 'who', at => 'at', schema => 't', track => true);
CREATE VIEW seen AS SELECT * FROM events;
CALL retention.publish('seen', member => 'who', at => 'at', schema => 't', track => true);
CREATE TABLE parent (who int, at date); CREATE TABLE child () INHERITS (parent);
CALL retention.publish('parent', member => 'who', at => 'at', schema => 't', track => true);
CALL retention.publish('child', member => 'who', at => 'at', schema => 't', track => true);
BEGIN ISOLATION LEVEL REPEATABLE READ;
CALL retention.publish('sales', member => 'who', at => 'at', schema => 't', track => true, zone => 'UTC');
ROLLBACK;

-- Writers: what they need is granted, and said before.
CREATE ROLE track_owner; CREATE ROLE track_writer; CREATE ROLE "track Later"; CREATE ROLE track_column; CREATE ROLE track_publisher;
SELECT format('GRANT CREATE ON DATABASE %I TO track_publisher', current_database()) \gexec
ALTER TABLE sales OWNER TO track_owner;
GRANT SELECT, INSERT, DELETE ON sales TO track_writer; GRANT UPDATE (amount), SELECT ON sales TO track_column;
GRANT SELECT ON sales TO track_publisher;
SET ROLE track_publisher;
CALL retention.publish('sales', member => 'who', at => 'at', amount => 'amount', schema => 't', track => true, zone => 'UTC', model => 'none');
RESET ROLE;
GRANT TRIGGER ON sales TO track_publisher;
SET ROLE track_publisher;
SELECT what, object, statement FROM retention.publish_plan('sales', member => 'who', at => 'at', amount => 'amount', schema => 't', track => true, zone => 'UTC') WHERE what IN ('grant', 'trigger') ORDER BY step;
CALL retention.publish('sales', member => 'who', at => 'at', amount => 'amount', schema => 't', track => true, zone => 'UTC', model => 'none');
SET ROLE track_writer;
INSERT INTO sales VALUES (3, '2023-04-09 13:00+00', 6, 'A');
SELECT count(*) FROM t.touched;
SET ROLE track_column;
UPDATE sales SET amount = 8 WHERE at = '2023-01-09 13:00+00';
SET ROLE track_owner;
UPDATE sales SET amount = 9 WHERE at = '2023-03-09 13:00+00';
GRANT INSERT ON sales TO "track Later";
SET ROLE "track Later";
INSERT INTO sales VALUES (4, '2023-06-09 13:00+00', 6, 'A');
SET ROLE track_publisher;
SELECT * FROM pg_temp.next();
SET ROLE "track Later";
INSERT INTO sales VALUES (4, '2023-06-09 13:00+00', 6, 'A');
SET ROLE track_publisher;
SELECT * FROM pg_temp.next();
CALL retention.unpublish('t');
SET ROLE track_writer;
INSERT INTO sales VALUES (8, '2023-04-09 13:00+00', 6, 'A');
RESET ROLE;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgname LIKE 'retention_t_%';
DROP TABLE sales;
DROP OWNED BY track_owner, track_writer, "track Later", track_column, track_publisher;
DROP ROLE track_owner, track_writer, "track Later", track_column, track_publisher;
