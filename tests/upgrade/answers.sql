-- What is wrong with the values that were stored: no rows if nothing is.
REINDEX TABLE stored;
SET enable_seqscan = off;
SET search_path = retention, public;
SELECT 'history rows' WHERE EXISTS (
    (SELECT r.member::bigint, r.at::date, r.events, r.amount FROM stored, retention.history_rows(h) r)
    EXCEPT
    VALUES (-7, DATE '2000-01-01' + 7303, 1, 25.99), (-7, DATE '2000-01-01' + 7304, 1, 27.99), (-7, DATE '2000-01-01' + 7305, 1, 20.99), (1, DATE '2000-01-01' + 7300, 2, 19.99), (1, DATE '2000-01-01' + 7301, 1, 21.99), (1, DATE '2000-01-01' + 7307, 1, 24.99), (1, DATE '2000-01-01' + 7308, 1, -26.99), (12347, DATE '2000-01-01' + 7301, 1, 30.99), (12347, DATE '2000-01-01' + 7302, 1, NULL), (12347, DATE '2000-01-01' + 7305, 1, 29.99), (12347, DATE '2000-01-01' + 7306, 1, 22.99));
SELECT 'history' WHERE NOT EXISTS (
    SELECT FROM stored WHERE h = (
        SELECT retention.history_agg(member, at, CASE n WHEN 1 THEN amount ELSE 0 END, 'day')
        FROM (VALUES (-7, DATE '2000-01-01' + 7303, 1, 25.99), (-7, DATE '2000-01-01' + 7304, 1, 27.99), (-7, DATE '2000-01-01' + 7305, 1, 20.99), (1, DATE '2000-01-01' + 7300, 2, 19.99), (1, DATE '2000-01-01' + 7301, 1, 21.99), (1, DATE '2000-01-01' + 7307, 1, 24.99), (1, DATE '2000-01-01' + 7308, 1, -26.99), (12347, DATE '2000-01-01' + 7301, 1, 30.99), (12347, DATE '2000-01-01' + 7302, 1, NULL), (12347, DATE '2000-01-01' + 7305, 1, 29.99), (12347, DATE '2000-01-01' + 7306, 1, 22.99)) v (member, at, events, amount), generate_series(1, events) n));
SELECT 'memberships' WHERE NOT EXISTS (
    SELECT FROM stored WHERE m = (
        SELECT retention.membership_agg(member, joined, ended, 'Europe/London') FROM (VALUES
            ('anna', TIMESTAMPTZ '2024-01-10', NULL), ('ben', '2024-01-15', TIMESTAMPTZ '2024-04-30 23:00+00'),
            ('clara', '2024-02-01', '2024-02-20'), ('clara', '2024-04-05', NULL)) v (member, joined, ended)));
SELECT 'log-rank' WHERE (SELECT string_agg(g.grp || g.members || g.observed, ' ' ORDER BY g.grp) FROM stored, retention.logrank_groups(l) g) IS DISTINCT FROM 'a10 b33';
SELECT 'survival' WHERE (SELECT string_agg(v.tenure || ' ' || v.at_risk || ' ' || v.events, ', ' ORDER BY v.tenure) FROM stored, retention.survival(s) v) IS DISTINCT FROM '6 4 1, 9.5 2 2';
SELECT 'cox' WHERE (SELECT string_agg(round(v.coefficient::numeric, 6)::text, ' ' ORDER BY v.covariate) FROM stored, retention.cox_coefficients(x) v) IS DISTINCT FROM '0.361808 -0.075243';
SELECT 'clv' WHERE NOT (SELECT retention.p_alive(c, 2, 30.43, 38.86) BETWEEN 0.8 AND 0.9 FROM stored);
SELECT 'text of ' || name FROM kept, stored, LATERAL (VALUES
    ('memberships', kept.m::retention.memberships = stored.m), ('history', kept.h::retention.history = stored.h),
    ('log-rank', kept.l = stored.l::text), ('clv', kept.c = stored.c::text), ('survival', kept.s = stored.s::text), ('cox', kept.x = stored.x::text)) v (name, same) WHERE NOT same;
