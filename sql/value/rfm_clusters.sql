-- Clusters of members by recency, frequency and monetary value, without cut points.

CREATE FUNCTION rfm_clusters(
    h history,
    k integer DEFAULT NULL,
    seed bigint DEFAULT 1,
    as_of date DEFAULT NULL,
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    cluster integer,
    members bigint,
    share float8,
    recency float8,
    frequency float8,
    monetary float8,
    revenue numeric,
    silhouette float8
)
    AS 'MODULE_PATHNAME', 'rfm_clusters_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION rfm_clusters(history, integer, bigint, date, boolean, text) IS
    'k clusters of members that are alike in recency, frequency and monetary value (k-means on standardised logarithms, the same for the same seed), with their centres and how well they are told apart (silhouette); k NULL: the best of 2 to 10';

CREATE FUNCTION rfm_cluster_members(
    h history,
    k integer DEFAULT NULL,
    seed bigint DEFAULT 1,
    as_of date DEFAULT NULL,
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    member text, recency integer, frequency bigint, monetary numeric, cluster integer, silhouette float8
)
    AS 'MODULE_PATHNAME', 'rfm_cluster_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 100000;
COMMENT ON FUNCTION rfm_cluster_members(history, integer, bigint, date, boolean, text) IS
    'a row per member with its cluster of rfm_clusters, for the same arguments';
