-- Every way in which text goes in and comes out, with a word (:word) that is not ASCII: what is not as it should be.
SET search_path = public, retention;
CREATE FUNCTION pg_temp.message(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    hint text;
BEGIN
    EXECUTE query;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN message || hint;
END $$;
CREATE TEMP TABLE w AS SELECT :'word'::text AS w;
CREATE TEMP TABLE e AS
SELECT i % 7 AS n, CASE WHEN i % 2 = 0 THEN w ELSE 'plain' END AS word, date '2024-01-01' + i AS day, i::numeric AS amount, 1 + i % 5 AS duration, i % 3 > 0 AS churned, i
FROM generate_series(1, 60) AS i, w;
SELECT format('ALTER TABLE e ADD %I text', w) FROM w \gexec
SELECT format('UPDATE e SET %I = word', w) FROM w \gexec
CREATE TEMP TABLE h AS SELECT history_agg(word, day, amount) AS by_word, history_agg(n, day, amount) AS by_number FROM e;
CREATE TEMP TABLE fit AS SELECT cox_fit_agg(duration, churned, jsonb_build_object(w || '_n', i * 7919 % 101, w, word)) AS f FROM e, w;

WITH checks (what, is_right) AS (
    SELECT 'members', bool_or(r.member = w) FROM h, w, history_rows(by_word) AS r
    UNION ALL SELECT 'bytes that a database of UTF-8 has too', position(convert_to(w, 'UTF8') IN retention_internal.history_send(by_word)) > 0 FROM h, w
                     WHERE getdatabaseencoding() <> 'SQL_ASCII'
    UNION ALL SELECT 'text there and back', by_word::text::history = by_word FROM h
    UNION ALL SELECT 'without', members(without(by_word, ARRAY[w])) = 1 FROM h, w
    UNION ALL SELECT 'segments', bool_and(s.segment = w) FROM h, w, rfm_segments(by_number, map => jsonb_build_object('rules', jsonb_build_array(jsonb_build_object('segment', w)))::text) AS s
    UNION ALL SELECT 'check_segment_map', bool_or(c.segments LIKE '%' || w || '%') FROM w,
                     check_segment_map(jsonb_build_object('rules', jsonb_build_array(jsonb_build_object('segment', w, 'r', '[1,3]'::jsonb), jsonb_build_object('segment', w || '2')))) AS c
    UNION ALL SELECT 'tiers', bool_or(t.tier = w) FROM h, w, tiers(by_number, jsonb_build_object('tiers', jsonb_build_array(jsonb_build_object('name', w, 'from', 1)))) AS t
    UNION ALL SELECT 'groups', bool_or(g.grp = w) FROM w, (SELECT logrank_agg(duration, churned, word) AS l FROM e) AS l, logrank_groups(l) AS g
    UNION ALL SELECT 'causes', bool_or(c.cause = w) FROM w, (SELECT survival_agg(duration, churned, NULL, 1, word) AS d FROM e) AS d, cumulative_incidence(d) AS c
    UNION ALL SELECT 'covariates', count(*) FILTER (WHERE c.covariate = w || '_n') = 1 AND count(*) FILTER (WHERE c.covariate LIKE w || '=%') = 1 FROM fit, w, cox_coefficients(f) AS c
    UNION ALL SELECT 'a model as text', f::text LIKE '%' || w || '%' AND f::text::cox_model::text = f::text FROM fit, w
    UNION ALL SELECT 'asked by name', survival_at(f, jsonb_build_object(w || '_n', 3, w, w), 2) BETWEEN 0 AND 1 FROM fit, w
    UNION ALL SELECT 'names of covariates', bool_or(c.covariate = w) FROM w, (SELECT cox_fit_agg(duration, churned, ARRAY[i * 7919 % 101]) AS f FROM e) AS f, cox_coefficients(f, ARRAY[w]) AS c
    UNION ALL SELECT 'strata', bool_or(d.stratum = w) FROM w, (SELECT decompose_churn_agg(word, 9, 3, 8, 2) AS s FROM e) AS s, decompose_churn(s) AS d
    UNION ALL SELECT 'groups of histories', bool_or(c.grp_1 = w OR c.grp_2 = w) FROM w, (SELECT compare_retention_agg(word, h) AS g FROM (SELECT word, history_agg(n + (i % 2) * 100, day) AS h FROM e GROUP BY word) AS e) AS g, compare_retention(g, period => 'week') AS c
    UNION ALL SELECT 'names of columns', members(history_of('e', w, 'day')) = 2 FROM w
    UNION ALL SELECT 'a query', members(history_of_query(format('SELECT %I AS member, day AS at FROM e', w))) = 2 FROM w
    UNION ALL SELECT 'groups of a table', bool_or(x.grp = w) FROM w, histories_of('e', 'n', 'day', by => w) AS x
    UNION ALL SELECT 'a model''s words', position(w IN ('{"model": "nbd", "parameters": {"r": 1, "alpha": 12}, "reason": "' || w || '"}')::clv_model::text) > 0 FROM w
    UNION ALL SELECT 'error: ' || m, position(w IN m) > 0 FROM w, unnest(ARRAY[
        pg_temp.message(format('SELECT cohorts(by_word, %L) FROM h', w)),
        pg_temp.message(format('SELECT %L::history', w)),
        pg_temp.message(format('SELECT history_agg(1, now(), 1, %L)', w)),
        pg_temp.message(format('SELECT history_agg(1, now(), 1, ''day'', %L)', w)),
        pg_temp.message(format('SELECT history_of(''e'', %L, ''day'')', w || 'x')),
        pg_temp.message(format('SELECT rfm_segments(by_number, map => jsonb_build_object(%L, 1)::text) FROM h', w)),
        pg_temp.message(format('SELECT survival_at(f, jsonb_build_object(%L, 1), 2) FROM fit', w || 'x')),
        pg_temp.message(format('SELECT survival(d, conf_type => %L) FROM (SELECT survival_agg(1, true) AS d) AS d', w)),
        pg_temp.message(format('SELECT ''{"model": "%s"}''::clv_model', w))]) AS m
    UNION ALL SELECT 'Chinese names of segments', bool_and((chinese IS NOT NULL) = (getdatabaseencoding() IN ('UTF8', 'EUC_CN', 'SQL_ASCII'))) FROM segment_maps()
)
SELECT 'NOT RIGHT: ' || what FROM checks WHERE is_right IS NOT TRUE
UNION ALL SELECT count(*) || ' checks' FROM checks;
-- As the client gets it, and as an error tells it.
SELECT r.member FROM h, w, history_rows(by_word) AS r WHERE r.member = w LIMIT 1;
SELECT format('SELECT churn(by_word, %L) FROM h', w) FROM w \gexec
