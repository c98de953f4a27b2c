{{ config(materialized='incremental', unique_key='month', on_schema_change='fail') }}
-- A history of each month. A run reads the newest month again and what came after it; a row that comes later than that needs --full-refresh.
select
    date_trunc('month', ordered_at at time zone '{{ var("zone") }}')::date as month,
    retention.history_agg(member_id, ordered_at, amount, 'day', '{{ var("zone") }}') as h
from {{ source('shop', 'orders') }}
{% if is_incremental() %}
where ordered_at >= (select max(month)::timestamp at time zone '{{ var("zone") }}' from {{ this }})
{% endif %}
group by 1
