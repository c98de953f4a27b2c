-- Starts of another type than the events: signup dates, which have no zone, with instants that have one.
SET search_path = public, retention;
CREATE TEMP TABLE signup (member int, day date);
CREATE TEMP TABLE visit (member int, at timestamptz);
INSERT INTO signup VALUES (1, '2024-01-31'), (2, '2024-02-01'), (3, '2024-02-10'), (4, '2023-12-15');
-- In New York member 1 visits on its day of signup, late in the evening; in UTC that is February already.
INSERT INTO visit VALUES (1, '2024-01-31 23:30-05'), (1, '2024-03-01 00:30-05'), (2, '2024-01-31 23:59-05'), (2, '2024-02-29 23:59-05'),
    (3, '2024-02-10 00:00-05'), (9, '2024-01-05 12:00-05'), (4, '2024-03-31 12:00-04');
SELECT c.cohort, c.period_number AS n, c.members, c.eligible, c.retained, c.active, c.complete
FROM (SELECT history_agg(member, at, NULL, 'day', 'America/New_York') AS h FROM visit) v,
     (SELECT history_agg(member, day) AS s FROM signup) s, cohorts(h, entry => 'starts', starts => s, as_of => '2024-03-31') c
ORDER BY 1, 2;
-- The same by plain SQL.
SELECT s.cohort::date, n, s.members, count(DISTINCT v.member) AS active
FROM (SELECT date_trunc('month', day) AS cohort, count(*) AS members, array_agg(member) AS who FROM signup GROUP BY 1) s
     CROSS JOIN LATERAL generate_series(0, (date_part('year', age('2024-03-31', cohort)) * 12 + date_part('month', age('2024-03-31', cohort)))::int) n
     LEFT JOIN (visit JOIN signup USING (member)) v
       ON v.at AT TIME ZONE 'America/New_York' >= v.day
      AND date_trunc('month', v.at AT TIME ZONE 'America/New_York') = s.cohort + n * interval '1 month' AND v.member = ANY (who)
GROUP BY s.cohort, n, s.members ORDER BY 1, 2;
-- And the other way: instants as starts, local times as events.
SELECT sum(c.active) AS active, count(*) AS cells
FROM (SELECT history_agg(member, day) AS h FROM signup) v,
     (SELECT history_agg(member, at, NULL, 'day', 'America/New_York') AS s FROM visit) s, cohorts(h, entry => 'starts', starts => s) c;
-- NULL starts: nobody entered.
SELECT count(*) FROM (SELECT history_agg(member, day) AS h FROM signup) v, cohorts(h, entry => 'starts') c;
