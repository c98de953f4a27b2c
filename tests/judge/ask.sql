-- How all the random tables (tables.sql) are asked the same questions.
--
-- A question is a query that returns (answers, wrong). A wrong one is kept in random.wrong as a statement to be pasted
-- into psql, from the repository's root and after
--   \i tests/judge/oracle.sql
--   \i tests/judge/tables.sql
--   \i tests/judge/compare.sql
--   CALL oracle.make_all();

-- The last day of the tick in which a day lies.
CREATE FUNCTION oracle.end_of_tick(grain text, day date) RETURNS date
LANGUAGE sql IMMUTABLE AS $$
  SELECT last FROM oracle.periods(CASE WHEN grain IN ('second', 'minute', 'hour') THEN 'day' ELSE grain END, day, day)
$$;

-- The arguments with which a table is aggregated: no more than needed, so that every overload is called.
CREATE FUNCTION oracle.aggregate(s oracle.spec) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT 'retention.history_agg(member, at'
    || CASE WHEN s.zone IS NULL AND s.grain = 'day' AND (s.amount_type = 'none' OR s.id % 2 = 0)
            THEN CASE s.amount_type WHEN 'none' THEN '' ELSE ', amount' END
            ELSE CASE s.amount_type WHEN 'none' THEN ', NULL' ELSE ', amount' END
                 || format(', %L', s.grain) || CASE WHEN s.zone IS NULL THEN '' ELSE format(', %L', s.zone) END END
    || ')'
$$;

-- Asks all the questions of all the tables; `questions` names a function like the one above.
CREATE TABLE random.answer (id int, question text, answers bigint, wrong bigint, error text, replay text);

CREATE PROCEDURE oracle.ask_all(questions text) LANGUAGE plpgsql AS $$
DECLARE
  s oracle.spec;
  q record;
  a record;
  failure text;
BEGIN
  TRUNCATE random.answer;
  FOR s IN SELECT * FROM oracle.spec ORDER BY id LOOP
    PERFORM set_config('timezone', s.session_zone, false);
    FOR q IN EXECUTE format('SELECT * FROM %s($1)', questions) USING s LOOP
      failure := NULL;
      BEGIN
        EXECUTE q.query INTO a;
      EXCEPTION WHEN OTHERS THEN
        failure := SQLERRM;
        SELECT 0::bigint AS answers, 1::bigint AS wrong INTO a;
      END;
      INSERT INTO random.answer
      SELECT s.id, q.question, a.answers, a.wrong, failure,
             CASE WHEN a.wrong <> 0 THEN format('SET timezone = %L; %s;', s.session_zone,
                                              regexp_replace(q.query, '\s+', ' ', 'g')) END;
    END LOOP;
    COMMIT;
  END LOOP;
  SET timezone = 'UTC';
END $$;

-- The first wrong answers to each question.
CREATE VIEW random.wrong AS
SELECT a.question, a.id, s.shape, s.era, s.member_type, s.time_type, s.amount_type, a.wrong, a.answers, a.error, a.replay
FROM (SELECT *, row_number() OVER (PARTITION BY question ORDER BY answers, id) AS n FROM random.answer WHERE wrong <> 0) a
     JOIN oracle.spec s USING (id)
WHERE a.n <= 3
ORDER BY a.question COLLATE "C", a.id;
