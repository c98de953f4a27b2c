-- On the single server: the rows. Some have no amount, some no time, and in by_order some have no member.
SET TimeZone = 'Europe/London';
INSERT INTO by_bigint
SELECT order_id, member_id, md5(member_id::text)::uuid, 'member ' || member_id,
       CASE WHEN order_id % 101 <> 0 THEN ordered_at END,
       CASE WHEN order_id % 103 <> 0 THEN ordered_at::timestamp END,
       CASE WHEN order_id % 107 <> 0 THEN ordered_at::date END,
       CASE WHEN order_id % 7 <> 0 THEN amount END,
       CASE WHEN order_id % 11 <> 0 THEN amount / 3 END::float8,
       CASE WHEN order_id % 13 <> 0 THEN amount * 100 END::bigint,
       country, (member_id % 16)::int
FROM orders;
INSERT INTO by_uuid TABLE by_bigint;
INSERT INTO by_text TABLE by_bigint;
INSERT INTO by_order TABLE by_bigint;
UPDATE by_order SET member_bigint = NULL, member_uuid = NULL, member_text = NULL WHERE order_id % 109 = 0;
INSERT INTO by_bucket TABLE by_bigint;
