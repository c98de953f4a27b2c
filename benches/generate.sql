-- The benchmark's rows: nothing random, the same on every machine. Hashes of its number make a row's member, time and amount.
--
--   members   floor(n × u^1.5) + 1 of n = rows / 10: the first has a thousand events, the last six or seven
--   times     whole seconds, evenly over the 24 months of 2022 and 2023, in no order
--   amounts   from 1.00 to 500.99, small ones more often

CREATE EXTENSION pg_retention;
CREATE EXTENSION pg_prewarm;
CREATE SCHEMA bench;

-- A number in [0, 1) with 53 bits. (Products and sqrt are the same to the last bit everywhere; pow and exp are not.)
CREATE FUNCTION bench.share(i bigint, seed bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashint8extended(i, seed) & 9007199254740991) / 9007199254740992::float8
$$;

CREATE FUNCTION bench.events(number_of_rows bigint)
RETURNS TABLE (i bigint, member_id bigint, at timestamptz, amount numeric(12, 2)) LANGUAGE sql IMMUTABLE AS $$
    SELECT i,
           floor(number_of_rows / 10 * (u * sqrt(u)))::bigint + 1,
           to_timestamp(1640995200 + floor(v * 63072000)),       -- 2022-01-01 00:00 UTC, and 730 days
           ((floor(w * w * w * 50000)::bigint + 100)::numeric / 100)::numeric(12, 2)
    FROM (SELECT i, bench.share(i, 1) AS u, bench.share(i, 2) AS v, bench.share(i, 3) AS w
          FROM generate_series(1, number_of_rows) AS i) AS hashes
$$;

-- Members of the other types, one for one.
CREATE FUNCTION bench.as_uuid(member_id bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT md5(member_id::text)::uuid
$$;
-- Twelve hexadecimal digits. An odd factor modulo 2^48 never makes two members one.
CREATE FUNCTION bench.as_text(member_id bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT lpad(to_hex((member_id * 25214903917) & 281474976710655), 12, '0')
$$;

-- A set-returning function that does nothing but return rows: see rows.c.
CREATE FUNCTION bench.rows(number_of_rows bigint)
RETURNS TABLE (member bigint, at timestamptz, events bigint, amount numeric)
AS 'pg_retention_bench_rows', 'same_row' LANGUAGE c PARALLEL SAFE ROWS 100000;
CREATE FUNCTION bench.rows_text(number_of_rows bigint)
RETURNS TABLE (member text, at timestamptz, events bigint, amount numeric)
AS 'pg_retention_bench_rows', 'same_row' LANGUAGE c PARALLEL SAFE ROWS 100000;
CREATE FUNCTION bench.rows_rfm(number_of_rows bigint)
RETURNS TABLE (member bigint, recency int, frequency bigint, monetary numeric, r int, f int, m int, score text, segment text)
AS 'pg_retention_bench_rows', 'same_row' LANGUAGE c PARALLEL SAFE ROWS 100000;
CREATE FUNCTION bench.rows_clv(number_of_rows bigint)
RETURNS TABLE (member bigint, x bigint, t_x float8, age float8, spend float8, p_alive float8, p_alive_low float8, p_alive_high float8,
               expected_purchases float8, expected_purchases_low float8, expected_purchases_high float8, purchases bigint, purchases_low bigint, purchases_high bigint,
               expected_spend float8, clv float8, clv_low float8, clv_high float8)
AS 'pg_retention_bench_rows', 'same_row' LANGUAGE c PARALLEL SAFE ROWS 100000;
