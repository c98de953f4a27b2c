-- Counts of readers over the histories of disjoint sets of members, at one explicit as_of, add up to those of the whole;
-- rates and intervals are then made from the sums. Three ways to have such sets, whose histories stay on the workers.
CREATE TABLE sums (what text, compared bigint, different bigint);

CREATE TABLE whole AS SELECT retention.history_agg(member_bigint, at, amount, 'day', 'UTC') AS h FROM by_bigint;
CREATE TABLE cohorts_whole AS SELECT c.* FROM whole, retention.cohorts(h, as_of => '2011-11-30') c;
CREATE TABLE churn_whole AS SELECT c.* FROM whole, retention.churn(h, gap => 2, as_of => '2011-12-09') c;

-- Each shard by itself.
CREATE TABLE cohorts_by_shard AS
SELECT c.cohort, c.period_number, sum(members) AS members, sum(eligible) AS eligible, sum(retained) AS retained,
       sum(active) AS active, sum(amount) AS amount, bool_and(complete) AS complete
FROM run_command_on_shards('by_bigint', $$
         SELECT jsonb_agg(c) FROM
             (SELECT retention.history_agg(member_bigint, at, amount, 'day', 'UTC') AS h FROM %s) s,
             retention.cohorts(s.h, as_of => '2011-11-30') c $$) shard,
     jsonb_to_recordset(shard.result::jsonb) c (cohort date, period_number int, members bigint, eligible bigint, retained bigint,
                                                active bigint, amount numeric, complete boolean)
WHERE shard.success
GROUP BY 1, 2;

CREATE TABLE churn_by_shard AS
SELECT c.period_start, sum(opening) AS opening, sum(new) AS new, sum(reactivated) AS reactivated, sum(retained) AS retained,
       sum(churned) AS churned, sum(closing) AS closing, bool_and(complete) AS complete
FROM run_command_on_shards('by_bigint', $$
         SELECT jsonb_agg(c) FROM
             (SELECT retention.history_agg(member_bigint, at, amount, 'day', 'UTC') AS h FROM %s) s,
             retention.churn(s.h, gap => 2, as_of => '2011-12-09') c $$) shard,
     jsonb_to_recordset(shard.result::jsonb) c (period_start date, opening bigint, new bigint, reactivated bigint,
                                                retained bigint, churned bigint, closing bigint, complete boolean)
WHERE shard.success
GROUP BY 1;

-- Each bucket, which is what the table is distributed by; and each member.
\set cohort_columns 'c.cohort, c.period_number, sum(members) AS members, sum(eligible) AS eligible, sum(retained) AS retained, sum(active) AS active, sum(amount) AS amount, bool_and(complete) AS complete'
\set churn_columns 'c.period_start, sum(opening) AS opening, sum(new) AS new, sum(reactivated) AS reactivated, sum(retained) AS retained, sum(churned) AS churned, sum(closing) AS closing, bool_and(complete) AS complete'
\set of_bucket '(SELECT bucket, retention.history_agg(member_bigint, at, amount, \'day\', \'UTC\') AS h FROM by_bucket GROUP BY bucket) s'
\set of_member '(SELECT member_uuid, retention.history_agg(member_uuid, at, amount, \'day\', \'UTC\') AS h FROM by_uuid GROUP BY member_uuid) s'
CREATE TABLE cohorts_by_bucket AS
    SELECT :cohort_columns FROM :of_bucket, retention.cohorts(s.h, as_of => '2011-11-30') c GROUP BY 1, 2;
CREATE TABLE cohorts_by_member AS
    SELECT :cohort_columns FROM :of_member, retention.cohorts(s.h, as_of => '2011-11-30') c GROUP BY 1, 2;
CREATE TABLE churn_by_bucket AS
    SELECT :churn_columns FROM :of_bucket, retention.churn(s.h, gap => 2, as_of => '2011-12-09') c GROUP BY 1;
CREATE TABLE churn_by_member AS
    SELECT :churn_columns FROM :of_member, retention.churn(s.h, gap => 2, as_of => '2011-12-09') c GROUP BY 1;

-- Row by row, both ways.
DO $$
DECLARE
    family text;
    way text;
    key text;
    counts text;
BEGIN
    FOR family, key, counts IN VALUES
        ('cohorts', 'cohort, period_number', 'members, eligible, retained, active, amount, complete'),
        ('churn', 'period_start', 'opening, new, reactivated, retained, churned, closing, complete') LOOP
        FOREACH way IN ARRAY ARRAY['shard', 'bucket', 'member'] LOOP
            EXECUTE format('INSERT INTO sums SELECT %1$L || '' by '' || %2$L, count(*), count(*) FILTER (WHERE w IS NULL OR p IS NULL)
                            FROM (SELECT %3$s, %4$s FROM %1$s_whole) w FULL JOIN (SELECT %3$s, %4$s FROM %1$s_by_%2$s) p
                            USING (%3$s, %4$s)', family, way, key, counts);
        END LOOP;
    END LOOP;
END
$$;

-- Rates and Wilson intervals from the sums. Churn's truncated rows are the first gap rows of the whole.
CREATE FUNCTION wilson(successes numeric, trials numeric, side int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(0, least(1, (p + z * z / (2 * n) + side * z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)))
    FROM (SELECT successes::float8 / trials::float8 AS p, trials::float8 AS n, 1.959963984540054::float8 AS z) x
    WHERE trials > 0
$$;
INSERT INTO sums
SELECT 'cohorts rates', count(*), count(*) FILTER (WHERE
           w.rate IS DISTINCT FROM (s.retained::float8 / nullif(s.eligible::float8, 0))
           OR abs(w.rate_low - wilson(s.retained, s.eligible, -1)) > 1e-12 OR abs(w.rate_high - wilson(s.retained, s.eligible, 1)) > 1e-12)
FROM cohorts_whole w FULL JOIN cohorts_by_shard s USING (cohort, period_number);
INSERT INTO sums
SELECT 'churn rates', count(*), count(*) FILTER (WHERE
           w.churn_rate IS DISTINCT FROM (CASE WHEN s.complete THEN s.churned::float8 / nullif(s.opening::float8, 0) END)
           OR w.retention_rate IS DISTINCT FROM (CASE WHEN s.complete THEN s.retained::float8 / nullif(s.opening::float8, 0) END)
           OR abs(w.churn_rate_low - wilson(s.churned, s.opening, -1)) > 1e-12 OR abs(w.churn_rate_high - wilson(s.churned, s.opening, 1)) > 1e-12
           OR w.truncated IS DISTINCT FROM (s.n <= 2))
FROM churn_whole w FULL JOIN (SELECT *, row_number() OVER (ORDER BY period_start) AS n FROM churn_by_shard) s USING (period_start);
