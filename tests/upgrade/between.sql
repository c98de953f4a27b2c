-- Every function that 0.1.0 declares, called with NULLs, over the library of this version: how often each outcome.
CREATE FUNCTION pg_temp.outcome(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE call;
    RETURN 'answered';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE SQLSTATE WHEN '55000' THEN 'outdated (55000)' WHEN '22023' THEN 'refused (22023)' ELSE SQLSTATE || ' ' || SQLERRM END;
END $$;
SELECT string_agg(number || ' ' || outcome, ', ' ORDER BY outcome)
FROM (SELECT pg_temp.outcome(format('SELECT count(*) FROM %s(%s) AS r', p.oid::regproc,
                 (SELECT string_agg('NULL::' || format_type(t, NULL), ', ' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n)))) AS outcome,
             count(*) AS number
      FROM pg_proc p
      WHERE p.pronamespace = 'retention'::regnamespace AND p.prokind = 'f' AND NOT 'internal'::regtype = ANY (p.proargtypes) AND p.prorettype <> 'internal'::regtype
      GROUP BY 1) o;
SELECT DISTINCT outcome FROM (SELECT pg_temp.outcome('SELECT retention.' || f || ' FROM stored') AS outcome FROM unnest(ARRAY[
    'history_send(h)', 'memberships_send(m)', 'logrank_data_send(l)', 'clv_model_send(c)', 'history_eq(h, h)', 'memberships_eq(m, m)', 'memberships_hash(m)',
    'memberships_out(m)', 'churn(h)', 'members(m)', 'rollup(h)', 'rollup(m)']) f) o WHERE outcome LIKE 'XX%' OR outcome LIKE '5_000';
