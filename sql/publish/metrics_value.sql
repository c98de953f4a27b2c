-- What is published of value, of the next purchase and of the length of stay, and all of them together: see publish_retention.

CREATE FUNCTION retention_internal.publish_value()
    RETURNS TABLE (place integer, name text, title text, counts text, fill text, columns text[], sort text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 3
    SET search_path = pg_catalog, pg_temp
    AS $metrics$
SELECT 70, 'value',
'one row: members, orders, revenue, and what a member has been worth',
'members bigint, orders bigint, revenue numeric, repeat_members bigint, opening bigint, churned bigint, active bigint,
 complete_orders bigint, lifespan float8',
-- A rate of k out of n is k / n to the last bit, so k is found again.
$$SELECT s.*, 1 / nullif(s.churned / nullif(s.opening, 0)::float8, 0)
FROM (SELECT p.strata, sum(v.members)::bigint AS members, sum(v.orders)::bigint AS orders, sum(v.revenue) AS revenue,
             sum(round(v.repurchase_rate * v.members))::bigint AS repeat_members, sum(c.opening)::bigint AS opening,
             sum(c.churned)::bigint AS churned, sum(a.active)::bigint AS active,
             sum(@extschema@.events(@extschema@.slice(p.h, NULL, a.last_day)))::bigint AS complete_orders
      FROM parts AS p, @extschema@.value_summary(p.h, silence => {silence}, as_of => {as_of}) AS v,
           LATERAL (SELECT sum(c.opening) AS opening, sum(c.churned) AS churned
                    FROM @extschema@.churn(p.h, period => 'month', silence => {silence}, as_of => {as_of}) AS c WHERE c.complete) AS c,
           LATERAL (SELECT sum(r.new_members + r.returning_members) AS active,
                           coalesce((max(r.period_start) + interval '1 month')::date - 1, '0001-01-01') AS last_day
                    FROM @extschema@.revenue_split(p.h, as_of => {as_of}) AS r WHERE r.complete) AS a
      GROUP BY p.strata) AS s$$,
ARRAY[
['members', 't.members', 'members with an order'],
['orders', 't.orders', 'their orders'],
['revenue', 't.revenue', 'the sum of their amounts'],
['aov', 'round(t.revenue / t.orders, 6)', 'average order value: revenue / orders'],
['orders_per_member', 't.orders / t.members::float8', 'orders / members'],
['repeat_members', 't.repeat_members', 'members with two orders or more'],
['repurchase_rate', 't.repeat_members / t.members::float8', 'repeat_members / members, between 0 and 1'],
['repurchase_percent', 'round(100 * t.repeat_members / t.members::numeric, 1)', 'the repurchase rate in percent'],
['churn_rate', 't.churned / nullif(t.opening, 0)::float8', 'churned / opening of the churn ledger, over all complete months'],
['lifespan', 't.lifespan', '1 / churn rate, in months; empty where nobody churned'],
['historic_clv', 'round(t.revenue / t.members, 6)', 'revenue / members: what a member has been worth so far'],
['formula_clv', $$round((t.revenue * 1000000)::float8 / t.orders * (t.complete_orders / nullif(t.active, 0)::float8) * t.lifespan)::bigint * 0.000001$$,
 'order value times orders per active member and month times lifespan: the simple formula, to compare and not to budget with']
], ''
UNION ALL
SELECT 80, 'repurchase',
'of those who bought n times, how many buy again, and after how many days (Kaplan-Meier)',
'purchase_number integer NOT NULL, members bigint, rate float8, rate_low float8, rate_high float8,
 gap_p25 integer, gap_median integer, gap_p75 integer, within_days integer',
$$SELECT g.strata, r.*, {within}
FROM (SELECT g.strata, array_agg(g.purchase_number ORDER BY g.purchase_number, g.days) AS numbers,
             array_agg(g.days ORDER BY g.purchase_number, g.days) AS days,
             array_agg(g.ended ORDER BY g.purchase_number, g.days) AS ended,
             array_agg(g.open ORDER BY g.purchase_number, g.days) AS open
      FROM (SELECT p.strata, g.purchase_number, g.days, sum(g.ended)::bigint AS ended, sum(g.open)::bigint AS open
            FROM parts AS p, retention_internal.repurchase_gaps(p.h, up_to => 20, as_of => {as_of}) AS g
            GROUP BY p.strata, g.purchase_number, g.days) AS g
      GROUP BY g.strata) AS g,
     retention_internal.repurchase_of_gaps(g.numbers, g.days, g.ended, g.open, within => {within} || ' days') AS r$$,
ARRAY[
['purchase_number', 't.purchase_number', 'n: the purchase that they have made, up to 20'],
['members', 't.members', 'members with an n-th purchase'],
['within_days', 't.within_days', 'so many days: the silence that was set'],
['rate', 't.rate', 'the estimated share that buys again within so many days; empty where nobody was watched for so long'],
['rate_low', 't.rate_low', 'lower end of the 95 % interval of the rate'],
['rate_high', 't.rate_high', 'upper end of the 95 % interval of the rate'],
['rate_percent', 'round(1000 * t.rate) / 10', 'the rate in percent'],
['gap_p25', 't.gap_p25', 'days by which a quarter of them have bought again'],
['gap_median', 't.gap_median', 'days by which half of them have bought again'],
['gap_p75', 't.gap_p75', 'days by which three quarters of them have bought again']
], 't.purchase_number'
UNION ALL
SELECT 90, 'survival',
'how many months from the first order to the first lapse, who has not lapsed being counted for as long as seen (Kaplan-Meier)',
'tenure integer NOT NULL, at_risk bigint, events bigint, censored bigint, survival float8, survival_low float8, survival_high float8,
 cumulative_hazard float8, hazard float8',
$$SELECT d.strata, s.tenure::integer, s.at_risk, s.events, s.censored, s.survival, s.survival_low, s.survival_high,
       s.cumulative_hazard, s.hazard
FROM (SELECT s.strata, @extschema@.survival_agg(s.tenure, w.churned, 0, w.weight) AS d
      FROM (SELECT p.strata, s.tenure, sum(s.events)::bigint AS events, sum(s.censored)::bigint AS censored
            FROM parts AS p, @extschema@.survival(p.h, period => 'month', silence => {silence}, as_of => {as_of}) AS s
            GROUP BY p.strata, s.tenure) AS s,
           LATERAL (VALUES (true, s.events), (false, s.censored)) AS w (churned, weight)
      WHERE w.weight > 0 GROUP BY s.strata) AS d, @extschema@.survival(d.d) AS s$$,
ARRAY[
['tenure', 't.tenure', 'months since the month of the first order'],
['tenure_label', $$'M' || lpad(t.tenure::text, 2, '0')$$, 'the months as text that sorts, as M03'],
['at_risk', 't.at_risk', 'members seen for so long, and not lapsed before'],
['events', 't.events', 'members that lapsed then for the first time'],
['censored', 't.censored', 'members seen for exactly so long, and not lapsed'],
['survival', 't.survival', 'the share that stays longer, between 0 and 1'],
['survival_low', 't.survival_low', 'lower end of the 95 % interval of the share'],
['survival_high', 't.survival_high', 'upper end of the 95 % interval of the share'],
['survival_percent', 'round(1000 * t.survival) / 10', 'the share in percent'],
['cumulative_hazard', 't.cumulative_hazard', 'the hazards so far, added up (Nelson-Aalen)'],
['hazard', 't.hazard', 'events / at_risk: the share of those still there that lapses then']
], 't.tenure'
    $metrics$;
COMMENT ON FUNCTION retention_internal.publish_value() IS 'the metrics of value and length of stay that publish makes views of';
