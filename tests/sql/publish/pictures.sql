-- Pictures: what is drawn is what the reader of the same name says.
SET timezone = 'UTC';
CREATE TEMP TABLE shop AS SELECT retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h FROM orders;
-- What a cell, bar or point says when somebody points at it.
CREATE FUNCTION pg_temp.says(svg text) RETURNS SETOF text LANGUAGE sql AS $$SELECT m[1] FROM regexp_matches(svg, '<title>([^<]*)</title>', 'g') AS m$$;
CREATE FUNCTION pg_temp.attributes(svg text, element text, name text) RETURNS SETOF numeric LANGUAGE sql AS
    $$SELECT m[1]::numeric FROM regexp_matches(svg, '<' || element || '[^>]* ' || name || '="([-0-9.]+)"', 'g') AS m$$;
-- Rows of either that the other lacks.
CREATE FUNCTION pg_temp.differences(a text[], b text[]) RETURNS bigint LANGUAGE sql AS
    $$SELECT count(*) FROM ((SELECT unnest(a) EXCEPT ALL SELECT unnest(b)) UNION ALL (SELECT unnest(b) EXCEPT ALL SELECT unnest(a))) AS d$$;

SELECT retention.cohort_heatmap(h) FROM shop;
SELECT retention.cohort_heatmap(h, period => 'quarter', mode => 'on or after', as_of => '2011-09-30', language => 'zh') FROM shop;

-- Every cell, and no other.
SELECT p.period, pg_temp.differences(array(SELECT pg_temp.says(retention.cohort_svg(h, period => p.period))),
    array(SELECT format('%s, %s: %s%%', to_char(c.cohort, p.label), c.period_number, to_char(round(1000 * c.rate) / 10, 'FM990.0'))
          FROM retention.cohorts(h, period => p.period) AS c WHERE c.rate IS NOT NULL)) AS differences
FROM shop, (VALUES ('month', 'YYYY-MM'), ('week', 'IYYY-"W"IW'), ('quarter', 'YYYY-"Q"Q')) AS p (period, label);
SELECT pg_temp.differences(array(SELECT pg_temp.says(retention.retention_curve_svg(h, as_of => '2011-11-30'))),
    array(SELECT format('%s: %s%%', c.period_number, to_char(round(1000 * c.rate) / 10, 'FM990.0')) FROM retention.retention_curve(h, as_of => '2011-11-30') AS c
          WHERE c.rate IS NOT NULL AND c.period_number > 0)) AS differences FROM shop;
SELECT pg_temp.differences(array(SELECT pg_temp.says(retention.churn_svg(h, silence => '60 days'))),
    array(SELECT format('%s, %s: %s', to_char(c.period_start, 'YYYY-MM'), v.name, to_char(v.value, 'FM999,999'))
          FROM retention.churn(h, silence => '60 days') AS c,
               LATERAL (VALUES ('retained', c.retained), ('reactivated', c.reactivated), ('new', c.new), ('churned', c.churned)) AS v (name, value) WHERE v.value > 0)) AS differences FROM shop;
SELECT pg_temp.differences(array(SELECT pg_temp.says(retention.rfm_svg(h))),
    array(SELECT format('%s: %s %% of members', s.segment, round(100 * s.share::numeric, 1)) FROM retention.rfm_segments(h) AS s)) AS differences FROM shop;

-- Areas are as the numbers of members.
SELECT count(*), bool_and(abs(t.area / t.all_areas - t.share) < 0.003)
FROM (SELECT (a.width + 2) * (a.height + 2) AS area, sum((a.width + 2) * (a.height + 2)) OVER () AS all_areas, share
      FROM shop, retention.rfm_svg(h) AS svg,
           ROWS FROM (pg_temp.attributes(regexp_replace(svg, '<rect class="paper"[^>]*>|<rect [^>]*width="13"[^>]*>', '', 'g'), 'rect', 'width'),
                      pg_temp.attributes(regexp_replace(svg, '<rect class="paper"[^>]*>|<rect [^>]*width="13"[^>]*>', '', 'g'), 'rect', 'height')) WITH ORDINALITY AS a (width, height, place)
           JOIN LATERAL (SELECT share, row_number() OVER (ORDER BY members DESC, segment) AS place FROM retention.rfm_segments(h)) AS s USING (place)) AS t;

-- The Gini coefficient by its definition, the mean of all differences.
SELECT round(x.gini, 2) AS gini, retention.lorenz_svg(h, width => 2000) LIKE format('%%bring %s %% of all amounts; Gini coefficient %s<%%', round(100 * x.top, 1), round(x.gini, 2)) AS is_said
FROM (SELECT retention.history_agg(member_id, ordered_on, amount) AS h FROM cdnow WHERE in_sample AND member_id % 2 = 0) AS c,
     (WITH m AS (SELECT member_id, sum(amount) AS v FROM cdnow WHERE in_sample AND member_id % 2 = 0 GROUP BY member_id),
           n AS (SELECT count(*) AS n, sum(v) AS total FROM m)
      SELECT (SELECT sum(abs(a.v - b.v)) FROM m AS a, m AS b) / (2 * n.n * n.total) AS gini,
             (SELECT sum(t.v) FROM (SELECT v FROM m ORDER BY v DESC LIMIT (SELECT round(0.2 * n) FROM n)) AS t) / n.total AS top FROM n) AS x;

-- The heights of the steps of survival are its estimates: the first point is 100 %, an axis' height is known from the lines of the grid.
WITH d AS (SELECT retention.survival_svg(h, silence => '90 days') AS svg, h FROM shop),
     g AS (SELECT min(y) AS top, max(y) AS bottom FROM d, pg_temp.attributes(svg, 'line class="(?:grid|axis)"', 'y1') AS y WHERE y < (SELECT min(y2) FROM pg_temp.attributes(svg, 'line class="axis"', 'y2') AS y2 WHERE y2 > 0) + 0.1),
     p AS (SELECT split_part(u.point, ' ', 2)::numeric AS y, u.place
           FROM d, regexp_matches(svg, 'class="l0" d="M([^"]*)"') AS m, LATERAL unnest(string_to_array(m[1], 'L')) WITH ORDINALITY AS u (point, place))
SELECT count(*) AS corners, bool_and(EXISTS (SELECT FROM d, retention.survival(d.h, silence => '90 days') AS s WHERE abs(s.survival - (g.bottom - p.y) / (g.bottom - g.top)) < 0.0005) OR p.place = 1) AS are_estimates
FROM p, g;

-- Nobody, one member, one day.
SELECT n.name, n.svg LIKE '%>nothing to show<%' AS says_so
FROM (VALUES ('cohort', retention.cohort_svg(NULL::retention.history)), ('curve', retention.retention_curve_svg(NULL::retention.history)), ('churn', retention.churn_svg(NULL::retention.history)),
             ('survival', retention.survival_svg(NULL::retention.history)), ('rfm', retention.rfm_svg(NULL)), ('lorenz', retention.lorenz_svg(NULL))) AS n (name, svg);
SELECT count(*) FROM retention.cohort_heatmap(NULL::retention.history);
SELECT n.name, length(n.svg) > 1000 AS is_drawn, n.svg LIKE '%NaN%' AS is_odd
FROM (SELECT retention.history_agg(1::bigint, '2024-02-29'::date, 10) AS h) AS o,
     LATERAL (VALUES ('cohort', retention.cohort_svg(h, as_of => '2024-04-30')), ('curve', retention.retention_curve_svg(h)), ('churn', retention.churn_svg(h)), ('survival', retention.survival_svg(h)),
                     ('rfm', retention.rfm_svg(h)), ('lorenz', retention.lorenz_svg(h))) AS n (name, svg);
-- Without amounts, and with negative ones.
SELECT retention.lorenz_svg(h) LIKE '%nothing to show%', retention.rfm_svg(h) LIKE '%orders per member%'
FROM (SELECT retention.history_agg(member_id, ordered_on) AS h FROM cdnow) AS s;
SELECT retention.lorenz_svg(h, width => 2000) LIKE '%; 1 members with negative amounts are counted as 0<%'
FROM (SELECT retention.history_agg(m, date '2024-01-01', a) AS h FROM (VALUES (1::bigint, -5), (2, 10), (3, 20)) AS v (m, a)) AS s;

-- Members with a contract.
CREATE TEMP TABLE club AS SELECT retention.membership_agg(m, date '2023-01-01' + 10 * m::int, CASE WHEN m % 3 = 0 THEN date '2023-01-01' + 25 * m::int + 40 END) AS m
FROM generate_series(1::bigint, 30) AS m;
SELECT retention.cohort_heatmap(m, as_of => '2023-12-31') FROM club;
SELECT pg_temp.differences(array(SELECT pg_temp.says(retention.churn_svg(m, as_of => '2023-12-31'))),
    array(SELECT format('%s, %s: %s', to_char(c.period_start, 'YYYY-MM'), v.name, v.value)
          FROM retention.churn(m, as_of => '2023-12-31') AS c, LATERAL (VALUES ('retained', c.retained), ('rejoined', c.rejoined), ('joined', c.joined), ('churned', c.churned)) AS v (name, value) WHERE v.value > 0)) AS differences FROM club;
SELECT length(retention.cohort_svg(m, as_of => '2023-12-31', width => 300)) > 1000, length(retention.retention_curve_svg(m, as_of => '2023-12-31')) > 1000,
       length(retention.survival_svg(m, as_of => '2023-12-31', theme => 'dark')) > 1000 FROM club;

-- Errors say what to write.
\set VERBOSITY verbose
\set SHOW_CONTEXT never
SELECT retention.cohort_svg(h, language => 'fr') FROM shop;
SELECT retention.churn_svg(h, theme => 'pink') FROM shop;
SELECT retention.rfm_svg(h, width => 10) FROM shop;
SELECT retention.lorenz_svg(h, height => 100000) FROM shop;
SELECT retention.cohort_svg(h, period => 'fortnight') FROM shop;
SELECT retention.cohort_svg(h, period => 'day') FROM shop;
