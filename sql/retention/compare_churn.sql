-- Churn compared: two groups, the groups of an attribute against the rest, and two periods.

CREATE FUNCTION compare_churn(
    h1 history,
    h2 history,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    opening_1 bigint,
    churned_1 bigint,
    churn_rate_1 float8,
    opening_2 bigint,
    churned_2 bigint,
    churn_rate_2 float8,
    difference float8,
    difference_low float8,
    difference_high float8,
    p_value float8,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'compare_churn_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2000 ROWS 50;
COMMENT ON FUNCTION compare_churn(history, history, text, integer, text, date, float8) IS
    'the churn of two groups without common members: for every period the second churn rate minus the first, with a Newcombe interval and the p-value of there being no difference';

CREATE FUNCTION retention_internal.churn_contrasts(
    dimensions text[], values_of text[], opening bigint[], churned bigint[], confidence float8
) RETURNS TABLE (
    dimension text,
    value text,
    opening bigint,
    churned bigint,
    churn_rate float8,
    churn_rate_low float8,
    churn_rate_high float8,
    ratio float8,
    ratio_low float8,
    ratio_high float8,
    p_value float8,
    q_value float8
)
    AS 'MODULE_PATHNAME', 'churn_contrasts_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION retention_internal.churn_contrasts(text[], text[], bigint[], bigint[], float8) IS
    'what churn_by calls';

CREATE FUNCTION churn_by(
    source regclass,
    member name,
    at name,
    amount name DEFAULT NULL,
    by text DEFAULT NULL,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
    period_start date DEFAULT NULL,
    as_of date DEFAULT NULL,
    zone text DEFAULT NULL,
    negative text DEFAULT 'event',
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    dimension text,
    value text,
    opening bigint,
    churned bigint,
    churn_rate float8,
    churn_rate_low float8,
    churn_rate_high float8,
    ratio float8,
    ratio_low float8,
    ratio_high float8,
    p_value float8,
    q_value float8,
    amount_opening numeric,
    amount_churned numeric
)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 50 AS $$
DECLARE
    columns pg_catalog.name[] := retention_internal.column_names(by);
    h @extschema@.history;
    first_day pg_catalog.date;
    day_begins pg_catalog.text;
    time_type pg_catalog.regtype;
    attribute pg_catalog.name;
BEGIN
    IF source IS NULL OR member IS NULL OR at IS NULL OR columns IS NULL OR pg_catalog.cardinality(columns) OPERATOR(pg_catalog.=) 0 THEN
        RAISE EXCEPTION 'source, member, at and by must not be null or empty'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Name a table or view, its column of members, its column of times, and its columns of attributes: by => ''country, age_band''.';
    END IF;
    IF pg_catalog.cardinality(columns) OPERATOR(pg_catalog.>) (SELECT pg_catalog.count(DISTINCT a.a) FROM pg_catalog.unnest(columns) AS a(a)) THEN
        RAISE EXCEPTION 'by names a column twice, or NULL: %', by USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOREACH attribute IN ARRAY columns LOOP
        PERFORM retention_internal.source_column('SELECT * FROM ' OPERATOR(pg_catalog.||) source::pg_catalog.text, source::pg_catalog.text, attribute);
    END LOOP;

    time_type := retention_internal.source_time(source, at);
    h := @extschema@.history_of(source, member, at, amount, zone => zone, negative => negative);
    SELECT INTO first_day r.period_start
    FROM @extschema@.churn(h, period => churn_by.period, gap => churn_by.gap, silence => churn_by.silence, as_of => churn_by.as_of) AS r
    WHERE r.complete AND NOT r.truncated AND r.opening OPERATOR(pg_catalog.>) 0
          AND (churn_by.period_start IS NULL OR r.period_start OPERATOR(pg_catalog.=) churn_by.period_start)
    ORDER BY r.period_start DESC LIMIT 1;
    IF first_day IS NULL THEN
        IF churn_by.period_start IS NOT NULL THEN
            RAISE EXCEPTION 'no complete period with members at its opening begins on %', churn_by.period_start
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'Take a period_start of churn with the same period, gap, silence and as_of.';
        END IF;
        RETURN;
    END IF;

    -- What is true of a member at the opening is what its last row before says; of rows at the same time, the last in order of the values.
    day_begins := CASE
        WHEN time_type OPERATOR(pg_catalog.=) 'pg_catalog.timestamptz'::pg_catalog.regtype
        THEN pg_catalog.format('%L::pg_catalog.timestamp AT TIME ZONE %L', first_day, @extschema@.time_zone(h))
        ELSE pg_catalog.format('%L::pg_catalog.date', first_day) END;
    RETURN QUERY EXECUTE pg_catalog.format(
        'WITH members AS MATERIALIZED (
             SELECT m.member, m.change OPERATOR(pg_catalog.=) ''churned'' AS is_churned
             FROM @extschema@.churn_members($1, period_start => $2, period => $3, gap => $4, silence => $5, as_of => $6) AS m
             WHERE m.change OPERATOR(pg_catalog.=) ANY (''{retained,churned}''::pg_catalog.text[])
         ), attributes AS (
             SELECT DISTINCT ON (r.member) r.member, r.attributes, pg_catalog.sum(r.amount) OVER (PARTITION BY r.member) AS amount
             FROM (SELECT (%1$s)::pg_catalog.text AS member, source.%2$I AS at, (%6$s)::pg_catalog.numeric AS amount, ARRAY[%3$s] AS attributes
                   FROM %4$s AS source WHERE source.%2$I OPERATOR(pg_catalog.<) %5$s) AS r
             ORDER BY r.member, r.at DESC, r.attributes DESC
         ), groups AS (
             SELECT d.dimension, d.place, d.value, pg_catalog.count(*) AS opening,
                    pg_catalog.count(*) FILTER (WHERE m.is_churned) AS churned,
                    CASE WHEN %7$L THEN coalesce(pg_catalog.sum(a.amount), 0) END AS amount_opening,
                    CASE WHEN %7$L THEN coalesce(pg_catalog.sum(a.amount) FILTER (WHERE m.is_churned), 0) END AS amount_churned
             FROM members AS m
                  JOIN attributes AS a ON a.member OPERATOR(pg_catalog.=) m.member,
                  ROWS FROM (pg_catalog.unnest($7::pg_catalog.text[]), pg_catalog.unnest(a.attributes)) WITH ORDINALITY AS d(dimension, value, place)
             GROUP BY d.dimension, d.place, d.value
         )
         SELECT c.*
         FROM (SELECT pg_catalog.array_agg(g.dimension ORDER BY g.place, g.value) AS dimensions,
                      pg_catalog.array_agg(g.value ORDER BY g.place, g.value) AS values_of,
                      pg_catalog.array_agg(g.opening ORDER BY g.place, g.value) AS opening,
                      pg_catalog.array_agg(g.churned ORDER BY g.place, g.value) AS churned,
                      pg_catalog.array_agg(g.amount_opening ORDER BY g.place, g.value) AS amount_opening,
                      pg_catalog.array_agg(g.amount_churned ORDER BY g.place, g.value) AS amount_churned
               FROM groups AS g) AS g,
              ROWS FROM (retention_internal.churn_contrasts(g.dimensions, g.values_of, g.opening, g.churned, $8),
                         pg_catalog.unnest(g.amount_opening), pg_catalog.unnest(g.amount_churned)) AS c',
        retention_internal.source_member(source, member), at,
        (SELECT pg_catalog.string_agg(pg_catalog.format('source.%I::pg_catalog.text', a.name), ', ' ORDER BY a.place)
         FROM pg_catalog.unnest(columns) WITH ORDINALITY AS a(name, place)),
        source, day_begins, CASE WHEN amount IS NULL THEN 'NULL' ELSE pg_catalog.format('source.%I', amount) END, amount IS NOT NULL)
    USING h, first_day, churn_by.period, churn_by.gap, churn_by.silence, churn_by.as_of, columns, churn_by.confidence;
END
$$;
COMMENT ON FUNCTION churn_by(regclass, name, name, name, text, text, integer, text, date, date, text, text, float8) IS
    'which groups leave more: the members at the opening of one period (by default the last complete one), by attributes that their last row before it has, with their churn rate, its ratio to that of all other members, the p-value of there being no difference, the q-value over all groups of the call, and what they and those who left had spent before the period';

-- Two periods compared, stratum by stratum. What is aggregated are plain values: one for each stratum, in their order.
CREATE FUNCTION retention_internal.decompose_churn_strata(churn_stratum[]) RETURNS churn_stratum[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.array_agg(
               ROW(s.stratum, s.opening_1, s.churned_1, s.opening_2, s.churned_2)::@extschema@.churn_stratum
               ORDER BY s.stratum COLLATE pg_catalog."C")
    FROM (SELECT u.stratum,
                 coalesce(pg_catalog.sum(u.opening_1), 0)::pg_catalog.int8 AS opening_1,
                 coalesce(pg_catalog.sum(u.churned_1), 0)::pg_catalog.int8 AS churned_1,
                 coalesce(pg_catalog.sum(u.opening_2), 0)::pg_catalog.int8 AS opening_2,
                 coalesce(pg_catalog.sum(u.churned_2), 0)::pg_catalog.int8 AS churned_2
          FROM pg_catalog.unnest($1) AS u
          GROUP BY u.stratum) AS s;
END;
COMMENT ON FUNCTION retention_internal.decompose_churn_strata(churn_stratum[]) IS
    'every stratum once, with its counts added up, in the order of their names; a count of NULL is 0';

CREATE FUNCTION retention_internal.decompose_churn_fewer(churn_stratum[]) RETURNS churn_stratum[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN pg_catalog.cardinality(fewer) OPERATOR(pg_catalog.<) (pg_catalog.cardinality($1) OPERATOR(pg_catalog./) 4 OPERATOR(pg_catalog.*) 3)
                THEN fewer ELSE $1 END
    FROM retention_internal.decompose_churn_strata($1) AS fewer;
END;
COMMENT ON FUNCTION retention_internal.decompose_churn_fewer(churn_stratum[]) IS
    'every stratum once, if that makes them a quarter fewer: what decompose_churn_step does when they have doubled, so that few strata stay few';

CREATE FUNCTION retention_internal.decompose_churn_step(
    strata churn_stratum[], stratum text, opening_1 bigint, churned_1 bigint, opening_2 bigint, churned_2 bigint
) RETURNS churn_stratum[]
    AS 'MODULE_PATHNAME', 'decompose_churn_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.decompose_churn_step(churn_stratum[], text, bigint, bigint, bigint, bigint) IS
    'transition function of decompose_churn_agg; not to be called by itself';

CREATE AGGREGATE decompose_churn_agg(
    stratum text, opening_1 bigint, churned_1 bigint, opening_2 bigint, churned_2 bigint
) (
    SFUNC = retention_internal.decompose_churn_step,
    STYPE = churn_stratum[],
    INITCOND = '{}',
    COMBINEFUNC = pg_catalog.array_cat,
    FINALFUNC = retention_internal.decompose_churn_strata,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE decompose_churn_agg(text, bigint, bigint, bigint, bigint) IS
    'two periods to be compared by decompose_churn: a stratum, its opening and churned members in the first period and in the second; rows of the same stratum add up';

CREATE FUNCTION retention_internal.decompose_churn_arrays(
    stratum text[], opening_1 bigint[], churned_1 bigint[], opening_2 bigint[], churned_2 bigint[]
) RETURNS TABLE (
    stratum text,
    opening_1 bigint,
    opening_2 bigint,
    share_1 float8,
    share_2 float8,
    rate_1 float8,
    rate_2 float8,
    mix_effect float8,
    rate_effect float8,
    effect float8,
    overall boolean
)
    AS 'MODULE_PATHNAME', 'decompose_churn_arrays_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION retention_internal.decompose_churn_arrays(text[], bigint[], bigint[], bigint[], bigint[]) IS
    'what decompose_churn calls';

CREATE FUNCTION decompose_churn(strata churn_stratum[]) RETURNS TABLE (
    stratum text,
    opening_1 bigint,
    opening_2 bigint,
    share_1 float8,
    share_2 float8,
    rate_1 float8,
    rate_2 float8,
    mix_effect float8,
    rate_effect float8,
    effect float8,
    overall boolean
)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
    SELECT r.*
    FROM (SELECT pg_catalog.array_agg(u.stratum) AS stratum,
                 pg_catalog.array_agg(u.opening_1) AS opening_1, pg_catalog.array_agg(u.churned_1) AS churned_1,
                 pg_catalog.array_agg(u.opening_2) AS opening_2, pg_catalog.array_agg(u.churned_2) AS churned_2
          FROM pg_catalog.unnest(retention_internal.decompose_churn_strata($1)) AS u) AS s,
         retention_internal.decompose_churn_arrays(s.stratum, s.opening_1, s.churned_1, s.opening_2, s.churned_2) AS r;
END;
COMMENT ON FUNCTION decompose_churn(churn_stratum[]) IS
    'why the churn rate of a period differs from that of another: for every stratum and overall, how much its share of the members has changed it (mix_effect), and how much its own rate (rate_effect)';
