-- Asks for histories in every form of the aggregate, of everything and by country, and keeps them in answers.
DO $$
DECLARE
    source text;
    member text;
    time_type text;
    amount text;
    options text;
    aggregate text;
BEGIN
    FOR source, member IN VALUES ('by_bigint', 'member_bigint'), ('by_uuid', 'member_uuid'), ('by_text', 'member_text'),
                                 ('by_order', 'member_bigint'), ('by_order', 'member_uuid'), ('by_order', 'member_text') LOOP
        FOREACH time_type IN ARRAY ARRAY['at', 'at_timestamp', 'at_date'] LOOP
            FOREACH amount IN ARRAY ARRAY['', ', amount', ', amount_float8', ', cents', ', NULL::numeric'] LOOP
                FOREACH options IN ARRAY CASE
                    WHEN time_type = 'at' AND amount = '' THEN '{}'::text[] -- an instant wants a zone: see run.sh
                    WHEN time_type = 'at' THEN ARRAY[', ''day'', ''Europe/London''', ', ''hour'', ''Australia/Lord_Howe''']
                    WHEN amount = '' THEN ARRAY['']
                    ELSE ARRAY['', ', ''month'''] END
                LOOP
                    aggregate := format('retention.history_agg(%s, %s%s%s)', member, time_type, amount, options);
                    EXECUTE format('INSERT INTO answers SELECT %1$L, %2$L, '''', %2$s FROM %1$I', source, aggregate);
                    EXECUTE format('INSERT INTO answers SELECT %1$L, %2$L, country, %2$s FROM %1$I GROUP BY country', source, aggregate);
                END LOOP;
            END LOOP;
        END LOOP;
    END LOOP;
END
$$;

-- No rows, rows on one shard only, and rows by what the table is distributed by.
\set agg 'retention.history_agg(member_bigint, at, amount, \'day\', \'Europe/London\')'
INSERT INTO answers SELECT 'by_bigint', 'no rows', '', :agg FROM by_bigint WHERE order_id < 0;
INSERT INTO answers SELECT 'by_bigint', 'no shard', '', :agg FROM by_bigint WHERE false;
INSERT INTO answers SELECT 'by_bigint', 'one member', '', :agg FROM by_bigint WHERE member_bigint = 12748;
INSERT INTO answers SELECT 'by_bigint', 'a few', '', :agg FROM by_bigint WHERE member_bigint IN (12748, 14911, 17841);
INSERT INTO answers SELECT 'by_bigint', 'by member', member_bigint::text, :agg FROM by_bigint WHERE country = 'Germany' GROUP BY member_bigint;
INSERT INTO answers SELECT 'by_bucket', 'by bucket', bucket::text, :agg FROM by_bucket GROUP BY bucket;
INSERT INTO answers SELECT 'by_order', 'by member of several shards', member_text, retention.history_agg(member_text, at_timestamp, amount) FROM by_order GROUP BY member_text;
INSERT INTO answers SELECT 'by_bigint', 'filter', '', :agg FILTER (WHERE country = 'France') FROM by_bigint;
INSERT INTO answers SELECT 'by_order', 'distinct', '', retention.history_agg(DISTINCT member_bigint, at_date, amount) FROM by_order;
INSERT INTO answers
    SELECT 'joined', 'joined', '', :agg
    FROM by_bigint JOIN (SELECT DISTINCT member_bigint FROM by_bigint WHERE amount > 1000) large USING (member_bigint);

-- Histories that are stored, on the shards, and rolled up there.
INSERT INTO stored
    SELECT country, date_trunc('month', at AT TIME ZONE 'Europe/London')::date, :agg FROM by_bigint WHERE at IS NOT NULL GROUP BY 1, 2;
INSERT INTO stored VALUES ('Atlantis', '2011-01-01', NULL);
INSERT INTO answers SELECT 'stored', 'as stored', country || month, h FROM stored;
INSERT INTO answers SELECT 'stored', 'rollup', '', retention.rollup(h) FROM stored;
INSERT INTO answers SELECT 'stored', 'rollup by country', country, retention.rollup(h) FROM stored GROUP BY country;
INSERT INTO answers SELECT 'stored', 'rollup by month', month::text, retention.rollup(h) FROM stored GROUP BY month;
INSERT INTO answers SELECT 'stored', 'distinct histories', row_number() OVER (ORDER BY h)::text, h FROM (SELECT DISTINCT h FROM stored) d;
