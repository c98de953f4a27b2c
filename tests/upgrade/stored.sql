-- Version 0.1.0, and values that it stored: histories and memberships with indexes, and models.
CREATE EXTENSION pg_retention VERSION '0.1.0';
CREATE TABLE stored (h retention.history, m retention.memberships, l retention.logrank_data, c retention.clv_model);
INSERT INTO stored VALUES (
    'AQADAAMLDICA7Jje6J4CgIDEhPyQnwKIcphyCAwLKQIDDwKEwQEDiHIABQAGAAADAAIAAQAAAAAAAAAAAADhl4gT4an8FOHE6hfg1t4Z4c3kGOHf2BrhoIIU4frGHQDh8cwc4bL2FUGbshJkzbzZ',
    'TQECAw1FdXJvcGUvTG9uZG9uAwgIgIDdl9zi2AKAgK37/ZXdAp6SAtyVAhIKAAAEYW5uYQADYmVuAwVjbGFyYQKekgIUWgB4RCRaFvPHLkU7Dgc=',
    'AQIBYQFiAgF4AXkDAICAgICAgICYgAEBAQGAgICAgICAhIABAQICgYCAgICAgJiAAQABR1vhGCYxTMs=',
    '{"model": "pareto/nbd", "parameters": {"r": 0.55, "alpha": 10.58, "s": 0.61, "beta": 11.67}, "unit": "week"}');
CREATE INDEX ON stored (h);
CREATE INDEX ON stored USING hash (m);
CREATE TABLE kept AS SELECT h::text AS h, m::text AS m, l::text AS l, c::text AS c FROM stored;
