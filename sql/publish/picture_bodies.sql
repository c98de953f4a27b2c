-- What each picture looks like: from the rows of a reader, or of the view of the same name, as jsonb, to a picture.

CREATE FUNCTION retention_internal.cohort_picture(
    cells jsonb, period text, sentence text, language text, theme text, width integer, height integer
) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH cells AS (
            SELECT c.* FROM jsonb_to_recordset(cells) AS c (cohort date, period_number integer, members bigint, rate float8)
        ), rows AS (
            SELECT c.cohort, max(c.members) AS members, max(c.period_number) FILTER (WHERE c.rate IS NOT NULL) AS last FROM cells AS c GROUP BY c.cohort
        ), filled AS (
            SELECT r.cohort, r.members, coalesce(jsonb_agg(retention_internal.picture_number(c.rate) ORDER BY n.n) FILTER (WHERE n.n IS NOT NULL), '[]') AS rates
            FROM rows AS r LEFT JOIN LATERAL generate_series(0, r.last) AS n (n) ON true LEFT JOIN cells AS c ON c.cohort = r.cohort AND c.period_number = n.n
            GROUP BY r.cohort, r.members
        )
        SELECT jsonb_build_object(
            'frame', retention_internal.picture_frame(
                retention_internal.phrase('Retention by cohort', language),
                format(retention_internal.phrase(sentence, language), retention_internal.picture_unit(period, language)), language, theme, width, height),
            'body', jsonb_build_object('heat', jsonb_build_object(
                'row_title', retention_internal.phrase('cohort', language), 'note_title', retention_internal.phrase('members', language),
                'column_title', format(retention_internal.phrase('%s since the first', language), retention_internal.picture_unit(period, language)),
                'rows', coalesce(jsonb_agg(retention_internal.picture_label(f.cohort, period) ORDER BY f.cohort), '[]'),
                'notes', coalesce(jsonb_agg(retention_internal.with_commas(f.members) ORDER BY f.cohort), '[]'),
                'columns', (SELECT coalesce(jsonb_agg(n::text ORDER BY n), '[]') FROM generate_series(0, (SELECT max(r.last) FROM rows AS r)) AS n),
                'values', coalesce(jsonb_agg(f.rates ORDER BY f.cohort), '[]'), 'plain_columns', 1, 'unit', 'percent')))
        FROM filled AS f
    $$;
COMMENT ON FUNCTION retention_internal.cohort_picture(jsonb, text, text, text, text, integer, integer) IS 'the picture of rows of cohorts';

-- The rate of period 0 is known beforehand: it is left out unless there are no others.
CREATE FUNCTION retention_internal.retention_curve_picture(
    points jsonb, period text, sentence text, confidence float8, language text, theme text, width integer, height integer
) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH all_points AS (
            SELECT p.*, max(p.period_number) OVER () AS last
            FROM jsonb_to_recordset(points) AS p (period_number integer, rate float8, rate_low float8, rate_high float8) WHERE p.rate IS NOT NULL
        )
        SELECT jsonb_build_object(
            'frame', retention_internal.picture_frame(
                retention_internal.phrase('Retention of all members', language),
                format(retention_internal.phrase(sentence, language), retention_internal.picture_unit(period, language))
                || format(retention_internal.phrase('; band: %s %% interval', language), retention_internal.picture_number(100 * coalesce(confidence, 0.95)))
                || CASE WHEN min(p.period_number) > 0 THEN retention_internal.phrase('; period 0 is left out', language) ELSE '' END,
                language, theme, width, height),
            'body', jsonb_build_object('lines', jsonb_build_object(
                'x_title', format(retention_internal.phrase('%s since the first', language), retention_internal.picture_unit(period, language)),
                'y_title', retention_internal.phrase('share of members', language), 'unit', 'percent',
                'series', jsonb_build_array(jsonb_build_object('name', '', 'x', coalesce(jsonb_agg(p.period_number ORDER BY p.period_number), '[]'),
                    'y', coalesce(jsonb_agg(retention_internal.picture_number(p.rate) ORDER BY p.period_number), '[]'),
                    'low', coalesce(jsonb_agg(retention_internal.picture_number(p.rate_low) ORDER BY p.period_number), '[]'),
                    'high', coalesce(jsonb_agg(retention_internal.picture_number(p.rate_high) ORDER BY p.period_number), '[]'))))))
        FROM all_points AS p WHERE p.period_number > 0 OR p.last = 0
    $$;
COMMENT ON FUNCTION retention_internal.retention_curve_picture(jsonb, text, text, float8, text, text, integer, integer) IS 'the picture of rows of retention_curve';

-- parts: of a bar from zero upwards, and of those below zero, as names of columns.
CREATE FUNCTION retention_internal.churn_picture(
    periods jsonb, period text, sentence text, parts text[], lost text[], language text, theme text, width integer, height integer
) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT jsonb_build_object(
            'frame', retention_internal.picture_frame(
                retention_internal.phrase('Who stays, who comes, who leaves', language),
                format(retention_internal.phrase(sentence, language), retention_internal.picture_unit(period, language))
                || CASE WHEN bool_and(complete) THEN '' ELSE retention_internal.phrase('; pale: not over yet', language) END,
                language, theme, width, height),
            'body', jsonb_build_object('bars', jsonb_build_object(
                'x_title', '', 'y_title', retention_internal.phrase('members', language),
                'labels', coalesce(jsonb_agg(retention_internal.picture_label(p.period_start, period) ORDER BY p.period_start), '[]'),
                'running', coalesce(jsonb_agg(NOT p.complete ORDER BY p.period_start), '[]'),
                'series', (SELECT jsonb_agg(jsonb_build_object('name', retention_internal.phrase(s.name, language), 'group', s.colour,
                                                               'values', (SELECT coalesce(jsonb_agg(s.sign * (v ->> s.name)::bigint ORDER BY v ->> 'period_start'), '[]')
                                                                          FROM jsonb_array_elements(periods) AS v)) ORDER BY s.place)
                           FROM (SELECT u.name, u.place, 1 AS sign, (ARRAY[0, 4, 2])[u.place] AS colour FROM unnest(parts) WITH ORDINALITY AS u (name, place)
                                 UNION ALL
                                 SELECT u.name, 100 + u.place, -1, (ARRAY[5, 1])[u.place] FROM unnest(lost) WITH ORDINALITY AS u (name, place)) AS s))))
        FROM jsonb_to_recordset(periods) AS p (period_start date, complete boolean)
    $$;
COMMENT ON FUNCTION retention_internal.churn_picture(jsonb, text, text, text[], text[], text, text, integer, integer) IS 'the picture of rows of churn';

-- Long curves are thinned to where they fall.
CREATE FUNCTION retention_internal.survival_picture(
    points jsonb, period text, sentence text, confidence float8, language text, theme text, width integer, height integer
) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH steps AS (
            SELECT p.*, lag(p.survival) OVER w IS DISTINCT FROM p.survival OR lead(p.survival) OVER w IS NULL AS falls
            FROM jsonb_to_recordset(points) AS p (tenure float8, survival float8, survival_low float8, survival_high float8)
            WHERE p.survival IS NOT NULL WINDOW w AS (ORDER BY p.tenure)
        ), points AS (
            -- Everybody is there at the beginning.
            SELECT 0::float8 AS tenure, 1::float8 AS survival, 1::float8 AS survival_low, 1::float8 AS survival_high
            WHERE EXISTS (SELECT FROM steps) AND NOT EXISTS (SELECT FROM steps AS s WHERE s.tenure <= 0)
            UNION ALL
            SELECT s.tenure, s.survival, s.survival_low, s.survival_high FROM steps AS s WHERE s.falls
        )
        SELECT jsonb_build_object(
            'frame', retention_internal.picture_frame(
                retention_internal.phrase('How long members stay', language),
                format(retention_internal.phrase(sentence, language), retention_internal.picture_unit(period, language))
                || format(retention_internal.phrase('; band: %s %% interval', language), retention_internal.picture_number(100 * coalesce(confidence, 0.95))),
                language, theme, width, height),
            'body', jsonb_build_object('lines', jsonb_build_object(
                'x_title', format(retention_internal.phrase('%s since the first', language), retention_internal.picture_unit(period, language)),
                'y_title', retention_internal.phrase('share of members', language), 'unit', 'percent', 'y_high', 1,
                'series', jsonb_build_array(jsonb_build_object('name', '', 'steps', true, 'x', coalesce(jsonb_agg(p.tenure ORDER BY p.tenure), '[]'),
                    'y', coalesce(jsonb_agg(retention_internal.picture_number(p.survival) ORDER BY p.tenure), '[]'),
                    'low', coalesce(jsonb_agg(retention_internal.picture_number(p.survival_low) ORDER BY p.tenure), '[]'),
                    'high', coalesce(jsonb_agg(retention_internal.picture_number(p.survival_high) ORDER BY p.tenure), '[]'))))))
        FROM points AS p
    $$;
COMMENT ON FUNCTION retention_internal.survival_picture(jsonb, text, text, float8, text, text, integer, integer) IS 'the picture of rows of survival';

-- Shaded by what a member has spent, or has ordered if there are no amounts.
CREATE FUNCTION retention_internal.rfm_picture(
    segments jsonb, chinese jsonb, language text, theme text, width integer, height integer
) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH segments AS (
            SELECT s.*, count(s.revenue) OVER () > 0 AS has_amounts,
                   CASE WHEN count(s.revenue) OVER () > 0 THEN s.monetary_mean::float8 ELSE s.frequency_mean END AS worth,
                   sum(s.members) OVER () AS all_members
            FROM jsonb_to_recordset(segments) AS s (segment text, members bigint, share float8, frequency_mean float8, monetary_mean numeric,
                                                    revenue numeric, revenue_share float8)
        ), shaded AS (
            SELECT s.*, greatest(max(s.worth) OVER (), 0) AS most FROM segments AS s
        )
        SELECT jsonb_build_object(
            'frame', retention_internal.picture_frame(
                retention_internal.phrase('Who matters: RFM segments', language),
                format(retention_internal.phrase('area: number of members, of %s altogether', language), retention_internal.with_commas(coalesce(max(s.all_members), 0))),
                language, theme, width, height),
            'body', jsonb_build_object('tiles', jsonb_build_object(
                'shade_title', CASE WHEN bool_or(s.has_amounts) THEN retention_internal.phrase('amount per member', language)
                                    ELSE retention_internal.phrase('orders per member', language) END,
                'shade_low', '0', 'shade_high', coalesce(btrim(to_char(max(s.most), CASE WHEN max(s.most) < 10 THEN '990.9' ELSE '999,999,999,999,990' END)), ''),
                'tiles', coalesce(jsonb_agg(jsonb_build_object(
                    'name', coalesce(CASE WHEN lower(language) = 'zh' THEN chinese ->> s.segment END, s.segment, '-'), 'size', s.members,
                    'lines', jsonb_build_array(
                        format(retention_internal.phrase('%s %% of members', language), round(100 * s.share::numeric, 1)))
                        || CASE WHEN s.revenue_share IS NOT NULL THEN jsonb_build_array(
                               format(retention_internal.phrase('%s %% of revenue', language), round(100 * s.revenue_share::numeric, 1))) ELSE '[]' END,
                    'shade', CASE WHEN s.most > 0 THEN retention_internal.picture_number(s.worth / s.most) END) ORDER BY s.members DESC, s.segment), '[]'))))
        FROM shaded AS s
    $$;
COMMENT ON FUNCTION retention_internal.rfm_picture(jsonb, jsonb, text, text, integer, integer) IS 'the picture of rows of rfm_segments';

-- curve: what retention_internal.lorenz returns.
CREATE FUNCTION retention_internal.lorenz_picture(curve jsonb, language text, theme text, width integer, height integer) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT jsonb_build_object(
            'frame', retention_internal.picture_frame(
                retention_internal.phrase('How much few members bring', language),
                CASE WHEN curve ->> 'gini' IS NULL THEN ''
                     ELSE format(retention_internal.phrase('Lorenz curve: the %s %% who spent most bring %s %% of all amounts; Gini coefficient %s', language), 20,
                                 round(100 * (curve ->> 'top')::numeric, 1), round((curve ->> 'gini')::numeric, 2)) END
                || CASE WHEN (curve ->> 'negative')::bigint > 0
                        THEN format(retention_internal.phrase('; %s members with negative amounts are counted as 0', language), curve ->> 'negative') ELSE '' END,
                language, theme, width, height),
            'body', jsonb_build_object('lines', jsonb_build_object(
                'x_title', retention_internal.phrase('share of members, those who spent least first', language),
                'y_title', retention_internal.phrase('share of all amounts', language), 'unit', 'percent', 'x_unit', 'percent',
                'x_low', 0, 'x_high', 1, 'y_high', 1, 'diagonal', true,
                'series', jsonb_build_array(jsonb_build_object('name', '', 'x', coalesce(curve -> 'x', '[]'), 'y', coalesce(curve -> 'y', '[]'))))))
    $$;
COMMENT ON FUNCTION retention_internal.lorenz_picture(jsonb, text, text, integer, integer) IS 'the picture of a Lorenz curve';
