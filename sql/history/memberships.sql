-- Members with a contract: the aggregates that build the type, and what is inside.

CREATE FUNCTION retention_internal.memberships_merge(memberships, memberships) RETURNS memberships
    AS 'MODULE_PATHNAME', 'memberships_merge_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.memberships_merge(memberships, memberships) IS
    'transition function of rollup, combine function of rollup and membership_agg; not to be called by itself';

CREATE FUNCTION retention_internal.memberships_final(memberships) RETURNS memberships
    AS 'MODULE_PATHNAME', 'history_final' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.memberships_final(memberships) IS
    'final function of rollup and membership_agg; returns its argument';

-- membership_agg(member, joined, ended [, zone]) for every type of member and time; a zone for instants alone.
-- As with history_agg, the types are written out and the state is the result.
DO $$
DECLARE
    member text;
    time_type text;
    zone text;
    arguments text;
    volatility text;
    search_path text := pg_catalog.current_setting('search_path');
BEGIN
    -- This runs as superuser, and somebody else may have put functions into the extension's schema before.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    FOREACH member IN ARRAY ARRAY['bigint', 'uuid', 'text'] LOOP
        FOREACH time_type IN ARRAY ARRAY['timestamptz', 'timestamp', 'date'] LOOP
            FOREACH zone IN ARRAY CASE time_type
                WHEN 'timestamptz' THEN ARRAY['', ', text'] ELSE ARRAY[''] END
            LOOP
                arguments := member || ', ' || time_type || ', ' || time_type || zone;
                -- Without a zone, the calendar of an instant is that of the session.
                volatility := CASE WHEN time_type = 'timestamptz' AND zone = '' THEN 'STABLE' ELSE 'IMMUTABLE' END;
                EXECUTE pg_catalog.format(
                    'CREATE FUNCTION retention_internal.membership_step(@extschema@.memberships, %s)
                         RETURNS @extschema@.memberships
                         AS ''MODULE_PATHNAME'', ''membership_step_wrapper'' LANGUAGE c %s PARALLEL SAFE',
                    arguments, volatility);
                EXECUTE pg_catalog.format(
                    'CREATE AGGREGATE @extschema@.membership_agg(%s) (
                         SFUNC = retention_internal.membership_step,
                         STYPE = @extschema@.memberships,
                         SSPACE = 2048,
                         FINALFUNC = retention_internal.memberships_final,
                         COMBINEFUNC = retention_internal.memberships_merge,
                         PARALLEL = SAFE)',
                    arguments);
                -- As for history_agg: CREATE AGGREGATE says IMMUTABLE and can not say otherwise.
                IF volatility = 'STABLE' THEN
                    UPDATE pg_catalog.pg_proc SET provolatile = 's'
                    WHERE oid OPERATOR(pg_catalog.=)
                          ('@extschema@.membership_agg(' || arguments || ')')::pg_catalog.regprocedure::pg_catalog.oid;
                END IF;
                EXECUTE pg_catalog.format(
                    'COMMENT ON FUNCTION retention_internal.membership_step(@extschema@.memberships, %s) IS %L',
                    arguments,
                    'transition function of membership_agg; not to be called by itself');
                EXECUTE pg_catalog.format(
                    'COMMENT ON AGGREGATE @extschema@.membership_agg(%s) IS %L',
                    arguments,
                    'the memberships of the rows: member, first day in, first day out (NULL: still a member)'
                    || CASE zone WHEN '' THEN '' ELSE ', time zone of the calendar' END
                    || '; a member''s spells are the union of their days; who ends inside a day is in on it; rows without member or first day are none');
            END LOOP;
        END LOOP;
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', search_path, true);
END
$$;

CREATE AGGREGATE rollup(memberships) (
    SFUNC = retention_internal.memberships_merge,
    STYPE = memberships,
    SSPACE = 8192,
    FINALFUNC = retention_internal.memberships_final,
    COMBINEFUNC = retention_internal.memberships_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(memberships) IS
    'several memberships together: of every member the union of its days, so that nothing changes if one comes twice';

CREATE FUNCTION members(m memberships) RETURNS bigint
    AS 'MODULE_PATHNAME', 'members_of_memberships_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION members(memberships) IS 'number of members, present and past';

CREATE FUNCTION membership_rows(m memberships)
    RETURNS TABLE (member text, joined date, ended date)
    AS 'MODULE_PATHNAME', 'membership_rows_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION membership_rows(memberships) IS
    'what is inside: a row for every stretch of days during which somebody was in, with the first day in and the first day out, NULL for who is still a member';

CREATE FUNCTION without(m memberships, members bigint[]) RETURNS memberships
    AS 'MODULE_PATHNAME', 'without_of_memberships_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
CREATE FUNCTION without(m memberships, members uuid[]) RETURNS memberships
    AS 'MODULE_PATHNAME', 'without_of_memberships_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
CREATE FUNCTION without(m memberships, members text[]) RETURNS memberships
    AS 'MODULE_PATHNAME', 'without_of_memberships_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION without(memberships, bigint[]) IS
    'the memberships of all but these members, for erasure requests; NULL if nobody is left';
COMMENT ON FUNCTION without(memberships, uuid[]) IS
    'the memberships of all but these members, for erasure requests; NULL if nobody is left';
COMMENT ON FUNCTION without(memberships, text[]) IS
    'the memberships of all but these members, for erasure requests; NULL if nobody is left';
