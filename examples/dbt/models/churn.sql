select c.* from {{ ref('history') }}, retention.churn(h, period => 'month', silence => '{{ var("silence") }}') as c
