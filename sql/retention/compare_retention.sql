-- The retention of several groups. What is aggregated are the groups themselves, in the order of their names.

CREATE TYPE history_group AS (grp text, h history, starts history);
COMMENT ON TYPE history_group IS
    'a group by its name, its history, and the history of its starts if there is one: an array of them is made by compare_retention_agg, read by compare_retention';

CREATE FUNCTION retention_internal.compare_retention_step(groups history_group[], grp text, h history) RETURNS history_group[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN $3 IS NULL THEN $1 ELSE pg_catalog.array_append($1, ROW($2, $3, NULL)::@extschema@.history_group) END;
END;
COMMENT ON FUNCTION retention_internal.compare_retention_step(history_group[], text, history) IS
    'transition function of compare_retention_agg; not to be called by itself';

-- Who signed up and did nothing is in the starts alone.
CREATE FUNCTION retention_internal.compare_retention_step(groups history_group[], grp text, h history, starts history) RETURNS history_group[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN $3 IS NULL AND $4 IS NULL THEN $1
                ELSE pg_catalog.array_append($1, ROW($2, $3, $4)::@extschema@.history_group) END;
END;
COMMENT ON FUNCTION retention_internal.compare_retention_step(history_group[], text, history, history) IS
    'transition function of compare_retention_agg; not to be called by itself';

CREATE AGGREGATE compare_retention_agg(grp text, h history) (
    SFUNC = retention_internal.compare_retention_step,
    STYPE = history_group[],
    INITCOND = '{}',
    COMBINEFUNC = pg_catalog.array_cat,
    PARALLEL = SAFE
);
CREATE AGGREGATE compare_retention_agg(grp text, h history, starts history) (
    SFUNC = retention_internal.compare_retention_step,
    STYPE = history_group[],
    INITCOND = '{}',
    COMBINEFUNC = pg_catalog.array_cat,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE compare_retention_agg(text, history) IS
    'the groups to be compared by compare_retention: a name and a history for each';
COMMENT ON AGGREGATE compare_retention_agg(text, history, history) IS
    'the groups to be compared by compare_retention with entry => ''starts'': a name, a history and the history of the starts for each';

CREATE FUNCTION retention_internal.retention_contrasts(
    period_numbers integer[], grps text[], eligible bigint[], retained bigint[], control text, confidence float8
) RETURNS TABLE (
    period_number integer,
    grp_1 text,
    eligible_1 bigint,
    retained_1 bigint,
    rate_1 float8,
    grp_2 text,
    eligible_2 bigint,
    retained_2 bigint,
    rate_2 float8,
    difference float8,
    difference_low float8,
    difference_high float8,
    p_value float8,
    p_adjusted float8,
    overall_p_value float8
)
    AS 'MODULE_PATHNAME', 'retention_contrasts_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION retention_internal.retention_contrasts(integer[], text[], bigint[], bigint[], text, float8) IS
    'what compare_retention of several groups calls';

CREATE FUNCTION retention_internal.compare_retention_check(groups history_group[], entry text) RETURNS history_group[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF pg_catalog.lower(entry) OPERATOR(pg_catalog.=) 'recurring' THEN
        RAISE EXCEPTION 'entry is ''recurring'': several groups are compared by members that enter once'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Take ''first'' or ''starts''; or compare two groups at a time, with compare_retention(h1, h2, entry => ''recurring'').';
    ELSIF pg_catalog.lower(entry) OPERATOR(pg_catalog.=) 'starts' AND pg_catalog.cardinality(groups) OPERATOR(pg_catalog.>) 0
          AND NOT EXISTS (SELECT FROM pg_catalog.unnest(groups) AS g WHERE g.starts IS NOT NULL) THEN
        RAISE EXCEPTION 'entry is ''starts'', and no group has starts'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Pass the history of each group''s starts, such as sign-ups: compare_retention_agg(grp, h, starts).';
    END IF;
    RETURN groups;
END
$$;
COMMENT ON FUNCTION retention_internal.compare_retention_check(history_group[], text) IS
    'the groups, if their members can enter so; part of compare_retention';

CREATE FUNCTION compare_retention(
    groups history_group[],
    control text DEFAULT NULL,
    period text DEFAULT 'month',
    mode text DEFAULT 'on',
    entry text DEFAULT 'first',
    as_of date DEFAULT NULL,
    brackets integer[] DEFAULT NULL,
    min_events integer DEFAULT 1,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_number integer,
    grp_1 text,
    eligible_1 bigint,
    retained_1 bigint,
    rate_1 float8,
    grp_2 text,
    eligible_2 bigint,
    retained_2 bigint,
    rate_2 float8,
    difference float8,
    difference_low float8,
    difference_high float8,
    p_value float8,
    p_adjusted float8,
    overall_p_value float8
)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5000 ROWS 100
BEGIN ATOMIC
    WITH given AS (
        SELECT g.grp, @extschema@.rollup(g.h) AS h, @extschema@.rollup(g.starts) AS starts
        FROM pg_catalog.unnest(retention_internal.compare_retention_check($1, $5)) AS g
        GROUP BY g.grp
    ), seen AS (
        SELECT coalesce($6, pg_catalog.max(
                   (pg_catalog.timezone(coalesce(@extschema@.time_zone(h), 'UTC'), @extschema@.last_at(h)))::pg_catalog.date)) AS as_of
        FROM given
    ), curves AS (
        SELECT g.grp, c.period_number, c.eligible, c.retained
        FROM seen, given AS g,
             @extschema@.retention_curve(g.h, period => $3, mode => $4, entry => $5, starts => g.starts, as_of => seen.as_of,
                                         brackets => $7, min_events => $8) AS c
    ), cells AS (
        SELECT p.period_number, g.grp, coalesce(c.eligible, 0) AS eligible, coalesce(c.retained, 0) AS retained
        FROM (SELECT DISTINCT c.period_number FROM curves AS c) AS p
             CROSS JOIN given AS g
             LEFT JOIN curves AS c ON c.period_number OPERATOR(pg_catalog.=) p.period_number AND c.grp IS NOT DISTINCT FROM g.grp
    )
    SELECT r.*
    FROM (SELECT pg_catalog.array_agg(period_number ORDER BY period_number, grp COLLATE pg_catalog."C") AS period_numbers,
                 pg_catalog.array_agg(grp ORDER BY period_number, grp COLLATE pg_catalog."C") AS grps,
                 pg_catalog.array_agg(eligible ORDER BY period_number, grp COLLATE pg_catalog."C") AS eligible,
                 pg_catalog.array_agg(retained ORDER BY period_number, grp COLLATE pg_catalog."C") AS retained
          FROM cells) AS c,
         retention_internal.retention_contrasts(c.period_numbers, c.grps, c.eligible, c.retained, $2, $9) AS r;
END;
COMMENT ON FUNCTION compare_retention(history_group[], text, text, text, text, date, integer[], integer, float8) IS
    'the retention curves of several groups without common members: every pair of them, or each against the control: the second rate minus the first with a Newcombe interval, its p-value, the same adjusted by Holm over the pairs of a period, and the p-value of all groups being alike';
