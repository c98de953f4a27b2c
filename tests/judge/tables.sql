-- Random tables, the same on every server: everything is drawn from hashes of a table's number.
--
-- oracle.spec has one row per table, with what it is to contain; oracle.make(id) makes table random.t<id>, and
-- random.s<id>, the starts of some of its members and of some others. The tables stay, to be looked at.
-- Nothing here needs the extension.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS random CASCADE;
CREATE SCHEMA random;
RESET client_min_messages;

-- A number in [0, 1), the i-th of a stream.
CREATE FUNCTION oracle.u(stream bigint, i bigint) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
  SELECT (hashextended & 4503599627370495) / 4503599627370496.0::float8 FROM hashint8extended(i, stream) hashextended
$$;
CREATE FUNCTION oracle.one_of(u float8, choices anyarray) RETURNS anyelement
LANGUAGE sql IMMUTABLE AS $$ SELECT choices[1 + floor(u * cardinality(choices))::int] $$;

-- Clocks, and moments at which they were changed. Sao Paulo's and Havana's at midnight, Lord Howe's by half an hour,
-- Kathmandu's by a quarter; Apia left out the 30th of December 2011; New York's first change was by 3 min 58 s.
CREATE TABLE oracle.clock (zone text, moment timestamptz);
INSERT INTO oracle.clock VALUES
  ('America/New_York', '2021-03-14 07:00+00'), ('America/New_York', '2021-11-07 06:00+00'),
  ('America/New_York', '1883-11-18 17:00+00'), ('America/New_York', '2007-03-11 07:00+00'),
  ('Europe/London', '2021-03-28 01:00+00'), ('Europe/London', '2021-10-31 01:00+00'),
  ('Europe/London', '1971-10-31 02:00+00'), ('Asia/Shanghai', '1986-05-03 18:00+00'),
  ('Asia/Shanghai', '1991-09-14 17:00+00'), ('Asia/Shanghai', '1940-05-31 16:00+00'),
  ('Australia/Lord_Howe', '2021-04-03 15:00+00'), ('Australia/Lord_Howe', '2021-10-02 15:30+00'),
  ('Pacific/Apia', '2011-12-30 10:00+00'), ('Pacific/Apia', '2012-03-31 14:00+00'),
  ('America/Sao_Paulo', '2018-11-04 03:00+00'), ('America/Sao_Paulo', '2018-02-18 02:00+00'),
  ('America/Havana', '2021-11-07 05:00+00'), ('America/Havana', '2021-03-14 05:00+00'),
  ('Asia/Kathmandu', '1985-12-31 18:30+00'), ('UTC', '2016-12-31 23:59:59+00');

-- When things happen: around these moments (NULL: around one change of the table's clock), this far from them;
-- `finest` keeps the number of periods in bounds.
CREATE TABLE oracle.era (name text, moments timestamptz[], spread interval, finest text);
INSERT INTO oracle.era VALUES
  ('hours around a clock change', NULL, '4 hours', 'day'),
  ('days around a clock change', NULL, '3 days', 'day'),
  ('weeks around a clock change', NULL, '50 days', 'day'),
  ('a winter', '{2024-01-20}', '55 days', 'day'),
  ('three years', '{2020-06-15}', '560 days', 'week'),
  ('before 1970', '{1968-09-01,1970-01-01}', '200 days', 'week'),
  ('after 2038', '{2038-01-19 03:14:08,2039-12-31}', '300 days', 'week'),
  ('leap years', '{1896-02-29,1900-02-28,1904-02-29}', '20 days', 'month'),
  ('29 February', '{2000-02-29,2024-02-29,2023-02-28}', '3 days', 'month'),
  ('epochs', '{1970-01-01,2000-01-01,2001-09-09 01:46:40}', '2 days', 'month'),
  ('ends of ISO years', '{2015-12-31,2018-12-31,2020-12-31,2021-01-03}', '5 days', 'week'),
  ('the turn of the era', '{0002-12-31 BC,0001-12-31 BC,0001-12-31}', '150 days', 'month'),
  ('far away', '{1200-07-01 BC,0044-03-15 BC,1582-10-10,9999-07-01}', '180 days', 'year');

CREATE TABLE oracle.spec AS
WITH drawn AS (   -- u[k]: independent numbers for the choices of table id
  SELECT id, (SELECT array_agg(oracle.u(1000 + k, id) ORDER BY k) FROM generate_series(1, 20) k) AS u
  FROM generate_series(1, 300) id
),
change AS (      -- the last 40 tables: two for every change of a clock
  SELECT row_number() OVER (ORDER BY zone COLLATE "C", moment) AS n, zone, moment FROM oracle.clock
),
chosen AS (
  SELECT id, u, k.moment,
         CASE WHEN k.zone IS NOT NULL THEN 'clock change'
              ELSE coalesce(('{no row,one row,one member,no event,large amounts,many members}'::text[])[id % 20 + 1],
                            'skewed') END AS shape,
         oracle.one_of(u[1], '{bigint,bigint,integer,uuid,text,text,varchar}'::text[]) AS member_type,
         CASE WHEN k.zone IS NOT NULL THEN 'timestamptz'
              ELSE oracle.one_of(u[2], '{timestamptz,timestamptz,timestamp,date}'::text[]) END AS time_type,
         oracle.one_of(u[3], '{numeric,numeric,float8,bigint,none}'::text[]) AS amount_type,
         CASE WHEN k.zone IS NOT NULL THEN oracle.one_of(u[4], '{second,minute,hour,hour,day,day}'::text[])
              ELSE oracle.one_of(u[4], '{second,minute,hour,day,day,day,week,month,quarter,year}'::text[]) END AS grain,
         coalesce(k.zone, oracle.one_of(u[5], (SELECT array_agg(DISTINCT zone COLLATE "C") FROM oracle.clock))) AS a_zone,
         oracle.one_of(u[6], (SELECT array_agg(DISTINCT zone COLLATE "C") FROM oracle.clock)) AS b_zone,
         u[7] < 0.7 AS zone_is_passed,
         CASE WHEN k.zone IS NOT NULL
              THEN oracle.one_of(u[8], '{hours around a clock change,days around a clock change}'::text[])
              ELSE oracle.one_of(u[8], (SELECT array_agg(name ORDER BY name COLLATE "C") FROM oracle.era)) END AS era
  FROM drawn LEFT JOIN change k ON k.n = (id - 259) / 2 AND id > 260
)
SELECT c.id, c.shape, c.member_type, c.time_type, c.amount_type, c.grain, c.era,
       -- the zone that is passed, and the one of the session; without the first, the second counts
       CASE WHEN time_type = 'timestamptz' AND zone_is_passed THEN a_zone END AS zone,
       CASE WHEN time_type = 'timestamptz' AND NOT zone_is_passed THEN a_zone ELSE b_zone END AS session_zone,
       coalesce(e.moments, ARRAY[coalesce(c.moment, oracle.one_of(u[9], (SELECT array_agg(k.moment ORDER BY k.moment)
                                                       FROM oracle.clock k WHERE k.zone = a_zone)))]) AS moments,
       e.spread,
       CASE shape WHEN 'no row' THEN 0 WHEN 'one row' THEN 1 WHEN 'no event' THEN 30 WHEN 'many members' THEN 400
                  WHEN 'large amounts' THEN 60 ELSE 20 + floor(180 * u[10] * u[10])::int END
         / CASE WHEN c.era = 'far away' AND shape <> 'one row' THEN 10 ELSE 1 END AS rows,
       CASE shape WHEN 'one member' THEN 1 WHEN 'many members' THEN 600 ELSE 3 + floor(40 * u[11])::int END AS members,
       oracle.one_of(u[12], '{0,0.1,0.3,0.8}'::float8[]) AS repeats,
       oracle.one_of(u[13], '{0,0.05,0.2}'::float8[]) AS nulls,
       (SELECT oracle.one_of(u[14], array_agg(p.name ORDER BY p.size))
        FROM unnest('{day,week,month,quarter,year}'::text[]) WITH ORDINALITY p (name, size)
        WHERE p.size >= array_position('{day,week,month,quarter,year}', e.finest)
          AND (c.grain IN ('second', 'minute', 'hour', 'day') OR p.name = c.grain
               OR c.grain <> 'week' AND p.size > array_position('{day,week,month,quarter,year}', c.grain))
          OR p.name = CASE c.grain WHEN 'week' THEN 'week' ELSE 'year' END) AS period,
       oracle.one_of(u[15], '{1,1,2,3,7}'::int[]) AS gap,
       oracle.one_of(u[16], '{default,later,earlier}'::text[]) AS as_of,
       oracle.one_of(u[17], '{0.9,0.95,0.99}'::float8[]) AS confidence,
       oracle.one_of(u[18], '{1,0.5,0.25}'::float8[]) AS margin
FROM chosen c JOIN oracle.era e ON e.name = c.era
-- weeks have no coarser period, and 11,000 years have too many weeks
WHERE NOT (c.grain = 'week' AND e.finest IN ('month', 'year'));

-- The name of member m: some that are easily confused (e acute in one character and in two, one letter of 3000), the
-- ends of the type, and ordinary ones.
CREATE FUNCTION oracle.member_name(type text, m int) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN type = 'bigint' THEN coalesce(
      ('{0,-1,9223372036854775807,-9223372036854775808,4294967296,4294967295,-4294967296}'::text[])[m + 1],
      CASE m % 3 WHEN 0 THEN m WHEN 1 THEN -m ELSE hashint8extended(m, 7) END::text)
    WHEN type = 'integer' THEN coalesce(('{0,-1,2147483647,-2147483648}'::text[])[m + 1], m::text)
    WHEN type = 'uuid' THEN coalesce(
      ('{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff,
         00000000-0000-0000-0000-000000000001,80000000-0000-0000-0000-000000000000}'::text[])[m + 1],
      md5(m::text)::uuid::text)
    ELSE coalesce(
      (ARRAY['', ' ', 'a', 'A', 'a ', E'\xC3\xA9', E'e\xCC\x81', '日本語', '🙂', 'NULL', E'tab\t, line\n, \\ " and ''',
             repeat('x', 3000), repeat('x', 2999) || 'y', '0', '00'])[m + 1],
      CASE m % 3 WHEN 0 THEN 'member ' || m WHEN 1 THEN md5(m::text) ELSE repeat(md5(m::text), 9) END)
  END
$$;

-- What is left of a number after rounding to six decimals is where sums go wrong: up to nine decimals, halves of the
-- sixth, both signs, zeros; and amounts of which one fills 64 bits. In floating point also the negative zero.
CREATE FUNCTION oracle.amount(type text, large boolean, u float8, v float8) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN type = 'none' OR u < 0.1 THEN NULL
    WHEN u < 0.2 THEN CASE WHEN type = 'float8' AND v < 0.5 THEN '-0' ELSE '0' END
    WHEN large THEN CASE WHEN v < 0.3 THEN '-' ELSE '' END
      || CASE type WHEN 'numeric' THEN '9223372036854.775807' WHEN 'float8' THEN '9e12' ELSE '9223372036854' END
    WHEN type = 'bigint' THEN (floor(v * 2e9) - 5e8)::bigint::text
    WHEN u < 0.4 THEN ((2 * floor(v * 1e6) - 1e6 + 1)::bigint * 0.0000005)::text
    ELSE ((floor(v * 2e10) - 5e9)::bigint * ('1e-' || (1 + floor(u * 9)))::numeric)::text
  END
$$;

-- One table of `n` rows from a stream of numbers, ten or so on a page, for several processes to read.
-- Repeats have the member and the time of another row. A fifth of the times are moved to midnight on the
-- clock, a tenth to one microsecond before it, a tenth to the full hour.
CREATE FUNCTION oracle.make(into_table text, s oracle.spec, n int, stream bigint) RETURNS void
LANGUAGE plpgsql SET client_min_messages = warning AS $$
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS random.%I', into_table);
  EXECUTE format('CREATE TABLE random.%I (member %s, at %s, amount %s) WITH (parallel_workers = 2, fillfactor = 10)',
                 into_table, s.member_type, s.time_type, CASE s.amount_type WHEN 'none' THEN 'numeric' ELSE s.amount_type END);
  EXECUTE format($query$
    WITH source AS (
      SELECT i, CASE WHEN oracle.u($1, i) < $2.repeats THEN i %% ($3 / 4 + 1) ELSE i END AS j
      FROM generate_series(1, $3) i
    ),
    drawn AS (
      SELECT i, j, oracle.one_of(oracle.u($1 + 2, j), $2.moments)
                   + (2 * oracle.u($1 + 3, j) - 1) * $2.spread AS at,
             CASE $2.shape WHEN 'large amounts' THEN i
                           ELSE floor($2.members * oracle.u($1 + 4, j) ^ 3)::int END AS m
      FROM source
    ),
    moved AS (
      SELECT *, CASE WHEN u < 0.2 THEN date_trunc('day', at, zone)
                     WHEN u < 0.3 THEN date_trunc('day', at, zone) - interval '0.000001'
                     WHEN u < 0.4 THEN date_trunc('hour', at) ELSE at END AS at_moved
      FROM drawn, oracle.u($1 + 5, j) u, coalesce($2.zone, $2.session_zone) zone
    )
    INSERT INTO random.%I
    SELECT CASE WHEN oracle.u($1 + 6, i) >= $2.nulls AND NOT ($2.shape = 'no event' AND i %% 2 = 0)
                THEN oracle.member_name($2.member_type, m) END::%s,
           CASE WHEN oracle.u($1 + 7, i) >= $2.nulls AND NOT ($2.shape = 'no event' AND i %% 2 = 1)
                THEN CASE WHEN $2.time_type = 'timestamptz' THEN at_moved ELSE at_moved AT TIME ZONE zone END END::%s,
           oracle.amount($2.amount_type, $2.shape = 'large amounts', oracle.u($1 + 8, i), oracle.u($1 + 9, i))::%s
    FROM moved ORDER BY i $query$,
    into_table, s.member_type, s.time_type, CASE s.amount_type WHEN 'none' THEN 'numeric' ELSE s.amount_type END)
  USING stream, s, n;
END $$;

CREATE FUNCTION oracle.make(id int) RETURNS oracle.spec
LANGUAGE plpgsql AS $$
DECLARE s oracle.spec := (SELECT s FROM oracle.spec s WHERE s.id = make.id);
BEGIN
  PERFORM oracle.make('t' || id, s, s.rows, id * 100);
  PERFORM oracle.make('s' || id, s, s.rows / 2, id * 100 + 50);
  RETURN s;
END $$;

-- All of them, and all their rows as text. One transaction a table, for few locks.
CREATE TABLE random.rows (id int, member text, at text, amount numeric);
CREATE PROCEDURE oracle.make_all() LANGUAGE plpgsql AS $$
DECLARE id int;
BEGIN
  FOR id IN SELECT s.id FROM oracle.spec s ORDER BY s.id LOOP
    PERFORM oracle.make(id);
    EXECUTE format('INSERT INTO random.rows SELECT %s, member::text, at::text, amount::numeric FROM random.t%1$s', id);
    COMMIT;
  END LOOP;
END $$;
