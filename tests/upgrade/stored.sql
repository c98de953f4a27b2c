-- Version 0.1.0, and values that it stored: histories and memberships with indexes, and models.
-- Its control file named the schema, and CREATE EXTENSION made it.
CREATE SCHEMA retention;
CREATE EXTENSION pg_retention WITH SCHEMA retention VERSION '0.1.0';
CREATE TABLE stored (h retention.history, m retention.memberships, l retention.logrank_data, c retention.clv_model, s retention.survival_data, x retention.cox_model);
INSERT INTO stored VALUES (
    'AQADAAMLDICA7Jje6J4CgIDEhPyQnwKIcphyCAwLKQIDDwKEwQEDiHIABQAGAAADAAIAAQAAAAAAAAAAAADhl4gT4an8FOHE6hfg1t4Z4c3kGOHf2BrhoIIU4frGHQDh8cwc4bL2FUGbshJkzbzZ',
    'TQECAw1FdXJvcGUvTG9uZG9uAwgIgIDdl9zi2AKAgK37/ZXdAp6SAtyVAhIKAAAEYW5uYQADYmVuAwVjbGFyYQKekgIUWgB4RCRaFvPHLkU7Dgc=',
    'AQIBYQFiAgF4AXkDAICAgICAgICYgAEBAQGAgICAgICAhIABAQICgYCAgICAgJiAAQABR1vhGCYxTMs=',
    '{"model": "pareto/nbd", "parameters": {"r": 0.55, "alpha": 10.58, "s": 0.61, "beta": 11.67}, "unit": "week"}',
    'AQIzhiABAQEBMMaAApCAAQK+do+Rp/ox/g==',
    '{"members":8,"events":5,"ties":"efron","log_likelihood_null":-7.965545573129992,"log_likelihood":-7.892774121940954,"score_test":0.1468672949743069,"concordance":0.6,"longest_duration":5.0,"coefficients":[0.36180791126575906,-0.07524270926501488],"means":[0.5,1.875],"covariance":[[0.9707276961818126],[-0.11491729934765675,0.10610033666911939]],"times":[1.0,2.0,3.0,4.0],"cumulative_hazard":[0.12259470762523482,0.4965536942909488,0.7414298369722064,1.054674740069542]}');
CREATE INDEX ON stored (h);
CREATE INDEX ON stored USING hash (m);
CREATE TABLE kept AS SELECT h::text AS h, m::text AS m, l::text AS l, c::text AS c, s::text AS s, x::text AS x FROM stored;
