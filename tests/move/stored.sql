-- Values of every type, and what stands on them: indexes, a view, a default, a generated column, a published view.
CREATE TABLE kept AS
    SELECT country, retention.history_agg(member_id, ordered_at, amount, 'day', 'Europe/London') AS h,
           retention.membership_agg(member_id, ordered_at::date, ordered_at::date + 40) AS m,
           retention.survival_agg(member_id % 100 + 1, member_id % 3 = 0) AS s,
           retention.logrank_agg(member_id % 100 + 1, member_id % 3 = 0, (member_id % 2)::text) AS l,
           retention.cox_fit_agg(member_id % 100 + 1, extract(doy FROM ordered_at)::int % 3 = 0, ARRAY[extract(hour FROM ordered_at)]::float8[]) AS c
    FROM orders WHERE country IN (SELECT country FROM orders GROUP BY country HAVING count(*) > 40) GROUP BY country;
ALTER TABLE kept ADD COLUMN fitted retention.clv_model;
UPDATE kept SET fitted = (SELECT retention.clv_fit(retention.history_agg(member_id, ordered_on, amount), 'bg/nbd') FROM cdnow) WHERE country = 'France';
ALTER TABLE kept ADD COLUMN members bigint GENERATED ALWAYS AS (retention.members(h)) STORED;
CREATE INDEX ON kept USING hash (h);
CREATE INDEX ON kept USING hash (m);
-- Small ones, which fit into a B-tree.
CREATE TABLE small AS SELECT member_id, retention.history_agg(member_id, ordered_at, amount) AS h FROM orders GROUP BY member_id;
CREATE UNIQUE INDEX ON small (h);
CREATE INDEX ON kept (retention.members(h));
CREATE VIEW churned AS SELECT country, c.* FROM kept, retention.churn(h, period => 'quarter', as_of => '2011-12-31') AS c;
CREATE MATERIALIZED VIEW cohort AS SELECT country, c.* FROM kept, retention.cohorts(h, period => 'quarter', as_of => '2011-12-31') AS c;
