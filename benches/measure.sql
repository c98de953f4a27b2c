-- How time and memory are taken, and where the results are kept.
--
-- A question is a set of statements that are compared. They are run in turn, A B C A B C …, in one session; the first round
-- warms up and does not count. A statement is timed on the server: parsed, planned, run and cleaned up, its rows consumed by
-- an aggregate on top of it that makes them one value, the answer. A time during which other programs used the processors is
-- thrown away, whatever it was, and taken again.

CREATE TABLE bench.statement (
    question text,
    variant text,
    place int GENERATED ALWAYS AS IDENTITY,
    data text,                      -- answers about the same data must be the same
    settings jsonb DEFAULT '{}',
    query text NOT NULL,            -- returns one jsonb: named answers
    PRIMARY KEY (question, variant)
);

CREATE TABLE bench.timing (
    question text,
    variant text,
    round int,                      -- 0: the warm-up
    seconds float8,
    others float8,                  -- processors that other programs took meanwhile
    answer jsonb
);

-- Everything that is not a time: bytes, numbers of rows.
CREATE TABLE bench.number (name text PRIMARY KEY, value float8);

-- The fields of /proc/PID/stat from the third one, the state, on; the second may contain anything.
CREATE FUNCTION bench.process_status(pid text) RETURNS text[] LANGUAGE sql VOLATILE AS $$
    SELECT string_to_array(regexp_replace(pg_read_file('/proc/' || pid || '/stat', 0, 2000), '^.*\) ', ''), ' ')
$$;

-- Processor time in hundredths of a second since the machine started: everybody's, and this session's with its workers.
CREATE FUNCTION bench.processor(OUT everybody bigint, OUT ours bigint) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    machine bigint[] := string_to_array(substring(pg_read_file('/proc/stat', 0, 400) FROM '^cpu +([0-9 ]+)'), ' ');
    session text[] := bench.process_status('self');
    parent text[] := bench.process_status(split_part(pg_read_file('postmaster.pid', 0, 20), E'\n', 1));
BEGIN
    everybody := machine[1] + machine[2] + machine[3] + machine[6] + machine[7] + machine[8]; -- not idle, not waiting
    -- The session's own; and of the server those of its processes that have ended, as parallel workers have by now.
    ours := session[12]::bigint + session[13]::bigint + parent[14]::bigint + parent[15]::bigint;
END
$$;

-- A measurement is disturbed if other programs took more than a tenth of a processor meanwhile. (The clocks behind it tick a
-- hundred times a second: short statements get three ticks for nothing.)
CREATE FUNCTION bench.is_disturbed(seconds float8, others float8) RETURNS boolean LANGUAGE sql AS $$
    SELECT others * seconds > seconds / 10 + 0.03
$$;

-- Seconds that the whole run may still spend on waiting for a quiet machine.
CREATE TABLE bench.patience (seconds int);

CREATE PROCEDURE bench.wait_until_quiet() LANGUAGE plpgsql AS $$
DECLARE
    before record;
    after record;
BEGIN
    FOR second IN 1 .. least(30, (SELECT seconds FROM bench.patience)) LOOP
        before := bench.processor();
        PERFORM pg_sleep(1);
        after := bench.processor();
        UPDATE bench.patience SET seconds = seconds - 1;
        EXIT WHEN after.everybody - before.everybody < 10;
    END LOOP;
END
$$;

CREATE FUNCTION bench.run(s bench.statement, round int) RETURNS bench.timing LANGUAGE plpgsql AS $$
DECLARE
    before record;
    after record;
    begun timestamptz;
    result bench.timing := row(s.question, s.variant, round, NULL, NULL, NULL);
BEGIN
    PERFORM set_config(key, value, true) FROM jsonb_each_text(s.settings);
    before := bench.processor();
    begun := clock_timestamp();
    EXECUTE s.query INTO STRICT result.answer;
    result.seconds := extract(epoch FROM clock_timestamp() - begun);
    after := bench.processor();
    result.others := (after.everybody - before.everybody - (after.ours - before.ours)) / 100.0 / result.seconds;
    RETURN result;
END
$$;

-- One statement once; and again if that was disturbed, when it is quiet, three times at most.
CREATE PROCEDURE bench.measure_one(asked text, which text, round int) LANGUAGE plpgsql AS $$
DECLARE
    s bench.statement;
    result bench.timing;
BEGIN
    SELECT * INTO STRICT s FROM bench.statement WHERE question = asked AND variant = which;
    FOR attempt IN 1 .. 4 LOOP
        result := bench.run(s, round);
        COMMIT;                                 -- and so end the statement's settings
        EXIT WHEN attempt = 4 OR NOT bench.is_disturbed(result.seconds, result.others)
               OR (SELECT seconds <= 0 FROM bench.patience);
        CALL bench.wait_until_quiet();
    END LOOP;
    INSERT INTO bench.timing SELECT result.*;
END
$$;

CREATE PROCEDURE bench.measure(asked text, rounds int) LANGUAGE plpgsql AS $$
DECLARE
    which text;
BEGIN
    FOR round IN 0 .. rounds LOOP
        FOR which IN SELECT variant FROM bench.statement WHERE question = asked ORDER BY place LOOP
            CALL bench.measure_one(asked, which, round);
        END LOOP;
    END LOOP;
END
$$;

-- The most that this process has had in memory so far, shared memory that it has touched included.
CREATE FUNCTION bench.peak_bytes() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT substring(pg_read_file('/proc/self/status', 0, 8192) FROM 'VmHWM:\s+(\d+) kB')::bigint * 1024
$$;

-- What a statement takes at most. In a fresh session: all of the table's pages are touched first, so that what comes on top
-- is the statement's own. In a hash aggregation also what PostgreSQL believes.
CREATE PROCEDURE bench.measure_memory(what text, of_table text, query text, hashed boolean DEFAULT false)
LANGUAGE plpgsql AS $$
DECLARE
    ignored bigint;
    before bigint;
    plan json;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I WHERE member_id IS NULL', of_table) INTO ignored;
    before := bench.peak_bytes();
    EXECUTE 'EXPLAIN (ANALYZE, TIMING off, FORMAT json) ' || query INTO plan;
    INSERT INTO bench.number VALUES (what || ': peak', bench.peak_bytes() - before);
    IF hashed THEN
        INSERT INTO bench.number
        SELECT what || ': counted', (node ->> 'Peak Memory Usage')::float8 * 1024
        FROM jsonb_path_query(plan::jsonb, 'strict $.**?(@."Strategy" == "Hashed")') node;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'not a hash aggregation: %', plan;
        END IF;
    END IF;
END
$$;
CREATE TABLE bench.engine (name text, version text);
