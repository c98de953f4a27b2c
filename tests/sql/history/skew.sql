-- A member with almost all of the rows, wherever its bucket is: memory stays that of the history.
SET search_path = public, retention;
SELECT bool_and(bytes < 8000000) AS small, bool_and(events = 1020000) AS whole
FROM generate_series(0, 3) heavy, LATERAL (
    SELECT events(h) AS events,
           (SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name = 'retention.history of groups') AS bytes
    FROM (SELECT history_agg(CASE WHEN i <= 20000 THEN 1000 + i ELSE heavy * 7919 + 1 END, date '2020-01-01' + (i % 300)::int) AS h
          FROM generate_series(1, 1020000) i) s OFFSET 0) m;
