-- Tiers: membership levels by what a member spent, or how often it came, in a trailing window.

CREATE FUNCTION tiers(h history, rules jsonb, as_of date DEFAULT NULL) RETURNS TABLE (
    member text, tier text, value numeric, grace_until date, next_tier text, missing numeric
)
    AS 'MODULE_PATHNAME', 'tiers_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION tiers(history, jsonb, date) IS
    'a row per member: its tier by rules of your own (thresholds of amount, events or days over a trailing window, with a grace period), what it has in the window, and what is missing for the next tier';

CREATE FUNCTION tier_migration(h history, rules jsonb, from_date date, to_date date) RETURNS TABLE (
    from_tier text,
    to_tier text,
    is_new boolean,
    members bigint
)
    AS 'MODULE_PATHNAME', 'tier_migration_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION tier_migration(history, jsonb, date, date) IS
    'how many members had which tier at the first day and have which at the second; NULL: below the lowest; is_new: no event by the first day';
