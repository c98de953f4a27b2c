-- The demo's orders with members of every type, whole and in parts.
CREATE TABLE whole AS
SELECT order_id, member_id AS member_bigint, md5(member_id::text)::uuid AS member_uuid, 'member ' || member_id AS member_text,
       ordered_at AS at, ordered_at::date AS at_date, CASE WHEN order_id % 7 <> 0 THEN amount END AS amount, country
FROM orders;

CREATE TABLE by_member (LIKE whole) PARTITION BY HASH (member_bigint);
SELECT format('CREATE TABLE by_member_%1$s PARTITION OF by_member FOR VALUES WITH (MODULUS 4, REMAINDER %1$s)', n)
FROM generate_series(0, 3) n \gexec

CREATE TABLE by_quarter (LIKE whole) PARTITION BY RANGE (at_date);
SELECT format('CREATE TABLE by_quarter_%s PARTITION OF by_quarter FOR VALUES FROM (%L) TO (%L)',
              to_char(start, 'YYYY_Q'), start::date, (start + interval '3 months')::date)
FROM generate_series(timestamp '2010-10-01', '2011-10-01', '3 months') start \gexec
CREATE TABLE by_quarter_empty PARTITION OF by_quarter FOR VALUES FROM ('2012-01-01') TO ('2012-04-01');

CREATE TABLE by_both (LIKE whole) PARTITION BY RANGE (at_date);
CREATE TABLE by_both_old PARTITION OF by_both FOR VALUES FROM (MINVALUE) TO ('2011-07-01') PARTITION BY HASH (member_bigint);
CREATE TABLE by_both_old_0 PARTITION OF by_both_old FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_both_old_1 PARTITION OF by_both_old FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE by_both_new PARTITION OF by_both DEFAULT;

INSERT INTO by_member TABLE whole;
INSERT INTO by_quarter TABLE whole;
INSERT INTO by_both TABLE whole;

-- Histories too may lie in partitions.
CREATE TABLE histories (at_date date, country text, h retention.history) PARTITION BY LIST (country);
CREATE TABLE histories_uk PARTITION OF histories FOR VALUES IN ('United Kingdom');
CREATE TABLE histories_others PARTITION OF histories DEFAULT;
INSERT INTO histories
    SELECT at_date, country, retention.history_agg(member_bigint, at, amount, 'day', 'UTC') FROM whole GROUP BY 1, 2;
ANALYZE;
