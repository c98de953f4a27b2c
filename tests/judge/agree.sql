-- What tests against other software's results share. Include with ECHO none, in a schema of the test's own.

-- A line of a CSV file a row, without the head.
CREATE FUNCTION csv(content text) RETURNS SETOF text[] LANGUAGE sql AS $$
    SELECT string_to_array(line, ',', '') FROM regexp_split_to_table(btrim(content, E'\r\n'), E'\r?\n') WITH ORDINALITY l (line, n)
    WHERE n > 1 $$;
-- Do two numbers agree to nine digits, or are both missing?
CREATE FUNCTION agree(a float8, b text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN b IS NULL OR a IS NULL THEN b IS NULL AND a IS NULL
           ELSE abs(a - b::float8) <= 1e-9 * greatest(1, abs(a)) END $$;

-- What a statement that should fail says.
CREATE FUNCTION outcome(sql text) RETURNS TABLE (state text, message text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE sql;
    message := 'no error';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
