-- The retention of several groups at once, against the curves of each and against compare_retention of two.
SET timezone = 'UTC';
SET client_min_messages = warning;
\i demo/load.sql
RESET client_min_messages;
SET search_path = public;
\set SHOW_CONTEXT never

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

-- From a sign-up, in brackets: the counts are those of each group's own curve with its starts; one group has nothing but sign-ups.
CREATE TEMP TABLE signups AS
SELECT CASE WHEN member_id % 7 = 0 THEN 'quiet' WHEN member_id % 2 = 0 THEN 'even' ELSE 'odd' END AS grp,
       retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') FILTER (WHERE member_id % 7 > 0) AS h,
       retention.history_agg(member_id, began - member_id % 12 * interval '1 day', NULL, 'day', 'UTC') AS starts
FROM (SELECT *, min(ordered_at) OVER (PARTITION BY member_id) AS began FROM orders) o GROUP BY 1;
CREATE TEMP TABLE from_signup AS
SELECT mode, min_events, c.* FROM (SELECT retention.compare_retention_agg(grp, h, starts) AS groups FROM signups) g,
     (VALUES ('on', 1), ('on or before', 1), ('on', 2)) v (mode, min_events),
     retention.compare_retention(groups, NULL, '1 day', mode, 'starts', '2011-12-09', '{0,1,7,30}', min_events) c;
SELECT count(*) AS rows, count(DISTINCT period_number) AS brackets, sum(eligible_2) FILTER (WHERE grp_2 = 'quiet') > 0 AS quiet_are_there,
       bool_and(retained_2 = 0) FILTER (WHERE grp_2 = 'quiet') AS and_never_back,
       count(*) FILTER (WHERE a.eligible IS DISTINCT FROM eligible_1 OR a.retained IS DISTINCT FROM retained_1
                           OR b.eligible IS DISTINCT FROM eligible_2 OR b.retained IS DISTINCT FROM retained_2) AS wrong
FROM from_signup f
     LEFT JOIN LATERAL (SELECT c.* FROM signups, retention.retention_curve(h, '1 day', f.mode, 'starts', starts, '2011-12-09', '{0,1,7,30}', f.min_events) c
                        WHERE grp = f.grp_1) a USING (period_number)
     LEFT JOIN LATERAL (SELECT c.* FROM signups, retention.retention_curve(h, '1 day', f.mode, 'starts', starts, '2011-12-09', '{0,1,7,30}', f.min_events) c
                        WHERE grp = f.grp_2) b USING (period_number);
-- Plain SQL of one cell: who of the even ordered within 7 days of the sign-up, that day included.
SELECT DISTINCT f.retained_1 = (SELECT count(DISTINCT member_id) FROM (SELECT *, (min(ordered_at) OVER (PARTITION BY member_id))::date - member_id::int % 12 AS joined FROM orders) o
                                WHERE member_id % 7 > 0 AND member_id % 2 = 0 AND ordered_at::date BETWEEN joined AND joined + 6
                                      AND joined + 6 <= '2011-12-09') AS as_counted
FROM from_signup f WHERE mode = 'on or before' AND period_number = 1 AND grp_1 = 'even';
-- And the test is that of the two.
SELECT count(*) AS rows, count(*) FILTER (WHERE (t.difference, t.difference_low, t.difference_high, t.p_value) IS DISTINCT FROM
                                                (f.difference, f.difference_low, f.difference_high, f.p_value)) AS wrong
FROM (SELECT * FROM signups WHERE grp = 'even') a, (SELECT * FROM signups WHERE grp = 'odd') b,
     retention.compare_retention(a.h, b.h, '1 day', 'on', 'starts', a.starts, b.starts, '2011-12-09', '{0,1,7,30}') t
     JOIN from_signup f ON f.period_number = t.period_number AND f.grp_1 = 'even' AND f.grp_2 = 'odd' AND f.mode = 'on' AND f.min_events = 1;
-- Groups without starts; recurring entries; what retention_curve itself refuses.
SELECT count(*) FROM compared, retention.compare_retention(groups, entry => 'starts');
SELECT count(*) FROM compared, retention.compare_retention(groups, entry => 'recurring');
SELECT count(*) FROM compared, retention.compare_retention(groups, entry => 'sometimes');
SELECT count(*) FROM compared, retention.compare_retention(groups, brackets => '{3,1}');

-- None, one, a missing name, a control that is none, too many.
SELECT count(*) AS none FROM retention.compare_retention(NULL::retention.history_group[]);
SELECT count(*) AS none FROM (SELECT retention.compare_retention_agg(grp, h) AS g FROM histories WHERE false) t, retention.compare_retention(g);
SELECT count(*) AS no_pair FROM (SELECT retention.compare_retention_agg(grp, h) AS g FROM histories WHERE grp = 'France') t, retention.compare_retention(g);
SELECT DISTINCT grp_1, grp_2 FROM (SELECT retention.compare_retention_agg(NULLIF(grp, 'elsewhere'), h) AS g FROM histories) t, retention.compare_retention(g) ORDER BY 1, 2;
SELECT count(*) FROM compared, retention.compare_retention(groups, control => 'Atlantis');
SELECT count(*) FROM (SELECT retention.compare_retention_agg(i::text, h) AS g FROM histories, generate_series(1, 65) i WHERE grp = 'France') t,
                     retention.compare_retention(g);
