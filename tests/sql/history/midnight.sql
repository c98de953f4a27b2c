-- Clocks set back over midnight: on 2006-10-29 at 00:01 it became 23:01 of the day before in St. John's.
SET search_path = public, retention;
CREATE TEMP TABLE e (n int, at timestamptz);
INSERT INTO e VALUES (1, '2006-10-29 02:30:30+00'), (2, '2006-10-29 02:45+00'), (3, '2006-10-29 03:45+00');
SELECT n, at AT TIME ZONE 'America/St_Johns' AS there FROM e ORDER BY n;
-- Days are those of date_trunc, and the first instant is not in the first of them; the history stays readable.
CREATE TEMP TABLE h AS
SELECT g, history_agg(1::bigint, at, n::numeric, g, 'America/St_Johns') AS h FROM e, (VALUES ('day'), ('month'), ('hour'), ('minute')) v(g) GROUP BY g;
SELECT g, first_at(h), last_at(h), h::text::history = h AS readable, events(h) FROM h ORDER BY g;
SELECT r.at AT TIME ZONE 'America/St_Johns' AS day, r.events, r.amount FROM h, history_rows(h) r WHERE g = 'day' ORDER BY 1;
SELECT date_trunc('day', at AT TIME ZONE 'America/St_Johns') AS day, count(*), sum(n) FROM e GROUP BY 1 ORDER BY 1;
SELECT g, c.period_number AS n, c.active, c.amount FROM h, cohorts(h, 'day') c WHERE g <> 'month' ORDER BY 1, 2;
SELECT g, v.orders, v.revenue FROM h, value_summary(h, as_of => '2006-10-28') v WHERE g <> 'month' ORDER BY 1;
SELECT g, events(x), x::text::history = x AS readable FROM h, LATERAL (SELECT slice(h, to_date => '2006-10-28')) s(x) WHERE g <> 'month' ORDER BY g;
SELECT g, events(x), x::text::history = x AS readable FROM h, LATERAL (SELECT slice(h, '2006-10-29')) s(x) WHERE g <> 'month' ORDER BY g;
-- An aggregate of somebody's own, with a state of other members.
SELECT format('CREATE AGGREGATE odd(bigint, date) (SFUNC = retention_internal.history_step, STYPE = history, INITCOND = %L)', history_agg('a', date '2020-01-01')) \gexec
SELECT members(odd(1, date '2020-01-01'));
DROP AGGREGATE odd(bigint, date);
