-- What is published of members one by one, and what is counted over them: the portrait, segments, their changes, tiers.

-- The columns of the portrait, with their types and comments; {member} is the member's own type.
CREATE FUNCTION retention_internal.publish_portrait() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$SELECT ARRAY[
['member', '{member}', 'the member, as in the source'],
['first_day', 'date', 'day of the first order'],
['last_day', 'date', 'day of the last order'],
['recency', 'integer', 'days since the last order'],
['events', 'bigint', 'orders so far'],
['amount', 'numeric', 'their amounts, refunds included'],
['mean_order', 'numeric', 'average order value: amount / events'],
['usual_gap', 'float8', 'mean days from one day with an order to the next; empty with a single one'],
['r', 'integer', 'recency score, 5 is best'],
['f', 'integer', 'frequency score, 5 is best'],
['m', 'integer', 'monetary score, 5 is best'],
['score', 'text', 'the three scores together, as 555'],
['segment', 'text', 'RFM segment'],
['segment_chinese', 'text', 'RFM segment in Chinese'],
['tier', 'text', 'membership level by the rules that were given; empty below the lowest, and without rules'],
['tier_value', 'numeric', 'what counts for the tier, in its window'],
['tier_grace_until', 'date', 'the last day on which the tier is kept if nothing happens'],
['next_tier', 'text', 'the next level'],
['next_tier_missing', 'numeric', 'what is missing for it'],
['state', 'text', 'new, active, at risk, lapsed or returned: see docs'],
['p_alive', 'float8', 'probability that the member is still a customer; empty without a model'],
['p_alive_low', 'float8', 'lower end of its 95 % interval'],
['p_alive_high', 'float8', 'upper end of its 95 % interval'],
['p_no_purchase', 'float8', 'probability of no purchase within the horizon that was set'],
['expected_orders', 'float8', 'days with an order expected within a year'],
['expected_orders_low', 'float8', 'lower end of its 95 % interval'],
['expected_orders_high', 'float8', 'upper end of its 95 % interval'],
['expected_value', 'float8', 'amount expected within a year'],
['expected_value_low', 'float8', 'lower end of its 95 % interval'],
['expected_value_high', 'float8', 'upper end of its 95 % interval'],
['revenue_share', 'float8', 'the member''s share of all revenue'],
['due_by', 'date', 'the day by which 95 % of gaps like this member''s have ended; empty with fewer than 3 gaps'],
['p_silence', 'float8', 'probability that a gap of this member is as long as the present silence, or longer'],
['overdue', 'boolean', 'is the present silence unusual for this member: later than due_by?'],
['trend', 'float8', 'days with an order in the last stretch of the silence that was set, by those in the stretch before: 0.5 is half as active'],
['risk', 'float8', 'probability of no order within the horizon that was set, learned from the past of all members; empty for who has been silent for that long already, and without a model that was tested'],
['risk_low', 'float8', 'lower end of its 95 % interval'],
['risk_high', 'float8', 'upper end of its 95 % interval'],
['expected_loss', 'numeric', 'risk times the amount that is expected within this horizon if the member orders'],
['reasons', 'text', 'what raises the risk most, in words, up to three: what goes with leaving, not what causes it'],
['reasons_chinese', 'text', 'the same in Chinese'],
['tags', 'text[]', 'names of the tag rules that hold']
]$$;
COMMENT ON FUNCTION retention_internal.publish_portrait() IS 'the columns of the view members';

-- Names of the segments in Chinese.
CREATE FUNCTION retention_internal.publish_chinese(map text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT coalesce(jsonb_object_agg(m.segment, m.chinese), '{}') FROM @extschema@.segment_maps() AS m
        WHERE m.map = lower($1) AND m.chinese IS NOT NULL
    $$;
COMMENT ON FUNCTION retention_internal.publish_chinese(text) IS 'the segments of a map in Chinese';

CREATE FUNCTION retention_internal.publish_of_members()
    RETURNS TABLE (place integer, name text, title text, counts text, fill text, columns text[], sort text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 3
    SET search_path = pg_catalog, pg_temp
    AS $metrics$
SELECT 110, 'segments',
'RFM segments: how large each is, and what it is worth',
'segment text, segment_chinese text, members bigint, share float8, recency_mean float8, recency_median float8, frequency_mean float8,
 frequency_median float8, monetary_mean numeric, revenue numeric, revenue_share float8, p_alive_mean float8, expected_value float8',
$$SELECT NULL::text[], m.segment, min(m.segment_chinese), count(*), count(*) / sum(count(*)) OVER ()::float8,
         sum(m.recency) / count(*)::float8, percentile_cont(0.5) WITHIN GROUP (ORDER BY m.recency),
         sum(m.events)::bigint / count(*)::float8, percentile_cont(0.5) WITHIN GROUP (ORDER BY m.events),
         round(sum(m.amount) / count(*), 6), sum(m.amount), (sum(m.amount) / nullif(sum(sum(m.amount)) OVER (), 0))::float8,
         avg(m.p_alive), sum(m.expected_value)
  -- In this order, so that sums of floating-point numbers do not depend on where rows lie.
  FROM (SELECT p.* FROM {schema}.portraits AS p ORDER BY p.segment, p.member) AS m GROUP BY m.segment$$,
ARRAY[
['segment', 't.segment', 'the segment'],
['segment_chinese', 't.segment_chinese', 'the segment in Chinese'],
['members', 't.members', 'its members'],
['share', 't.share', 'their share of all members'],
['share_percent', 'round(1000 * t.share) / 10', 'the share in percent'],
['recency_mean', 't.recency_mean', 'mean days since the last order'],
['recency_median', 't.recency_median', 'median days since the last order'],
['frequency_mean', 't.frequency_mean', 'mean number of orders'],
['frequency_median', 't.frequency_median', 'median number of orders'],
['monetary_mean', 't.monetary_mean', 'mean amount of a member'],
['revenue', 't.revenue', 'the sum of all their amounts'],
['revenue_share', 't.revenue_share', 'its share of all revenue'],
['revenue_percent', 'round(1000 * t.revenue_share) / 10', 'this share in percent'],
['p_alive_mean', 't.p_alive_mean', 'mean probability of being still a customer'],
['expected_value', 't.expected_value', 'amount expected of all of them within a year']
], 't.revenue DESC NULLS LAST, t.segment'
UNION ALL
SELECT 120, 'segment_migration',
'where the members of each segment of a month ago are now, both scored with the cut points of a month ago',
'from_date date, to_date date, from_segment text, to_segment text, members bigint, share float8, from_revenue numeric, to_revenue numeric',
$$SELECT NULL::text[], {from_date}, {as_of}, g.from_segment, g.to_segment, sum(g.members)::bigint,
         (sum(g.members) / sum(sum(g.members)) OVER (PARTITION BY g.from_segment))::float8, sum(g.from_revenue), sum(g.to_revenue)
  FROM parts AS p, @extschema@.rfm_migration(p.h, {from_date}, {as_of}, method => 'fixed', cuts => {from_cuts}, map => {map}) AS g
  GROUP BY g.from_segment, g.to_segment$$,
ARRAY[
['from_date', 't.from_date', 'the first day'],
['to_date', 't.to_date', 'the second day'],
['from_segment', 't.from_segment', 'segment at the first day; empty: no member yet'],
['to_segment', 't.to_segment', 'segment at the second day'],
['members', 't.members', 'members that went this way'],
['share', 't.share', 'their share of those who came from the same segment'],
['share_percent', 'round(1000 * t.share) / 10', 'the share in percent'],
['from_revenue', 't.from_revenue', 'their amounts up to the first day'],
['to_revenue', 't.to_revenue', 'their amounts up to the second day']
], 't.from_segment, t.members DESC, t.to_segment'
UNION ALL
SELECT 130, 'tiers',
'membership levels: how many members, and how many of them are about to lose theirs',
'tier text, members bigint, share float8, in_grace bigint, revenue numeric, tier_value numeric',
$$SELECT NULL::text[], m.tier, count(*), count(*) / sum(count(*)) OVER ()::float8, count(m.tier_grace_until), sum(m.amount), sum(m.tier_value)
  FROM {schema}.portraits AS m GROUP BY m.tier$$,
ARRAY[
['tier', 't.tier', 'the level; empty: below the lowest'],
['members', 't.members', 'its members'],
['share', 't.share', 'their share of all members'],
['share_percent', 'round(1000 * t.share) / 10', 'the share in percent'],
['in_grace', 't.in_grace', 'of these, members whose value is no longer enough, and who keep the level for a while'],
['revenue', 't.revenue', 'the sum of all their amounts so far'],
['tier_value', 't.tier_value', 'what counts for the levels in their window, added up']
], 't.tier_value DESC NULLS LAST, t.tier'
    $metrics$;
COMMENT ON FUNCTION retention_internal.publish_of_members() IS 'the metrics over members that publish makes views of';

-- Rules of tags as one expression over the portrait m. Operators are of a list, columns of the catalogue, and values are cast to the
-- column's type here and now: no text of a rule becomes SQL.
CREATE FUNCTION retention_internal.publish_tags(rules jsonb) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $$
DECLARE
    portrait text[] := retention_internal.publish_portrait();
    rule jsonb;
    condition jsonb;
    of_type text;
    value text;
    conditions text;
    tags text := '';
    hint CONSTANT text := 'Write rules as [{"name": "big and silent", "all": [["amount", ">=", 1000], ["recency", ">", 60]]}], with =, <>, <, <=, > or >= and columns of members.';
BEGIN
    IF rules IS NULL THEN
        RETURN '''{}''::text[]';
    ELSIF jsonb_typeof(rules) <> 'array' THEN
        RAISE EXCEPTION 'tag_rules is no list of rules' USING ERRCODE = 'invalid_parameter_value', HINT = hint;
    END IF;
    FOR rule IN SELECT r FROM jsonb_array_elements(rules) AS r LOOP
        IF jsonb_typeof(rule) <> 'object' OR jsonb_typeof(rule -> 'name') IS DISTINCT FROM 'string' OR jsonb_typeof(rule -> 'all') IS DISTINCT FROM 'array'
           OR rule - '{name,all}'::text[] <> '{}' OR rule -> 'all' = '[]' THEN
            RAISE EXCEPTION 'no rule of a tag: %', rule USING ERRCODE = 'invalid_parameter_value', HINT = hint;
        END IF;
        conditions := '';
        FOR condition IN SELECT c FROM jsonb_array_elements(rule -> 'all') AS c LOOP
            IF jsonb_typeof(condition) <> 'array' OR jsonb_array_length(condition) <> 3 OR condition ->> 1 NOT IN ('=', '<>', '<', '<=', '>', '>=')
               OR jsonb_typeof(condition -> 2) NOT IN ('string', 'number') THEN
                RAISE EXCEPTION 'no condition of a tag: %', condition USING ERRCODE = 'invalid_parameter_value', HINT = hint;
            END IF;
            SELECT portrait[i][2] INTO of_type FROM generate_series(2, array_length(portrait, 1) - 1) AS i WHERE portrait[i][1] = condition ->> 0;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'members has no column "%" for tags', condition ->> 0 USING ERRCODE = 'undefined_column',
                    HINT = (SELECT 'One of: ' || string_agg(portrait[i][1], ', ' ORDER BY i) FROM generate_series(2, array_length(portrait, 1) - 1) AS i);
            END IF;
            EXECUTE format('SELECT $1::%s::text', of_type) INTO value USING condition ->> 2;
            conditions := conditions || format(' AND m.%I %s %L::%s', condition ->> 0, condition ->> 1, value, of_type);
        END LOOP;
        tags := tags || format(', CASE WHEN %s THEN %L::text END', substr(conditions, 6), rule ->> 'name');
    END LOOP;
    RETURN CASE WHEN tags = '' THEN '''{}''::text[]' ELSE format('array_remove(ARRAY[%s], NULL)', substr(tags, 3)) END;
END
$$;
COMMENT ON FUNCTION retention_internal.publish_tags(jsonb) IS 'the tags of a member by rules, as an expression over its portrait';
