-- The list of all metrics: a new one is an entry, here or in publish_retention, publish_value, publish_overview or publish_of_members.

-- Those that are read from histories, for the whole and by stratum (of_members false), and those of members, for the whole alone.
CREATE FUNCTION retention_internal.publish_metrics(s jsonb)
    RETURNS TABLE (place integer, name text, title text, counts text, fill text, columns text[], sort text, of_members boolean)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT m.place, m.name, m.title, m.counts,
               -- The sum of a part without amounts is unknown, and that of all is not, unless none has any.
               replace(m.fill, '{amount}', 'CASE WHEN sum(count(c.amount)) OVER (PARTITION BY p.strata) > 0 THEN coalesce(sum(c.amount), 0) END'),
               m.columns, m.sort, m.of_members
        FROM (SELECT o.*, false AS of_members FROM retention_internal.publish_overview() AS o
              UNION ALL SELECT r.*, false FROM retention_internal.publish_retention() AS r
              UNION ALL SELECT v.*, false FROM retention_internal.publish_value() AS v
              UNION ALL SELECT p.*, true FROM retention_internal.publish_of_members() AS p
              WHERE (s ->> 'members')::boolean AND (s ? 'tiers' OR p.name <> 'tiers')) AS m
    $$;
COMMENT ON FUNCTION retention_internal.publish_metrics(jsonb) IS 'the metrics that publish makes views of';

-- The names that columns of by can not have.
CREATE FUNCTION retention_internal.publish_column_names() RETURNS name[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT array_agg(DISTINCT m.columns[i][1]::name)
        FROM retention_internal.publish_metrics('{"members": true, "tiers": {}}') AS m, generate_series(1, array_length(m.columns, 1)) AS i
        WHERE NOT m.of_members
    $$;
COMMENT ON FUNCTION retention_internal.publish_column_names() IS 'the names of the columns of the views that have strata';

-- What stands for what in the query of a metric.
CREATE FUNCTION retention_internal.publish_filled(query text, schema name, s jsonb, as_of date) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT replace(replace(replace(replace(replace(query, '{as_of}', quote_literal(as_of) || '::date'), '{silence}', quote_literal(s ->> 'silence')),
                               '{within}', round(extract(epoch FROM i.stretch) / 86400)::integer::text),
                       '{schema}', quote_ident(schema)), '{width}', quote_literal(CASE s ->> 'span' WHEN 'quarter' THEN '3 months' ELSE '1 month' END))
        FROM (SELECT retention_internal.publish_stretch('silence', s ->> 'silence') AS stretch) AS i
    $$;
COMMENT ON FUNCTION retention_internal.publish_filled(text, name, jsonb, date) IS 'the query of a metric with its settings put in';
