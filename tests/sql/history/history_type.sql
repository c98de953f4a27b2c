-- retention.history as a type: text and binary forms, comparing, storing, malformed input.
SET search_path = public, retention;

CREATE TEMP TABLE h AS
SELECT kind, hist FROM (VALUES
    ('bigint', (SELECT history_agg(m, d, a) FROM (VALUES (1, date '2020-01-01', 5.5), (-7, '2019-12-31', NULL),
                                                        (9223372036854775807, '2038-02-01', -0.000001)) v(m, d, a))),
    ('uuid', (SELECT history_agg(m::uuid, d) FROM (VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', timestamp '1969-12-31 23:59:59'),
                                                         ('00000000-0000-0000-0000-000000000000', '2020-02-29')) v(m, d))),
    ('text', (SELECT history_agg(m, d, 1::bigint, 'second', 'Europe/London') FROM (VALUES ('Ada', timestamptz '2020-10-25 00:30+00'),
                                                         ('', '2020-10-25 01:30+00'), ('Zoë 東京', '1901-01-01')) v(m, d)))) v(kind, hist);

-- The text form goes there and back, and its bytes are those of the binary form.
SELECT kind, hist::text::history = hist AS text_round_trip,
       decode(hist::text, 'base64') = retention_internal.history_send(hist) AS same_bytes, hist::text
FROM h ORDER BY kind;

-- Those who free what output functions return.
SELECT kind, to_json(hist) #>> '{}' = hist::text AS to_json, row_to_json(h) ->> 'hist' = hist::text AS row_to_json FROM h ORDER BY kind;

-- The binary form through COPY, and the text form too.
CREATE TEMP TABLE back (LIKE h);
COPY h TO PROGRAM 'cat > "$PWD/history.copy"' (FORMAT binary);
COPY back FROM PROGRAM 'cat "$PWD/history.copy"; rm "$PWD/history.copy"' (FORMAT binary);
SELECT count(*) AS same FROM h JOIN back USING (kind) WHERE h.hist = back.hist;

-- What is inside.
SELECT kind, r.member, r.at AT TIME ZONE 'UTC' AS at, r.events, r.amount
FROM h, history_rows(hist) r ORDER BY kind, r.member COLLATE "C", r.at;

-- Equality is that of contents, whatever the order of rows, the types of the arguments or the way.
SELECT history_agg(m, d, a ORDER BY m) = history_agg(m, d, a ORDER BY m DESC) AS order_of_rows,
       history_agg(m, d, a) = history_agg(m, d, a::numeric) AS type_of_amount,
       history_agg(m, d, a) = rollup_of_parts.h AS way
FROM (SELECT i % 10 AS m, date '2020-01-01' + i AS d, i::float8 AS a FROM generate_series(1, 1000) i) t,
     (SELECT rollup(part) AS h FROM (SELECT history_agg(i % 10, date '2020-01-01' + i, i::float8) AS part
                                     FROM generate_series(1, 1000) i GROUP BY i % 7) p) rollup_of_parts
GROUP BY rollup_of_parts.h;

-- Operators, sorting, hashing, indexes.
SELECT a.kind, b.kind, a.hist = b.hist AS eq, a.hist <> b.hist AS ne, (a.hist < b.hist) = (b.hist > a.hist) AS lt_gt,
       (a.hist <= b.hist) = (b.hist >= a.hist) AS le_ge,
       sign(retention_internal.history_cmp(a.hist, b.hist)) = -sign(retention_internal.history_cmp(b.hist, a.hist)) AS cmp
FROM h a, h b ORDER BY 1, 2;
SELECT count(*), count(DISTINCT hist), count(DISTINCT retention_internal.history_hash(hist)) FROM (SELECT hist FROM h UNION ALL SELECT hist FROM h) t;
SELECT count(*) AS groups FROM (SELECT hist FROM (SELECT hist FROM h UNION ALL SELECT hist FROM h) t GROUP BY hist) g;
SELECT bool_and(retention_internal.history_hash_extended(hist, 0)::bit(32) = retention_internal.history_hash(hist)::bit(32)) AS low_half,
       bool_and(retention_internal.history_hash_extended(hist, 0) <> retention_internal.history_hash_extended(hist, 1)) AS seeded FROM h;
CREATE INDEX ON h (hist);
CREATE INDEX ON h USING hash (hist);
SET enable_seqscan = off;
SELECT kind FROM h WHERE hist = (SELECT hist FROM back WHERE kind = 'uuid');
RESET enable_seqscan;

-- Malformed text: an error, whatever it is. (Forged bytes with a right checksum are the model's tests.)
CREATE FUNCTION pg_temp.outcome(sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE sql;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ': ' || sqlerrm;
END $$;
SELECT bad, pg_temp.outcome(format('SELECT %L::retention.history', bad))
FROM (VALUES (''), ('not base64!'), ('AAAA'), ('AQADAAEBAYCArPbMqqECgICs9syqoQKIc4hzAgIAAAIAiHMRdHW38vaXSg=='),
             ('AQADAAEBAYCArPbMqqECgICs9syqoQKIc4hzAgIAAAIAiHMRdHW38vaXAg=='), ('AwADAAEBAYCArPbMqqECgICs9syqoQKIc4hzAgIAAAIAiHMRdHW38vaXSg=='),
             ('AgADAAEBAYCArPbMqqECgICs9syqoQKIc4hzAgIAAAIAiHMRdHW38vaXSg==')) v(bad);
-- Every bit of a history flipped in turn: the checksum tells.
WITH bits AS (
    SELECT encode(set_bit(retention_internal.history_send(hist), bit, 1 - get_bit(retention_internal.history_send(hist), bit)), 'base64') AS bad
    FROM h, generate_series(0, length(retention_internal.history_send(hist)) * 8 - 1) bit)
SELECT left(pg_temp.outcome(format('SELECT %L::retention.history', replace(bad, E'\n', ''))), 24) AS outcome, count(*) > 0
FROM bits GROUP BY 1 ORDER BY 1;
-- Binary input.
CREATE TEMP TABLE bytes (b bytea);
INSERT INTO bytes VALUES ('\x00'), ('\x0100'), (decode(repeat('ff', 100), 'hex'));
COPY bytes TO PROGRAM 'cat > "$PWD/bytes.copy"' (FORMAT binary);
SELECT pg_temp.outcome($$COPY back (hist) FROM PROGRAM 'cat "$PWD/bytes.copy"; rm "$PWD/bytes.copy"' (FORMAT binary)$$);
-- The bytes as a bytea, and back: checked as the binary form is.
SELECT kind, (hist::bytea)::history = hist AS there_and_back, hist::bytea = retention_internal.history_send(hist) AS same_bytes FROM h ORDER BY kind;
SELECT '\x0200'::bytea::history;
SELECT (SELECT membership_agg(1, date '2020-01-01', NULL)::bytea)::memberships IS NOT NULL AS memberships, survival_agg(1, true)::bytea::survival_data::text = survival_agg(1, true)::text AS survival_data,
       logrank_agg(1, true, 'a')::bytea::logrank_data::text = logrank_agg(1, true, 'a')::text AS logrank_data FROM (VALUES (1)) v;
SELECT count(*) AS casts, count(*) FILTER (WHERE castcontext <> 'e') AS by_themselves FROM pg_cast
WHERE 'bytea'::regtype IN (castsource, casttarget) AND 'retention'::regnamespace IN (SELECT typnamespace FROM pg_type WHERE oid IN (castsource, casttarget));
