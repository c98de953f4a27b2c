-- Summaries so large that whoever goes over one takes a while, for the calls of calls.sql.
CREATE TABLE public.events AS SELECT 1 AS member;
CREATE TABLE public.sample AS
WITH rows AS MATERIALIZED (SELECT i, date '2019-06-01' + (i * 7919 % 700)::int AS day, (i % 1000)::numeric AS amount FROM generate_series(1::bigint, 300000) AS i)
SELECT (SELECT retention.history_agg(i % 150000, day, amount) FROM rows) AS h,
       (SELECT retention.history_agg(200000 + i % 150000, day, amount) FROM rows) AS h2,
       (SELECT retention.history_agg(md5((i % 100000)::text)::uuid, day, amount) FROM rows) AS h_uuid,
       (SELECT retention.history_agg((i % 100000)::text, day, amount) FROM rows) AS h_text,
       (SELECT retention.membership_agg(i, day, day + (i % 300)::int + 1) FROM rows) AS m,
       (SELECT retention.membership_agg(md5(i::text)::uuid, day, day + (i % 300)::int + 1) FROM rows) AS m_uuid,
       (SELECT retention.membership_agg(i::text, day, day + (i % 300)::int + 1) FROM rows) AS m_text,
       (SELECT retention.journey_agg(i % 100000, day, (ARRAY['AT', 'BE', 'CH'])[i % 3 + 1]) FROM rows) AS j,
       (SELECT retention.journey_agg(md5((i % 100000)::text)::uuid, day, (ARRAY['AT', 'BE', 'CH'])[i % 3 + 1]) FROM rows) AS j_uuid,
       (SELECT retention.journey_agg((i % 100000)::text, day, (ARRAY['AT', 'BE', 'CH'])[i % 3 + 1]) FROM rows) AS j_text,
       (SELECT retention.survival_agg(i, i % 3 > 0, i / 2.0, 1 + i % 2, (i % 5)::text) FROM rows) AS d,
       (SELECT retention.logrank_agg(i, i % 3 > 0, (i % 3)::text) FROM rows) AS l,
       (SELECT retention.cox_fit_agg(i, i % 3 > 0, ARRAY[i * 7919 % 1000, i % 7]) FROM rows) AS c,
       (SELECT retention.cox_fit_agg(i, i % 3 > 0, jsonb_build_object('a', i * 7919 % 1000, 'b', (ARRAY['x', 'y'])[i % 2 + 1])) FROM rows) AS named,
       '{"model": "bg/nbd", "parameters": {"r": 0.4, "alpha": 10, "a": 0.6, "b": 11}, "spend": {"model": "gamma-gamma", "parameters": {"p": 6, "q": 4, "gamma": 15}}}'::retention.clv_model AS v,
       ARRAY[ROW('a', 9, 3, 8, 2)]::retention.churn_stratum[] AS s,
       (SELECT retention.compare_retention_agg(g, h) FROM (SELECT (i % 2)::text AS g, retention.history_agg(i % 150000, day) AS h FROM rows GROUP BY 1) AS g (g, h)) AS g;
-- The values of each type as texts and as bytes.
DO $$
DECLARE
    type record;
BEGIN
    FOR type IN SELECT t.typname AS name, a.attname AS kept FROM pg_type AS t
                     JOIN pg_attribute AS a ON a.attrelid = 'public.sample'::regclass AND a.atttypid = t.oid AND a.attname IN ('h', 'm', 'j', 'd', 'l', 'c', 'v')
                WHERE t.typnamespace = 'retention'::regnamespace AND t.typtype = 'b' AND t.typelem = 0
    LOOP
        EXECUTE format('CREATE TABLE public.text_of_%s AS SELECT %I::text AS t FROM public.sample', type.name, type.kept);
        IF EXISTS (SELECT FROM pg_cast WHERE castsource = 'bytea'::regtype AND casttarget = ('retention.' || type.name)::regtype) THEN
            EXECUTE format('CREATE TABLE public.bytes_of_%s AS SELECT %I::bytea AS t FROM public.sample', type.name, type.kept);
        END IF;
    END LOOP;
END $$;
