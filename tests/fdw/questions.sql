-- Asks, and keeps of each answer whether it is right.
CREATE TABLE answers (what text, question text, right_answer boolean);

CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS off) ' || query LOOP
        plan := plan || line || E'\n';
    END LOOP;
    RETURN plan;
END
$$;
CREATE FUNCTION computed_there(query text, what text) RETURNS boolean LANGUAGE sql AS
    $$ SELECT plan_of(query) ~ ('Remote SQL: SELECT [^\n]*retention\.' || what) $$;

-- Every form of the aggregate, over rows that are here, there and computed here, there and perhaps computed there.
DO $$
DECLARE
    member text;
    time_type text;
    amount text;
    options text;
    aggregate text;
    source text;
    query text;
    wrong bigint;
    histories bigint;
BEGIN
    FOREACH member IN ARRAY ARRAY['member_bigint', 'member_uuid', 'member_text'] LOOP
        FOREACH time_type IN ARRAY ARRAY['at', 'at_timestamp', 'at_date'] LOOP
            FOREACH amount IN ARRAY ARRAY['', ', amount', ', amount_float8', ', cents'] LOOP
                FOREACH options IN ARRAY CASE amount
                    WHEN '' THEN ARRAY['']
                    ELSE ARRAY['', ', ''month''', ', ''day'', ''Europe/London'''] END
                LOOP
                    aggregate := format('retention.history_agg(%s, %s%s%s)', member, time_type, amount, options);
                    query := 'SELECT country, ' || aggregate || ' AS h FROM %1$sevents GROUP BY country
                              UNION ALL SELECT ''all'', ' || aggregate || ' FROM %1$sevents';
                    FOREACH source IN ARRAY ARRAY['plain', 'ships'] LOOP
                        EXECUTE format('SELECT count(*) FILTER (WHERE (a.h OPERATOR(retention.=) b.h) IS NOT TRUE), count(*)
                                        FROM (%s) a FULL JOIN (%s) b USING (country)',
                                       format(query, ''), format(query, source || '.'))
                            INTO wrong, histories;
                        INSERT INTO answers VALUES ('histories of foreign rows: ' || source, aggregate, wrong = 0 AND histories = 38);
                    END LOOP;
                    -- An instant without a zone is of this session's calendar: no other server may take it for its own.
                    IF time_type = 'at' AND options NOT LIKE '%London%' THEN
                        INSERT INTO answers VALUES ('computed here: the zone is the session''s', aggregate,
                                                    NOT computed_there(format(query, 'ships.'), 'history_agg'));
                    -- postgres_fdw wants the collation of a text to come from a column: a grain alone will not do.
                    ELSIF options = '' OR member = 'member_text' THEN
                        INSERT INTO answers VALUES ('computed there', aggregate, computed_there(format(query, 'ships.'), 'history_agg'));
                    END IF;
                    INSERT INTO answers VALUES ('computed here: the server may not', aggregate,
                                                NOT computed_there(format(query, 'plain.'), 'history_agg'));
                END LOOP;
            END LOOP;
        END LOOP;
    END LOOP;
END
$$;

-- Histories that are stored there: their bytes, what readers make of them, and what is done to them from here.
INSERT INTO answers
SELECT 'stored there: bytes', country, (a.h::text, retention_internal.history_hash(a.h)) IS NOT DISTINCT FROM (b.h::text, retention_internal.history_hash(b.h))
FROM histories a FULL JOIN plain.histories b USING (country);
INSERT INTO answers
SELECT 'stored there: cohorts', (a, b)::text, a IS NOT DISTINCT FROM b
FROM (SELECT country, c.* FROM histories, retention.cohorts(h, as_of => '2011-12-09') c) a
     FULL JOIN (SELECT country, c.* FROM plain.histories, retention.cohorts(h, as_of => '2011-12-09') c) b
     USING (country, cohort, period_number);
INSERT INTO answers
SELECT 'stored there: churn of the rollup', (a, b)::text, a IS NOT DISTINCT FROM b
FROM (SELECT c.* FROM (SELECT retention.rollup(h) AS h FROM histories) s, retention.churn(s.h, as_of => '2011-12-09') c) a
     FULL JOIN (SELECT c.* FROM (SELECT retention.rollup(h) AS h FROM ships.histories) s, retention.churn(s.h, as_of => '2011-12-09') c) b
     USING (period_start);
INSERT INTO answers
VALUES ('stored there: rolled up there', 'where', computed_there('SELECT retention.rollup(h) FROM ships.histories', 'rollup')),
       ('stored there: rolled up there', 'what', (SELECT retention.rollup(h) FROM ships.histories) OPERATOR(retention.=)
                                                 (SELECT retention.rollup(h) FROM histories));
INSERT INTO answers
SELECT 'stored there: found there', country, ARRAY[country] =
       (SELECT array_agg(f.country) FROM ships.histories f WHERE f.h OPERATOR(retention.=) here.h)
FROM histories here WHERE country IN ('France', 'Germany', 'Japan', 'United Kingdom');
INSERT INTO answers VALUES ('stored there: found there', 'where', plan_of($$
    SELECT country FROM ships.histories WHERE h OPERATOR(retention.=) (SELECT h FROM histories WHERE country = 'France') $$)
    ~ 'Remote SQL: SELECT [^\n]* WHERE [^\n]*OPERATOR\(retention\.=\)');

UPDATE histories SET h = retention.slice(h, '2011-01-01', '2011-06-30') WHERE country IN ('France', 'United Kingdom');
UPDATE plain.histories SET h = retention.slice(h, '2011-01-01', '2011-06-30') WHERE country IN ('France', 'United Kingdom');
DELETE FROM histories WHERE retention.members(h) = 1;
DELETE FROM ships.histories WHERE retention.members(h) = 1;
INSERT INTO answers
SELECT 'stored there: changed from here', country, a.h::text IS NOT DISTINCT FROM b.h::text
FROM histories a FULL JOIN plain.histories b USING (country);

-- A view there that makes histories, in the zone that it names.
INSERT INTO answers
SELECT 'made by a view there', country, a.h OPERATOR(retention.=) b.h
FROM (SELECT country, retention.history_agg(member_bigint, at, amount, 'day', 'Europe/London') AS h FROM events GROUP BY country) a
     FULL JOIN plain.history_by_country b USING (country);

-- Partitions here and there.
SET enable_partitionwise_aggregate = on;
INSERT INTO answers
SELECT 'partitions here and there', country, a.h OPERATOR(retention.=) b.h
FROM (SELECT country, retention.history_agg(member_uuid, at, amount, 'hour', 'UTC') AS h FROM events GROUP BY country) a
     FULL JOIN (SELECT country, retention.history_agg(member_uuid, at, amount, 'hour', 'UTC') AS h FROM parts GROUP BY country) b
     USING (country);
INSERT INTO answers
SELECT 'partitions here and there, by day', at_date::text, a.h OPERATOR(retention.=) b.h
FROM (SELECT at_date, retention.history_agg(member_bigint, at_date, amount) AS h FROM events GROUP BY at_date) a
     FULL JOIN (SELECT at_date, retention.history_agg(member_bigint, at_date, amount) AS h FROM parts GROUP BY at_date) b
     USING (at_date);
INSERT INTO answers
SELECT 'partitions: where the work is done', what, plan_of(query) ~ pattern
FROM (VALUES
    ('parts of groups, combined here', 'SELECT country, retention.history_agg(member_uuid, at, amount) FROM parts GROUP BY country',
     'Finalize (Hash|Group)Aggregate.*Partial (Hash|Group)Aggregate.*Partial (Hash|Group)Aggregate.*Foreign Scan'),
    ('whole groups, computed there', 'SELECT at_date, retention.history_agg(member_bigint, at_date, amount) FROM parts GROUP BY at_date',
     'Append.*Async Foreign Scan.*Remote SQL: SELECT [^\n]*retention\.history_agg[^\n]* GROUP BY')) plans (what, query, pattern);
