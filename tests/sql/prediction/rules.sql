-- Rules and drivers: rules are conditions of which each row fulfils one, and rates are those of the half that did not grow them.
SET timezone = 'UTC';
SET search_path = public, retention;
SET client_min_messages = warning;
\set ECHO none
SELECT to_regclass('public.orders') IS NULL AS load \gset
\if :load
\i demo/load.sql
\endif
\set ECHO all
RESET client_min_messages;

CREATE TEMP TABLE customers AS
SELECT i AS id, (ARRAY['basic', 'pl''us', 'gold'])[1 + i % 3] AS "Plan", i * 37 % 101 AS calls, CASE WHEN i % 9 > 0 THEN i * 13 % 29 END AS age, i % 2 = 0 AS "user",
       (i * 7919 % 1000) / 1000.0 < 1 / (1 + exp(-(CASE i % 3 WHEN 0 THEN (i * 37 % 101 - 50) / 12.0 ELSE -1 END + CASE WHEN i % 2 = 0 THEN 0.8 ELSE 0 END))) AS churned
FROM generate_series(1::bigint, 6000) i;
CREATE TEMP TABLE data AS SELECT rules_agg(id, churned, to_jsonb(c) - '{id,churned}'::text[]) AS r FROM customers c;
CREATE TEMP TABLE found AS SELECT row_number() OVER () AS n, x.* FROM data, rules(r, depth => 4, min_members => 60) x;
SELECT n, rule, members, churned, round(rate::numeric, 3) AS rate, round(lift::numeric, 2) AS lift FROM found ORDER BY n;
-- Every rule is a condition, and each member fulfils exactly one.
CREATE TEMP TABLE holds (n bigint, id bigint, churned boolean);
DO $$
DECLARE f record;
BEGIN
    FOR f IN SELECT * FROM found LOOP
        EXECUTE format('INSERT INTO holds SELECT %s, id, churned FROM customers WHERE %s', f.n, f.rule);
    END LOOP;
END $$;
SELECT count(*) AS members, count(DISTINCT id) AS distinct_members, count(DISTINCT n) = (SELECT count(*) FROM found) AS all_rules FROM holds;
-- About half of those that fulfil it are counted, and the rate of the whole lies in the interval more often than not.
SELECT bool_and(f.members BETWEEN 0.35 * h.members AND 0.65 * h.members) AS halves, avg((h.rate BETWEEN rate_low AND rate_high)::int) > 0.7 AS inside,
       bool_and(f.members >= 60) AS enough, round(sum(share_of_churn)::numeric, 9) AS shares, bool_and(abs(lift - f.rate * (SELECT sum(members) FROM found) / (SELECT sum(churned) FROM found)) < 1e-9) AS lifts
FROM found f JOIN (SELECT n, count(*) AS members, avg(churned::int) AS rate FROM holds GROUP BY n) h USING (n);
-- The same rows in another order are the same value; the text keeps it.
SELECT r::text = (SELECT rules_agg(id, churned, to_jsonb(c) - '{id,churned}'::text[])::text FROM (SELECT * FROM customers ORDER BY calls, id DESC) c) AS same, r::text::churn_rows::text = r::text AS text FROM data;
-- Of a history: conditions over churn_features as of the anchor.
CREATE TEMP TABLE shop AS SELECT history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h FROM orders;
CREATE TEMP TABLE of_shop AS SELECT row_number() OVER () AS n, x.* FROM shop, churn_rules(h, '90 days', as_of => '2011-12-09') x;
SELECT n, rule, members, churned, round(rate::numeric, 3) AS rate FROM of_shop ORDER BY n;
CREATE TEMP TABLE features AS
SELECT f.*, churned FROM shop, churn_features(h, horizon => '90 days', as_of => '2011-09-10') f
  JOIN LATERAL (SELECT member, churned FROM churn_dataset(h, '90 days', anchors => 1, as_of => '2011-12-09')) d USING (member);
DO $$
DECLARE f record;
BEGIN
    TRUNCATE holds;
    FOR f IN SELECT * FROM of_shop LOOP
        EXECUTE format('INSERT INTO holds SELECT %s, member::bigint, churned FROM features WHERE %s', f.n, f.rule);
    END LOOP;
END $$;
SELECT count(*) = (SELECT count(*) FROM features) AS members, count(DISTINCT id) = count(*) AS one_each, count(DISTINCT n) = (SELECT count(*) FROM of_shop) AS all_rules FROM holds;

-- Drivers: counts, rates and ratios by plain SQL.
CREATE TEMP TABLE driver AS SELECT d.* FROM (SELECT drivers_agg(id, churned, to_jsonb(c) - '{id,churned}'::text[]) AS d FROM customers c) s, drivers(d) d;
SELECT attribute, value, members, churned, round(rate::numeric, 3) AS rate, round(ratio::numeric, 3) AS ratio, q_value < 0.05 AS differs,
       round(explains_alone::numeric, 3) AS alone, round(explains_given_others::numeric, 3) AS beyond FROM driver;
SELECT count(*) AS values, count(*) FILTER (WHERE (d.members, d.churned) IS DISTINCT FROM (c.members, c.churned) OR abs(d.ratio - c.ratio) > 1e-9 OR d.ratio NOT BETWEEN d.ratio_low AND d.ratio_high) AS differing
FROM (SELECT * FROM driver WHERE attribute IN ('Plan', 'user')) d
     FULL JOIN (SELECT attribute, value, count(*) AS members, count(*) FILTER (WHERE churned) AS churned,
                       avg(churned::int) / ((SELECT count(*) FILTER (WHERE churned) FROM customers) - count(*) FILTER (WHERE churned)) * (6000 - count(*)) AS ratio
                FROM customers c, LATERAL (VALUES ('Plan', "Plan"), ('user', "user"::text)) v (attribute, value) GROUP BY 1, 2) c USING (attribute, value);
SELECT attribute, sum(members) AS members, count(*) AS values FROM driver GROUP BY 1 ORDER BY 1;

-- Little, NULLs, and what is refused.
SELECT (SELECT count(*) FROM rules(NULL)) AS rules, (SELECT count(*) FROM drivers(NULL)) AS drivers, (SELECT count(*) FROM churn_rules(NULL::history, '90 days')) AS of_nothing,
       (SELECT rules_agg(1::bigint, NULL, '{}')) IS NULL AS no_row;
SELECT rule, members, rate FROM rules((SELECT rules_agg(1::bigint, true, '{"a": 1}')));
SELECT attribute, value, members, ratio FROM drivers((SELECT drivers_agg('m', true, '{"a": "x", "b": null}')));
SELECT count(*) FROM (SELECT history_agg(1, date '2024-01-01') AS h) s, churn_rules(h, '90 days');
SELECT count(*) FROM data, rules(r, depth => 9);
SELECT count(*) FROM data, rules(r, min_members => 0);
SELECT count(*) FROM data, drivers(r, 95);
SELECT rules_agg(id, churned, jsonb_build_object('a', CASE WHEN id % 2 = 0 THEN to_jsonb(1) ELSE '"x"' END)) FROM customers;
SELECT rules_agg(1::bigint, true, '{"a": {}}');
SELECT count(*) FROM rules('customers');
SELECT 'AAAA'::churn_rows;
