-- Churn compared: compare_churn and churn_by, against plain SQL over the demo's orders.
SET timezone = 'UTC';
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\i demo/load.sql
RESET client_min_messages;
SET search_path = public;

CREATE TEMP TABLE two AS
SELECT retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') FILTER (WHERE country = 'United Kingdom') AS uk,
       retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') FILTER (WHERE country <> 'United Kingdom') AS others
FROM orders
WHERE member_id NOT IN (SELECT member_id FROM orders GROUP BY member_id HAVING count(DISTINCT country) > 1);

-- Its counts and rates are those of the ledgers, its test that of the two by two table.
WITH c AS (SELECT c.* FROM two, retention.compare_churn(uk, others, silence => '90 days', as_of => '2011-12-09') c),
     ledgers AS (
         SELECT coalesce(a.period_start, b.period_start) AS period_start, coalesce(a.opening, 0) AS n1, coalesce(a.churned, 0) AS x1, a.churn_rate AS r1,
                coalesce(b.opening, 0) AS n2, coalesce(b.churned, 0) AS x2, b.churn_rate AS r2
         FROM (SELECT r.* FROM two, retention.churn(uk, silence => '90 days', as_of => '2011-12-09') r) a
              FULL JOIN (SELECT r.* FROM two, retention.churn(others, silence => '90 days', as_of => '2011-12-09') r) b USING (period_start))
SELECT count(*) AS periods,
       bool_and((opening_1, churned_1, opening_2, churned_2) = (n1, x1, n2, x2)) AS counts,
       bool_and(churn_rate_1 IS NOT DISTINCT FROM r1 AND churn_rate_2 IS NOT DISTINCT FROM r2) AS rates,
       bool_and(abs(difference - (r2 - r1)) < 1e-15) AS differences,
       bool_and(difference_low < difference AND difference < difference_high) AS within,
       bool_and((p_value < 0.05) = (difference_low > 0 OR difference_high < 0)) AS test_and_interval
FROM c JOIN ledgers USING (period_start);
-- scipy 1.17: chi2_contingency([[x1, n1 - x1], [x2, n2 - x2]], correction=False).pvalue of these counts
SELECT period_start, opening_1, churned_1, opening_2, churned_2, round(p_value::numeric, 10) AS p_value
FROM two, retention.compare_churn(uk, others, 'quarter', as_of => '2011-12-09') WHERE complete AND opening_1 > 0;
-- No groups, one group, both the same.
SELECT count(*) AS none FROM retention.compare_churn(NULL, NULL);
SELECT count(*) AS none FROM two, retention.compare_churn(uk, NULL);
SELECT count(*) > 10 AS periods, min(p_value) AS p_value FROM two, retention.compare_churn(uk, uk);
SELECT * FROM two, retention.compare_churn(uk, others, gap => 1, silence => '1 day');

-- churn_by against plain SQL: members active in the last 90 days before a month, and who of them is silent for 90 days at its end.
CREATE TEMP VIEW sales AS
SELECT member_id, ordered_at, country, amount, amount > 500 AS big, NULLIF(member_id % 3, 0) AS third FROM orders;
CREATE TEMP TABLE expected AS
WITH last AS (
    SELECT member_id, max(ordered_at) FILTER (WHERE ordered_at < '2011-11-01') AS before_opening,
           max(ordered_at) FILTER (WHERE ordered_at < '2011-12-01') AS before_end
    FROM orders GROUP BY member_id),
opening AS (
    SELECT member_id, before_end::date <= date '2011-11-30' - 90 AS churned, before_opening
    FROM last WHERE before_opening::date > date '2011-10-31' - 90),
attributes AS (
    SELECT o.member_id, churned, s.country, s.big, s.third
    FROM opening o JOIN LATERAL (SELECT * FROM sales s WHERE s.member_id = o.member_id AND s.ordered_at < '2011-11-01'
                                 ORDER BY ordered_at DESC, ARRAY[country, big::text, third::text] DESC LIMIT 1) s ON true)
SELECT d.dimension, d.value, count(*) AS opening, count(*) FILTER (WHERE churned) AS churned
FROM attributes, LATERAL (VALUES ('country', country), ('big', big::text), ('third', third::text)) d(dimension, value)
GROUP BY 1, 2;
CREATE TEMP TABLE given AS
SELECT * FROM retention.churn_by('sales', 'member_id', 'ordered_at', by => '{country,big,third}', silence => '90 days', zone => 'UTC',
                                 as_of => '2011-12-09');
SELECT count(*) AS groups, count(g.opening) AS given, bool_and((g.opening, g.churned) = (e.opening, e.churned)) AS counts
FROM expected e LEFT JOIN given g ON g.dimension = e.dimension AND g.value IS NOT DISTINCT FROM e.value;
WITH r AS (
    SELECT g.*, w.rate_low AS low, w.rate_high AS high, sum(opening) OVER d - opening AS others, sum(churned) OVER d - churned AS others_churned
    FROM given g, retention.wilson(churned, opening) w WINDOW d AS (PARTITION BY dimension))
SELECT bool_and(churn_rate_low = low AND churn_rate_high = high) AS wilson,
       bool_and(ratio IS NULL OR others_churned = 0 OR abs(ratio * others_churned::float8 * opening - churned::float8 * others) < 1e-9 * opening * others) AS ratios,
       bool_and(ratio IS NULL OR (p_value < 0.05) = (ratio_low > 1 OR ratio_high < 1)) AS test_and_interval,
       count(*) FILTER (WHERE ratio_low > ratio OR ratio > ratio_high) AS outside
FROM r;
-- Benjamini and Hochberg by hand.
SELECT bool_and(abs(q_value - q) < 1e-15) AS q_values
FROM (SELECT q_value, min(p_value * m / rank) OVER (ORDER BY p_value DESC, rank DESC) AS q
      FROM (SELECT p_value, q_value, count(*) OVER () AS m, row_number() OVER (ORDER BY p_value) AS rank FROM given WHERE p_value IS NOT NULL) t) t;
-- What is at stake, against plain SQL: the amounts of all rows before the period, of the opening and of who left.
SELECT count(*) AS groups, count(*) FILTER (WHERE amount_churned > 0) AS at_stake, bool_and(amount_opening = a AND amount_churned = c) AS amounts,
       bool_and(g.opening = n AND g.churned = n_churned) AS counts
FROM retention.churn_by('sales', 'member_id', 'ordered_at', 'amount', '{country}', 'quarter', zone => 'UTC', as_of => '2011-12-09') g
     JOIN (SELECT s.country, sum(spent) AS a, coalesce(sum(spent) FILTER (WHERE NOT back), 0) AS c, count(*) AS n, count(*) FILTER (WHERE NOT back) AS n_churned
           FROM (SELECT member_id, sum(amount) FILTER (WHERE ordered_at < '2011-07-01') AS spent,
                        bool_or(ordered_at >= '2011-07-01' AND ordered_at < '2011-10-01') AS back
                 FROM orders GROUP BY 1 HAVING bool_or(ordered_at >= '2011-04-01' AND ordered_at < '2011-07-01')) m
                JOIN LATERAL (SELECT o.country FROM orders o WHERE o.member_id = m.member_id AND ordered_at < '2011-07-01'
                              ORDER BY ordered_at DESC, country DESC LIMIT 1) s ON true
           GROUP BY 1) e ON e.country IS NOT DISTINCT FROM g.value;
-- Members are counted, and not rows: the same from a table with a row for every item, two of them an order.
CREATE TEMP VIEW items AS SELECT member_id, ordered_at, country, amount / 2 AS amount FROM orders, generate_series(1, 2);
WITH orders AS (SELECT * FROM retention.churn_by('sales', 'member_id', 'ordered_at', 'amount', '{country}', 'quarter', zone => 'UTC', as_of => '2011-12-09')),
     items AS (SELECT * FROM retention.churn_by('items', 'member_id', 'ordered_at', 'amount', '{country}', 'quarter', zone => 'UTC', as_of => '2011-12-09'))
SELECT (SELECT count(*) FROM items) AS groups, count(*) AS different FROM ((TABLE orders EXCEPT ALL TABLE items) UNION ALL (TABLE items EXCEPT ALL TABLE orders)) d;
-- A refund is no purchase: r has bought in January, has got money back in February, and is lost; without a word it would be retained.
CREATE TEMP TABLE refunds AS
SELECT * FROM (VALUES ('r', date '2024-01-10', 100.5, 'a'), ('r', '2024-02-10', -100, 'a'), ('s', '2024-01-10', 20, 'a'), ('s', '2024-02-01', 1, 'a'),
                      ('s', '2024-03-01', 1, 'b')) v (member, at, amount, kind);
SELECT negative, c.value, c.opening, c.churned, c.amount_opening, c.amount_churned
FROM unnest('{event,refund}'::text[]) negative,
     retention.churn_by('refunds', 'member', 'at', 'amount', '{kind}', period_start => '2024-02-01', negative => negative) c ORDER BY 1;
-- Another period; text members; one column.
SELECT dimension, value, opening, churned, round(ratio::numeric, 3) AS ratio, round(p_value::numeric, 4) AS p_value
FROM retention.churn_by('sales', 'member_id', 'ordered_at', NULL, '{big}', 'quarter', period_start => '2011-04-01', zone => 'UTC');
CREATE TEMP VIEW named AS SELECT 'm' || member_id AS member, ordered_at::date AS day, country AS "the country" FROM orders;
SELECT count(*) > 5 AS groups, sum(opening) AS opening,
       (SELECT r.opening FROM retention.churn(retention.history_of('named', 'member', 'day'), 'quarter') r WHERE r.complete ORDER BY period_start DESC LIMIT 1) AS ledger
FROM retention.churn_by('named', 'member', 'day', by => '{"the country"}', period => 'quarter');
-- What is no question, and nobody.
SELECT * FROM retention.churn_by('sales', 'member_id', 'ordered_at', by => '{}');
SELECT * FROM retention.churn_by('sales', 'member_id', 'ordered_at');
SELECT * FROM retention.churn_by('sales', 'member_id', 'ordered_at', '{country}', by => '{country}');
SELECT * FROM retention.churn_by('sales', 'member_id', 'ordered_at', by => '{nowhere}');
SELECT * FROM retention.churn_by('sales', 'member_id', 'ordered_at', by => '{big,big}');
SELECT * FROM retention.churn_by('sales', 'member_id', 'big', by => '{country}');
SELECT * FROM retention.churn_by('sales', 'member_id', 'ordered_at', by => '{big}', period_start => '2011-04-02', zone => 'UTC');
SELECT * FROM retention.churn_by('sales', 'member_id', 'ordered_at', by => '{big}', confidence => 95, zone => 'UTC');
CREATE TEMP TABLE empty (member_id bigint, at date, x text);
SELECT count(*) AS nobody FROM retention.churn_by('empty', 'member_id', 'at', by => '{x}');

-- Columns by name: one, several, or an array.
SELECT count(*) FILTER (WHERE a = b) AS same, count(*) AS rows
FROM retention.churn_by('sales', 'member_id', 'ordered_at', by => ' country ', zone => 'UTC') a
     FULL JOIN retention.churn_by('sales', 'member_id', 'ordered_at', by => '{country}', zone => 'UTC') b USING (dimension, value);
SELECT DISTINCT dimension FROM retention.churn_by('sales', 'member_id', 'ordered_at', by => 'country, member_id', zone => 'UTC') ORDER BY 1;

-- Many strata, and few of many rows: the array that is the state grows, and is made shorter where that is worth it.
SELECT (SELECT count(*) FROM retention.decompose_churn(retention.decompose_churn_agg('s' || n % 20000, n, n / 2, n, n / 3)) WHERE NOT overall) AS strata, cardinality(retention.decompose_churn_agg('s' || n % 7, n, n / 2, n, n / 3)) AS few FROM generate_series(1, 40000) AS n;
SELECT count(*) AS strata, bool_and(((s).opening_1, (s).churned_1, (s).opening_2, (s).churned_2) IS NOT DISTINCT FROM (p.opening_1, p.churned_1, p.opening_2, p.churned_2)) AS as_summed
FROM (SELECT unnest(retention.decompose_churn_agg(nullif(n % 300, 0)::text, n, n / 2, nullif(n, 300), n / 3)) AS s FROM generate_series(1, 50000) AS n) AS a
JOIN (SELECT nullif(n % 300, 0)::text AS stratum, sum(n) AS opening_1, sum(n / 2) AS churned_1, sum(nullif(n, 300)) AS opening_2, sum(n / 3) AS churned_2 FROM generate_series(1, 50000) AS n GROUP BY 1) AS p
  ON p.stratum IS NOT DISTINCT FROM (s).stratum;
-- In a window the state goes on after it was looked at.
SELECT n, cardinality(retention.decompose_churn_agg('s' || n, n, 1, n, 2) OVER (ORDER BY n)) AS so_far FROM generate_series(1, 600) AS n ORDER BY n DESC LIMIT 2;
