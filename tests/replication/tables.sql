-- Tables of histories: with a key, and without one, where an update or delete finds its row by comparing all of it.
CREATE TABLE by_country (country text PRIMARY KEY, h retention.history, note text);
CREATE TABLE by_month (country text, month date, h retention.history, note text);
ALTER TABLE by_month REPLICA IDENTITY FULL;
CREATE TABLE pairs (a retention.history, b retention.history);
ALTER TABLE pairs REPLICA IDENTITY FULL;
