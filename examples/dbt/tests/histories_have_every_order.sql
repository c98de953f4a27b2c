-- Incremental runs have left nothing out.
select h.events, o.orders
from (select retention.events(h) as events from {{ ref('history') }}) as h, (select count(*) as orders from {{ source('shop', 'orders') }}) as o
where h.events <> o.orders
