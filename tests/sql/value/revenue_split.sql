-- Whose money it is, against plain SQL over both real tables.
SET timezone = 'UTC';
SET client_min_messages = warning;
\i demo/load.sql
RESET client_min_messages;
SET search_path = public;

CREATE TEMP VIEW sales AS
SELECT 'shop' AS source, member_id, ordered_at::date AS day, amount FROM orders
UNION ALL SELECT 'cdnow', member_id, ordered_on, amount FROM cdnow;
CREATE TEMP TABLE expected AS
SELECT source, date_trunc('quarter', day)::date AS period_start,
       count(DISTINCT member_id) FILTER (WHERE is_new) AS new_members, count(DISTINCT member_id) FILTER (WHERE NOT is_new) AS returning_members,
       coalesce(sum(amount) FILTER (WHERE is_new), 0) AS revenue_new, coalesce(sum(amount) FILTER (WHERE NOT is_new), 0) AS revenue_returning
FROM (SELECT *, date_trunc('quarter', min(day) OVER (PARTITION BY source, member_id)) = date_trunc('quarter', day) AS is_new FROM sales) s
GROUP BY 1, 2;
CREATE TEMP TABLE given AS
SELECT source, r.* FROM (SELECT source, retention.history_agg(member_id, day, amount) AS h FROM sales GROUP BY 1) s, retention.revenue_split(h, 'quarter') r;
SELECT count(*) AS quarters, count(g.period_start) AS given,
       bool_and((g.new_members, g.returning_members, g.revenue_new, g.revenue_returning) = (e.new_members, e.returning_members, e.revenue_new, e.revenue_returning)) AS same
FROM expected e FULL JOIN given g USING (source, period_start);
SELECT source, period_start, new_members, returning_members, revenue_new, revenue_returning, round(returning_share::numeric, 3) AS share, complete
FROM given ORDER BY 1, 2;

-- By hand: a refund counts where its member counts. No money, no amounts, nobody, other members.
CREATE TEMP TABLE few (member text, day date, amount numeric);
INSERT INTO few VALUES ('a', '2024-01-03', 10), ('a', '2024-01-20', -10), ('b', '2024-01-31', 0), ('a', '2024-02-10', 4), ('b', '2024-02-11', -1), ('c', '2024-02-29', 5);
SELECT r.* FROM (SELECT retention.history_agg(member, day, amount) AS h FROM few) s, retention.revenue_split(h, as_of => '2024-03-05') r ORDER BY 1;
SELECT r.* FROM (SELECT retention.history_agg(member, day) AS h FROM few) s, retention.revenue_split(h, '10 days', '2024-02-10') r ORDER BY 1;
SELECT count(*) AS none FROM retention.revenue_split(NULL);
SELECT count(*) AS none FROM (SELECT retention.history_agg(member, day) AS h FROM few) s, retention.revenue_split(h, as_of => '2023-12-31');
SELECT count(*) FROM (SELECT retention.history_agg(member, day) AS h FROM few) s, retention.revenue_split(h, '24 hours');
