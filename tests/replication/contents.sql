-- All bytes of all rows, and the hashes that this server gives them.
SELECT country, note, h, retention_internal.history_hash(h) FROM by_country ORDER BY country;
SELECT country, month, note, h, retention_internal.history_hash(h) FROM by_month ORDER BY country, month, h;
SELECT a, b, retention_internal.history_hash(a) FROM pairs ORDER BY a, b;
