-- What the dashboard has to show, from the rows, as one JSON document: the last month that is over, and a cell of the cohorts.
WITH orders AS (SELECT member_id, country, amount, date_trunc('month', ordered_at AT TIME ZONE 'UTC')::date AS month FROM orders),
firsts AS (SELECT member_id, min(month) AS first FROM orders GROUP BY member_id),
german AS (SELECT count(DISTINCT member_id) AS active FROM orders WHERE month = '2011-11-01' AND country = 'Germany')
SELECT jsonb_build_object(
    'active', (SELECT to_char(count(DISTINCT member_id), 'FM999,999') FROM orders WHERE month = '2011-11-01'),
    'revenue', (SELECT to_char(sum(amount), 'FM999,999,999') FROM orders WHERE month = '2011-11-01'),
    'order_value', (SELECT to_char(sum(amount) / count(*), 'FM999,999.00') FROM orders WHERE month = '2011-11-01'),
    'retention', (SELECT to_char(100 * retention_rate, 'FM990.0') || '%' FROM loyalty.overview WHERE month = '2011-11-01'),
    'new_by_month', (SELECT jsonb_object_agg(to_char(first, 'YYYY-MM'), to_char(n, 'FM999,999')) FROM (SELECT first, count(*) AS n FROM firsts WHERE first < '2011-12-01' GROUP BY first) AS f),
    'at_risk', (SELECT to_char(count(*), 'FM999,999') FROM loyalty.members WHERE state = 'at risk'),
    'most_at_risk', (SELECT member::text FROM loyalty.members WHERE state = 'at risk' ORDER BY expected_value DESC LIMIT 1),
    'german_active', (SELECT active::text FROM german),
    'june_active', (SELECT to_char(count(DISTINCT member_id), 'FM999,999') FROM orders WHERE month = '2011-06-01'));
