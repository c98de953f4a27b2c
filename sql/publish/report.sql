-- The monthly review: a page from the views of a published schema. It reads what its caller may read.

CREATE FUNCTION retention_internal.report_escaped(words text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$SELECT replace(replace(replace(replace(words, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;')$$;
COMMENT ON FUNCTION retention_internal.report_escaped(text) IS 'a text as HTML';

-- A change of 0.123 as +12.3 %, of rates as +12.3 points.
CREATE FUNCTION retention_internal.report_change(change float8, unit text, language text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT format(retention_internal.phrase(CASE unit WHEN 'points' THEN '%s points' ELSE '%s %%' END, language),
                      btrim(to_char(round(100 * change::numeric, 1), 'FMSG999,990.0')))
        WHERE abs(change) < 1e9
    $$;
COMMENT ON FUNCTION retention_internal.report_change(float8, text, text) IS 'a change in words';

-- How it was before, if that is known.
CREATE FUNCTION retention_internal.report_against(before text, change text, language text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$SELECT CASE WHEN change IS NULL THEN '' ELSE format(retention_internal.phrase(', %s against the ' || before, language), change) END$$;
COMMENT ON FUNCTION retention_internal.report_against(text, text, text) IS 'a change against another time, in words';

-- What changed, as sentences: o is the row of overview of the last month that is over.
CREATE FUNCTION retention_internal.report_sentences(o jsonb, language text) RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT array_agg(s.sentence ORDER BY s.place) FILTER (WHERE s.sentence <> '')
        FROM (SELECT r.*, retention_internal.report_change(r.active_change, '', language) AS more, retention_internal.report_change(r.active_change_year, '', language) AS more_year
              FROM jsonb_to_record(o) AS r (active bigint, new_members bigint, returning_members bigint, churned bigint, reactivated bigint, members_in bigint,
                   retention_percent numeric, retention_rate_change float8, new_back_rate float8, new_back_rate_change float8, new_back_rate_more_than_chance boolean,
                   orders bigint, revenue numeric, order_value numeric, revenue_existing_percent numeric, active_change float8, active_change_year float8,
                   revenue_change float8, revenue_change_year float8, orders_change float8, orders_change_year float8)) AS r,
             LATERAL (VALUES
                (1, format(retention_internal.phrase('%s members were active', language), retention_internal.with_commas(r.active))
                    || retention_internal.report_against('month before', r.more, language)
                    || retention_internal.report_against('same month of the year before', r.more_year, language)
                    || format(retention_internal.phrase('; %s of them were new, %s had come before.', language), retention_internal.with_commas(r.new_members), retention_internal.with_commas(r.returning_members))),
                (2, CASE WHEN r.retention_percent IS NOT NULL THEN format(retention_internal.phrase('%s %% of the members who were in stayed', language), r.retention_percent)
                    || retention_internal.report_against('month before', retention_internal.report_change(r.retention_rate_change, 'points', language), language)
                    || format(retention_internal.phrase('; %s churned, %s came back, and %s are in now.', language), retention_internal.with_commas(r.churned), retention_internal.with_commas(r.reactivated),
                              retention_internal.with_commas(r.members_in)) END),
                (3, CASE WHEN r.new_back_rate IS NOT NULL THEN format(retention_internal.phrase('Of the members who were new in the month before, %s %% came again', language), round(100 * r.new_back_rate::numeric, 1))
                    || retention_internal.report_against('month before', retention_internal.report_change(r.new_back_rate_change, 'points', language), language)
                    || CASE r.new_back_rate_more_than_chance WHEN true THEN retention_internal.phrase(': more than chance explains.', language)
                                                             WHEN false THEN retention_internal.phrase(': chance may explain it.', language) ELSE retention_internal.phrase('.', language) END END),
                (4, CASE WHEN r.revenue IS NULL
                    THEN format(retention_internal.phrase('%s orders', language), retention_internal.with_commas(r.orders))
                         || retention_internal.report_against('month before', retention_internal.report_change(r.orders_change, '', language), language)
                         || retention_internal.report_against('same month of the year before', retention_internal.report_change(r.orders_change_year, '', language), language)
                         || retention_internal.phrase('.', language)
                    ELSE format(retention_internal.phrase('Revenue was %s', language), retention_internal.with_commas(r.revenue))
                    || retention_internal.report_against('month before', retention_internal.report_change(r.revenue_change, '', language), language)
                    || retention_internal.report_against('same month of the year before', retention_internal.report_change(r.revenue_change_year, '', language), language)
                    || format(retention_internal.phrase('; %s orders of %s on average, %s %% of it from members who had come before.', language),
                              retention_internal.with_commas(r.orders), retention_internal.with_commas(r.order_value, 2), r.revenue_existing_percent) END)
             ) AS s (place, sentence)
    $$;
COMMENT ON FUNCTION retention_internal.report_sentences(jsonb, text) IS 'what changed in a month, as sentences';

-- The tiles above and the table below: a figure, and its change against the month before.
CREATE FUNCTION retention_internal.report_tile(name text, value text, change text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT CASE WHEN value IS NULL THEN '' ELSE format('<div class="tile"><span>%s</span><b>%s</b><small>%s</small></div>', retention_internal.report_escaped(name),
                               retention_internal.report_escaped(value), coalesce(retention_internal.report_escaped(change), '&nbsp;')) END
    $$;
COMMENT ON FUNCTION retention_internal.report_tile(text, text, text) IS 'a figure of the review';

CREATE FUNCTION retention_internal.report_table(months jsonb, language text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT '<table><thead><tr>' || (SELECT string_agg('<th>' || retention_internal.report_escaped(retention_internal.phrase(h.name, language)) || '</th>', '' ORDER BY h.place)
                                        FROM unnest('{month,active,new,returning,churned,retention,orders,revenue,order value}'::text[]) WITH ORDINALITY AS h (name, place))
            || '</tr></thead><tbody>'
            || string_agg(format('<tr%s><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>',
                                 CASE WHEN m.complete THEN '' ELSE ' class="running"' END, m.month_label, retention_internal.with_commas(m.active), retention_internal.with_commas(m.new_members),
                                 retention_internal.with_commas(m.returning_members), retention_internal.with_commas(m.churned), coalesce(m.retention_percent || ' %', ''), retention_internal.with_commas(m.orders),
                                 coalesce(retention_internal.with_commas(m.revenue), ''), coalesce(retention_internal.with_commas(m.order_value, 2), '')), E'\n' ORDER BY m.month)
            || '</tbody></table>'
        FROM (SELECT r.* FROM jsonb_to_recordset(months) AS r (month date, month_label text, complete boolean, active bigint, new_members bigint, returning_members bigint,
                      churned bigint, retention_percent numeric, orders bigint, revenue numeric, order_value numeric) ORDER BY r.month DESC LIMIT 14) AS m
    $$;
COMMENT ON FUNCTION retention_internal.report_table(jsonb, text) IS 'the months of the review as a table';

CREATE FUNCTION report(schema name, language text DEFAULT 'en') RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' AS $report$
#variable_conflict use_variable
DECLARE
    tongue CONSTANT text := lower(coalesce(language, 'en'));
    title CONSTANT text := retention_internal.phrase('Monthly review', coalesce(language, 'en'));
    months jsonb;
    o jsonb;
    as_of date;
    refreshed_at timestamptz;
    rows jsonb;
    curve jsonb;
    sentences text[];
    move text;
    tiles text := '';
    figures text[] := '{}';
BEGIN
    IF schema IS NULL THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                   WHERE n.nspname = schema AND c.relkind = 'v' AND c.relname IN ('overview', 'freshness', 'cohorts', 'churn', 'survival') HAVING count(*) = 5) THEN
        RAISE EXCEPTION 'nothing is published in schema %', schema USING ERRCODE = 'invalid_schema_name',
            HINT = 'SELECT schema FROM @extschema@.published() lists what is; publish makes one.';
    END IF;
    EXECUTE format('SELECT f.as_of, f.refreshed_at FROM %I.freshness AS f', schema) INTO as_of, refreshed_at;
    EXECUTE format('SELECT jsonb_agg(to_jsonb(o) ORDER BY o.month) FROM %I.overview AS o', schema) INTO months;
    SELECT m INTO o FROM jsonb_array_elements(months) AS m WHERE (m ->> 'complete')::boolean ORDER BY m ->> 'month' DESC LIMIT 1;

    sentences := CASE WHEN o IS NULL THEN ARRAY[retention_internal.phrase('No month is over yet.', tongue)] ELSE retention_internal.report_sentences(o, tongue) END;
    tiles := retention_internal.report_tile(retention_internal.phrase('active members', tongue), retention_internal.with_commas((o ->> 'active')::numeric),
                                            retention_internal.report_change((o ->> 'active_change')::float8, '', tongue))
          || retention_internal.report_tile(retention_internal.phrase('new members', tongue), retention_internal.with_commas((o ->> 'new_members')::numeric), NULL)
          || retention_internal.report_tile(retention_internal.phrase('retention rate', tongue), (o ->> 'retention_percent') || ' %',
                                            retention_internal.report_change((o ->> 'retention_rate_change')::float8, 'points', tongue))
          || retention_internal.report_tile(retention_internal.phrase('churned members', tongue), retention_internal.with_commas((o ->> 'churned')::numeric), NULL)
          || retention_internal.report_tile(retention_internal.phrase('revenue', tongue), retention_internal.with_commas((o ->> 'revenue')::numeric),
                                            retention_internal.report_change((o ->> 'revenue_change')::float8, '', tongue))
          || retention_internal.report_tile(retention_internal.phrase('order value', tongue), retention_internal.with_commas((o ->> 'order_value')::numeric, 2), NULL);

    EXECUTE format('SELECT jsonb_agg(jsonb_build_object(''cohort'', c.cohort, ''period_number'', c.period_number, ''members'', c.members, ''rate'', c.rate)) FROM %I.cohorts AS c', schema) INTO rows;
    figures := figures || retention_internal.draw(retention_internal.cohort_picture(rows, 'month', 'share that came again n %s after its first', tongue, 'auto', NULL, NULL));
    EXECUTE format('SELECT jsonb_agg(jsonb_build_object(''period_number'', c.n, ''rate'', w.rate, ''rate_low'', w.rate_low, ''rate_high'', w.rate_high))
                    FROM (SELECT c.period_number AS n, sum(c.retained)::bigint AS retained, sum(c.eligible)::bigint AS eligible FROM %I.cohorts AS c GROUP BY c.period_number) AS c,
                         @extschema@.wilson(c.retained, c.eligible) AS w', schema) INTO rows;
    figures := figures || retention_internal.draw(retention_internal.retention_curve_picture(rows, 'month', 'share that came again n %s after its first', 0.95, tongue, 'auto', NULL, NULL));
    EXECUTE format('SELECT jsonb_agg(to_jsonb(c)) FROM %I.churn AS c', schema) INTO rows;
    figures := figures || retention_internal.draw(retention_internal.churn_picture(rows, 'month', 'members that are in at the end of a period; below zero those who went silent',
                                                                                   '{retained,reactivated,new}', '{churned}', tongue, 'auto', NULL, NULL));
    EXECUTE format('SELECT jsonb_agg(to_jsonb(s)) FROM %I.survival AS s', schema) INTO rows;
    figures := figures || retention_internal.draw(retention_internal.survival_picture(rows, 'month', 'share that has not lapsed after so many %s (Kaplan-Meier)', 0.95, tongue, 'auto', NULL, NULL));

    -- What is published of members, if it is.
    IF EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = schema AND c.relkind = 'v' AND c.relname = 'segments') THEN
        EXECUTE format('SELECT jsonb_agg(to_jsonb(s)), jsonb_object_agg(s.segment, s.segment_chinese) FILTER (WHERE s.segment_chinese IS NOT NULL) FROM %I.segments AS s WHERE s.segment IS NOT NULL', schema)
        INTO rows, curve;
        IF rows IS NOT NULL THEN
            figures := figures || retention_internal.draw(retention_internal.rfm_picture(rows, curve, tongue, 'auto', NULL, NULL));
            EXECUTE format('SELECT string_agg(format(retention_internal.phrase(''%%s from %%s to %%s'', $1), retention_internal.with_commas(m.members), m.from_name, m.to_name), $3 ORDER BY m.members DESC, m.from_name)
                            FROM (SELECT g.members, coalesce($2 ->> g.from_segment, g.from_segment) AS from_name, coalesce($2 ->> g.to_segment, g.to_segment) AS to_name
                                  FROM %I.segment_migration AS g WHERE g.from_segment <> g.to_segment ORDER BY g.members DESC, g.from_segment, g.to_segment LIMIT 3) AS m', schema)
            INTO move USING tongue, CASE WHEN tongue = 'zh' THEN curve END, retention_internal.phrase(', ', tongue);
            IF move IS NOT NULL THEN
                sentences := sentences || format(retention_internal.phrase('The most members that changed their segment within a month: %s.', tongue), move);
            END IF;
        END IF;
        EXECUTE retention_internal.lorenz_query(format('SELECT m.amount FROM %I.members AS m', schema)) INTO curve;
        IF curve ->> 'gini' IS NOT NULL THEN
            figures := figures || retention_internal.draw(retention_internal.lorenz_picture(curve, tongue, 'auto', NULL, NULL));
        END IF;
    END IF;

    RETURN format($html$<!DOCTYPE html>
<html lang="%1$s"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>%2$s: %3$s</title>
<style>
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2430;--soft:#5c6675;--line:#e3e7ec;--tile:#f5f7f9}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14181f;--ink:#e8ebf0;--soft:#9aa5b4;--line:#2c333e;--tile:#1c222b}}
body{font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;color:var(--ink);background:var(--paper);max-width:900px;margin:2em auto;padding:0 1em}
h1{margin:0;font-size:26px}h2{font-size:18px;margin:1.6em 0 .4em}p{margin:.2em 0;color:var(--soft)}li{margin:.35em 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:10px;margin:1.2em 0}
.tile{background:var(--tile);border-radius:6px;padding:10px 12px}.tile span,.tile small{display:block;color:var(--soft);font-size:12.5px}.tile b{font-size:21px;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;width:100%%;font-size:13.5px;font-variant-numeric:tabular-nums}th,td{padding:4px 8px;text-align:right;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left}th{color:var(--soft);font-weight:500}.running{color:var(--soft);font-style:italic}
figure{margin:1.4em 0;break-inside:avoid}figure svg{width:100%%;height:auto;border:1px solid var(--line);border-radius:6px}
@page{size:A4;margin:14mm}@media print{body{margin:0;max-width:none;font-size:12px}.tile{border:1px solid var(--line)}.tiles{grid-template-columns:repeat(6,1fr)}.tile b{font-size:17px}table,li{break-inside:avoid}}
</style></head><body>
<h1>%2$s: %4$s</h1>
<p>%5$s</p>
<div class="tiles">%6$s</div>
<h2>%7$s</h2>
<ul>%8$s</ul>
<h2>%9$s</h2>
%10$s
%11$s
</body></html>
$html$,
        tongue, retention_internal.report_escaped(title), retention_internal.report_escaped(schema::text), retention_internal.report_escaped(coalesce(o ->> 'month_label', as_of::text, '')),
        retention_internal.report_escaped(format(retention_internal.phrase('%s, up to %s', tongue), schema, as_of)),
        tiles, retention_internal.phrase('What changed', tongue),
        (SELECT string_agg('<li>' || retention_internal.report_escaped(s.sentence) || '</li>', E'\n' ORDER BY s.place) FROM unnest(sentences) WITH ORDINALITY AS s (sentence, place)
         WHERE s.sentence IS NOT NULL),
        retention_internal.phrase('Month by month', tongue), coalesce(retention_internal.report_table(months, tongue), ''),
        (SELECT string_agg('<figure>' || f.svg || '</figure>', E'\n' ORDER BY f.place) FROM unnest(figures) WITH ORDINALITY AS f (svg, place)));
END
$report$;
COMMENT ON FUNCTION report(name, text) IS
    'the monthly review of a published schema as one HTML page without scripts, to be kept, printed or sent: the last month that is over, what changed in words, the months, and the pictures; language: en or zh';
