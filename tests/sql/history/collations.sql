-- Members that a type or a collation takes for the same. A server without ICU or citext has nothing to show: collations_1.out.
DO $$ BEGIN
    CREATE COLLATION public.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
SELECT to_regcollation('public.any_case') IS NULL OR NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext') AS without \gset
\if :without
    \quit
\endif
SET timezone = 'UTC';
SET search_path = public, retention;
\set SHOW_CONTEXT never

-- They are not told apart by their bytes without a word.
CREATE EXTENSION citext;
CREATE DOMAIN address AS citext;
CREATE TABLE people (email citext, mail address, loose text COLLATE any_case, plain text, at date);
INSERT INTO people SELECT m, m, m, m, '2024-01-01' FROM unnest('{Ann,ann,Bob}'::text[]) m;
SELECT count(DISTINCT email) AS email, count(DISTINCT mail) AS mail, count(DISTINCT loose) AS loose, count(DISTINCT plain) AS plain FROM people;
SELECT history_agg(email, at) FROM people;
SELECT history_agg(mail, at, 1.0, 'day') FROM people;
SELECT history_agg(loose, at) FROM people;
SELECT history_agg(plain COLLATE any_case, at) FROM people;
SELECT membership_agg(email, at, NULL) FROM people;
SELECT membership_agg(loose, at, NULL) FROM people;
SELECT journey_agg(plain, at, email) FROM people;
SELECT journey_agg(1, at, loose) FROM people;
SELECT journey_agg(email, at, plain) FROM people;
SELECT e.* FROM (SELECT journey_agg(1, at, lower(email::text)) AS j FROM people) s, events_of(j) e;
SELECT history_agg(email, at) FROM (SELECT email, at FROM people ORDER BY at OFFSET 0) s;
SELECT history_agg(DISTINCT email, at ORDER BY email, at) FROM people;
SELECT history_agg(plain, at) OVER (), history_agg(email, at) OVER () FROM people;
SELECT members(history_agg(plain, at) OVER (PARTITION BY email)), string_agg(email, '') OVER (PARTITION BY email) IS NULL AS other FROM people ORDER BY 1;
SELECT members(history_agg(email::text, at)) AS apart, members(history_agg(email::text COLLATE "C", at)) AS apart_c, members(history_agg(plain, at)) AS plain,
       members(history_agg(loose COLLATE "C", at)) AS loose_apart, members(history_agg(lower(email::text), at)) AS same,
       members(history_agg(lower(loose) COLLATE "C", at)) AS loose_same FROM people;
SELECT history_of('people', 'email', 'at');
SELECT history_of('people', 'loose', 'at');
SELECT membership_of('people', 'loose', 'at', 'at');
SELECT journey_of('people', 'plain', 'at', 'email');
SELECT journey_of('people', 'plain', 'at', 'loose');
DROP TABLE people;
DROP EXTENSION citext CASCADE;
