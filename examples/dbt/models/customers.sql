-- A row for each member, in its own type: the RFM score and segment.
select r.* from {{ ref('history') }}, retention.rfm(h, id => null::bigint) as r
