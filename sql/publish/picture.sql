-- The drawing kit: a picture is a jsonb (a frame and a body), and draw makes SVG of it. What a family's picture looks like is in
-- picture_bodies.sql; the functions that people call, in pictures.sql. All words are English here: phrase says them in Chinese.

CREATE FUNCTION retention_internal.draw(picture jsonb) RETURNS text
    AS 'MODULE_PATHNAME', 'draw_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION retention_internal.draw(jsonb) IS 'a picture as SVG';

CREATE FUNCTION retention_internal.draw_triangle(picture jsonb) RETURNS text
    AS 'MODULE_PATHNAME', 'draw_triangle_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION retention_internal.draw_triangle(jsonb) IS 'a picture of cells as lines of text';

CREATE FUNCTION retention_internal.phrase(english text, language text) RETURNS text
    AS 'MODULE_PATHNAME', 'phrase_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION retention_internal.phrase(text, text) IS 'a phrase of pictures and reports in a language';

CREATE FUNCTION retention_internal.picture_frame(title text, subtitle text, language text, theme text, width integer, height integer) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT jsonb_build_object('title', title, 'subtitle', coalesce(subtitle, ''), 'language', coalesce(language, 'en'), 'theme', coalesce(theme, 'auto'),
                                  'width', width, 'height', height)
    $$;
COMMENT ON FUNCTION retention_internal.picture_frame(text, text, text, text, integer, integer) IS 'what is the same in all pictures: title, language, theme, size';

-- What a period is counted in: of those of several units it also says how long one is.
CREATE FUNCTION retention_internal.picture_unit(period text, language text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT coalesce((SELECT retention_internal.phrase(u.unit, language)
                         FROM (VALUES ('days', 'days?|daily'), ('weeks', '(weeks?|weekly)([[:space:]]+from[[:space:]]+[[:alnum:]_]+)?'), ('months', 'months?|monthly'), ('quarters', '(quarters?|quarterly)([[:space:]]+from[[:space:]]+[[:alnum:]_]+)?'),
                                      ('years', '(years?|yearly)([[:space:]]+from[[:space:]]+[[:alnum:]_]+)?')) AS u (unit, written)
                         WHERE period ~* ('^[[:space:]]*(1[[:space:]]+)?(' || u.written || ')[[:space:]]*$')),
                        retention_internal.phrase('periods', language) || ' (' || btrim(period) || ')')
    $$;
COMMENT ON FUNCTION retention_internal.picture_unit(text, text) IS 'the word for a period';

-- A period of the calendar by its name, others by their first day.
CREATE FUNCTION retention_internal.picture_label(day date, period text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT to_char(day::timestamp, CASE WHEN period ~* '^[[:space:]]*(months?|monthly)[[:space:]]*$' THEN 'YYYY-MM' WHEN period ~* '^[[:space:]]*(weeks?|weekly)[[:space:]]*$' THEN 'IYYY-"W"IW'
                                            WHEN period ~* '^[[:space:]]*(quarters?|quarterly)[[:space:]]*$' THEN 'YYYY-"Q"Q' WHEN period ~* '^[[:space:]]*(years?|yearly)[[:space:]]*$' THEN 'YYYY' ELSE 'YYYY-MM-DD' END)
    $$;
COMMENT ON FUNCTION retention_internal.picture_label(date, text) IS 'a period by its name';

-- To so many digits: a picture needs no more, and a document holds only so many letters.
CREATE FUNCTION retention_internal.picture_number(value float8, digits integer DEFAULT 12) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$SELECT CASE WHEN abs(value) < 'infinity' THEN trim_scale(round(value::numeric, digits)) END$$;
COMMENT ON FUNCTION retention_internal.picture_number(float8, integer) IS 'a number to so many digits; NULL if it is not finite';

CREATE FUNCTION retention_internal.with_commas(value numeric, digits integer DEFAULT 0) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$SELECT btrim(to_char(value, 'FM999,999,999,999,999,990' || CASE WHEN digits > 0 THEN '.' || repeat('0', digits) ELSE '' END))$$;
COMMENT ON FUNCTION retention_internal.with_commas(numeric, integer) IS 'a number with commas';
