-- Small tables for the calls of calls.sql.
CREATE TABLE public.events AS
SELECT i AS place, 1 + (40 * ((i * 7919 % 300) / 300.0) ^ 3)::bigint AS member, timestamptz '2020-01-01 00:30+00' + (i * 7 % 150) * interval '23 hours' AS at,
       timestamp '2020-01-01 00:30' + (i * 7 % 150) * interval '23 hours' AS local_at, (i % 9 + 1)::numeric AS amount,
       (ARRAY['AT', 'BE', 'CH'])[i % 3 + 1] AS country
FROM generate_series(1::bigint, 300) AS i;
CREATE TABLE public.contracts AS
SELECT i AS member, date '2020-01-01' + (i * 3 % 90)::int AS joined, CASE WHEN i % 3 > 0 THEN date '2020-04-01' + (i * 5 % 120)::int END AS ended
FROM generate_series(1::bigint, 60) AS i;
CREATE TABLE public.sample AS
SELECT (SELECT retention.history_agg(member, at, amount, 'day', 'Europe/London') FROM public.events WHERE member % 2 = 0) AS h,
       (SELECT retention.history_agg(member, at, amount, 'day', 'Europe/London') FROM public.events WHERE member % 2 = 1) AS h2,
       (SELECT retention.membership_agg(member, joined, ended) FROM public.contracts) AS m,
       (SELECT retention.history_agg(md5(member::text)::uuid, at, amount, 'day', 'Europe/London') FROM public.events) AS h_uuid,
       (SELECT retention.membership_agg(md5(member::text)::uuid, joined, ended) FROM public.contracts) AS m_uuid,
       (SELECT retention.history_agg(member::text, at, amount, 'day', 'Europe/London') FROM public.events) AS h_text,
       (SELECT retention.membership_agg(member::text, joined, ended) FROM public.contracts) AS m_text,
       (SELECT retention.journey_agg(member, at, country, 'Europe/London') FROM public.events) AS j,
       (SELECT retention.journey_agg(md5(member::text)::uuid, at, country, 'Europe/London') FROM public.events) AS j_uuid,
       (SELECT retention.journey_agg(member::text, at, country, 'Europe/London') FROM public.events) AS j_text,
       (SELECT retention.survival_agg(1 + member % 17, member % 3 > 0, NULL, 1, country) FROM public.events) AS d,
       (SELECT retention.logrank_agg(1 + member % 17, member % 3 > 0, country) FROM public.events) AS l,
       (SELECT retention.cox_fit_agg(1 + place % 37, place % 3 > 0, ARRAY[place * 7919 % 101, place * 31 % 13]) FROM public.events) AS c,
       (SELECT retention.cox_fit_agg(1 + place % 37, place % 3 > 0, jsonb_build_object('a', place * 7919 % 101, 'b', (ARRAY['x', 'y'])[place * 31 % 13 % 2 + 1])) FROM public.events) AS named,
       '{"model": "bg/nbd", "parameters": {"r": 0.4, "alpha": 10, "a": 0.6, "b": 11}, "spend": {"model": "gamma-gamma", "parameters": {"p": 6, "q": 4, "gamma": 15}}}'::retention.clv_model AS v,
       (SELECT retention.decompose_churn_agg(country, 20, member % 10, 30, member % 20) FROM public.events) AS s,
       (SELECT retention.compare_retention_agg(country, h) FROM (SELECT country, retention.history_agg(member, at, amount, 'day', 'Europe/London') AS h FROM public.events GROUP BY country) AS e) AS g;
