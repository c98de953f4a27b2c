-- The table of what publishing costs.
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '
SELECT '| what | seconds | |';
SELECT '| --- | --- | --- |';
SELECT '| ' || what, coalesce(round(seconds::numeric, CASE WHEN seconds < 1 THEN 4 ELSE 1 END)::text, ''), coalesce(remark, '') || ' |' FROM bench.published ORDER BY place;
