-- id: the type of the members that a reader returns, and the one member that it is about.
SET search_path = public, retention;

-- Every reader that returns a member as text has the two other overloads too, with the same argument more, and each says what it does.
SELECT p.proname, p.proargtypes[0]::regtype AS summary, array_agg(pg_get_function_result(p.oid) LIKE 'TABLE(member text%' ORDER BY p.oid::regprocedure::text COLLATE "C") AS as_text,
       count(DISTINCT id.kind) AS others, bool_and(d.description > '') AS described, count(DISTINCT (p.provolatile, p.proparallel, p.procost, p.prorows)) AS labels
FROM pg_proc p
     CROSS JOIN LATERAL (SELECT CASE WHEN p.proargnames[2] = 'id' THEN p.proargtypes[1]::regtype END AS kind) id
     LEFT JOIN pg_description d ON d.classoid = 'pg_proc'::regclass AND d.objoid = p.oid
WHERE p.pronamespace = 'retention'::regnamespace AND p.proargnames[p.pronargs + 1] = 'member'
GROUP BY 1, p.proargtypes[0] ORDER BY 1, p.proargtypes[0]::regtype::text COLLATE "C";

CREATE TEMP TABLE shop AS SELECT
    history_agg(member_id, ordered_at, amount) AS h,
    history_agg(md5(member_id::text)::uuid, ordered_at, amount) AS by_uuid,
    history_agg('m' || member_id, ordered_at, amount) AS by_text,
    journey_agg(member_id, ordered_at, country) AS j,
    (SELECT membership_agg(member_id, date '2011-01-01' + (member_id % 100)::int, NULL) FROM (SELECT DISTINCT member_id FROM orders) o) AS m,
    clv_fit(history_agg(member_id, ordered_at, amount)) AS fitted,
    jsonb '{"by": "amount", "window": "12 months", "tiers": [{"name": "silver", "from": 500}, {"name": "gold", "from": 2000}]}' AS rules
FROM orders;
CREATE TEMP TABLE few AS SELECT member_id AS one FROM orders GROUP BY 1 ORDER BY md5(member_id::text) LIMIT 5;
INSERT INTO few VALUES (-1), (9223372036854775807); -- nobody

-- With an id: the rows of that member among the rows of all, the same scores included. Nobody: no rows.
CREATE TEMP TABLE asked (reader text, call text);
INSERT INTO asked VALUES
    ('history_rows', 'history_rows(h, id => $1)'), ('membership_rows', 'membership_rows(m, id => $1)'), ('journey_rows', 'journey_rows(j, id => $1)'),
    ('funnel_members', 'funnel_members(j, id => $1, steps => ''{United Kingdom,United Kingdom}'', within => ''30 days'')'), ('sessions', 'sessions(j, id => $1, gap => ''20 days'')'),
    ('churn_members', 'churn_members(h, id => $1, period_start => ''2011-11-01'', gap => 2)'),
    ('cohort_members', 'cohort_members(h, id => $1, cohort => ''2010-12-01'', period_number => 0)'),
    ('rfm', 'rfm(h, id => $1)'), ('rfm_cluster_members', 'rfm_cluster_members(h, id => $1, k => 3)'),
    ('tiers', 'tiers(h, id => $1, rules => rules)'), ('btyd', 'btyd(h, id => $1)'),
    ('clv', 'clv(h, id => $1, fitted => fitted, horizon => ''1 year'')');
DO $$
DECLARE
    a record;
    differences bigint;
    found bigint;
BEGIN
    FOR a IN SELECT * FROM asked LOOP
        EXECUTE format('CREATE TEMP TABLE everybody AS SELECT whole::text AS shown FROM shop, %s AS whole', replace(a.call, '$1', 'NULL::bigint'));
        EXECUTE format($q$
            WITH picked AS MATERIALIZED (SELECT s.one, whole::text AS shown FROM shop, few s, %s AS whole),
                 expected AS (SELECT s.one, e.shown FROM everybody e, few s
                              WHERE CASE WHEN e.shown LIKE '(%%' THEN split_part(trim(leading '(' FROM e.shown), ',', 1)
                                         ELSE e.shown END = s.one::text)
            SELECT (SELECT count(*) FROM ((TABLE picked EXCEPT ALL TABLE expected) UNION ALL (TABLE expected EXCEPT ALL TABLE picked)) d),
                   (SELECT count(*) FROM picked)$q$, replace(a.call, '$1', 's.one'))
        INTO differences, found;
        RAISE NOTICE '%: % differences, % rows', a.reader, differences, CASE WHEN found > 0 THEN 'some' ELSE 'no' END;
        DROP TABLE everybody;
    END LOOP;
END $$;

-- By uuid.
SELECT count(*), bool_and(r.member = md5(o.one::text)::uuid), bool_and(r.segment = all_of_them.segment)
FROM shop, few o, rfm(by_uuid, id => md5(o.one::text)::uuid) r JOIN rfm((SELECT by_uuid FROM shop), NULL::uuid) all_of_them USING (member);

-- A member of another type than the history's is an error. So is another type alone, where there are rows.
SELECT * FROM shop, rfm(by_text, id => 12347);
SELECT * FROM shop, history_rows(by_uuid, id => 12347);
SELECT * FROM shop, churn_members(h, id => '00000000-0000-0000-0000-000000000000'::uuid, period_start => '2011-11-01');
SELECT * FROM shop, membership_rows(m, id => '00000000-0000-0000-0000-000000000000'::uuid);
SELECT * FROM shop, tiers(by_text, id => NULL::bigint, rules => rules);
-- A NULL summary has no rows, whoever is asked for.
SELECT * FROM rfm(NULL, id => 1);
SELECT * FROM membership_rows(NULL, id => 1);
