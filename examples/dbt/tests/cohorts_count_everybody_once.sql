-- Whom the cohorts count against whom the orders have.
select c.members, o.members as in_orders
from (select sum(members) as members from {{ ref('cohorts') }} where period_number = 0) as c,
     (select count(distinct member_id) as members from {{ source('shop', 'orders') }}) as o
where c.members <> o.members
