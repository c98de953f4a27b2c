-- The demo's orders, published; a stored history of each country. The analyst may read, and nothing more.
SET client_min_messages = warning;
CREATE EXTENSION pg_retention;
\i demo/load.sql
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', amount => 'amount', schema => 'loyalty', by => 'country', zone => 'UTC', reader => 'analyst');
CREATE TABLE stored AS SELECT country, retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h FROM orders GROUP BY country;
GRANT USAGE ON SCHEMA retention TO analyst;
GRANT SELECT ON orders, stored TO analyst;
-- Who builds with dbt.
GRANT SELECT ON orders TO builder;
GRANT USAGE ON SCHEMA retention TO builder;
GRANT CREATE ON DATABASE shop TO builder;
