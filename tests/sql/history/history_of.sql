-- history_of, histories_of, history_of_query: a table, its groups, a query, in one call; what each answers to a wrong first guess.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = public, retention;
\set SHOW_CONTEXT never

-- Members of every type that has a meaning as one.
CREATE TYPE tier AS ENUM ('gold', 'silver');
CREATE DOMAIN customer_number AS numeric(12, 2) CHECK (VALUE > 0);
CREATE DOMAIN handle AS varchar(9);
CREATE DOMAIN alias AS handle;
CREATE TABLE sales (i2 int2, i4 int4, i8 int8, n numeric, n2 customer_number, o oid, u uuid, e tier, v varchar(9), c char(6), t text, na name, a alias,
                    half numeric, f float8, b boolean, at timestamptz, local timestamp, day date, said text, seconds bigint, amount numeric(9, 2), price money, region text);
INSERT INTO sales
SELECT m, m, m, m, m, m, ('00000000-0000-0000-0000-00000000000' || m)::uuid, CASE m % 2 WHEN 0 THEN 'gold' ELSE 'silver' END::tier,
       'm' || m, 'm' || m, 'm' || m, 'm' || m, 'm' || m, m + 0.5, m, m % 2 = 0,
       at, at, at, at, extract(epoch FROM at), g, g, CASE WHEN g % 4 < 2 THEN 'north' WHEN g % 4 = 2 THEN 'south' END
FROM (SELECT g, g % 5 AS m, timestamptz '2024-01-30 22:00+00' + g * interval '7 hours' AS at FROM generate_series(1, 40) g WHERE g % 5 > 0) s;
SELECT c.name, members(h), events(h), h = (SELECT history_agg(i8, day) FROM sales) AS as_bigint
FROM (VALUES (1, name 'i2'), (2, 'i4'), (3, 'i8'), (4, 'n'), (5, 'n2'), (6, 'o'), (7, 'u'), (8, 'e'), (9, 'v'), (10, 'c'), (11, 't'), (12, 'na'), (13, 'a')) c (place, name),
     history_of('sales', c.name, 'day') h
ORDER BY c.place;
SELECT count(DISTINCT h) AS texts FROM (VALUES (name 'v'), ('c'), ('t'), ('na'), ('a')) c (name), history_of('sales', c.name, 'day') h;
-- Numbers that are not whole are not rounded.
SELECT history_of('sales', 'half', 'day');
SELECT history_of('sales', 'f', 'day');
SELECT history_of('sales', 'b', 'day');

-- Times and amounts of every type, against the aggregate.
SELECT history_of('sales', 'i4', 'at', zone => 'Asia/Tokyo') = history_agg(i4, at, NULL::numeric, 'day', 'Asia/Tokyo') AS instants,
       history_of('sales', 'i4', 'at', grain => 'hour') = history_agg(i4, at, NULL::numeric, 'hour') AS hours,
       history_of('sales', 'i4', 'local') = history_agg(i4, local) AS locals,
       history_of('sales', 'i4', 'day', 'amount') = history_agg(i4, day, amount) AS amounts,
       history_of('sales', 'i4', 'day', 'i8') = history_agg(i4, day, i8) AS whole,
       history_of('sales', 'i4', 'day', 'f') = history_agg(i4, day, f) AS doubles,
       history_of('sales', 'i4', 'day', 'n2') = history_agg(i4, day, n2) AS domains
FROM sales;

-- Wrong first guesses.
SELECT history_of('sale', 'i4', 'day');
SELECT history_of('Sales', 'I4', 'day');
SELECT history_of('sales', '"i4"', 'day');
SELECT history_of('sales', 'i4', 'day', 'amount * 2');
SELECT history_of('sales', 'day', 'i4');
SELECT history_of('sales', 'i4', 'seconds');
SELECT history_of('sales', 'i4', 'said');
SELECT history_of('sales', 'i4', 'amount', 'day');
SELECT history_of('sales', 'i4', 'day', 'at');
SELECT history_of('sales', 'i4', 'day', 'price');
SELECT history_of('sales', 'i4', 'day', 'said');
SELECT history_of('sales', 'i4', 'day', order_id => 'invoice');
SELECT history_of('sales', 'i4', 'day', zone => 'UTC');
SELECT history_of('sales', 'i4', 'at', zone => 'UTC+8');
SELECT history_of('sales', 'i4', NULL);
SELECT members(history_of('public.sales', 'i4', 'day'));
CREATE TABLE "Odd names" ("Member No" int, "when" date, "source" numeric, o int);
INSERT INTO "Odd names" VALUES (1, '2024-01-01', 5, 1), (1, '2024-01-02', 7, 1), (2, '2024-01-02', -1, NULL);
SELECT r.* FROM history_rows(history_of('"Odd names"', 'Member No', 'when', 'source', negative => 'refund', order_id => 'o')) r ORDER BY member;

-- What is left out, and what lies ahead, is told.
CREATE TABLE visits (m text, at timestamptz, amount float8, o int, branch text);
INSERT INTO visits VALUES ('a', '2024-01-01', 0.1, 1, 'x'), ('a', '2024-01-02', 0.2, 1, 'x'), ('b', '2024-01-02', -1, 2, 'y'), ('b', '2024-01-03', NULL, NULL, NULL),
                          (NULL, '2024-01-03', 5, 3, 'x'), ('c', NULL, 5, 4, 'z'), ('c', NULL, 6, NULL, 'z'), ('a', NULL, 0.3, 1, 'x');
SELECT r.* FROM history_rows(history_of('visits', 'm', 'at', 'amount')) r ORDER BY member, at;
SELECT r.* FROM history_rows(history_of('visits', 'm', 'at', 'amount', order_id => 'o')) r ORDER BY member, at;
SELECT g.grp, r.member, r.at, r.events, r.amount FROM histories_of('visits', 'm', 'at', by => 'branch', amount => 'amount', negative => 'refund') g
       LEFT JOIN LATERAL history_rows(g.h) r ON true ORDER BY 1, 2, 3;
INSERT INTO visits VALUES ('b', '2931-01-01 23:00+00', 1, 5, 'y');
SELECT last_at(history_of('visits', 'm', 'at', zone => 'Asia/Tokyo'));
SELECT count(*) FROM histories_of('visits', 'm', 'at', by => 'branch');
CREATE VIEW tomorrow AS SELECT m, (at AT TIME ZONE 'UTC')::date AS at FROM visits;
SELECT last_at(history_of('tomorrow', 'm', 'at'));
CREATE OR REPLACE VIEW tomorrow AS SELECT m, current_date + 1 AS at FROM visits WHERE m IS NOT NULL;
SELECT members(history_of('tomorrow', 'm', 'at'));
DELETE FROM visits WHERE at > '2900-01-01';

-- Orders: a table and a view of it, and random ones, are the orders by hand.
CREATE VIEW visits_seen AS SELECT * FROM visits;
SELECT history_of('visits', 'm', 'at', 'amount', order_id => 'o') = history_of('visits_seen', 'm', 'at', 'amount', order_id => 'o') AS same;
CREATE TABLE lines AS
SELECT (hashint8(g) & 63) AS m, (hashint8(g) & 63) * 100 + (hashint8(g + 1) & 7) AS o, date '2024-01-01' + (hashint8(g + 2) & 255) AS at,
       (hashint8(g + 3) & 1023)::float8 / 8 AS amount, (hashint8(g + 4) & 3) AS kind
FROM generate_series(1, 4000) g;
UPDATE lines SET o = NULL WHERE amount < 20;
SET client_min_messages = warning;
SELECT h = by_hand AS same, events(h) = orders AS orders, (SELECT sum(amount) FROM history_rows(h)) = total AS total
FROM history_of('lines', 'm', 'at', 'amount', order_id => 'o') h,
     (SELECT history_agg(m, at, amount) AS by_hand
      FROM (SELECT m, min(at) AS at, sum(amount) AS amount FROM lines GROUP BY m, coalesce(o::text, ctid::text)) l) b,
     (SELECT count(DISTINCT (m, o)) FILTER (WHERE o IS NOT NULL) + count(*) FILTER (WHERE o IS NULL) AS orders, sum(amount)::numeric AS total FROM lines) s;
RESET client_min_messages;

-- A history for each group, which together are the whole.
SELECT g.grp, members(g.h), events(g.h), e.members = members(g.h) AND e.events = events(g.h) AND g.h = e.h AS as_by_hand
FROM histories_of('sales', 'i4', 'day', by => 'region', amount => 'amount') g
     JOIN (SELECT region, count(DISTINCT i4) AS members, count(*) AS events, history_agg(i4, day, amount) AS h FROM sales GROUP BY region) e
          ON e.region IS NOT DISTINCT FROM g.grp ORDER BY g.grp;
SELECT rollup(h) = history_of('lines', 'm', 'at', 'amount') AS whole FROM histories_of('lines', 'm', 'at', 'amount', 'kind');
SELECT c.grp, c.closing FROM (SELECT g.grp, r.closing FROM histories_of('sales', 'i4', 'day', by => 'region') g, churn(g.h, 'week') r WHERE r.period_start = '2024-02-05') c ORDER BY 1;
SELECT * FROM histories_of('sales', 'i4', 'day', by => 'country');
SELECT * FROM histories_of('sales', 'i4', 'day', by => NULL);

-- A query: one SELECT and nothing else.
SELECT history_of_query('SELECT i8 AS member, day AS at FROM sales') = history_agg(i8, day) AS plain,
       history_of_query('SELECT i8 AS member, day AS at, amount FROM sales; -- a comment') = history_agg(i8, day, amount) AS with_amount,
       history_of_query('SELECT i8, local, f FROM sales -- no end of line', 'i8', 'local', 'f', 'week') = history_agg(i8, local, f, 'week') AS named,
       history_of_query('WITH s AS (SELECT * FROM sales) SELECT v AS member, at AS at FROM s /* here */ UNION ALL SELECT v, at FROM s WHERE false', zone => 'UTC')
         = history_agg(v, at, NULL::numeric, 'day', 'UTC') AS with_with,
       history_of_query('TABLE sales', 'i8', 'day') = history_agg(i8, day, amount) AS whole_table FROM sales;
SELECT r.* FROM history_rows(history_of_query($$VALUES (1, date '2024-01-01', 'it''s'), (1, '2024-01-01', '%s $q$ ; --')$$, 'column1', 'column2', order_id => 'column3')) r;
SELECT history_of_query('SELECT i8 AS member, day AS at FROM sales WHERE false') IS NULL AS nothing;
SELECT members(history_of_query('SELECT i8 AS member, day + (random() * 0)::int AS at, i8 AS o FROM sales', order_id => 'o'));
SELECT history_of_query('SELECT 1 AS member, current_date AS at; DROP TABLE sales');
SELECT history_of_query('SELECT 1 AS member, current_date AS at) x; DROP TABLE sales; --');
SELECT history_of_query('SELECT 1 AS member, current_date AS at /* ');
SELECT history_of_query('DELETE FROM sales RETURNING i8 AS member, day AS at');
SELECT history_of_query('WITH gone AS (DELETE FROM sales RETURNING *) SELECT i8 AS member, day AS at FROM gone');
SELECT history_of_query('SELECT i8 AS member, day AS at INTO copied FROM sales');
SELECT history_of_query('SELECT i8 AS member, day AS at FROM sales FOR UPDATE');
SELECT history_of_query('EXPLAIN SELECT 1');
SELECT history_of_query('COMMIT');
SELECT history_of_query('  ; -- nothing');
SELECT history_of_query(NULL);
SELECT history_of_query('sales');
SELECT history_of_query('SELECT i8 AS member, day AS at FROM sold');
SELECT history_of_query('SELECT i8, day FROM sales');
SELECT history_of_query('SELECT i8 AS member, day AS at, local AS at FROM sales');
SELECT history_of_query('SELECT i8 AS member, day AS at, price AS amount FROM sales');
SELECT count(*) AS still_there FROM sales;

-- With the caller's rights, names as the caller knows them, and nothing of the caller's own in place of PostgreSQL's.
CREATE ROLE retention_reader;
GRANT SELECT (i8, day) ON sales TO retention_reader;
CREATE SCHEMA mine;
CREATE TABLE mine.sales AS SELECT 1 AS i8, date '2024-01-01' AS day;
CREATE FUNCTION mine.never(integer, integer) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR mine.= (FUNCTION = mine.never, LEFTARG = integer, RIGHTARG = integer);
CREATE FUNCTION mine.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR mine.= (FUNCTION = mine.never, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION mine.never(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR mine.= (FUNCTION = mine.never, LEFTARG = oid, RIGHTARG = oid);
CREATE FUNCTION mine.never(bigint, integer) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR mine.> (FUNCTION = mine.never, LEFTARG = bigint, RIGHTARG = integer);
CREATE DOMAIN mine.int8 AS text;
CREATE DOMAIN mine.text AS integer;
GRANT USAGE ON SCHEMA mine TO retention_reader;
GRANT SELECT ON mine.sales TO retention_reader;
SET ROLE retention_reader;
SELECT members(history_of_query('SELECT i8 AS member, day AS at FROM sales')) AS of_two_columns;
SELECT history_of_query('SELECT i8 AS member, day AS at, amount FROM sales');
SELECT members(history_of('sales', 'i8', 'day')) AS of_two_columns;
SET search_path = mine, pg_catalog, public, retention;
SELECT events(history_of_query('SELECT i8 AS member, day AS at FROM sales')) AS mine, events(history_of('sales', 'i8', 'day')) AS mine,
       events(history_of('public.sales', 'i8', 'day')) AS public, (SELECT count(*) FROM histories_of('sales', 'i8', 'day', by => 'day')) AS groups;
RESET ROLE;
DROP OWNED BY retention_reader;
DROP ROLE retention_reader;
