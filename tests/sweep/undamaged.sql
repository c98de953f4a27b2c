-- Small values of every type, in all forms that their bytes have: see damaged.py.
SET search_path = retention;
CREATE TEMP TABLE e AS SELECT i, date '2020-01-01' + i * 17 % 90 AS day, timestamptz '2020-01-01 00:30+00' + i * 17 % 90 * interval '23 hours' AS at, i * 1.5 AS amount FROM generate_series(1, 12) AS i;
WITH bytes (type, b) AS (
    SELECT 'history', history_agg(i % 4, day)::bytea FROM e
    UNION ALL SELECT 'history', history_agg(i % 4, at, amount - 4, 'day', 'UTC', i % 3 > 0)::bytea FROM e
    UNION ALL SELECT 'history', history_agg('member ' || i % 4, at, amount, 'hour', 'Europe/London')::bytea FROM e
    UNION ALL SELECT 'history', history_agg(md5((i % 4)::text)::uuid, day, amount, 'quarter')::bytea FROM e
    UNION ALL SELECT 'history', history_agg(i % 4, day, NULL, 'year')::bytea FROM e
    UNION ALL SELECT 'history', history_agg(i % 4, at, amount, 'second', 'UTC')::bytea FROM e
    UNION ALL SELECT 'memberships', membership_agg(i % 6, day, day + i)::bytea FROM e
    UNION ALL SELECT 'memberships', membership_agg('member ' || i, day, NULL)::bytea FROM e
    UNION ALL SELECT 'journeys', journey_agg(i % 4, day, (ARRAY['AT', 'BE', 'CH'])[i % 3 + 1])::bytea FROM e
    UNION ALL SELECT 'journeys', journey_agg('member ' || i % 4, at + i * interval '1 microsecond', (ARRAY['AT', 'BE', 'CH', 'DE', 'AT'])[i % 5 + 1], 'Europe/London')::bytea FROM e, generate_series(0, 1)
    UNION ALL SELECT 'survival_data', survival_agg(i, i % 2 = 0)::bytea FROM e
    UNION ALL SELECT 'survival_data', survival_agg(i, i % 2 = 0, CASE WHEN i % 3 = 0 THEN i / 2.0 END, 1 + i % 3, 'cause ' || i % 2)::bytea FROM e
    UNION ALL SELECT 'logrank_data', logrank_agg(i, i % 2 = 0, 'grp ' || i % 3)::bytea FROM e
    UNION ALL SELECT 'logrank_data', logrank_agg(i, i % 2 = 0, 'grp ' || i % 3, 'stratum ' || i % 2, CASE WHEN i % 3 = 0 THEN i / 2.0 END, 2)::bytea FROM e
    UNION ALL SELECT 'cox_model', cox_fit_agg(i, i % 3 > 0, ARRAY[i * 7 % 5, i * 3 % 4])::bytea FROM e
    UNION ALL SELECT 'cox_model', cox_fit_agg(i, i % 3 > 0, jsonb_build_object('a', i * 7 % 5, 'b', (ARRAY['x', 'y'])[i * 5 % 2 + 1]))::bytea FROM e
    UNION ALL SELECT 'cox_model', cox_fit_agg(i, i % 4 > 0, jsonb_build_object('a', i * 7 % 5), NULL, 'stratum ' || i % 2)::bytea FROM e
)
SELECT type, translate(encode(b, 'base64'), E'\n', '') FROM bytes;
