-- What every other test finds: the extension, and the demo's data. Here made again.
DROP EXTENSION pg_retention;
CREATE EXTENSION pg_retention;
\i demo/load.sql
SELECT count(*), sum(amount) FROM orders;
SELECT count(*), sum(amount) FROM cdnow;
