-- Readers over aggregates of distributed tables, as an analyst writes them.
SELECT c.*
FROM (SELECT retention.history_agg(member_bigint, at, amount, 'day', 'Europe/London') AS h FROM by_bigint) s,
     retention.cohorts(s.h, period => 'month', as_of => '2011-12-09') c
ORDER BY cohort, period_number;

SELECT c.*
FROM (SELECT retention.history_agg(member_uuid, at_timestamp, cents, 'day') AS h FROM by_uuid) s,
     retention.cohorts(s.h, period => 'week', as_of => '2011-06-30') c
ORDER BY cohort, period_number;

SELECT s.country, c.*
FROM (SELECT country, retention.history_agg(member_text, at_date, amount_float8) AS h FROM by_text GROUP BY country) s,
     retention.churn(s.h, period => 'quarter', as_of => '2011-12-09') c
ORDER BY country, period_start;

SELECT c.*
FROM (SELECT retention.history_agg(member_text, at, amount, 'day', 'Europe/London') AS h FROM by_order) s,
     retention.churn(s.h, period => 'month', gap => 2, as_of => '2011-11-30') c
ORDER BY period_start;

SELECT s.country, v.*
FROM (SELECT country, retention.history_agg(member_bigint, at, amount, 'day', 'Europe/London') AS h FROM by_bigint GROUP BY country) s,
     retention.value_summary(s.h, as_of => '2011-12-09') v
ORDER BY country;

-- Stored histories: rolled up, and read where they are.
SELECT c.*
FROM (SELECT retention.rollup(h) AS h FROM stored) s, retention.cohorts(s.h, period => 'quarter', as_of => '2011-12-09') c
ORDER BY cohort, period_number;

SELECT s.country, c.cohort, c.period_number, c.active
FROM stored s, retention.cohorts(s.h, as_of => '2011-12-09') c
WHERE s.country IN ('France', 'Germany') AND s.month = '2011-05-01'
ORDER BY country, cohort, period_number;

SELECT s.country, retention.members(h) AS members, retention.events(h) AS events, retention.first_at(h) AT TIME ZONE 'UTC' AS first_at,
       retention.last_at(h) AT TIME ZONE 'UTC' AS last_at, retention.grain(h) AS grain, retention.time_zone(h) AS zone
FROM (SELECT country, retention.rollup(h) AS h FROM stored GROUP BY country) s
ORDER BY country;

-- Two histories in one reader.
SELECT c.*
FROM (SELECT retention.history_agg(member_bigint, at, amount, 'day', 'Europe/London') FILTER (WHERE amount >= 500) AS large,
             retention.history_agg(member_bigint, at, NULL::numeric, 'day', 'Europe/London') AS h
      FROM by_bigint) s,
     retention.cohorts(s.large, entry => 'starts', starts => s.h, as_of => '2011-06-30') c
ORDER BY cohort, period_number;

-- By a function that knows nothing of shards.
SELECT c.*
FROM retention.churn(retention.history_of('by_bigint', 'member_bigint', 'at', 'amount', 'day', 'Europe/London'),
                     period => 'quarter', as_of => '2011-12-09') c
ORDER BY period_start;
