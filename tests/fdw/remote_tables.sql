-- On the remote server, in each of two databases.
CREATE TABLE events (
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
    country       text
);
CREATE TABLE histories (country text, h retention.history);

-- The way to let the rows' own server do the work whatever the types: a view that names grain and zone.
CREATE VIEW history_by_country AS
    SELECT country, retention.history_agg(member_bigint, at, amount, 'day', 'Europe/London') AS h FROM events GROUP BY country;
