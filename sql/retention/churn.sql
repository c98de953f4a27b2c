-- The churn ledger: who is in, who left, who came and who came back, period by period.

CREATE FUNCTION churn(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    opening bigint,
    new bigint,
    reactivated bigint,
    retained bigint,
    churned bigint,
    closing bigint,
    retention_rate float8,
    churn_rate float8,
    churn_rate_low float8,
    churn_rate_high float8,
    truncated boolean,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'churn_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION churn(history, text, integer, text, date, float8) IS
    'the churn ledger: a row a period with members at its opening, new, reactivated, retained, churned and at its closing, and churned / opening with a Wilson interval; a member is out after gap periods without an event (by default 1), or after a silence such as ''90 days''';

CREATE FUNCTION churn(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    opening bigint,
    joined bigint,
    rejoined bigint,
    departed bigint,
    retained bigint,
    churned bigint,
    closing bigint,
    retention_rate float8,
    churn_rate float8,
    churn_rate_low float8,
    churn_rate_high float8,
    member_years float8,
    departure_rate float8,
    departure_rate_low float8,
    departure_rate_high float8,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'churn_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION churn(memberships, text, date, float8) IS
    'the churn of members with a contract: a row a period with members at its opening, joined, rejoined, departed and at its closing, churned / opening with a Wilson interval, and departures per member-year with an exact Poisson interval';

CREATE FUNCTION churn_members(
    h history,
    period_start date,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, change text)
    AS 'MODULE_PATHNAME', 'churn_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION churn_members(history, date, text, integer, text, date) IS
    'the members that churn counts as new, reactivated or churned in the row of this period_start';

CREATE FUNCTION growth(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    new bigint,
    retained bigint,
    reactivated bigint,
    dormant bigint,
    churned bigint,
    net_change bigint,
    quick_ratio float8,
    quick_ratio_low float8,
    quick_ratio_high float8,
    truncated boolean,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'growth_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION growth(history, text, integer, text, date, float8) IS
    'growth accounting from the churn ledger: every member so far is new, retained, reactivated or dormant; net change, and (new + reactivated) / churned, the quick ratio, with its interval';

-- The same of members with a contract. What is counted by event is called joined, rejoined and departed there.
CREATE FUNCTION growth(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    joined bigint,
    retained bigint,
    rejoined bigint,
    dormant bigint,
    departed bigint,
    churned bigint,
    net_change bigint,
    quick_ratio float8,
    quick_ratio_low float8,
    quick_ratio_high float8,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'growth_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION growth(memberships, text, date, float8) IS
    'growth accounting of members with a contract: joined, retained, rejoined, departed, members that were in once and are out (dormant); net change, and (joined + rejoined) / departed, the quick ratio, with its interval';

CREATE FUNCTION churn_members(
    m memberships,
    period_start date,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, change text, times bigint, joined date, ended date, member_days bigint)
    AS 'MODULE_PATHNAME', 'churn_members_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION churn_members(memberships, date, text, date) IS
    'the members that churn counts as joined, rejoined, departed, churned or retained in the row of this period_start, with the stretch that it was and the days in membership so far';

-- Two periods compared, stratum by stratum. What is aggregated are plain values: one for each stratum, in their order.
CREATE TYPE churn_stratum AS (
    stratum text,
    opening_1 bigint,
    churned_1 bigint,
    opening_2 bigint,
    churned_2 bigint
);
COMMENT ON TYPE churn_stratum IS
    'a stratum in two periods: its members at the opening of each and those of them that churned; an array of them is made by compare_churn_agg, read by compare_churn';

CREATE FUNCTION compare_churn_strata(churn_stratum[]) RETURNS churn_stratum[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT pg_catalog.array_agg(
                   ROW(s.stratum, s.opening_1, s.churned_1, s.opening_2, s.churned_2)::@extschema@.churn_stratum
                   ORDER BY s.stratum COLLATE pg_catalog."C")
        FROM (SELECT u.stratum,
                     coalesce(pg_catalog.sum(u.opening_1), 0)::pg_catalog.int8 AS opening_1,
                     coalesce(pg_catalog.sum(u.churned_1), 0)::pg_catalog.int8 AS churned_1,
                     coalesce(pg_catalog.sum(u.opening_2), 0)::pg_catalog.int8 AS opening_2,
                     coalesce(pg_catalog.sum(u.churned_2), 0)::pg_catalog.int8 AS churned_2
              FROM pg_catalog.unnest($1) AS u
              GROUP BY u.stratum) AS s
    $$;
COMMENT ON FUNCTION compare_churn_strata(churn_stratum[]) IS
    'every stratum once, with its counts added up, in the order of their names; a count of NULL is 0';

-- A step copies all strata so far. So that they stay few where many rows are of few strata, they are added up when they have
-- doubled, if that makes them a quarter fewer: the same sums, sooner.
CREATE FUNCTION compare_churn_step(
    churn_stratum[], stratum text, opening_1 bigint, churned_1 bigint, opening_2 bigint, churned_2 bigint
) RETURNS churn_stratum[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT pg_catalog.array_append(
                   CASE WHEN pg_catalog.cardinality($1) OPERATOR(pg_catalog.>=) 256
                         AND (pg_catalog.cardinality($1) OPERATOR(pg_catalog.&) (pg_catalog.cardinality($1) OPERATOR(pg_catalog.-) 1))
                             OPERATOR(pg_catalog.=) 0
                        THEN (SELECT CASE WHEN pg_catalog.cardinality(fewer) OPERATOR(pg_catalog.<)
                                               (pg_catalog.cardinality($1) OPERATOR(pg_catalog./) 4 OPERATOR(pg_catalog.*) 3)
                                          THEN fewer ELSE $1 END
                              FROM @extschema@.compare_churn_strata($1) AS fewer)
                        ELSE $1 END,
                   ROW($2, $3, $4, $5, $6)::@extschema@.churn_stratum)
    $$;
COMMENT ON FUNCTION compare_churn_step(churn_stratum[], text, bigint, bigint, bigint, bigint) IS
    'transition function of compare_churn_agg; not to be called by itself';

CREATE AGGREGATE compare_churn_agg(
    stratum text, opening_1 bigint, churned_1 bigint, opening_2 bigint, churned_2 bigint
) (
    SFUNC = compare_churn_step,
    STYPE = churn_stratum[],
    INITCOND = '{}',
    COMBINEFUNC = pg_catalog.array_cat,
    FINALFUNC = compare_churn_strata,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE compare_churn_agg(text, bigint, bigint, bigint, bigint) IS
    'two periods to be compared by compare_churn: a stratum, its opening and churned members in the first period and in the second; rows of the same stratum add up';

CREATE FUNCTION compare_churn_arrays(
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
    AS 'MODULE_PATHNAME', 'compare_churn_arrays_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION compare_churn_arrays(text[], bigint[], bigint[], bigint[], bigint[]) IS
    'what compare_churn calls';

CREATE FUNCTION compare_churn(strata churn_stratum[]) RETURNS TABLE (
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
    AS $$
        SELECT r.*
        FROM (SELECT pg_catalog.array_agg(u.stratum) AS stratum,
                     pg_catalog.array_agg(u.opening_1) AS opening_1, pg_catalog.array_agg(u.churned_1) AS churned_1,
                     pg_catalog.array_agg(u.opening_2) AS opening_2, pg_catalog.array_agg(u.churned_2) AS churned_2
              FROM pg_catalog.unnest(@extschema@.compare_churn_strata($1)) AS u) AS s,
             @extschema@.compare_churn_arrays(s.stratum, s.opening_1, s.churned_1, s.opening_2, s.churned_2) AS r
    $$;
COMMENT ON FUNCTION compare_churn(churn_stratum[]) IS
    'why the churn rate of a period differs from that of another: for every stratum and overall, how much its share of the members has changed it (mix_effect), and how much its own rate (rate_effect)';
