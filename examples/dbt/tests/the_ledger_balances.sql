-- Rows that are wrong, of which there are none.
select * from {{ ref('churn') }} where opening - churned + new + reactivated <> closing
