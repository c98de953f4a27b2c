-- Values of every type: usual ones, and at the edges of what is taken.
CREATE TABLE kept (name text PRIMARY KEY, h retention.history, m retention.memberships, s retention.survival_data, l retention.logrank_data, c retention.cox_model, f retention.clv_model);
INSERT INTO kept
SELECT 'amounts', retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC'), retention.membership_agg(member_id, ordered_at::date, ordered_at::date + 30),
       retention.survival_agg(member_id % 50 + 1, member_id % 3 = 0), retention.logrank_agg(member_id % 50 + 1, member_id % 3 = 0, (member_id % 2)::text),
       retention.cox_fit_agg(member_id % 50 + 1, member_id % 3 = 0, ARRAY[member_id % 7, 1 + member_id % 5]::float8[]),
       '{"model": "pareto/nbd", "unit": "week", "parameters": {"r": 0.55, "alpha": 10.58, "s": 0.61, "beta": 11.67}, "spend": {"model": "gamma-gamma", "converged": true, "parameters": {"p": 6.25, "q": 3.74, "gamma": 15.44}}}'
FROM (SELECT * FROM orders ORDER BY member_id, ordered_at LIMIT 2000) AS o;
INSERT INTO kept (name, h) SELECT 'days', retention.history_agg('member ' || member_id, ordered_on) FROM cdnow WHERE member_id < 200;
INSERT INTO kept (name, h) SELECT 'seconds', retention.history_agg(member_id, ordered_at, amount, 'second', 'UTC') FROM (SELECT * FROM orders LIMIT 300) AS o;
INSERT INTO kept (name, h) SELECT 'years', retention.history_agg(md5(member_id::text)::uuid, ordered_on, amount, 'year') FROM cdnow WHERE member_id < 50;
INSERT INTO kept (name, h) SELECT 'one', retention.history_agg(1::bigint, date '2011-06-30');
INSERT INTO kept (name, h, m, s, l, f)
SELECT 'edges', (SELECT retention.history_agg(m, d, a, 'day') FROM (VALUES (9223372036854775807, date '4713-01-02 BC', 9e12), (-9223372036854775808, date '294276-12-30', -9e12)) AS v (m, d, a)),
       (SELECT retention.membership_agg(m, j, e) FROM (VALUES (9223372036854775807, date '4713-01-02 BC', date '4713-01-03 BC'), (0, date '294276-12-29', NULL)) AS v (m, j, e)),
       retention.survival_agg(d, d < 1e300), retention.logrank_agg(d, d < 1e300, d::text),
       '{"model": "ggompertz/nbd", "unit": "day", "parameters": {"r": 1e-99, "alpha": 1e99, "b": 1e50, "s": 1e-50, "beta": 1e99}}'
FROM unnest('{5e-324,1,1.7e308}'::float8[]) AS d;
