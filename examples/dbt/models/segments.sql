select s.* from {{ ref('history') }}, retention.rfm_segments(h) as s
