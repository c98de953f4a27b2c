-- What is inside a history, parts of one, and histories of tables for those who may not write SQL.
SET search_path = public, retention;
SET TimeZone = 'America/New_York';

CREATE TABLE visits (member text, at timestamptz, amount numeric);
INSERT INTO visits VALUES
    ('Ada', '2023-11-04 23:30', 10), ('Ada', '2023-11-05 00:30', 1), ('Ada', '2023-11-05 23:59:59.999999', 2.5),
    ('Bob', '2023-11-05 01:30-04', NULL), ('Bob', '2023-11-05 01:30-05', 3), ('Cyd', '2023-12-31 23:00', -4),
    ('Cyd', '2024-01-01 00:00', 4), (NULL, '2023-01-01', 1), ('Eve', NULL, 1);

-- Day, hour and month of the same rows, in the session's zone.
SELECT g AS grain, members(h), events(h), first_at(h), last_at(h), grain(h), time_zone(h)
FROM (VALUES ('day'), ('hour'), ('month')) v(g), LATERAL (SELECT history_agg(member, at, amount, g) AS h FROM visits) s;
SELECT g AS grain, r.* FROM (VALUES ('day'), ('hour'), ('month')) v(g),
    LATERAL (SELECT history_agg(member, at, amount, g) AS h FROM visits) s, history_rows(h) r
ORDER BY g, member, at;
-- Another calendar.
SELECT time_zone(h), r.* FROM (SELECT history_agg(member, at, amount, 'day', 'Asia/Tokyo') AS h FROM visits) s, history_rows(h) r
ORDER BY member, at;
-- Local times have no zone; their ticks are shown in the session's.
SELECT time_zone(h), first_at(h), r.* FROM (SELECT history_agg(member, at::timestamp) AS h FROM visits) s, history_rows(h) r
ORDER BY member, at;

-- A clock set back within an hour: one row for what date_trunc gives one name, though the history tells the parts apart.
SELECT r.member, r.at, r.events, r.amount FROM (SELECT history_agg(m, t, a, 'hour', 'Pacific/Chatham') AS h
    FROM (VALUES (1, timestamptz '2024-04-06 13:50+00', 1), (1, '2024-04-06 14:10+00', 2), (2, '2024-04-06 14:10+00', NULL)) e (m, t, a)) s,
    history_rows(h) r ORDER BY 1, 2;

-- Slices, by days of the history's calendar, both included.
CREATE TEMP TABLE s AS SELECT history_agg(member, at, amount) AS h, history_agg(member, at, amount, 'month') AS m FROM visits;
SELECT members(x), events(x), first_at(x), last_at(x)
FROM s, LATERAL (VALUES (slice(h, '2023-11-05', '2023-11-05')), (slice(h, to_date => '2023-11-04')), (slice(h, '2023-12-01')),
                        (slice(h, '2025-01-01')), (slice(h)), (slice(m, '2023-12-01', '2023-12-31')), (slice(NULL))) v(x);
SELECT slice(h) = h AS whole, rollup_of_slices = h AS parts_make_the_whole
FROM s, LATERAL (SELECT rollup(part) FROM (VALUES (slice(h, to_date => '2023-11-30')), (slice(h, '2023-12-01'))) v(part)) r(rollup_of_slices);
-- Days of a month history in which nothing happened, before its first event and after its last one.
SELECT slice(m, to_date => '2023-11-03') IS NULL AS before, slice(m, '2024-01-02') IS NULL AS after,
       members(slice(m, '2023-11-02')) AS from_before, members(slice(m, to_date => '2024-01-31')) AS to_after FROM s;
-- Erasure.
SELECT members(x), events(x) FROM s, LATERAL (VALUES (without(h, ARRAY['Ada', 'nobody', NULL])), (without(h, '{}'::text[])),
    (without(h, ARRAY['Ada', 'Bob', 'Cyd']))) v(x);
SELECT count(*) FILTER (WHERE member = 'Ada') AS ada FROM s, history_rows(without(h, ARRAY['Ada']));

-- history_of: one call, identifiers quoted, the caller's own rights.
CREATE TABLE "Odd ""Table" ("Member Id" int, "at" date, "the amount" real);
INSERT INTO "Odd ""Table" VALUES (1, '2020-01-01', 1.5), (2, '2020-02-01', 2.25);
SELECT r.* FROM history_rows(history_of('"Odd ""Table"', 'Member Id', 'at', 'the amount'), NULL::bigint) r ORDER BY member;
SELECT grain(h), time_zone(h), events(h) FROM history_of('visits', 'member', 'at', grain => 'hour', zone => 'Europe/London') h;
CREATE VIEW adas AS SELECT * FROM visits WHERE member = 'Ada';
SELECT members(history_of('adas', 'member', 'at')), history_of('adas', 'member', 'at', 'amount')
     = (SELECT history_agg(member, at, amount) FROM visits WHERE member = 'Ada') AS same;
SELECT history_of('visits', 'member', 'at; DROP TABLE visits');

CREATE ROLE retention_reader;
GRANT SELECT ON "Odd ""Table" TO retention_reader;
ALTER TABLE "Odd ""Table" ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON "Odd ""Table" TO retention_reader USING ("Member Id" = 1);
SET ROLE retention_reader;
SELECT history_of('public.visits', 'member', 'at');
SELECT members(history_of('"Odd ""Table"', 'Member Id', 'at'));
RESET ROLE;
DROP VIEW adas;
DROP TABLE visits, "Odd ""Table";
DROP ROLE retention_reader;
