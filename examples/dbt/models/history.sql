{{ config(materialized='view') }}
-- Everybody's history: those of the months, put together.
select retention.rollup(h) as h from {{ ref('histories') }}
