-- Who may, what is refused before anything is made, and what becomes of it when the source changes.
\set SHOW_CONTEXT never
CREATE INDEX ON orders (ordered_at);
-- Errors before anything is made.
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at');
CALL retention.publish('orders', member => 'who', at => 'ordered_at', schema => 's');
CALL retention.publish('orders', member => 'ordered_at', at => 'ordered_at', schema => 's');
CALL retention.publish('orders', member => 'member_id', at => 'amount', schema => 's');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', amount => 'country', schema => 's');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', by => '{country,nation}');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', by => '{country,country}');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', order_id => 'invoice');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 'public');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 'pg_mine');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC+8');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', as_of => 'tomorrow');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', as_of => '2011-02-30');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', reader => 'nobody_there');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', negative => 'refund');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', silence => '3 moons');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', span => 'day');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', buckets => 0);
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', model => 'crystal ball');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', segment_map => 'rf11');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', tiers => '{"by": "amount", "tiers": [{"name": "A", "from": 0}]}');
SELECT count(*) FROM retention.publish_plan('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', lookback => 'a bit');
CREATE VIEW with_cohort AS SELECT *, country AS cohort FROM orders;
CALL retention.publish('with_cohort', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', by => '{cohort}');
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE FUNCTION say(mood) RETURNS text LANGUAGE sql AS 'SELECT ''mine''::text';
CREATE TABLE moods AS SELECT 1 AS who, date '2024-01-01' AS at, 'good'::mood AS mood;
CALL retention.publish('moods', member => 'who', at => 'at', schema => 'm', by => '{mood}', lookback => '1 year', members => false);
SELECT mood, pg_typeof(mood), members FROM m.value_by;
CREATE CAST (mood AS text) WITH FUNCTION say(mood);
CALL retention.publish('moods', member => 'who', at => 'at', schema => 's', by => '{mood}');
CALL retention.unpublish('m');
CREATE TEMP TABLE short_lived AS SELECT * FROM orders;
CALL retention.publish('short_lived', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC');
-- Rules of tags: no SQL.
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', tag_rules => '[{"name": "x", "all": [["amount", ">= 0 OR true --", 1]]}]');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', tag_rules => '[{"name": "x", "all": [["amount) OR (true", ">=", 1]]}]');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', tag_rules => '[{"name": "x", "all": [["amount", ">=", "1 OR true"]]}]');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', tag_rules => '[{"name": "x", "any": [["amount", ">=", 1]]}]');
SELECT retention_internal.publish_tags('[{"name": "it''s", "all": [["segment", "=", "Can''t lose them"], ["recency", "<", 5]]}]');
SELECT to_regnamespace('s') IS NULL AS nothing_made;
-- At most 1,000 strata.
CREATE VIEW by_order AS SELECT *, order_id AS number FROM orders WHERE order_id IN (SELECT order_id FROM orders ORDER BY order_id LIMIT 1001);
CALL retention.publish('by_order', member => 'member_id', at => 'ordered_at', schema => 's', zone => 'UTC', by => '{number}', members => false);
SELECT to_regnamespace('s') IS NULL AS nothing_made;

-- Names that want quoting, of every kind, and somebody's search_path.
SET client_min_messages = warning;
CREATE SCHEMA "Odd ""One""";
CREATE TABLE "Odd ""One""".".;--" ("Member's" text, "at %s" timestamptz, "a""b" numeric, "%I" text);
INSERT INTO "Odd ""One""".".;--" SELECT member_id, ordered_at, amount, country FROM orders;
CREATE FUNCTION public.count(anyelement) RETURNS bigint LANGUAGE sql AS 'SELECT -1::bigint';
CREATE FUNCTION public.date_trunc(text, timestamp) RETURNS timestamp LANGUAGE sql AS 'SELECT ''1999-01-01''::timestamp';
SET search_path = public, pg_catalog;
CALL retention.publish('"Odd ""One""".".;--"', member => 'Member''s', at => 'at %s', amount => 'a"b', schema => 'O''Brien "x"; %L', by => '{%I}', zone => 'UTC', track => true, model => 'none');
INSERT INTO "Odd ""One""".".;--" VALUES ('12347', '2011-03-03', 1, 'Mars');
CALL retention.refresh('O''Brien "x"; %L');
RESET search_path;
SELECT "%I", members FROM "O'Brien ""x""; %L".value_by ORDER BY members DESC, 1 LIMIT 2;
SELECT members, orders FROM "O'Brien ""x""; %L".value;
SELECT count(*) FROM retention.verify('O''Brien "x"; %L');
CALL retention.unpublish('O''Brien "x"; %L');
SELECT to_regnamespace('"O''Brien ""x""; %L"') IS NULL AS gone;
DROP FUNCTION public.count(anyelement); DROP FUNCTION public.date_trunc(text, timestamp);

-- Who may: the owner alone, superusers neither; a reader sees the views and nothing below them.
CREATE ROLE publish_owner; CREATE ROLE publish_bi; CREATE ROLE publish_other;
SELECT format('GRANT CREATE ON DATABASE %I TO publish_owner', current_database()) \gexec
SET ROLE publish_owner;
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 'loyalty', zone => 'UTC');
RESET ROLE;
GRANT SELECT ON orders TO publish_owner;
SET ROLE publish_owner;
SET client_min_messages = notice;
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', amount => 'amount', schema => 'loyalty', zone => 'UTC', reader => 'publish_bi');
SELECT DISTINCT what, object, statement FROM retention.publish_plan('orders', member => 'member_id', at => 'ordered_at', schema => 'l', zone => 'UTC', reader => 'publish_bi', members => false, by => '{country}')
WHERE what IN ('schema', 'grant') OR object = 'source_rows' ORDER BY 1, 3;
SELECT count(*) > 300 AS statements, array_agg(DISTINCT what ORDER BY what) FROM retention.publish_plan('orders', member => 'member_id', at => 'ordered_at', schema => 'l', zone => 'UTC', by => '{country}');
CALL retention.refresh('loyalty');
SET ROLE publish_bi;
SELECT (SELECT members FROM loyalty.value), (SELECT count(*) FROM loyalty.members), (SELECT count(*) FROM loyalty.cohorts), (SELECT as_of FROM loyalty.freshness);
SELECT count(*) FROM loyalty.histories;
SELECT count(*) FROM loyalty.source_rows;
SELECT count(*) FROM loyalty.publication;
SELECT count(*) FROM retention.published();
CALL retention.refresh('loyalty');
SET ROLE publish_other;
SELECT members FROM loyalty.value;
CALL retention.unpublish('loyalty');
SELECT * FROM retention.verify('loyalty');
RESET ROLE;
CALL retention.refresh('loyalty');
CALL retention.refresh('nothing_here');
CREATE TABLE public.publication (settings jsonb, format integer, made text[]);
CALL retention.refresh('public');
DROP TABLE public.publication;
-- Something of somebody else in it.
GRANT CREATE ON SCHEMA loyalty TO publish_other;
SET ROLE publish_other;
CREATE VIEW loyalty.mine AS SELECT 1;
SET ROLE publish_owner;
CALL retention.refresh('loyalty');
RESET ROLE;
DROP VIEW loyalty.mine;
-- A table that looks like a publication runs nothing of its owner's when published() reads it.
CREATE SCHEMA trap;
CREATE TABLE trap.publication (settings jsonb, format integer, refreshed_at timestamptz, spans_read text, exact text, took interval, as_of date, last_day date, took_reading interval, rows_read bigint);
CREATE TABLE trap.histories (strata text[]); CREATE TABLE trap.touched (day date);
ALTER TABLE trap.publication ENABLE ROW LEVEL SECURITY;
SELECT schema, owner FROM retention.published();
ALTER TABLE trap.publication DISABLE ROW LEVEL SECURITY;
INSERT INTO trap.publication (settings, format) VALUES ('{"track": "perhaps"}', 1);
SELECT schema, owner FROM retention.published();

-- Row security of the source does not hold for what is published.
SET ROLE publish_owner;
CREATE SCHEMA owned;
CREATE TABLE owned.secret AS SELECT * FROM public.orders;
CREATE INDEX ON owned.secret (ordered_at);
ALTER TABLE owned.secret ENABLE ROW LEVEL SECURITY;
CALL retention.publish('owned.secret', member => 'member_id', at => 'ordered_at', schema => 'secrets', zone => 'UTC', members => false);
CALL retention.unpublish('secrets');

-- What others build upon it is theirs.
CREATE VIEW owned.report AS SELECT * FROM loyalty.cohorts;
CALL retention.unpublish('loyalty');
DROP VIEW owned.report;
CREATE TABLE loyalty.notes (n int);
CALL retention.unpublish('loyalty');
DROP TABLE loyalty.notes;
ALTER SCHEMA loyalty RENAME TO renamed;
CALL retention.refresh('renamed', full => true);
CALL retention.unpublish('renamed');
SELECT to_regnamespace('loyalty') IS NULL AND to_regnamespace('renamed') IS NULL AS gone;
RESET ROLE;

-- The source changes: renamed columns and tables go on, dropped and altered ones are refused while it is published.
SET client_min_messages = warning;
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', amount => 'amount', schema => 'shop', by => '{country}', zone => 'UTC', track => true, model => 'none');
ALTER TABLE orders RENAME COLUMN ordered_at TO bought_at;
ALTER TABLE orders RENAME COLUMN country TO nation;
ALTER TABLE orders RENAME TO purchases;
ALTER SCHEMA shop RENAME TO store;
INSERT INTO purchases VALUES (900001, 12347, '2011-03-03 20:00+00', 10, 'Mars');
CALL retention.refresh('store');
SELECT spans_read, source FROM retention.published() WHERE schema = 'store';
SELECT count(*) FROM retention.verify('store');
ALTER TABLE purchases ADD COLUMN note text DEFAULT 'x';
INSERT INTO purchases VALUES (900002, 12347, '2011-04-03 20:00+00', 10, 'Mars', 'y');
CALL retention.refresh('store');
SELECT spans_read, (SELECT count(*) FROM retention.verify('store')) FROM retention.published() WHERE schema = 'store';
\set VERBOSITY terse
ALTER TABLE purchases DROP COLUMN amount;
ALTER TABLE purchases ALTER COLUMN amount TYPE float8;
DROP TABLE purchases;
ALTER TABLE purchases DROP COLUMN note;
\set VERBOSITY default
DROP OWNED BY publish_owner, publish_bi, publish_other CASCADE;
DROP ROLE publish_owner, publish_bi, publish_other;
