-- The type: a stratum of members in two periods.

CREATE TYPE churn_stratum AS (
    stratum text,
    opening_1 bigint,
    churned_1 bigint,
    opening_2 bigint,
    churned_2 bigint
);
COMMENT ON TYPE churn_stratum IS
    'a stratum in two periods: its members at the opening of each and those of them that churned; an array of them is made by decompose_churn_agg, read by decompose_churn';
