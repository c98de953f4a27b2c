-- Here: the rows themselves, and the same behind a foreign server that may compute nothing of ours ("plain") and behind
-- one that may ("ships").
CREATE TABLE events AS
SELECT order_id, member_id AS member_bigint, md5(member_id::text)::uuid AS member_uuid, 'member ' || member_id AS member_text,
       ordered_at AS at, ordered_at::timestamp AS at_timestamp, ordered_at::date AS at_date,
       CASE WHEN order_id % 7 <> 0 THEN amount END AS amount,
       CASE WHEN order_id % 11 <> 0 THEN amount / 3 END::float8 AS amount_float8,
       CASE WHEN order_id % 13 <> 0 THEN amount * 100 END::bigint AS cents,
       country
FROM orders;
CREATE TABLE histories AS
    SELECT country, retention.history_agg(member_bigint, at, amount, 'day', 'Europe/London') AS h FROM events GROUP BY country;
INSERT INTO histories VALUES ('Atlantis', NULL);

CREATE EXTENSION postgres_fdw;
CREATE SERVER plain FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host', port :'port', dbname 'shop');
CREATE SERVER ships FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host', port :'port', dbname 'shop', extensions 'pg_retention');
CREATE SERVER warehouse FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host :'host', port :'port', dbname 'warehouse', extensions 'pg_retention', async_capable 'true');
CREATE USER MAPPING FOR CURRENT_USER SERVER plain OPTIONS (user 'postgres');
CREATE USER MAPPING FOR CURRENT_USER SERVER ships OPTIONS (user 'postgres');
CREATE USER MAPPING FOR CURRENT_USER SERVER warehouse OPTIONS (user 'postgres');
CREATE SCHEMA plain;
CREATE SCHEMA ships;
IMPORT FOREIGN SCHEMA public FROM SERVER plain INTO plain;
IMPORT FOREIGN SCHEMA public FROM SERVER ships INTO ships;

-- The rows and histories go there by these tables, too.
INSERT INTO plain.events TABLE events;
INSERT INTO plain.histories TABLE histories;

-- A table with parts here and on another server.
CREATE TABLE parts (LIKE events) PARTITION BY RANGE (at_date);
CREATE TABLE parts_here PARTITION OF parts FOR VALUES FROM ('2010-01-01') TO ('2011-07-01');
CREATE FOREIGN TABLE parts_there PARTITION OF parts FOR VALUES FROM ('2011-07-01') TO ('2012-01-01')
    SERVER warehouse OPTIONS (table_name 'events');
INSERT INTO parts TABLE events;
