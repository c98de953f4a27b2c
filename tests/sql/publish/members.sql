-- The portrait of members: what rfm, tiers, clv and churn_members say of one history of all rows, whatever the number of buckets.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT '{"by": "amount", "window": "6 months", "grace": "60 days",
  "tiers": [{"name": "Bronze", "from": 0}, {"name": "Silver", "from": 1000}, {"name": "Gold", "from": 5000}]}' AS rules \gset
CREATE TABLE programme AS SELECT :'rules'::jsonb AS rules;
CALL retention.publish('cdnow', member => 'member_id', at => 'ordered_on', amount => 'amount', schema => 'music', as_of => '1998-06-30', buckets => 7, horizon => '6 months',
    tiers => :'rules', tag_rules => '[{"name": "big and silent", "all": [["amount", ">=", 1000], ["recency", ">", 60]]},
        {"name": "silver", "all": [["tier", "=", "Silver"]]}, {"name": "new ''since'' April", "all": [["first_day", ">=", "1997-03-20"], ["events", "<>", 1]]}]');
CREATE TABLE whole AS SELECT retention.history_agg(member_id, ordered_on, amount) AS h FROM cdnow;
CREATE TABLE fit AS SELECT retention.clv_fit(h, 'mbg/nbd', as_of => '1998-06-30') AS model, retention.churn_fit(h, '90 days', as_of => '1998-06-30') AS churn FROM whole;

-- Every member once, in its own type.
SELECT count(*), count(DISTINCT member), (SELECT count(DISTINCT member_id) FROM cdnow) AS of_table, pg_typeof(min(member)) FROM music.members;
-- In plain SQL.
SELECT count(*) AS differ FROM music.members m FULL JOIN (
    SELECT member_id, min(ordered_on) AS first_day, max(ordered_on) AS last_day, count(*) AS events, sum(amount) AS amount, '1998-06-30' - max(ordered_on) AS recency,
           (max(ordered_on) - min(ordered_on)) / nullif(count(DISTINCT ordered_on) - 1, 0)::float8 AS gap FROM cdnow GROUP BY 1) c ON m.member = c.member_id
WHERE (m.first_day, m.last_day, m.events, m.amount, m.recency, m.usual_gap, m.mean_order) IS DISTINCT FROM (c.first_day, c.last_day, c.events, c.amount, c.recency, c.gap, round(c.amount / c.events, 6));
-- Scores and segments, by the cut points of all.
SELECT count(*) AS differ FROM music.members m FULL JOIN (SELECT r.* FROM whole, retention.rfm(h, id => NULL::bigint, as_of => '1998-06-30') r) r ON r.member = m.member
WHERE (m.r, m.f, m.m, m.score, m.segment) IS DISTINCT FROM (r.r, r.f, r.m, r.score, r.segment);
SELECT count(*) AS differ FROM music.members m FULL JOIN (SELECT t.* FROM whole, programme, retention.tiers(h, id => NULL::bigint, rules => rules, as_of => '1998-06-30') t) t ON t.member = m.member
WHERE (m.tier, m.tier_value, m.tier_grace_until, m.next_tier, m.next_tier_missing) IS DISTINCT FROM (t.tier, t.value, t.grace_until, t.next_tier, t.missing);
-- The model of all members, the same to the last bit, and what it says.
SELECT m.model::jsonb -> 'parameters' = f.model::jsonb -> 'parameters' AS same_model, m.name, m.as_of, jsonb_array_length(diagnostics) > 10 AS diagnosed FROM music.models m, fit f WHERE m.name = 'clv';
SELECT count(*) AS differ FROM music.members m FULL JOIN (SELECT c.*, retention.purchases_distribution(model, c.x, c.t_x, c.age, '6 months', 0) AS none
    FROM whole, fit, retention.clv(h, id => NULL::bigint, fitted => model, horizon => '1 year', as_of => '1998-06-30') c) c ON c.member = m.member
WHERE (m.p_alive, m.p_alive_low, m.p_alive_high, m.p_no_purchase, m.expected_orders, m.expected_orders_low, m.expected_orders_high, m.expected_value, m.expected_value_low, m.expected_value_high)
      IS DISTINCT FROM (c.p_alive, c.p_alive_low, c.p_alive_high, c.none, c.expected_purchases, c.expected_purchases_low, c.expected_purchases_high, c.clv, c.clv_low, c.clv_high);
-- Whose silence is unusual, by what the gaps of all members have in common.
SELECT count(due_by) AS judged, count(*) FILTER (WHERE overdue) AS overdue, count(*) FILTER (WHERE p_silence < 0.05) AS by_probability FROM music.members;
SELECT count(*) AS differ FROM music.members m FULL JOIN (SELECT o.* FROM whole, retention.overdue(h, id => NULL::bigint, as_of => '1998-06-30') o) o ON o.member = m.member
WHERE (m.due_by, m.p_silence, m.overdue, m.trend) IS DISTINCT FROM (o.due_by, o.p_silence, o.overdue, o.trend);
-- Who will leave, by one model of all members whatever the number of buckets. Within six months a year and a half tests nothing: no risk is told, and it is said why.
SELECT m.name, m.churn IS NULL AS none, d ->> 'remark' AS remark, (SELECT count(risk) FROM music.members) AS risks FROM music.models m, jsonb_array_elements(diagnostics) d WHERE m.name = 'churn' AND d ->> 'measure' = 'test_rows';
CALL retention.publish('cdnow', member => 'member_id', at => 'ordered_on', amount => 'amount', schema => 'one', as_of => '1998-06-30', buckets => 1, tag_rules => '[{"name": "at risk", "all": [["risk", ">", 0.7]]}]');
CALL retention.publish('cdnow', member => 'member_id', at => 'ordered_on', amount => 'amount', schema => 'sixteen', as_of => '1998-06-30', buckets => 16, tag_rules => '[{"name": "at risk", "all": [["risk", ">", 0.7]]}]');
SELECT count(*) AS members, count(p.risk) > 3000 AS risks, count(*) FILTER (WHERE p IS DISTINCT FROM q) AS differ FROM one.portraits p FULL JOIN sixteen.portraits q USING (member);
SELECT m.churn::text = f.churn::text AS same_model, m.model IS NULL AS one_each, jsonb_array_length(m.diagnostics) AS measures FROM sixteen.models m, fit f WHERE m.name = 'churn';
SELECT count(*) AS differ FROM sixteen.members m FULL JOIN (SELECT r.*, w.reasons, w.chinese FROM whole, fit, retention.churn_risk(h, id => NULL::bigint, fitted => churn, value_model => model, as_of => '1998-06-30') r
    LEFT JOIN LATERAL (SELECT e.member, string_agg(e.reason, '; ' ORDER BY e.rank) AS reasons, string_agg(z.reason, U&'\FF1B' ORDER BY e.rank) AS chinese
                       FROM retention.churn_reasons(h, id => NULL::bigint, fitted => churn, as_of => '1998-06-30') e
                            JOIN retention.churn_reasons(h, id => NULL::bigint, fitted => churn, as_of => '1998-06-30', language => 'zh') z ON z.member = e.member AND z.rank = e.rank
                       WHERE e.effect > 0 GROUP BY 1) w ON w.member = r.member) r ON r.member = m.member
WHERE (m.risk, m.risk_low, m.risk_high, m.expected_loss, m.reasons, m.reasons_chinese) IS DISTINCT FROM (r.risk, r.risk_low, r.risk_high, r.expected_loss, r.reasons, r.chinese);
SELECT count(*) FILTER (WHERE risk IS NULL IS DISTINCT FROM recency >= 90) AS not_the_population, count(expected_loss) = count(risk) AS losses, count(reasons) > 1000 AS reasons, count(*) FILTER (WHERE (risk > 0.7) IS TRUE IS DISTINCT FROM 'at risk' = ANY (tags)) AS tags FROM one.members;
DROP SCHEMA one, sixteen CASCADE;
SELECT round(sum(revenue_share)::numeric, 9) AS revenue_share FROM music.members;
-- States, in plain SQL: the 90 days that end with as_of, the 90 before, and what was before these.
SELECT count(*) AS differ FROM music.members m JOIN (
    SELECT member_id, bool_or(ordered_on > date '1998-06-30' - 90) AS now, bool_or(ordered_on <= date '1998-06-30' - 90 AND ordered_on > date '1998-06-30' - 180) AS before,
           min(ordered_on) AS first, date '1998-06-30' - max(ordered_on) AS silent FROM cdnow GROUP BY 1) c ON c.member_id = m.member
WHERE m.state IS DISTINCT FROM CASE WHEN NOT now THEN 'lapsed' WHEN first > date '1998-06-30' - 90 THEN 'new' WHEN NOT before THEN 'returned' WHEN silent > 45 THEN 'at risk' ELSE 'active' END;
SELECT state, count(*) FROM music.members GROUP BY 1 ORDER BY 1;
-- Tags.
SELECT tag, count(*) FROM music.members, unnest(tags) tag GROUP BY 1 ORDER BY 1;
SELECT count(*) AS differ FROM music.members WHERE 'big and silent' = ANY (tags) IS DISTINCT FROM (amount >= 1000 AND recency > 60)
    OR 'silver' = ANY (tags) IS DISTINCT FROM coalesce(tier = 'Silver', false) OR 'new ''since'' April' = ANY (tags) IS DISTINCT FROM (first_day >= '1997-03-20' AND events <> 1);
-- Segments, their migration, and tiers.
SELECT count(*) AS segments, count(*) FILTER (WHERE (s.members, s.share, s.recency_mean, s.recency_median, s.frequency_mean, s.frequency_median, s.revenue, round(s.revenue_share::numeric, 12))
           IS DISTINCT FROM (r.members, r.share, r.recency_mean, r.recency_median, r.frequency_mean, r.frequency_median, r.revenue, round(r.revenue_share::numeric, 12))) AS differ,
       count(*) FILTER (WHERE round(s.monetary_mean, 5) IS DISTINCT FROM round(r.monetary_mean, 5)) AS means_differ
FROM music.segments s FULL JOIN (SELECT r.* FROM whole, retention.rfm_segments(h, as_of => '1998-06-30') r WHERE r.members > 0) r ON r.segment = s.segment;
SELECT segment, segment_chinese, members, share_percent FROM music.segments LIMIT 3;
SELECT count(*) AS flows, count(*) FILTER (WHERE (m.members, round(m.share::numeric, 12), m.from_revenue, m.to_revenue) IS DISTINCT FROM (r.members, round(r.share::numeric, 12), r.from_revenue, r.to_revenue)) AS differ
FROM music.segment_migration m FULL JOIN (SELECT r.* FROM whole, retention.rfm_migration(h, '1998-05-30', '1998-06-30') r) r
     ON r.to_segment = m.to_segment AND r.from_segment IS NOT DISTINCT FROM m.from_segment;
SELECT tier, members, in_grace, revenue FROM music.tiers;
SELECT (SELECT count(*) FROM whole, retention.clv_backtest(retention.published_history('music'), calibrate_until => '1998-01-31', as_of => '1998-06-30') b) > 5 AS backtest,
       (SELECT retention.published_history('music') OPERATOR(retention.=) h FROM whole) AS one_history;

-- A refresh on the same day reads, and finds nothing new: portraits stay what they are. One that is asked to fits again.
CREATE TABLE before AS SELECT ctid AS at, p.* FROM music.portraits p;
CALL retention.refresh('music');
SELECT count(*) AS rewritten FROM music.portraits p LEFT JOIN before b ON b.at = p.ctid AND b.member = p.member WHERE b.at IS NULL;
CALL retention.refresh('music', refit => true);
SELECT name, count(*) AS models FROM music.models GROUP BY 1 ORDER BY 1;

-- Nobody, one member, members that are text and uuid, maps of one's own, no amounts: with the model that can not be.
SET client_min_messages = notice;
CREATE TABLE visits (who text, at timestamp, n uuid);
CREATE INDEX ON visits (at);
CALL retention.publish('visits', member => 'who', at => 'at', schema => 'v', lookback => '1 year');
SELECT (SELECT count(*) FROM v.members) AS members, (SELECT count(*) FROM v.cohorts) AS cohorts, (SELECT count(*) FROM v.overview) AS months, (SELECT count(*) FROM v.value) AS value, as_of FROM v.freshness;
INSERT INTO visits VALUES ('Ada', '2024-03-31 23:59', '00000000-0000-0000-0000-00000000000a');
CALL retention.refresh('v');
SELECT member, first_day, recency, events, amount, segment, state, p_alive, risk, tags FROM v.members;
CALL retention.refresh('v', full => true);
SELECT name, churn IS NULL AS none, diagnostics FROM v.models WHERE name = 'churn';
SELECT * FROM v.cohorts \gx
SELECT * FROM v.value \gx
INSERT INTO visits SELECT 'member ' || i, '2024-03-01'::timestamp + i % 30 * interval '1 day', md5(i::text)::uuid FROM generate_series(1, 200) i, generate_series(1, 2);
CALL retention.publish('visits', member => 'n', at => 'at', schema => 'u', segment_map => 'rfm8', model => 'none');
CALL retention.publish('visits', member => 'n', at => 'at', schema => 'u', segment_map => 'rf10', buckets => 10, model => 'none', lookback => '1 year');
SELECT pg_typeof(member), count(*) FROM u.members GROUP BY 1;
SELECT segment, segment_chinese, members FROM u.segments;
SELECT * FROM retention.verify('u') UNION ALL SELECT * FROM retention.verify('music');
CALL retention.publish('visits', member => 'n', at => 'at', schema => 'n', members => false, lookback => '1 year');
SELECT to_regclass('n.members'), to_regclass('n.segments'), (SELECT sum(members) FROM n.cohorts WHERE period_number = 0);
