-- What the clients have to find, in plain SQL over the rows, as one JSON document.
WITH months AS (
    SELECT DISTINCT member_id, country, date_trunc('month', ordered_at AT TIME ZONE 'UTC')::date AS month FROM orders
), whole AS (
    SELECT m.member_id, m.month, min(m.month) OVER (PARTITION BY m.member_id) AS first FROM (SELECT DISTINCT member_id, month FROM months) AS m
), cohorts AS (
    SELECT w.first AS cohort, count(*) FILTER (WHERE w.month = w.first) AS members, count(*) FILTER (WHERE w.month = w.first + interval '1 month') AS retained
    FROM whole AS w GROUP BY w.first HAVING w.first + interval '2 months' <= '2011-12-01'
), german AS (
    SELECT m.member_id, m.month, min(m.month) OVER (PARTITION BY m.member_id) AS first FROM months AS m WHERE m.country = 'Germany' AND m.month < '2011-10-01'
), best AS (
    SELECT member_id, sum(amount) AS amount, count(*) AS orders, max((ordered_at AT TIME ZONE 'UTC')::date) AS last_day FROM orders GROUP BY member_id ORDER BY amount DESC LIMIT 1
)
SELECT jsonb_build_object(
    -- cohorts by month: the day, members, who came in the month after
    'cohorts', (SELECT jsonb_agg(jsonb_build_array(cohort, members, retained) ORDER BY cohort) FROM cohorts),
    -- of Germans, up to September: months of members after their first
    'german_months', (SELECT count(*) FROM german WHERE month > first),
    -- in September: who was there in August too, and who was and is not; of those whose first month has a next one, who came in it
    'german_churn', (SELECT jsonb_build_array(count(*) FILTER (WHERE is_there), count(*) FILTER (WHERE NOT is_there))
                     FROM (SELECT bool_or(month = '2011-09-01') AS is_there FROM german GROUP BY member_id HAVING bool_or(month = '2011-08-01')) AS g),
    'german_curve', (SELECT jsonb_build_array(count(DISTINCT member_id), count(*) FILTER (WHERE month = first + interval '1 month')) FROM german WHERE first < '2011-09-01'),
    'german_rfm', (SELECT jsonb_build_array(count(DISTINCT member_id), count(*), sum(amount)::text) FROM orders WHERE country = 'Germany' AND ordered_at < '2011-10-01 00:00+00'),
    -- who spent most, to the last penny
    'best_member', (SELECT member_id FROM best), 'best_amount', (SELECT amount::text FROM best), 'best_orders', (SELECT orders FROM best), 'best_day', (SELECT last_day FROM best),
    'german_events', (SELECT count(*) FROM orders WHERE country = 'Germany')
);
