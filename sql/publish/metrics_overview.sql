-- The overview: one row a month, from the churn ledger, the split of revenue, and what the members of a month did in it and next.

CREATE FUNCTION retention_internal.publish_overview()
    RETURNS TABLE (place integer, name text, title text, counts text, fill text, columns text[], sort text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    AS $metrics$
SELECT 5, 'overview',
'one row a month: who was active, came, came back and left, and what they bought',
'month date NOT NULL, active bigint, new_members bigint, returning_members bigint, reactivated bigint, churned bigint, opening bigint, retained bigint,
 closing bigint, repeat_members bigint, orders bigint, revenue numeric, revenue_existing numeric, new_before bigint,
 new_before_back bigint, complete boolean, retention_rate float8, churn_rate float8, back_rate float8, back_rate_low float8,
 back_rate_high float8, last_retention float8, last_back_rate float8, last_back_low float8, last_back_high float8, last_active bigint,
 last_revenue numeric, last_orders bigint, year_active bigint, year_revenue numeric, year_orders bigint',
-- Each reader fills its own columns of the months, and the sum puts them side by side.
-- Months are dense, so that the year before is 12 rows before.
$$SELECT s.*, r.retention_rate, CASE WHEN s.complete THEN s.churned / nullif(s.opening, 0)::float8 END, w.rate, w.rate_low, w.rate_high,
       lag(r.retention_rate) OVER m, lag(w.rate) OVER m, lag(w.rate_low) OVER m, lag(w.rate_high) OVER m, lag(s.active) OVER m,
       lag(s.revenue) OVER m, lag(s.orders) OVER m, lag(s.active, 12) OVER m, lag(s.revenue, 12) OVER m, lag(s.orders, 12) OVER m
FROM (SELECT m.strata, m.month, coalesce(sum(m.active), 0)::bigint AS active, coalesce(sum(m.new_members), 0)::bigint AS new_members,
             coalesce(sum(m.returning_members), 0)::bigint AS returning_members, coalesce(sum(m.reactivated), 0)::bigint AS reactivated,
             coalesce(sum(m.churned), 0)::bigint AS churned, coalesce(sum(m.opening), 0)::bigint AS opening,
             coalesce(sum(m.retained), 0)::bigint AS retained, coalesce(sum(m.closing), 0)::bigint AS closing,
             coalesce(sum(m.repeats), 0)::bigint AS repeat_members, coalesce(sum(m.orders), 0)::bigint AS orders,
             CASE WHEN sum(count(m.revenue)) OVER (PARTITION BY m.strata) > 0 THEN coalesce(sum(m.revenue), 0) END AS revenue,
             CASE WHEN sum(count(m.revenue)) OVER (PARTITION BY m.strata) > 0 THEN coalesce(sum(m.existing), 0) END AS revenue_existing,
             coalesce(sum(m.new_before), 0)::bigint AS new_before, coalesce(sum(m.back), 0)::bigint AS new_before_back,
             (m.month + interval '1 month')::date - 1 <= {as_of} AS complete
      FROM (SELECT p.strata, r.period_start AS month, r.new_members + r.returning_members AS active, r.new_members,
                   r.returning_members, NULL::bigint AS reactivated, NULL::bigint AS churned, NULL::bigint AS opening,
                   NULL::bigint AS retained, NULL::bigint AS closing, r.returning_members AS repeats, NULL::bigint AS orders, r.revenue, r.revenue_returning AS existing, NULL::bigint AS new_before, NULL::bigint AS back
            FROM parts AS p, @extschema@.revenue_split(p.h, period => 'month', as_of => {as_of}) AS r
            UNION ALL
            SELECT p.strata, c.period_start, NULL, NULL, NULL, c.reactivated, c.churned, c.opening, c.retained, c.closing, NULL, NULL,
                   NULL, NULL, NULL, NULL
            FROM parts AS p, @extschema@.churn(p.h, period => 'month', silence => {silence}, as_of => {as_of}) AS c
            UNION ALL
            SELECT p.strata, c.cohort, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, c.active, NULL, NULL, NULL, NULL, NULL
            FROM parts AS p, @extschema@.cohorts(p.h, period => 'month', min_events => 2, as_of => {as_of}) AS c WHERE c.period_number = 0
            UNION ALL
            SELECT p.strata, (c.cohort + interval '1 month')::date, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                   NULL, c.members, c.active
            FROM parts AS p, @extschema@.cohorts(p.h, period => 'month', as_of => {as_of}) AS c WHERE c.period_number = 1
            UNION ALL
            -- A slice of a month is cheap to take from the histories of a span, and dear from those of everything.
            SELECT v.strata, d.month::date, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                   CASE WHEN {width} = '1 month' AND (d.month + interval '1 month')::date - 1 <= {as_of} THEN @extschema@.events(x.h)
                        ELSE @extschema@.events(@extschema@.slice(x.h, d.month::date, least((d.month + interval '1 month')::date - 1, {as_of}))) END,
                   NULL, NULL, NULL, NULL
            FROM {schema}.histories AS x, generate_series(x.span::timestamp, x.span + {width}::interval - interval '1 day', '1 month') AS d (month),
                 LATERAL (SELECT NULL::text[] AS strata UNION ALL SELECT x.strata WHERE cardinality(x.strata) > 0) AS v
            WHERE d.month <= {as_of}
           ) AS m
      GROUP BY m.strata, m.month
      HAVING count(m.active) > 0) AS s, -- no month of a span from before the first event
     @extschema@.wilson(s.new_before_back, CASE WHEN s.complete THEN s.new_before END) AS w,
     LATERAL (SELECT CASE WHEN s.complete THEN s.retained / nullif(s.opening, 0)::float8 END AS retention_rate) AS r
WINDOW m AS (PARTITION BY s.strata ORDER BY s.month)$$,
ARRAY[
['month', 't.month', 'first day of the month'],
['month_label', $$to_char(t.month, 'YYYY-MM')$$, 'the month, as 2011-09'],
['complete', 't.complete', 'true when the month is over'],
['active', 't.active', 'members with an order in the month'],
['new_members', 't.new_members', 'of these, members that came for the first time ever'],
['returning_members', 't.returning_members', 'of these, members that had come in an earlier month'],
['reactivated', 't.reactivated', 'members that were out, silent for too long, and are in again at the end of the month (churn)'],
['churned', 't.churned', 'members that were in at the end of the month before and are out at the end of this one (churn)'],
['members_in', 't.closing', 'members in at the end of the month: not silent for too long (churn: closing)'],
['crr', $$CASE WHEN t.complete THEN (t.retained + t.reactivated) / nullif(t.opening, 0)::float8 END$$,
 'customer retention rate of the textbooks: (members at the end - new ones) / members at the opening; those who came back count as kept, so it may pass 1'],
['retention_rate', 't.retention_rate', 'member by member: the share of the members in at the opening that are still in, between 0 and 1; empty while the month runs'],
['retention_percent', 'round(1000 * t.retention_rate) / 10', 'the retention rate in percent'],
['churn_rate', 't.churn_rate', 'the share of the members in at the opening that are out at the end'],
['repurchase_rate', 't.repeat_members / nullif(t.active, 0)::float8', 'the share of the active members that have bought more than once by now: in an earlier month, or twice in this one'],
['new_back_rate', 't.back_rate', 'the share of the last month''s new members that came again in this month; empty while the month runs'],
['new_back_rate_low', 't.back_rate_low', 'lower end of the 95 % interval of this share'],
['new_back_rate_high', 't.back_rate_high', 'upper end of the 95 % interval of this share'],
['new_back_rate_change', 't.back_rate - t.last_back_rate', 'this share minus that of the month before'],
['new_back_rate_more_than_chance', $$sign(t.back_rate - t.last_back_rate) <> 0 AND CASE WHEN t.back_rate > t.last_back_rate
    THEN t.back_rate - t.last_back_rate > sqrt((t.back_rate - t.back_rate_low) ^ 2 + (t.last_back_high - t.last_back_rate) ^ 2)
    ELSE t.last_back_rate - t.back_rate > sqrt((t.back_rate_high - t.back_rate) ^ 2 + (t.last_back_rate - t.last_back_low) ^ 2) END$$,
 'is this change more than chance? By Newcombe''s 95 % interval of the difference: the two months'' new members are different people'],
['retention_rate_change', 't.retention_rate - t.last_retention', 'the retention rate minus that of the month before'],
['retention_rate_more_than_chance', 'NULL::boolean', 'empty: the members of two months are much the same people, so that no simple test holds'],
['orders', 't.orders', 'orders of the month'],
['revenue', 't.revenue', 'their amounts, and refunds'],
['revenue_existing', 't.revenue_existing', 'the revenue of the returning members'],
['revenue_existing_percent', 'round(100 * t.revenue_existing / nullif(t.revenue, 0), 1)', 'its share of the revenue in percent'],
['order_value', 'round(t.revenue / nullif(t.orders, 0), 2)', 'average order value: revenue / orders'],
['active_change', $$CASE WHEN t.complete THEN t.active / nullif(t.last_active, 0)::float8 - 1 END$$, 'change of active against the month before: 0.1 is 10 % more; empty while the month runs'],
['active_change_year', $$CASE WHEN t.complete THEN t.active / nullif(t.year_active, 0)::float8 - 1 END$$, 'change of active against the same month of the year before'],
['revenue_change', $$CASE WHEN t.complete THEN (t.revenue / nullif(t.last_revenue, 0))::float8 - 1 END$$, 'change of revenue against the month before'],
['revenue_change_year', $$CASE WHEN t.complete THEN (t.revenue / nullif(t.year_revenue, 0))::float8 - 1 END$$, 'change of revenue against the same month of the year before'],
['orders_change', $$CASE WHEN t.complete THEN t.orders / nullif(t.last_orders, 0)::float8 - 1 END$$, 'change of orders against the month before'],
['orders_change_year', $$CASE WHEN t.complete THEN t.orders / nullif(t.year_orders, 0)::float8 - 1 END$$, 'change of orders against the same month of the year before']
], 't.month'
    $metrics$;
COMMENT ON FUNCTION retention_internal.publish_overview() IS 'the overview that publish makes';
