-- The monthly review of a published schema.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE ROLE pictures_reader;
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', amount => 'amount', schema => 'shop', zone => 'UTC', reader => 'pictures_reader');
CALL retention.publish('orders', member => 'member_id', at => 'ordered_at', schema => 'bare', zone => 'UTC', members => false, model => 'none');
CREATE TABLE nothing (member_id bigint, at date);
CALL retention.publish('nothing', member => 'member_id', at => 'at', schema => 'empty', zone => 'UTC');
CREATE TABLE alone AS SELECT 1 AS member_id, d AS at FROM unnest('{2024-04-05,2024-05-02}'::date[]) AS d;
CALL retention.publish('alone', member => 'member_id', at => 'at', schema => 'single', zone => 'UTC');
RESET client_min_messages;

-- Sentences and months, as text.
CREATE FUNCTION pg_temp.items(page text, element text) RETURNS SETOF text LANGUAGE sql AS
    $$SELECT regexp_replace(m[1], '<[^>]*>', ' ', 'g') FROM regexp_matches(page, '<' || element || '[^>]*?>(.*?)</' || element || '>', 'g') AS m$$;
SELECT pg_temp.items(retention.report('shop'), 'li');
SELECT pg_temp.items(retention.report('shop', 'zh'), 'li');
SELECT pg_temp.items(retention.report('shop'), 'tr');
SELECT pg_temp.items(retention.report('bare', language => 'en'), 'li');
SELECT pg_temp.items(retention.report('empty'), 'li');
-- Nobody changed segment: there is no sentence of it.
SELECT from_segment, to_segment FROM single.segment_migration;
SELECT pg_temp.items(retention.report('single'), 'li');

-- Pictures in it; no script, nothing fetched from elsewhere.
SELECT s.schema, (SELECT count(*) FROM regexp_matches(p.page, '<svg ', 'g')) AS pictures, p.page ~ '<script|@import|url\(|src=|href=' AS fetches,
       (SELECT array_agg(DISTINCT m[1]) FROM regexp_matches(p.page, '(https?://[^"]*)', 'g') AS m) AS addresses
FROM (VALUES ('shop'::name, 'en'), ('shop', 'zh'), ('bare', 'en'), ('empty', 'en')) AS s (schema, language), LATERAL (SELECT retention.report(s.schema, s.language) AS page) AS p;

-- The month before, by plain SQL: members, those who came for the first time, and the change.
SELECT format('%s members were active, %s %% against the month before; %s of them were new', to_char(n.active, 'FM9,999'), to_char(round(100.0 * n.active / n.before - 100, 1), 'FMS990.0'), n.new)
       = substring(l.line FROM '^.* of them were new') AS as_plain_sql
FROM (SELECT count(DISTINCT member_id) FILTER (WHERE month = '2011-11-01') AS active, count(DISTINCT member_id) FILTER (WHERE month = '2011-10-01') AS before,
             count(DISTINCT member_id) FILTER (WHERE first = '2011-11-01') AS new
      FROM (SELECT member_id, date_trunc('month', ordered_at) AS month, date_trunc('month', min(ordered_at) OVER (PARTITION BY member_id)) AS first FROM orders) AS o) AS n,
     (SELECT line FROM pg_temp.items(retention.report('shop'), 'li') AS line LIMIT 1) AS l;

\set SHOW_CONTEXT never
-- Who may read the views may read the review.
SET ROLE pictures_reader;
SELECT length(retention.report('shop')) > 10000;
SELECT retention.report('bare');
RESET ROLE;
SELECT retention.report('nowhere');
SELECT retention.report('shop', 'fr');
SELECT retention.report(NULL);
DROP OWNED BY pictures_reader;
DROP ROLE pictures_reader;
