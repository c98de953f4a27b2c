-- The judge of the other tests (tests/judge/oracle.sql), itself held against tables counted by hand.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set ECHO none
\i tests/judge/oracle.sql
\set ECHO all

-- The table oracle.by_hand (see there) of members a to d, from January to 20 May: cohorts {a, b} of January and {c, d}
-- of February.
SELECT cohort, period_number AS n, members, eligible, retained, rate, active, amount, complete
FROM oracle.cohorts('oracle.by_hand');

-- With gap 1. In at the end of: Jan {a b}, Feb {a c d}, Mar {c}, Apr {a b}, May {c}.
SELECT period_start, opening, new, reactivated, retained, churned, closing,
       round(retention_rate::numeric, 4) AS retention, round(churn_rate::numeric, 4) AS churn, truncated, complete
FROM oracle.churn('oracle.by_hand');

-- With gap 2. In at the end of: Jan {a b}, Feb {a b c d}, Mar {a c d}, Apr {a b c}, May {a b c}.
SELECT period_start, opening, new, reactivated, retained, churned, closing,
       round(retention_rate::numeric, 4) AS retention, round(churn_rate::numeric, 4) AS churn, truncated, complete
FROM oracle.churn('oracle.by_hand', gap => 2);

-- From the ledger with gap 1, complete periods alone: 1 + 2 + 1 churned of 2 + 3 + 1, so churn is 2/3 and lifespan 1.5.
-- 9 orders by 8 active members in complete periods; 20.500002 of revenue in 10 orders of 4 members.
SELECT * FROM oracle.value_summary('oracle.by_hand');
SELECT round(20.500002 / 10 * 9 / 8 * 1.5, 6) AS formula_clv, round(20.500002 / 4, 6) AS historic_clv;

-- Entry by a table of starts: a in January after its first order of that month, c in March, e who never ordered in
-- February. What c did in February came before. b and d did not enter.
CREATE TABLE oracle.by_hand_starts (member text, at date, amount numeric);
INSERT INTO oracle.by_hand_starts VALUES
  ('a', '2024-01-31', NULL), ('a', '2024-03-01', NULL), ('c', '2024-03-15', NULL), ('e', '2024-02-29', NULL);
SELECT cohort, period_number AS n, members, eligible, retained, active, amount, complete
FROM oracle.cohorts('oracle.by_hand', entry => 'starts', starts => 'oracle.by_hand_starts', as_of => '2024-04-30');

-- Wilson's interval, against the published example: 81 of 263 at 95% is 0.2553 to 0.3662 (Newcombe 1998, table I),
-- 0 of 20 is 0 to 0.1611, 1 of 29 is 0.0061 to 0.1718.
SELECT k, n, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high
FROM (VALUES (81, 263), (15, 148), (0, 20), (1, 29)) v (k, n), oracle.wilson(k, n, 0.95);

-- A day that did not exist, an hour that came twice, half an hour that came twice, and a week that begins in the
-- year before.
CREATE TABLE oracle.by_clock (member int, at timestamptz, amount numeric);
INSERT INTO oracle.by_clock VALUES
  (1, '2011-12-30 09:59:59.999999+00', 1), (1, '2011-12-30 10:00+00', 1),
  (2, '2021-11-07 05:30+00', 1), (2, '2021-11-07 06:30+00', 1),
  (3, '2021-04-03 14:45+00', 1), (3, '2021-04-03 15:15+00', 1);
SELECT zone, grain, r.at AT TIME ZONE 'UTC' AS tick_utc, r.at AT TIME ZONE zone AS tick_local, events
FROM (VALUES (1, 'Pacific/Apia', 'day'), (2, 'America/New_York', 'hour'), (3, 'Australia/Lord_Howe', 'hour'),
             (3, 'Australia/Lord_Howe', 'week')) v (member, zone, grain),
     oracle.history_rows('oracle.by_clock', grain, zone) r
WHERE r.member = v.member::text
ORDER BY zone, grain, r.at;
SELECT * FROM oracle.periods('week', '2020-12-30', '2021-01-04');
SELECT * FROM oracle.periods('year', '0002-05-05 BC', '0001-01-01');
