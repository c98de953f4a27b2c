-- Histories of all sizes: of one member in the row itself, of a country out of line, of none.
INSERT INTO by_country
    SELECT country, retention.history_agg(member_id, ordered_at, amount, 'day', 'Europe/London') FROM orders GROUP BY country;
INSERT INTO by_country VALUES ('Atlantis', NULL, 'nobody');
INSERT INTO by_country SELECT 'all of cdnow', retention.history_agg(md5(member_id::text)::uuid, ordered_on, amount) FROM cdnow;
INSERT INTO by_month
    SELECT country, date_trunc('month', ordered_at AT TIME ZONE 'UTC')::date,
           retention.history_agg('member ' || member_id, ordered_at, amount, 'hour', 'UTC')
    FROM orders GROUP BY 1, 2;
INSERT INTO by_month SELECT * FROM by_month WHERE country IN ('France', 'Japan'); -- each of these twice
INSERT INTO pairs
    SELECT retention.history_agg(member_id, ordered_at::date, amount), retention.history_agg(member_id, ordered_at::date)
    FROM orders WHERE member_id < 12500 GROUP BY member_id;
INSERT INTO pairs SELECT h, NULL FROM by_country WHERE h IS NOT NULL;
