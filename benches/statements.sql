-- What is compared with what. Every question has its floor beside it, in the same session.

-- The answers. A cell of a cohort table is written as "2022-01 3 4711": cohort, number, active members.
CREATE FUNCTION bench.answer(reader text, history text, amounts boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
    SELECT format(CASE reader
        WHEN 'cohorts' THEN $q$
            SELECT jsonb_build_object('cohorts', md5(string_agg(concat_ws(' ', to_char(c.cohort, 'YYYY-MM'), c.period_number, c.active),
                       ',' ORDER BY c.cohort, c.period_number) FILTER (WHERE c.active > 0))) AS answer
            FROM %s, retention.cohorts(s.h, period => 'month', as_of => '2023-12-31') c $q$
        WHEN 'churn' THEN $q$
            SELECT jsonb_build_object('churn', md5(string_agg(concat_ws(' ', r.period_start, r.opening, r.new, r.reactivated,
                       r.retained, r.churned, r.closing), ',' ORDER BY r.period_start))) AS answer
            FROM %s, retention.churn(s.h, period => 'month', as_of => '2023-12-31') r $q$
        WHEN 'value_summary' THEN $q$
            SELECT jsonb_build_object('orders', sum(v.orders))
                   || CASE WHEN $q$ || amounts || $q$ THEN jsonb_build_object('revenue', sum(v.revenue)) ELSE '{}' END AS answer
            FROM %s, retention.value_summary(s.h, period => 'month', as_of => '2023-12-31') v $q$
        END, history)
$$;

CREATE FUNCTION bench.monthly(of_table text) RETURNS text LANGUAGE sql AS $$
    SELECT bench.answer('cohorts', format('(SELECT retention.history_agg(member_id, at, NULL, ''month'', ''UTC'') AS h FROM %I) s', of_table))
$$;

-- The floor: what it costs to read the columns. There is no max(uuid); counting it costs still less.
CREATE FUNCTION bench.floor(of_table text, member text DEFAULT 'max(member_id)', amount text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT jsonb_build_object(''floor'', concat_ws('' '', %s)) FROM %I',
                  concat_ws(', ', member, 'max(at)', amount), of_table)
$$;

-- Monthly cohorts as a good analyst writes them, in one query that any number of months will do for.
CREATE FUNCTION bench.plain(of_table text) RETURNS text LANGUAGE sql AS $$
    SELECT format($q$
        WITH months AS (
            SELECT member_id, date_trunc('month', at AT TIME ZONE 'UTC') AS month FROM %I GROUP BY 1, 2
        ), members AS (
            SELECT month, min(month) OVER (PARTITION BY member_id) AS cohort FROM months
        ), cells AS (
            SELECT cohort, month, count(*) AS active FROM members GROUP BY 1, 2
        ), numbered AS (
            SELECT cohort, active, extract(year FROM age(month, cohort)) * 12 + extract(month FROM age(month, cohort)) AS period_number
            FROM cells
        )
        SELECT jsonb_build_object('cohorts', md5(string_agg(concat_ws(' ', to_char(cohort, 'YYYY-MM'), period_number, active),
                   ',' ORDER BY cohort, period_number)))
        FROM numbered $q$, of_table)
$$;

-- Three readers of one history, side by side; and as one writes it with WITH, which stores the history in between.
CREATE FUNCTION bench.three_readers(history text) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT c.answer || r.answer || v.answer FROM %s, LATERAL (%s) c, LATERAL (%s) r, LATERAL (%s) v', history,
                  bench.answer('cohorts', '(SELECT s.h) s'), bench.answer('churn', '(SELECT s.h) s'),
                  bench.answer('value_summary', '(SELECT s.h) s', true))
$$;

\set two_workers '{"max_parallel_workers_per_gather": "2"}'
\set daily '(SELECT retention.history_agg(member_id, at, amount, ''day'', ''UTC'') AS h FROM events)'

INSERT INTO bench.statement (question, variant, data, settings, query) VALUES
    ('months', 'floor', 'floor', '{}', bench.floor('events')),
    ('months', 'ours', 'events', '{}', bench.monthly('events')),
    ('months', 'floor, jit on', 'floor', '{"jit": "on"}', bench.floor('events')),

    ('workers', 'ours, one process', 'events', '{}', bench.monthly('events')),
    ('workers', 'ours, two workers', 'events', :'two_workers', bench.monthly('events')),
    ('workers', 'floor, one process', 'floor', '{}', bench.floor('events')),
    ('workers', 'floor, two workers', 'floor', :'two_workers', bench.floor('events')),

    ('days', 'floor', 'amounts', '{}', bench.floor('events', amount => 'max(amount)')),
    ('days', 'ours', 'events', '{}', bench.three_readers(:'daily' || ' s')),
    ('days', 'ours, in a WITH', 'events', '{}', 'WITH s AS MATERIALIZED ' || :'daily' || bench.three_readers('s')),

    ('plain', 'ours', 'events', '{}', bench.monthly('events')),
    ('plain', 'plain SQL', 'events', '{}', bench.plain('events')),

    ('uuid', 'floor', 'uuid', '{}', bench.floor('events_uuid', 'count(member_id)')),
    ('uuid', 'ours', 'events', '{}', bench.monthly('events_uuid')),
    ('text', 'floor', 'text', '{}', bench.floor('events_text', 'max(member_id COLLATE "C")')),
    ('text', 'ours', 'events', '{}', bench.monthly('events_text')),

    ('ordered', 'floor', 'floor', '{}', bench.floor('events_ordered')),
    ('ordered', 'ours', 'events', '{}', bench.monthly('events_ordered')),
    ('cached', 'floor', 'floor', '{}', bench.floor('events_cached')),
    ('cached', 'ours', 'events', '{}', bench.monthly('events_cached')),

    ('size', 'ours, a tenth', 'tenth', '{}', bench.monthly('events_tenth')),
    ('size', 'ours, all', 'events', '{}', bench.monthly('events')),

    ('engines', 'ours, two workers', 'engines', :'two_workers', bench.monthly('events_engines')),

    ('stored', 'floor', 'floor', '{}', bench.floor('events'));

INSERT INTO bench.statement (question, variant, data, query)
SELECT 'stored', reader || CASE WHEN amounts THEN ', with amounts' ELSE '' END, 'events',
       bench.answer(reader, CASE WHEN amounts THEN 'stored_amounts s' ELSE 'stored s' END, amounts)
FROM (VALUES (false), (true)) a (amounts), (VALUES ('cohorts'), ('churn'), ('value_summary')) r (reader);

-- What they should say, from the table; run once and not timed.
INSERT INTO bench.statement (question, variant, data, query) VALUES
    ('check', 'sums', 'events', $q$ SELECT jsonb_build_object('orders', count(*), 'revenue', sum(amount)) FROM events $q$),
    ('check', 'rows', 'rows', $q$ SELECT jsonb_build_object('rows', count(*))
        FROM (SELECT FROM events GROUP BY member_id, date_trunc('month', at AT TIME ZONE 'UTC')) t $q$);

-- Rows of a stored history, against as many rows of nothing.
INSERT INTO bench.statement (question, variant, data, query) VALUES
    ('rows', 'nothing', 'rows', $q$ SELECT jsonb_build_object('rows', count(*))
        FROM bench.number, bench.rows(value::bigint) WHERE name = 'ticks: month' $q$),
    ('rows', 'history_rows', 'rows', $q$ SELECT jsonb_build_object('rows', count(*))
        FROM stored_amounts, retention.history_rows(h, id => NULL::bigint) $q$),
    ('rows', 'nothing, members as text', 'rows', $q$ SELECT jsonb_build_object('rows', count(*))
        FROM bench.number, bench.rows_text(value::bigint) WHERE name = 'ticks: month' $q$),
    ('rows', 'history_rows, members as text', 'rows', $q$ SELECT jsonb_build_object('rows', count(*))
        FROM stored_amounts, retention.history_rows(h) $q$);

-- Many small groups. An aggregate of each, counted, so that it must be made.
INSERT INTO bench.statement (question, variant, data, query) VALUES
    ('groups', 'array_agg', 'groups', $q$ SELECT jsonb_build_object('groups', count(a))
        FROM (SELECT array_agg(member_id) AS a FROM events_grouped GROUP BY group_id) t $q$),
    ('groups', 'ours', 'groups', $q$ SELECT jsonb_build_object('groups', count(h))
        FROM (SELECT retention.history_agg(member_id, at) AS h FROM events_grouped GROUP BY group_id) t $q$),
    ('groups', 'ours, read', 'groups read', $q$ SELECT jsonb_build_object('groups', count(h), 'members', sum(retention.members(h)))
        FROM (SELECT retention.history_agg(member_id, at) AS h FROM events_grouped GROUP BY group_id) t $q$);

-- RFM from the rows, as a good analyst writes it and as ours; of both the members and the revenue of every segment.
CREATE FUNCTION bench.rfm_answer(scored text) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT jsonb_build_object(''rfm'', md5(string_agg(concat_ws('' '', segment, n, revenue), '','' ORDER BY segment COLLATE "C")))
                   FROM (SELECT segment, count(*) AS n, sum(monetary) AS revenue FROM %s GROUP BY segment) t', scored)
$$;
INSERT INTO bench.statement (question, variant, data, query) VALUES
    ('rfm', 'ours', 'rfm', bench.rfm_answer($q$ (SELECT retention.history_agg(member_id, at, amount, 'day', 'UTC') AS h FROM events) s,
        retention.rfm(s.h, id => NULL::bigint, as_of => '2023-12-31') $q$)),
    ('rfm', 'plain SQL', 'rfm', bench.rfm_answer($q$ (
        WITH measured AS MATERIALIZED (
            SELECT member_id, date '2023-12-31' - max(at AT TIME ZONE 'UTC')::date AS recency, count(*) AS frequency, sum(amount) AS monetary
            FROM events GROUP BY member_id
        ), cut AS (
            SELECT percentile_cont('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY recency) AS r,
                   percentile_cont('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY frequency) AS f,
                   percentile_cont('{0.2,0.4,0.6,0.8}'::float8[]) WITHIN GROUP (ORDER BY monetary::float8) AS m
            FROM measured
        ), scored AS (
            SELECT v.*,
                CASE WHEN recency <= cut.r[1] THEN 5 WHEN recency <= cut.r[2] THEN 4 WHEN recency <= cut.r[3] THEN 3 WHEN recency <= cut.r[4] THEN 2 ELSE 1 END AS r,
                CASE WHEN frequency <= cut.f[1] THEN 1 WHEN frequency <= cut.f[2] THEN 2 WHEN frequency <= cut.f[3] THEN 3 WHEN frequency <= cut.f[4] THEN 4 ELSE 5 END AS f,
                CASE WHEN monetary::float8 <= cut.m[1] THEN 1 WHEN monetary::float8 <= cut.m[2] THEN 2 WHEN monetary::float8 <= cut.m[3] THEN 3
                     WHEN monetary::float8 <= cut.m[4] THEN 4 ELSE 5 END AS m
            FROM measured v, cut
        )
        SELECT *, CASE WHEN r <= 2 THEN CASE WHEN f <= 2 THEN 'Hibernating' WHEN f <= 4 THEN 'At risk' ELSE 'Can''t lose them' END
                       WHEN r = 3 THEN CASE WHEN f <= 2 THEN 'About to sleep' WHEN f = 3 THEN 'Need attention' ELSE 'Loyal customers' END
                       WHEN r = 4 THEN CASE WHEN f = 1 THEN 'Promising' WHEN f <= 3 THEN 'Potential loyalists' ELSE 'Loyal customers' END
                       ELSE CASE WHEN f = 1 THEN 'New customers' WHEN f <= 3 THEN 'Potential loyalists' ELSE 'Champions' END END AS segment
        FROM scored) s $q$)),
    ('rfm_rows', 'nothing', 'members', $q$ SELECT jsonb_build_object('rows', count(*))
        FROM bench.number, bench.rows_rfm(value::bigint) WHERE name = 'members' $q$),
    ('rfm_rows', 'ours', 'members', $q$ SELECT jsonb_build_object('rows', count(*))
        FROM stored_amounts, retention.rfm(h, id => NULL::bigint, as_of => '2023-12-31') $q$);

-- Customers as benches/clv.py makes them.
INSERT INTO bench.statement (question, variant, data, query)
SELECT 'clv', 'ours, ' || model, table_name, format($q$ SELECT jsonb_build_object('model of ' || %1$L,
    md5(retention.clv_fit_agg(x, t_x, age, NULL, %1$L)::text)) FROM %2$s $q$, model, table_name)
FROM (VALUES ('bg/nbd', 'bench.bg_customers'), ('pareto/nbd', 'bench.pareto_customers')) v (model, table_name);
INSERT INTO bench.statement (question, variant, data, query) VALUES
    ('clv_rows', 'nothing', 'members', $q$ SELECT jsonb_build_object('rows', count(*))
        FROM bench.number, bench.rows_clv(value::bigint) WHERE name = 'members' $q$),
    ('clv_rows', 'ours', 'members', $q$ SELECT jsonb_build_object('rows', count(*)) FROM stored_amounts,
        retention.clv(h, id => NULL::bigint, fitted => $m${"model": "bg/nbd", "parameters": {"r": 0.24, "alpha": 3.2, "a": 0.8, "b": 2.4},
            "covariance": [[0.0002, 0, 0, 0], [0, 0.1, 0, 0], [0, 0, 0.03, 0], [0, 0, 0, 0.5]], "unit": "month", "spend": {"model":
            "gamma-gamma", "parameters": {"p": 6, "q": 4, "gamma": 15}, "covariance": [[1.4, 0, 0], [0, 0.08, 0], [0, 0, 17]]}}$m$,
            horizon => '1 year', as_of => '2023-12-31') $q$);
