select c.* from {{ ref('history') }}, retention.cohorts(h, period => 'month') as c
