-- Who of members with a contract will leave: features, labels and populations against plain SQL over the rows and against the ledger,
-- models against what they must find.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = public, retention;

-- Contracts by the month and by the year, pauses, people who come back, ends that are noted ahead.
CREATE TEMP TABLE contracts AS
SELECT m AS member, joined, CASE WHEN ended <= date '2024-09-30' THEN ended END AS ended, ended AS planned
FROM (SELECT m, n, date '2021-01-01' + (m * 7919 % 1100)::int + n * 500 AS joined, m * 31 % 10 AS kind FROM generate_series(1::bigint, 3000) m, generate_series(0, (m % 5 = 0)::int) n) c,
     LATERAL (SELECT (CASE WHEN kind < 5 THEN joined + interval '1 year' * (1 + (m * 104729 + n) % 3)
                           ELSE joined + interval '1 month' * (1 + (m * 1299709 + n) % 14) END)::date AS ended) e;
-- A few pauses of a few days, and rows that touch.
INSERT INTO contracts SELECT member, ended + (member % 3 * 4)::int, (ended + interval '2 months')::date, (ended + interval '2 months')::date FROM contracts WHERE member % 11 = 0 AND ended < '2024-06-01';
CREATE TEMP TABLE data AS SELECT membership_agg(member, joined, ended) AS m, membership_agg(member, joined, planned) AS planned FROM contracts;
CREATE TEMP TABLE spells AS SELECT r.* FROM data, membership_rows(m, id => NULL::bigint) r;

-- The dataset counts what the ledger counts: in at the opening, and of these out at the end.
SELECT horizon, count(*) AS anchors, count(*) FILTER (WHERE (d.members, d.churned) IS DISTINCT FROM (c.opening, c.churned)) AS differing, sum(d.churned) > 900 AS enough
FROM data, (VALUES ('30 days'), ('90 days')) z (horizon),
     LATERAL (SELECT anchor, count(*) AS members, count(*) FILTER (WHERE churned) AS churned FROM churn_dataset(m, horizon, as_of => '2024-09-30') GROUP BY 1) d
     LEFT JOIN LATERAL (SELECT * FROM churn(m, period => horizon, as_of => '2024-09-30')) c ON c.period_start = d.anchor + 1
GROUP BY 1 ORDER BY 1;
-- Labels and populations from the rows themselves: in at A, out at A + H; all: whoever had ever been in.
SELECT population, count(*) AS rows, count(*) FILTER (WHERE d.churned) AS churned,
       count(*) FILTER (WHERE d.member IS NULL OR s.member IS NULL OR d.churned IS DISTINCT FROM s.churned) AS differing
FROM data, (VALUES ('active'), ('all')) p (population),
     LATERAL (SELECT * FROM churn_dataset(m, id => NULL::bigint, horizon => '3 months', population => population, as_of => '2024-09-30')) d
     FULL JOIN LATERAL (
         SELECT c.member, a.anchor, NOT bool_or(c.joined <= a.until AND (c.ended IS NULL OR c.ended > a.until)) AS churned
         FROM contracts c, (SELECT ('2024-07-01'::date - n * interval '3 months')::date - 1 AS anchor, ('2024-10-01'::date - n * interval '3 months')::date - 1 AS until FROM generate_series(0, 11) n) a
         GROUP BY c.member, a.anchor, a.until
         HAVING CASE population WHEN 'all' THEN min(c.joined) <= a.anchor ELSE bool_or(c.joined <= a.anchor AND (c.ended IS NULL OR c.ended > a.anchor)) END) s
     ON s.member = d.member AND s.anchor = d.anchor
GROUP BY 1 ORDER BY 1;

-- Every feature, computed again from its definition.
CREATE FUNCTION pg_temp.differences(as_of date, hz int, OUT members bigint, OUT differing bigint) LANGUAGE sql AS $$
  WITH s AS (
    SELECT member, joined, CASE WHEN ended <= as_of THEN ended END AS ended, joined - lag(ended) OVER w AS pause,
           row_number() OVER (PARTITION BY member ORDER BY joined DESC) AS back
    FROM spells WHERE joined <= as_of WINDOW w AS (PARTITION BY member ORDER BY joined)
  ),
  d AS (SELECT s.member, count(*) AS all_days, count(*) FILTER (WHERE day > as_of - hz) AS d1, count(*) FILTER (WHERE day > as_of - 2 * hz) AS d2, count(*) FILTER (WHERE day > as_of - 4 * hz) AS d4
        FROM s, generate_series(joined, coalesce(ended - 1, as_of), interval '1 day') g (at), LATERAL (SELECT at::date AS day) x GROUP BY 1),
  x AS (
    SELECT member, min(joined) AS first, max(joined) FILTER (WHERE back = 1) AS now, bool_or(back = 1 AND ended IS NULL) AS is_in, max(ended) FILTER (WHERE back = 1) AS out_at,
           count(*) AS stretches, avg(ended - joined) AS mean, max(ended - joined) AS longest,
           (array_agg(ended - joined ORDER BY joined DESC) FILTER (WHERE ended IS NOT NULL))[1] AS last, avg(pause) AS pause_mean, max(pause) AS pause_max, max(pause) FILTER (WHERE back = 1) AS pause_last
    FROM s GROUP BY member
  ),
  due AS (SELECT member, min(day) FILTER (WHERE day > as_of) - as_of AS month, min(day) FILTER (WHERE k % 3 = 0 AND day > as_of) - as_of AS quarter, min(day) FILTER (WHERE k % 12 = 0 AND day > as_of) - as_of AS year,
                 count(*) FILTER (WHERE k % 12 = 0 AND day > as_of AND day <= as_of + hz) AS years
          FROM x, generate_series(1, 120) k, LATERAL (SELECT (now + k * interval '1 month')::date AS day) g WHERE is_in GROUP BY 1)
  SELECT count(*), count(*) FILTER (WHERE x.member IS NULL OR f.member IS NULL OR
      (f.out_days, f.tenure_days, f.since_joined_days, f.member_days, f.days_1, f.days_2, f.days_4, f.stretches, f.stretch_max, f.stretch_last, f.pause_max, f.pause_last)
        IS DISTINCT FROM (CASE WHEN NOT is_in THEN as_of - out_at + 1 END, CASE WHEN is_in THEN as_of - now + 1 END, as_of - first + 1, all_days::int, d1::int, d2::int, d4::int, x.stretches, longest, last, x.pause_max, x.pause_last)
      OR (f.month_due_days, f.quarter_due_days, f.year_due_days, f.years_due, f.joined_month) IS DISTINCT FROM (due.month, due.quarter, due.year, due.years, CASE WHEN is_in THEN extract(month FROM now)::int END)
      OR abs(coalesce(f.stretch_mean, -1) - coalesce(x.mean, -1)) > 1e-9 OR abs(coalesce(f.pause_mean, -1) - coalesce(x.pause_mean, -1)) > 1e-9
      OR abs(coalesce(f.tenure_of_longest, -1) - coalesce(CASE WHEN is_in THEN (as_of - now + 1) / longest::float8 END, -1)) > 1e-9 OR abs(f.share_in - all_days / (as_of - first + 1)::float8) > 1e-9)
  FROM x LEFT JOIN d USING (member) LEFT JOIN due USING (member)
       FULL JOIN (SELECT f.* FROM data, churn_features(m, id => NULL::bigint, horizon => hz || ' days', as_of => as_of) f) f USING (member)
$$;
SELECT as_of, horizon, d.* FROM (VALUES (date '2024-09-30', 90), ('2022-02-28', 400), ('2021-02-01', 30)) q (as_of, horizon), pg_temp.differences(as_of, horizon) d;

-- Nothing of the time after a day is seen: ends that are noted ahead change no feature, no row of a dataset, and no risk.
CREATE TEMP TABLE fitted AS SELECT method, churn_fit(m, '60 days', method => method, step => '30 days', as_of => '2024-09-30') AS f FROM data, (VALUES ('auto'), ('logit'), ('boosted')) v (method);
SELECT count(*) AS members, count(*) FILTER (WHERE a::text IS DISTINCT FROM b::text) AS differing
FROM data, churn_features(m, '90 days', as_of => '2024-09-30') a FULL JOIN LATERAL (SELECT * FROM churn_features(planned, '90 days', as_of => '2024-09-30')) b USING (member);
SELECT count(*) AS members, count(*) FILTER (WHERE a.risk IS DISTINCT FROM b.risk) AS differing
FROM data, fitted, churn_risk(m, f, as_of => '2024-09-30') a FULL JOIN LATERAL (SELECT * FROM churn_risk(planned, f, as_of => '2024-09-30')) b USING (member) WHERE method = 'auto';
SELECT churn_fit(planned, '60 days', step => '30 days', as_of => '2024-09-30')::text = f::text AS same FROM data, fitted WHERE method = 'auto';
SELECT count(*) AS rows, count(*) FILTER (WHERE d.features IS DISTINCT FROM e.features) AS differing
FROM data, churn_dataset(m, '3 months', anchors => 3, as_of => '2024-09-30') d
     FULL JOIN LATERAL (SELECT * FROM (SELECT membership_agg(member, joined, CASE WHEN ended <= '2024-06-30' THEN ended END) AS m FROM contracts WHERE joined <= '2024-06-30') k,
                        churn_dataset(k.m, '3 months', anchors => 4, as_of => '2024-09-30')) e USING (member, anchor)
WHERE anchor IN ('2024-06-30', '2024-03-31');

-- Models: better than a guess and than the best single number, and they say what they were fitted to.
SELECT method, t.measure, t.value > 0.75 AS good FROM fitted, churn_test(f) t WHERE measure = 'auc' ORDER BY 1;
SELECT method, t.value < t.baseline AS better, f::jsonb ->> 'summary' AS of, f::jsonb ->> 'population' AS population FROM fitted, churn_test(f) t WHERE measure = 'log_loss' ORDER BY 1;
SELECT method, f::text::churn_model::text = f::text AS text FROM fitted ORDER BY 1;
SELECT feature FROM fitted, churn_importance(f) WHERE method = 'boosted' ORDER BY importance DESC, 1 LIMIT 3;
SELECT count(*) AS members, count(*) = (SELECT closing FROM data, churn(m, as_of => '2024-09-30') WHERE period_start = '2024-09-01') AS of_the_population, bool_and(risk BETWEEN risk_low AND risk_high AND risk_low > 0 AND risk_high < 1) AS inside
FROM data, fitted, churn_risk(m, f, as_of => '2024-09-30') WHERE method = 'auto';
SELECT r = o AS same FROM data, fitted, churn_risk(m, id => 100::bigint, fitted => f, as_of => '2024-09-30') o, LATERAL (SELECT * FROM churn_risk(m, id => NULL::bigint, fitted => f, as_of => '2024-09-30') r WHERE member = 100) r WHERE method = 'auto';
-- By name and by place, a row is scored as its member is; the reasons add up to the log-odds.
SELECT count(*) AS members, max(abs(r.risk - churn_score(f, to_jsonb(x) - 'member'))) < 1e-9 AS by_name
FROM data, fitted, churn_risk(m, f, as_of => '2024-09-30') r JOIN LATERAL (SELECT * FROM churn_features(m, '60 days', as_of => '2024-09-30')) x USING (member) WHERE method = 'auto';
SELECT count(*) AS members, max(abs(r.risk - churn_score(f, features))) < 1e-12 AS by_place
FROM data, fitted, churn_dataset(m, '60 days', anchors => 1, as_of => '2024-09-30') d JOIN LATERAL (SELECT * FROM churn_risk(m, f, as_of => date '2024-09-30' - 60)) r USING (member) WHERE method = 'auto';
SELECT count(*) AS members, count(DISTINCT round((ln(risk / (1 - risk)) - effect)::numeric, 9)) AS bases
FROM (SELECT r.member, r.risk, sum(w.effect) AS effect FROM data, fitted, churn_risk(m, f, as_of => '2024-09-30') r JOIN LATERAL (SELECT * FROM churn_reasons(m, f, top => 9, as_of => '2024-09-30')) w USING (member) WHERE method = 'auto' GROUP BY 1, 2) s;
SELECT w.reason, round(value::numeric, 1) AS value, round(typical::numeric, 1) AS typical FROM data, fitted, churn_reasons(m, id => 100::bigint, fitted => f, top => 9, as_of => '2024-06-30') w WHERE method = 'logit' ORDER BY 1;
SELECT w.reason FROM data, fitted, churn_reasons(m, id => 100::bigint, fitted => f, top => 9, language => 'zh', as_of => '2024-06-30') w WHERE method = 'logit' ORDER BY reason COLLATE "C";
SELECT w.reason FROM data, fitted, churn_reasons(m, id => 22::bigint, fitted => f, top => 9, as_of => '2024-06-30') w WHERE method = 'logit' ORDER BY 1;
SELECT w.reason, w.value FROM (SELECT m, churn_fit(m, '60 days', 'all', 'logit', as_of => '2024-09-30') AS f FROM data) s, churn_reasons(m, id => 3::bigint, fitted => f, top => 9, as_of => '2024-09-30') w ORDER BY 1;
-- Parts and other orders: the same bytes.
SELECT churn_fit((SELECT rollup(m) FROM (SELECT membership_agg(member, joined, ended) AS m FROM contracts GROUP BY joined > '2022-01-01') p), '60 days', step => '30 days', as_of => '2024-09-30')::text = f::text AS parts FROM fitted WHERE method = 'auto';

-- Rules are conditions over churn_features as of the anchor, of which each member fulfils one.
CREATE TEMP TABLE found AS SELECT row_number() OVER () AS n, r.* FROM data, churn_rules(m, '60 days', as_of => '2024-09-30') r;
SELECT n, rule, members, churned, round(rate::numeric, 3) AS rate FROM found ORDER BY n;
CREATE TEMP TABLE features AS SELECT f.* FROM data, churn_features(m, '60 days', as_of => date '2024-09-30' - 60) f WHERE out_days IS NULL;
CREATE TEMP TABLE holds (n bigint, member text);
DO $$
DECLARE f record;
BEGIN
    FOR f IN SELECT * FROM found LOOP
        EXECUTE format('INSERT INTO holds SELECT %s, member FROM features WHERE %s', f.n, f.rule);
    END LOOP;
END $$;
SELECT count(*) AS members, count(DISTINCT member) AS distinct_members, count(*) = (SELECT count(*) FROM features) AS all_of_them FROM holds;

-- Little, and what is refused.
SELECT churn_fit(NULL::memberships, '60 days') IS NULL AS nothing, (SELECT count(*) FROM churn_risk(NULL::memberships, NULL)) AS risks, (SELECT count(*) FROM churn_reasons(NULL::memberships, NULL::churn_model)) AS reasons,
       (SELECT count(*) FROM churn_features(NULL::memberships, '60 days')) AS features, (SELECT count(*) FROM churn_rules(NULL::memberships, '60 days')) AS rules;
SELECT churn_fit(m, '60 days') FROM (SELECT membership_agg(1, date '2024-01-01', NULL::date) AS m) s;
SELECT t.measure, t.value, t.remark FROM (SELECT membership_agg(1, date '2020-01-01', NULL::date) AS m) s, churn_test(churn_fit(m, '60 days', as_of => '2024-01-01')) t WHERE remark IS NOT NULL;
SELECT f.* FROM (SELECT membership_agg(1, date '2024-01-31', NULL::date) AS m) s, churn_features(m, '60 days', as_of => '2024-02-29') f;
SELECT count(*) FROM (SELECT membership_agg(1, date '2024-01-31', NULL::date) AS m) s, churn_features(m, '60 days', as_of => '2024-01-30') f;
SELECT churn_fit(m, NULL) FROM data;
SELECT churn_fit(m, '60 days', 'some') FROM data;
-- A model of one summary is none of another.
CREATE TEMP TABLE events AS SELECT history_agg(member, joined) AS h FROM contracts;
SELECT count(*) FROM events, fitted, churn_risk(h, f);
SELECT count(*) FROM events, fitted, churn_reasons(h, f);
SELECT count(*) FROM data, (SELECT churn_fit(h, '300 days', method => 'logit') AS f FROM events) s, churn_risk(m, f);
SELECT count(*) FROM data, (SELECT churn_fit_agg(member, NULL, ended IS NOT NULL, jsonb_build_object('a', joined - date '2021-01-01'), 'logit') AS f FROM contracts) s, churn_risk(m, f);
SELECT '{"summary": "rows"}'::churn_model;
