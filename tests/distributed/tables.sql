-- The tables of this test, the same on one server and on the coordinator of a cluster: the demo's orders, with members, times
-- and amounts in every type. What each is distributed by, its name says. Members of by_order are on several shards.
CREATE TABLE by_bigint (
    order_id      bigint,
    member_bigint bigint,
    member_uuid   uuid,
    member_text   text,
    at            timestamptz,
    at_timestamp  timestamp,
    at_date       date,
    amount        numeric,
    amount_float8 float8,
    cents         bigint,
    country       text,
    bucket        int
);
CREATE TABLE by_uuid (LIKE by_bigint);
CREATE TABLE by_text (LIKE by_bigint);
CREATE TABLE by_order (LIKE by_bigint);
CREATE TABLE by_bucket (LIKE by_bigint);

-- Histories, in a table that is distributed too.
CREATE TABLE stored (country text, month date, h retention.history);

-- What histories.sql finds, here and on the single server.
CREATE TABLE answers (source text, question text, part text, h retention.history);
CREATE TABLE expected (LIKE answers);
