-- Every kind of change; says how many rows each has changed.
CREATE TEMP TABLE changes (what text, rows bigint);

WITH changed AS (UPDATE by_country SET h = retention.without(h, ARRAY[12748, 14646]) WHERE country <> 'all of cdnow' RETURNING 1)
INSERT INTO changes SELECT 'by_country: history changed', count(*) FROM changed;
WITH changed AS (UPDATE by_country SET note = 'large' WHERE retention.members(h) > 50 RETURNING 1)
INSERT INTO changes SELECT 'by_country: history kept, out of line', count(*) FROM changed;
WITH changed AS (DELETE FROM by_country WHERE retention.members(h) = 1 RETURNING 1)
INSERT INTO changes SELECT 'by_country: deleted', count(*) FROM changed;
WITH changed AS (
    INSERT INTO by_country SELECT 'together', (SELECT retention.rollup(h) FROM by_country WHERE country <> 'all of cdnow') RETURNING 1)
INSERT INTO changes SELECT 'by_country: inserted', count(*) FROM changed;

-- Found by the history itself: retention.= where the row has no key.
WITH changed AS (UPDATE by_month SET h = retention.slice(h, month, month + 9) WHERE month < '2011-06-01' RETURNING 1)
INSERT INTO changes SELECT 'by_month: history changed', count(*) FROM changed;
WITH changed AS (UPDATE by_month SET note = 'kept' WHERE country = 'United Kingdom' RETURNING 1)
INSERT INTO changes SELECT 'by_month: history kept, out of line', count(*) FROM changed;
WITH changed AS (UPDATE by_month SET h = NULL WHERE month = '2011-07-01' RETURNING 1)
INSERT INTO changes SELECT 'by_month: history set to null', count(*) FROM changed;
WITH changed AS (DELETE FROM by_month WHERE ctid IN (SELECT min(ctid) FROM by_month WHERE country = 'Japan' GROUP BY month) RETURNING 1)
INSERT INTO changes SELECT 'by_month: one of two equal rows deleted', count(*) FROM changed;
WITH changed AS (DELETE FROM by_month WHERE month = '2011-08-01' AND country <> 'France' RETURNING 1)
INSERT INTO changes SELECT 'by_month: deleted', count(*) FROM changed;
WITH changed AS (UPDATE pairs SET a = b, b = a WHERE b IS NOT NULL RETURNING 1)
INSERT INTO changes SELECT 'pairs: exchanged', count(*) FROM changed;
WITH changed AS (DELETE FROM pairs WHERE b IS NULL AND retention.members(a) > 10 RETURNING 1)
INSERT INTO changes SELECT 'pairs: deleted', count(*) FROM changed;

SELECT what, rows FROM changes WHERE rows > 0;
SELECT 1 / (count(*) = 11)::int AS all_of_them FROM changes WHERE rows > 0 \gset
