-- The retention of several groups at once, against the curves of each and against compare_retention of two.
SET timezone = 'UTC';
SET client_min_messages = warning;
\i demo/load.sql
RESET client_min_messages;
SET search_path = public;

CREATE TEMP TABLE histories AS
SELECT CASE WHEN country IN ('France', 'Germany', 'United Kingdom') THEN country ELSE 'elsewhere' END AS grp,
       retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h
FROM orders GROUP BY 1;
CREATE TEMP TABLE compared AS SELECT retention.compare_retention_agg(grp, h) AS groups FROM histories;

-- Every pair of four groups in every period, with the counts of the curves; a group without the period has nobody.
CREATE TEMP TABLE pairs AS
SELECT c.* FROM compared, retention.compare_retention(groups, mode => 'on or after', as_of => '2011-12-09') c;
WITH curves AS (
    SELECT grp, c.period_number, c.eligible, c.retained FROM histories, retention.retention_curve(h, mode => 'on or after', as_of => '2011-12-09') c)
SELECT count(*) AS pairs, count(DISTINCT p.period_number) AS periods,
       bool_and((eligible_1, retained_1) = (coalesce(a.eligible, 0), coalesce(a.retained, 0))
                AND (eligible_2, retained_2) = (coalesce(b.eligible, 0), coalesce(b.retained, 0))) AS counts,
       bool_and(grp_1 < grp_2 COLLATE "C") AS in_order
FROM pairs p
     LEFT JOIN curves a ON (a.grp, a.period_number) = (p.grp_1, p.period_number)
     LEFT JOIN curves b ON (b.grp, b.period_number) = (p.grp_2, p.period_number);
-- Differences and p-values are those of compare_retention of the two.
SELECT count(*) AS periods,
       bool_and((p.difference, p.difference_low, p.difference_high, p.p_value) IS NOT DISTINCT FROM (t.difference, t.difference_low, t.difference_high, t.p_value)) AS same
FROM (SELECT h FROM histories WHERE grp = 'France') a, (SELECT h FROM histories WHERE grp = 'United Kingdom') b,
     retention.compare_retention(a.h, b.h, mode => 'on or after', as_of => '2011-12-09') t
     JOIN pairs p ON p.period_number = t.period_number AND p.grp_1 = 'France' AND p.grp_2 = 'United Kingdom';
-- Holm by hand: the r-th smallest of m p-values times m - r + 1, and never less than the one before.
SELECT bool_and(abs(p_adjusted - holm) < 1e-14) AS holm
FROM (SELECT p_adjusted, least(1, max((m - r + 1) * p_value) OVER (PARTITION BY period_number ORDER BY r)) AS holm
      FROM (SELECT *, count(*) OVER (PARTITION BY period_number) AS m, row_number() OVER (PARTITION BY period_number ORDER BY p_value) AS r
            FROM pairs WHERE p_value IS NOT NULL) t) t;
-- scipy 1.17: chi2_contingency of these four columns, correction=False
SELECT DISTINCT period_number, round(overall_p_value::numeric, 9) AS overall FROM pairs WHERE period_number IN (1, 3) ORDER BY 1;
SELECT grp, c.period_number, c.eligible, c.retained FROM histories, retention.retention_curve(h, mode => 'on or after', as_of => '2011-12-09') c
WHERE c.period_number IN (1, 3) ORDER BY 2, grp COLLATE "C";

-- Against a control; rows of one name are one group; the default as_of is the latest day of all.
SELECT DISTINCT grp_1, grp_2 FROM compared, retention.compare_retention(groups, control => 'Germany') ORDER BY 1, 2;
SELECT (SELECT array_agg(c ORDER BY c.period_number, c.grp_2 COLLATE "C")
        FROM (SELECT retention.compare_retention_agg(grp, h) AS groups
              FROM (SELECT CASE WHEN country IN ('France', 'Germany', 'United Kingdom') THEN country ELSE 'elsewhere' END AS grp,
                           retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h
                    FROM orders GROUP BY 1, date_trunc('month', ordered_at)) t) g, retention.compare_retention(groups, control => 'Germany') c)
       = (SELECT array_agg(c ORDER BY c.period_number, c.grp_2 COLLATE "C") FROM compared, retention.compare_retention(groups, control => 'Germany', as_of => '2011-12-09') c) AS same;

-- None, one, a missing name, a control that is none, too many.
SELECT count(*) AS none FROM retention.compare_retention(NULL::retention.history_group[]);
SELECT count(*) AS none FROM (SELECT retention.compare_retention_agg(grp, h) AS g FROM histories WHERE false) t, retention.compare_retention(g);
SELECT count(*) AS no_pair FROM (SELECT retention.compare_retention_agg(grp, h) AS g FROM histories WHERE grp = 'France') t, retention.compare_retention(g);
SELECT DISTINCT grp_1, grp_2 FROM (SELECT retention.compare_retention_agg(NULLIF(grp, 'elsewhere'), h) AS g FROM histories) t, retention.compare_retention(g) ORDER BY 1, 2;
SELECT count(*) FROM compared, retention.compare_retention(groups, control => 'Atlantis');
SELECT count(*) FROM (SELECT retention.compare_retention_agg(i::text, h) AS g FROM histories, generate_series(1, 65) i WHERE grp = 'France') t,
                     retention.compare_retention(g);
