-- What is published of retention: one entry a metric. An entry says
--
--   counts    the columns of its table of counts, NAME_counts, beside strata: what adds up over buckets, and what follows from it.
--             They are filled at refresh, so that the views call no reader
--   fill      the SELECT that fills them, from parts (strata, h): a history of each bucket, for every stratum and, with strata NULL,
--             for the whole
--   columns   of the view: name, expression over counts (t), comment
--
-- In fill, {as_of}, {silence}, {horizon} and {schema} stand for what is published. Amounts are NULL where a history has none, and a
-- part without amounts does not make the sum unknown: see {amount}.

CREATE FUNCTION retention_internal.publish_retention()
    RETURNS TABLE (place integer, name text, title text, counts text, fill text, columns text[], sort text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 6
    SET search_path = pg_catalog, pg_temp
    AS $metrics$
SELECT 10, 'cohorts',
'cohort retention by months: of those who came for the first time in a month, how many came n months later',
'cohort date NOT NULL, period_number integer NOT NULL, members bigint, eligible bigint, retained bigint, active bigint,
 amount numeric, complete boolean, rate float8, rate_low float8, rate_high float8',
$$SELECT s.*, w.rate, w.rate_low, w.rate_high
FROM (SELECT p.strata, c.cohort, c.period_number, sum(c.members)::bigint AS members, sum(c.eligible)::bigint AS eligible,
             sum(c.retained)::bigint AS retained, sum(c.active)::bigint AS active, {amount} AS amount, bool_and(c.complete) AS complete
      FROM parts AS p, @extschema@.cohorts(p.h, period => 'month', as_of => {as_of}) AS c
      GROUP BY p.strata, c.cohort, c.period_number) AS s, @extschema@.wilson(s.retained, s.eligible) AS w$$,
ARRAY[
['cohort', 't.cohort', 'first day of the month in which these members came for the first time'],
['cohort_label', $$to_char(t.cohort, 'YYYY-MM')$$, 'the month of the cohort, as 2011-09'],
['period_number', 't.period_number', 'months since the cohort''s own month, which is 0'],
['period_label', $$'M' || lpad(t.period_number::text, 2, '0')$$, 'the month number as text that sorts, as M03'],
['month_label', $$to_char(t.cohort + t.period_number * interval '1 month', 'YYYY-MM')$$, 'the calendar month that is looked at, as 2011-12'],
['members', 't.members', 'members of the cohort'],
['eligible', 't.eligible', 'members whose month n is over: all of them, or none'],
['retained', 't.retained', 'eligible members that came in month n'],
['rate', 't.rate', 'retained / eligible, between 0 and 1; empty while the month runs'],
['rate_low', 't.rate_low', 'lower end of the 95 % interval of the rate'],
['rate_high', 't.rate_high', 'upper end of the 95 % interval of the rate'],
['rate_percent', 'round(1000 * t.rate) / 10', 'the rate in percent'],
['active', 't.active', 'members that came in month n so far, the running month included'],
['amount', 't.amount', 'what they spent in month n'],
['complete', 't.complete', 'true when month n is over'],
['sort_key', $$to_char(t.cohort, 'YYYYMM')::bigint * 10000 + t.period_number$$, 'sorts by cohort, then by month number']
], 't.cohort, t.period_number'
UNION ALL
SELECT 20, 'cohorts_week',
'cohort retention by weeks, from Monday on',
'cohort date NOT NULL, period_number integer NOT NULL, members bigint, eligible bigint, retained bigint, active bigint,
 amount numeric, complete boolean, rate float8, rate_low float8, rate_high float8, label text, period_label text, sort_key bigint',
-- Of many strata there are very many weeks: what takes long to write is written once.
$$SELECT s.*, w.rate, w.rate_low, w.rate_high, to_char(s.cohort, 'IYYY"-W"IW'), 'W' || lpad(s.period_number::text, 3, '0'), to_char(s.cohort, 'YYYYMMDD')::bigint * 10000 + s.period_number
FROM (SELECT p.strata, c.cohort, c.period_number, sum(c.members)::bigint AS members, sum(c.eligible)::bigint AS eligible,
             sum(c.retained)::bigint AS retained, sum(c.active)::bigint AS active, {amount} AS amount, bool_and(c.complete) AS complete
      FROM parts AS p, @extschema@.cohorts(p.h, period => 'week', as_of => {as_of}) AS c
      GROUP BY p.strata, c.cohort, c.period_number) AS s, @extschema@.wilson(s.retained, s.eligible) AS w$$,
ARRAY[
['cohort', 't.cohort', 'the Monday of the week in which these members came for the first time'],
['cohort_label', 't.label', 'the ISO week of the cohort, as 2011-W36'],
['period_number', 't.period_number', 'weeks since the cohort''s own week, which is 0'],
['period_label', 't.period_label', 'the week number as text that sorts, as W003'],
['week', 't.cohort + 7 * t.period_number', 'the Monday of the week that is looked at'],
['members', 't.members', 'members of the cohort'],
['eligible', 't.eligible', 'members whose week n is over: all of them, or none'],
['retained', 't.retained', 'eligible members that came in week n'],
['rate', 't.rate', 'retained / eligible, between 0 and 1; empty while the week runs'],
['rate_low', 't.rate_low', 'lower end of the 95 % interval of the rate'],
['rate_high', 't.rate_high', 'upper end of the 95 % interval of the rate'],
['rate_percent', 'round(1000 * t.rate) / 10', 'the rate in percent'],
['active', 't.active', 'members that came in week n so far, the running week included'],
['amount', 't.amount', 'what they spent in week n'],
['complete', 't.complete', 'true when week n is over'],
['sort_key', 't.sort_key', 'sorts by cohort, then by week number']
], 't.cohort, t.period_number'
UNION ALL
SELECT 30, 'retention_curve_day',
'of all members, how many came exactly n days after their first day',
'period_number integer NOT NULL, members bigint, eligible bigint, retained bigint, rate float8, rate_low float8, rate_high float8',
$$SELECT s.*, w.rate, w.rate_low, w.rate_high
FROM (SELECT p.strata, c.period_number, sum(c.members)::bigint AS members, sum(c.eligible)::bigint AS eligible,
             sum(c.retained)::bigint AS retained
      FROM parts AS p, @extschema@.retention_curve(p.h, period => '1 day', as_of => {as_of}) AS c
      GROUP BY p.strata, c.period_number) AS s, @extschema@.wilson(s.retained, s.eligible) AS w$$,
ARRAY[
['period_number', 't.period_number', 'days since a member''s own first day, which is 0'],
['period_label', $$'D' || lpad(t.period_number::text, 4, '0')$$, 'the day number as text that sorts, as D0030'],
['members', 't.members', 'members whose day n has begun'],
['eligible', 't.eligible', 'members whose day n is over'],
['retained', 't.retained', 'eligible members that came on day n'],
['rate', 't.rate', 'retained / eligible, between 0 and 1'],
['rate_low', 't.rate_low', 'lower end of the 95 % interval of the rate'],
['rate_high', 't.rate_high', 'upper end of the 95 % interval of the rate'],
['rate_percent', 'round(1000 * t.rate) / 10', 'the rate in percent']
], 't.period_number'
UNION ALL
SELECT 40, 'churn',
'the churn ledger by months: who was in, came, came back, stayed and left; a member is out after the silence that was set',
'period_start date NOT NULL, opening bigint, new bigint, reactivated bigint, retained bigint, churned bigint, closing bigint,
 truncated boolean, complete boolean, retention_rate float8, churn_rate float8, churn_rate_low float8, churn_rate_high float8',
-- A part that begins later has fewer rows, and more of them truncated; the one that begins first is right for all.
$$SELECT s.*, CASE WHEN s.complete THEN s.retained / nullif(s.opening, 0)::float8 END, w.rate, w.rate_low, w.rate_high
FROM (SELECT p.strata, c.period_start, sum(c.opening)::bigint AS opening, sum(c.new)::bigint AS new,
             sum(c.reactivated)::bigint AS reactivated, sum(c.retained)::bigint AS retained, sum(c.churned)::bigint AS churned,
             sum(c.closing)::bigint AS closing, bool_and(c.truncated) AS truncated, bool_and(c.complete) AS complete
      FROM parts AS p, @extschema@.churn(p.h, period => 'month', silence => {silence}, as_of => {as_of}) AS c
      GROUP BY p.strata, c.period_start) AS s, @extschema@.wilson(s.churned, CASE WHEN s.complete THEN s.opening END) AS w$$,
ARRAY[
['period_start', 't.period_start', 'first day of the month'],
['month_label', $$to_char(t.period_start, 'YYYY-MM')$$, 'the month, as 2011-09'],
['opening', 't.opening', 'members that were in at the end of the month before'],
['new', 't.new', 'members in at the end of a month for the first time'],
['reactivated', 't.reactivated', 'members that were out and are in again'],
['retained', 't.retained', 'members of the opening that are still in'],
['churned', 't.churned', 'members of the opening that are out: silent for too long'],
['closing', 't.closing', 'members in at the end: opening - churned + new + reactivated'],
['retention_rate', 't.retention_rate', 'retained / opening, between 0 and 1; empty while the month runs'],
['retention_percent', 'round(1000 * t.retention_rate) / 10', 'the retention rate in percent'],
['churn_rate', 't.churn_rate', 'churned / opening, between 0 and 1; empty while the month runs'],
['churn_rate_low', 't.churn_rate_low', 'lower end of the 95 % interval of the churn rate'],
['churn_rate_high', 't.churn_rate_high', 'upper end of the 95 % interval of the churn rate'],
['churn_percent', 'round(1000 * t.churn_rate) / 10', 'the churn rate in percent'],
['truncated', 't.truncated', 'true where the silence would begin before the data do: nobody can have churned yet'],
['complete', 't.complete', 'true when the month is over']
], 't.period_start'
UNION ALL
SELECT 50, 'growth',
'growth accounting by months: every member so far is new, retained, reactivated or dormant',
'period_start date NOT NULL, new bigint, retained bigint, reactivated bigint, dormant bigint, churned bigint, net_change bigint,
 truncated boolean, complete boolean, quick_ratio float8, quick_ratio_low float8, quick_ratio_high float8',
-- Of all movements the share q that are losses has Wilson's interval, and the ratio is (1 - q) / q.
$$SELECT s.*, (s.new + s.reactivated)::float8 / nullif(q.losses, 0), (1 - w.rate_high) / w.rate_high,
       CASE WHEN w.rate_low = 0 THEN 'infinity' ELSE (1 - w.rate_low) / w.rate_low END
FROM (SELECT p.strata, c.period_start, sum(c.new)::bigint AS new, sum(c.retained)::bigint AS retained,
             sum(c.reactivated)::bigint AS reactivated, sum(c.dormant)::bigint AS dormant, sum(c.churned)::bigint AS churned,
             sum(c.net_change)::bigint AS net_change, bool_and(c.truncated) AS truncated, bool_and(c.complete) AS complete
      FROM parts AS p, @extschema@.growth(p.h, period => 'month', silence => {silence}, as_of => {as_of}) AS c
      GROUP BY p.strata, c.period_start) AS s,
     LATERAL (SELECT CASE WHEN s.complete AND s.churned > 0 THEN s.churned END AS losses) AS q,
     @extschema@.wilson(q.losses, q.losses + s.new + s.reactivated) AS w$$,
ARRAY[
['period_start', 't.period_start', 'first day of the month'],
['month_label', $$to_char(t.period_start, 'YYYY-MM')$$, 'the month, as 2011-09'],
['new', 't.new', 'members in for the first time'],
['retained', 't.retained', 'members that were in and still are'],
['reactivated', 't.reactivated', 'members that were out and are in again'],
['dormant', 't.dormant', 'members that were in once and are out at the end of the month'],
['churned', 't.churned', 'members that were in and are out'],
['net_change', 't.net_change', 'closing - opening: new + reactivated - churned'],
['quick_ratio', 't.quick_ratio', '(new + reactivated) / churned: above 1 the number of members grows; empty while the month runs'],
['quick_ratio_low', 't.quick_ratio_low', 'lower end of the 95 % interval of the quick ratio'],
['quick_ratio_high', 't.quick_ratio_high', 'upper end of the 95 % interval of the quick ratio'],
['truncated', 't.truncated', 'true where the silence would begin before the data do: nobody can have churned yet'],
['complete', 't.complete', 'true when the month is over']
], 't.period_start'
UNION ALL
SELECT 60, 'engagement',
'how many members were active on a day, in 7 days and in 30',
'day date NOT NULL, dau bigint, wau bigint, mau bigint, truncated boolean, stickiness float8',
$$SELECT s.*, s.dau / nullif(s.mau, 0)::float8
FROM (SELECT p.strata, e.day, sum(e.dau)::bigint AS dau, sum(e.wau)::bigint AS wau, sum(e.mau)::bigint AS mau,
             bool_and(e.truncated) AS truncated
      FROM parts AS p, @extschema@.engagement(p.h, as_of => {as_of}) AS e
      GROUP BY p.strata, e.day) AS s$$,
ARRAY[
['day', 't.day', 'the day'],
['month_label', $$to_char(t.day, 'YYYY-MM')$$, 'its month, as 2011-09'],
['weekday', $$to_char(t.day, 'ID')::integer$$, 'its day of the week, Monday is 1'],
['dau', 't.dau', 'members active on the day'],
['wau', 't.wau', 'members active in the 7 days up to it'],
['mau', 't.mau', 'members active in the 30 days up to it'],
['stickiness', 't.stickiness', 'dau / mau, between 0 and 1'],
['stickiness_percent', 'round(1000 * t.stickiness) / 10', 'the stickiness in percent'],
['truncated', 't.truncated', 'true where the 30 days begin before the data do']
], 't.day'
    $metrics$;
COMMENT ON FUNCTION retention_internal.publish_retention() IS 'the metrics of retention that publish makes views of';
