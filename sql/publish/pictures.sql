-- Pictures of a summary: a shaded triangle for psql, and SVG for reports and pages.

-- What a mode counts, in words.
CREATE FUNCTION retention_internal.picture_mode(mode text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT CASE lower(mode) WHEN 'on or after' THEN 'share that came n %s after its first or later' WHEN 'on or before' THEN 'share that came again within n %s of its first'
                                WHEN 'streak' THEN 'share that came in each of the n %s after its first' ELSE 'share that came again n %s after its first' END
    $$;
COMMENT ON FUNCTION retention_internal.picture_mode(text) IS 'what a mode of cohorts counts, in words';

CREATE FUNCTION cohort_heatmap(
    h history, period text DEFAULT 'month', mode text DEFAULT 'on', as_of date DEFAULT NULL, language text DEFAULT 'en'
) RETURNS SETOF text
    LANGUAGE sql STABLE PARALLEL SAFE COST 2000 ROWS 30
    BEGIN ATOMIC
        SELECT pg_catalog.string_to_table(retention_internal.draw_triangle(retention_internal.cohort_picture(
            (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM cohorts($1, period => $2, mode => $3, as_of => $4) AS c),
            coalesce($2, 'month'), retention_internal.picture_mode($3), $5, 'light', NULL, NULL)), E'\n');
    END;
COMMENT ON FUNCTION cohort_heatmap(history, text, text, date, text) IS
    'cohorts as a shaded triangle for psql: a line per cohort with its members and, for each period since its first, the retention rate in percent; the fuller the shade, the higher the rate, period 0 left out; language: en or zh';

CREATE FUNCTION cohort_heatmap(
    m memberships, period text DEFAULT 'month', as_of date DEFAULT NULL, language text DEFAULT 'en'
) RETURNS SETOF text
    LANGUAGE sql STABLE PARALLEL SAFE COST 2000 ROWS 30
    BEGIN ATOMIC
        SELECT pg_catalog.string_to_table(retention_internal.draw_triangle(retention_internal.cohort_picture(
            (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM cohorts($1, period => $2, as_of => $3) AS c),
            coalesce($2, 'month'), 'share that is in n %s after joining', $4, 'light', NULL, NULL)), E'\n');
    END;
COMMENT ON FUNCTION cohort_heatmap(memberships, text, date, text) IS
    'cohorts of members with a contract as a shaded triangle for psql: a line per cohort with its members and the shares, in percent, that are in at the end of each period since they joined';

CREATE FUNCTION cohort_svg(
    h history, period text DEFAULT 'month', mode text DEFAULT 'on', as_of date DEFAULT NULL,
    language text DEFAULT 'en', theme text DEFAULT 'auto', width integer DEFAULT NULL, height integer DEFAULT NULL
) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE COST 20000
    BEGIN ATOMIC
        SELECT retention_internal.draw(retention_internal.cohort_picture(
            (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM cohorts($1, period => $2, mode => $3, as_of => $4) AS c),
            coalesce($2, 'month'), retention_internal.picture_mode($3), $5, $6, $7, $8));
    END;
COMMENT ON FUNCTION cohort_svg(history, text, text, date, text, text, integer, integer) IS
    'cohorts as a heat map in SVG: a line per cohort, a cell per period since its first, period 0 left out of the colours; language: en or zh; theme: light, dark or auto; size in pixels';

CREATE FUNCTION cohort_svg(
    m memberships, period text DEFAULT 'month', as_of date DEFAULT NULL,
    language text DEFAULT 'en', theme text DEFAULT 'auto', width integer DEFAULT NULL, height integer DEFAULT NULL
) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE COST 20000
    BEGIN ATOMIC
        SELECT retention_internal.draw(retention_internal.cohort_picture(
            (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM cohorts($1, period => $2, as_of => $3) AS c),
            coalesce($2, 'month'), 'share that is in n %s after joining', $4, $5, $6, $7));
    END;
COMMENT ON FUNCTION cohort_svg(memberships, text, date, text, text, integer, integer) IS
    'cohorts of members with a contract as a heat map in SVG: the share that is in at the end of each period since they joined';

CREATE FUNCTION retention_curve_svg(
    h history, period text DEFAULT 'month', mode text DEFAULT 'on', as_of date DEFAULT NULL, confidence float8 DEFAULT 0.95,
    language text DEFAULT 'en', theme text DEFAULT 'auto', width integer DEFAULT NULL, height integer DEFAULT NULL
) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE COST 20000
    BEGIN ATOMIC
        SELECT retention_internal.draw(retention_internal.retention_curve_picture(
            (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM retention_curve($1, period => $2, mode => $3, as_of => $4, confidence => $5) AS c),
            coalesce($2, 'month'), retention_internal.picture_mode($3), $5, $6, $7, $8, $9));
    END;
COMMENT ON FUNCTION retention_curve_svg(history, text, text, date, float8, text, text, integer, integer) IS
    'retention_curve in SVG: the share of members active n periods after their first, with its interval as a band; period 0 is left out';

CREATE FUNCTION retention_curve_svg(
    m memberships, period text DEFAULT 'month', as_of date DEFAULT NULL, confidence float8 DEFAULT 0.95,
    language text DEFAULT 'en', theme text DEFAULT 'auto', width integer DEFAULT NULL, height integer DEFAULT NULL
) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE COST 20000
    BEGIN ATOMIC
        SELECT retention_internal.draw(retention_internal.retention_curve_picture(
            (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM retention_curve($1, period => $2, as_of => $3, confidence => $4) AS c),
            coalesce($2, 'month'), 'share that is in n %s after joining', $4, $5, $6, $7, $8));
    END;
COMMENT ON FUNCTION retention_curve_svg(memberships, text, date, float8, text, text, integer, integer) IS
    'retention_curve of members with a contract in SVG: the share that is in n periods after joining, with its interval as a band';

CREATE FUNCTION churn_svg(
    h history, period text DEFAULT 'month', gap integer DEFAULT NULL, silence text DEFAULT NULL, as_of date DEFAULT NULL,
    language text DEFAULT 'en', theme text DEFAULT 'auto', width integer DEFAULT NULL, height integer DEFAULT NULL
) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE COST 20000
    BEGIN ATOMIC
        SELECT retention_internal.draw(retention_internal.churn_picture(
            (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM churn($1, period => $2, gap => $3, silence => $4, as_of => $5) AS c),
            coalesce($2, 'month'), 'members that are in at the end of a period; below zero those who went silent', '{retained,reactivated,new}', '{churned}', $6, $7, $8, $9));
    END;
COMMENT ON FUNCTION churn_svg(history, text, integer, text, date, text, text, integer, integer) IS
    'the churn ledger as stacked bars in SVG: above zero who is in at the end of a period, retained, reactivated or new; below zero who churned';

CREATE FUNCTION churn_svg(
    m memberships, period text DEFAULT 'month', as_of date DEFAULT NULL,
    language text DEFAULT 'en', theme text DEFAULT 'auto', width integer DEFAULT NULL, height integer DEFAULT NULL
) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE COST 20000
    BEGIN ATOMIC
        -- Who joined and left within one period is in neither at its beginning nor at its end.
        SELECT retention_internal.draw(retention_internal.churn_picture(
            (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(c)) FROM churn($1, period => $2, as_of => $3) AS c),
            coalesce($2, 'month'), 'members with a contract at the end of a period; below zero those who left', '{retained,rejoined,joined}', '{churned}', $4, $5, $6, $7));
    END;
COMMENT ON FUNCTION churn_svg(memberships, text, date, text, text, integer, integer) IS
    'the churn ledger of members with a contract as stacked bars in SVG: above zero retained, rejoined and joined, below zero churned';

CREATE FUNCTION survival_svg(
    h history, period text DEFAULT 'month', gap integer DEFAULT NULL, silence text DEFAULT NULL, as_of date DEFAULT NULL, confidence float8 DEFAULT 0.95,
    language text DEFAULT 'en', theme text DEFAULT 'auto', width integer DEFAULT NULL, height integer DEFAULT NULL
) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE COST 20000
    BEGIN ATOMIC
        SELECT retention_internal.draw(retention_internal.survival_picture(
            (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(s)) FROM survival($1, period => $2, gap => $3, silence => $4, as_of => $5, confidence => $6) AS s),
            coalesce($2, 'month'), 'share that has not lapsed after so many %s (Kaplan-Meier)', $6, $7, $8, $9, $10));
    END;
COMMENT ON FUNCTION survival_svg(history, text, integer, text, date, float8, text, text, integer, integer) IS
    'survival until the first lapse in SVG: a curve of steps with its interval as a band';

CREATE FUNCTION survival_svg(
    m memberships, period text DEFAULT 'month', as_of date DEFAULT NULL, confidence float8 DEFAULT 0.95,
    language text DEFAULT 'en', theme text DEFAULT 'auto', width integer DEFAULT NULL, height integer DEFAULT NULL
) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE COST 20000
    BEGIN ATOMIC
        SELECT retention_internal.draw(retention_internal.survival_picture(
            (SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(s)) FROM survival($1, period => $2, as_of => $3, confidence => $4) AS s),
            coalesce($2, 'month'), 'share that has not left after so many %s (Kaplan-Meier)', $4, $5, $6, $7, $8));
    END;
COMMENT ON FUNCTION survival_svg(memberships, text, date, float8, text, text, integer, integer) IS
    'survival until the first departure in SVG: a curve of steps with its interval as a band';

CREATE FUNCTION rfm_svg(
    h history, as_of date DEFAULT NULL, bins integer DEFAULT 5, map text DEFAULT 'rf10',
    language text DEFAULT 'en', theme text DEFAULT 'auto', width integer DEFAULT NULL, height integer DEFAULT NULL
) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE COST 20000
    BEGIN ATOMIC
        SELECT retention_internal.draw(retention_internal.rfm_picture(
            (SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(s)), '[]') FROM rfm_segments($1, as_of => $2, bins => $3, map => $4) AS s),
            retention_internal.publish_chinese(coalesce($4, 'rf10')), $5, $6, $7, $8));
    END;
COMMENT ON FUNCTION rfm_svg(history, date, integer, text, text, text, integer, integer) IS
    'RFM segments as a treemap in SVG: the area is the number of members, the shade what one of them has spent, or ordered if there are no amounts';

-- The Lorenz curve over a query with a column amount, thinned to some 200 points.
CREATE FUNCTION retention_internal.lorenz_query(members text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT format('WITH members AS (SELECT greatest(q.amount, 0) AS amount, q.amount < 0 AS is_negative FROM (%s) AS q WHERE q.amount IS NOT NULL),
                ranked AS (SELECT row_number() OVER w AS i, sum(m.amount) OVER w AS running, m.amount FROM members AS m
                           WINDOW w AS (ORDER BY m.amount ROWS UNBOUNDED PRECEDING)),
                whole AS (SELECT count(*) AS n, nullif(sum(r.amount), 0) AS total, sum(r.i * r.amount) AS weighted FROM ranked AS r),
                points AS (SELECT 0 AS x, CASE WHEN w.n > 0 THEN 0 / w.total END AS y FROM whole AS w
                           UNION ALL
                           SELECT r.i / w.n::numeric, r.running / w.total FROM ranked AS r, whole AS w WHERE r.i %% ceil(w.n / 200.0) = 0 OR r.i = w.n)
                SELECT jsonb_build_object(
                    ''x'', (SELECT jsonb_agg(round(p.x, 5) ORDER BY p.x) FROM points AS p), ''y'', (SELECT jsonb_agg(round(p.y, 5) ORDER BY p.x) FROM points AS p),
                    ''gini'', 2 * w.weighted / (w.n * w.total) - (w.n + 1) / nullif(w.n, 0)::numeric,
                    ''top'', 1 - coalesce((SELECT r.running FROM ranked AS r WHERE r.i = w.n - greatest(round(0.2 * w.n), 1)), 0) / w.total,
                    ''negative'', (SELECT count(*) FROM members AS m WHERE m.is_negative))
                FROM whole AS w', members)
    $$;
COMMENT ON FUNCTION retention_internal.lorenz_query(text) IS 'the query of a Lorenz curve, its Gini coefficient, and the share of the fifth who spent most';

CREATE FUNCTION lorenz_svg(
    h history, as_of date DEFAULT NULL,
    language text DEFAULT 'en', theme text DEFAULT 'auto', width integer DEFAULT NULL, height integer DEFAULT NULL
) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE COST 20000
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    curve jsonb;
BEGIN
    EXECUTE retention_internal.lorenz_query('SELECT r.monetary AS amount FROM @extschema@.rfm($1, as_of => $2, map => ''none'') AS r') INTO curve USING h, as_of;
    RETURN retention_internal.draw(retention_internal.lorenz_picture(curve, language, theme, width, height));
END
$$;
COMMENT ON FUNCTION lorenz_svg(history, date, text, text, integer, integer) IS
    'how unevenly members spend, in SVG: the Lorenz curve of their amounts, with the Gini coefficient and the share of the fifth who spent most';
