\echo Use "CREATE EXTENSION pg_retention" to load this file. \quit

-- sql/schema.sql

-- Whoever can connect can ask: no function here sees more than its caller may.
GRANT USAGE ON SCHEMA @extschema@ TO PUBLIC;
COMMENT ON SCHEMA @extschema@ IS 'pg_retention: who comes back, who leaves, who matters';

-- sql/history.sql

-- The type: a summary of events that every reader reads. Its bytes are canonical, so it compares.

CREATE TYPE history;

CREATE FUNCTION history_in(cstring) RETURNS history
    AS 'MODULE_PATHNAME', 'history_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION history_out(history) RETURNS cstring
    AS 'MODULE_PATHNAME', 'history_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION history_recv(internal) RETURNS history
    AS 'MODULE_PATHNAME', 'history_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION history_send(history) RETURNS bytea
    AS 'MODULE_PATHNAME', 'history_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

-- External: the bytes are compact already, and TOAST's own compression never polls for a cancel. Some readers read other
-- types of the same category too; preferred is what a plain NULL is taken for.
CREATE TYPE history (
    INPUT = history_in,
    OUTPUT = history_out,
    RECEIVE = history_recv,
    SEND = history_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = external,
    CATEGORY = 'h',
    PREFERRED = true
);

COMMENT ON TYPE history IS
    'for every member, the days (or other ticks) on which something happened, with the number of events and the amount of each; made by history_agg, read by cohorts, churn, value_summary …';
COMMENT ON FUNCTION history_in(cstring) IS 'text input: the bytes in base64';
COMMENT ON FUNCTION history_out(history) IS 'text output: the bytes in base64';
COMMENT ON FUNCTION history_recv(internal) IS 'binary input';
COMMENT ON FUNCTION history_send(history) IS 'binary output';

CREATE FUNCTION history_eq(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_eq_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION history_ne(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_ne_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION history_lt(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_lt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION history_le(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_le_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION history_gt(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_gt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION history_ge(history, history) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_ge_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION history_cmp(history, history) RETURNS integer
    AS 'MODULE_PATHNAME', 'history_cmp_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION history_hash(history) RETURNS integer
    AS 'MODULE_PATHNAME', 'history_hash_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION history_hash_extended(history, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME', 'history_hash_extended_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION history_eq(history, history) IS 'implementation of = operator';
COMMENT ON FUNCTION history_ne(history, history) IS 'implementation of <> operator';
COMMENT ON FUNCTION history_lt(history, history) IS 'implementation of < operator';
COMMENT ON FUNCTION history_le(history, history) IS 'implementation of <= operator';
COMMENT ON FUNCTION history_gt(history, history) IS 'implementation of > operator';
COMMENT ON FUNCTION history_ge(history, history) IS 'implementation of >= operator';
COMMENT ON FUNCTION history_cmp(history, history) IS 'less-equal-greater, by bytes';
COMMENT ON FUNCTION history_hash(history) IS 'hash';
COMMENT ON FUNCTION history_hash_extended(history, bigint) IS 'hash with a seed';

CREATE OPERATOR = (
    FUNCTION = history_eq, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR <> (
    FUNCTION = history_ne, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR < (
    FUNCTION = history_lt, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR <= (
    FUNCTION = history_le, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR > (
    FUNCTION = history_gt, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR >= (
    FUNCTION = history_ge, LEFTARG = history, RIGHTARG = history,
    COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (history, history) IS 'same content: equal histories have equal bytes';
COMMENT ON OPERATOR <> (history, history) IS 'not the same content';
COMMENT ON OPERATOR < (history, history) IS 'less than, by bytes: an order for sorting, without a meaning';
COMMENT ON OPERATOR <= (history, history) IS 'less than or equal, by bytes';
COMMENT ON OPERATOR > (history, history) IS 'greater than, by bytes';
COMMENT ON OPERATOR >= (history, history) IS 'greater than or equal, by bytes';

CREATE OPERATOR CLASS history_ops DEFAULT FOR TYPE history USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
    FUNCTION 1 history_cmp(history, history);
CREATE OPERATOR CLASS history_ops DEFAULT FOR TYPE history USING hash AS
    OPERATOR 1 =,
    FUNCTION 1 history_hash(history),
    FUNCTION 2 history_hash_extended(history, bigint);

-- sql/history_agg.sql

-- Building histories: history_agg over events, rollup over histories, history_of over a table.

CREATE FUNCTION history_merge(history, history) RETURNS history
    AS 'MODULE_PATHNAME', 'history_merge_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION history_merge(history, history) IS
    'transition function of rollup, combine function of rollup and history_agg; not to be called by itself';

CREATE FUNCTION history_final(history) RETURNS history
    AS 'MODULE_PATHNAME', 'history_final' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION history_final(history) IS
    'final function of rollup and history_agg; returns its argument';

-- history_agg(member, at [, amount [, grain [, zone]]]) for every type of member, time and amount.
-- All overloads share one implementation, history_step, which reads the types from the declaration.
-- The types are written out rather than polymorphic, since distributed aggregates can not resolve
-- the latter. The state is the result. The final function only says so in a way that PostgreSQL 14
-- and 15 understand: they would copy, and so flatten, a result that is where the state is.
DO $$
DECLARE
    member text;
    time_type text;
    amount text;
    options text;
    arguments text;
    volatility text;
    search_path text := pg_catalog.current_setting('search_path');
BEGIN
    -- This runs as superuser, and somebody else may have put functions into the extension's schema before.
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    FOREACH member IN ARRAY ARRAY['bigint', 'uuid', 'text'] LOOP
        FOREACH time_type IN ARRAY ARRAY['timestamptz', 'timestamp', 'date'] LOOP
            FOREACH amount IN ARRAY ARRAY['', ', numeric', ', float8', ', bigint'] LOOP
                FOREACH options IN ARRAY CASE amount
                    WHEN '' THEN ARRAY[''] ELSE ARRAY['', ', text', ', text, text'] END
                LOOP
                    arguments := member || ', ' || time_type || amount || options;
                    -- Without a zone, the calendar of an instant is that of the session.
                    volatility := CASE
                        WHEN time_type = 'timestamptz' AND options <> ', text, text' THEN 'STABLE'
                        ELSE 'IMMUTABLE' END;
                    EXECUTE pg_catalog.format(
                        'CREATE FUNCTION @extschema@.history_step(@extschema@.history, %s)
                             RETURNS @extschema@.history
                             AS ''MODULE_PATHNAME'', ''history_step'' LANGUAGE c %s PARALLEL SAFE',
                        arguments, volatility);
                    EXECUTE pg_catalog.format(
                        'CREATE AGGREGATE @extschema@.history_agg(%s) (
                             SFUNC = @extschema@.history_step,
                             STYPE = @extschema@.history,
                             SSPACE = 2048,
                             FINALFUNC = @extschema@.history_final,
                             COMBINEFUNC = @extschema@.history_merge,
                             PARALLEL = SAFE)',
                        arguments);
                    -- CREATE AGGREGATE says IMMUTABLE and can not say otherwise (json_agg, in initdb's tables, does).
                    -- postgres_fdw would send it to a server with another TimeZone.
                    IF volatility = 'STABLE' THEN
                        UPDATE pg_catalog.pg_proc SET provolatile = 's'
                        WHERE oid OPERATOR(pg_catalog.=)
                              ('@extschema@.history_agg(' || arguments || ')')::pg_catalog.regprocedure::pg_catalog.oid;
                    END IF;
                    EXECUTE pg_catalog.format(
                        'COMMENT ON FUNCTION @extschema@.history_step(@extschema@.history, %s) IS %L',
                        arguments,
                        'transition function of history_agg; not to be called by itself');
                    EXECUTE pg_catalog.format(
                        'COMMENT ON AGGREGATE @extschema@.history_agg(%s) IS %L',
                        arguments,
                        'the history of events: member, time'
                        || CASE amount WHEN '' THEN '' ELSE ', amount' END
                        || CASE options WHEN '' THEN ''
                             ELSE ', grain (second, minute, hour, day, week, month, quarter, year)' END
                        || CASE options WHEN ', text, text' THEN ', time zone of the calendar'
                             ELSE '' END
                        || '; rows without member or time are no events');
                END LOOP;
            END LOOP;
        END LOOP;
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', search_path, true);
END
$$;

CREATE AGGREGATE rollup(history) (
    SFUNC = history_merge,
    STYPE = history,
    SSPACE = 8192,
    FINALFUNC = history_final,
    COMBINEFUNC = history_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(history) IS
    'the union of histories: counts and amounts of the same member and tick add up; all must have the same grain, time zone and type of members';

CREATE FUNCTION history_of(
    source regclass,
    member name,
    at name,
    amount name DEFAULT NULL,
    grain text DEFAULT 'day',
    zone text DEFAULT NULL
) RETURNS history
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
    result @extschema@.history;
BEGIN
    IF source IS NULL OR member IS NULL OR at IS NULL THEN
        RAISE EXCEPTION 'source, member and at must not be null'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Name a table or view, its column of members and its column of times.';
    END IF;
    EXECUTE pg_catalog.format(
        'SELECT @extschema@.history_agg(source.%I, source.%I, %s, %L, %L) FROM %s AS source',
        member, at,
        CASE WHEN amount IS NULL THEN 'NULL::pg_catalog.float8'
             ELSE pg_catalog.format('source.%I', amount) END,
        grain, zone, source)
    INTO result;
    RETURN result;
END
$$;
COMMENT ON FUNCTION history_of(regclass, name, name, name, text, text) IS
    'the history of the rows of a table or view in one call, with the caller''s privileges and row security; NULL for no events';

-- sql/inspect.sql

-- What is inside a history, and parts of one.

CREATE FUNCTION members(h history) RETURNS bigint
    AS 'MODULE_PATHNAME', 'members_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION members(history) IS 'number of members';

CREATE FUNCTION events(h history) RETURNS bigint
    AS 'MODULE_PATHNAME', 'events_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events(history) IS 'number of events';

CREATE FUNCTION first_at(h history) RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'first_at_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION first_at(history) IS
    'time of the first event; local times without a zone are read in the session''s TimeZone';

CREATE FUNCTION last_at(h history) RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'last_at_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION last_at(history) IS
    'time of the last event, whose day is the default as_of of every reader';

CREATE FUNCTION grain(h history) RETURNS text
    AS 'MODULE_PATHNAME', 'grain_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION grain(history) IS
    'how finely it tells times apart: second, minute, hour, day, week, month, quarter or year';

CREATE FUNCTION time_zone(h history) RETURNS text
    AS 'MODULE_PATHNAME', 'time_zone_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_zone(history) IS
    'the zone whose calendar it uses; NULL for a history of dates or of timestamps without a zone';

CREATE FUNCTION history_rows(h history)
    RETURNS TABLE (member text, at timestamptz, events bigint, amount numeric)
    AS 'MODULE_PATHNAME', 'history_rows_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 100000;
CREATE FUNCTION history_rows(h history, id bigint)
    RETURNS TABLE (member bigint, at timestamptz, events bigint, amount numeric)
    AS 'MODULE_PATHNAME', 'history_rows_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 100000;
CREATE FUNCTION history_rows(h history, id uuid)
    RETURNS TABLE (member uuid, at timestamptz, events bigint, amount numeric)
    AS 'MODULE_PATHNAME', 'history_rows_wrapper' LANGUAGE c STABLE PARALLEL SAFE ROWS 100000;
COMMENT ON FUNCTION history_rows(history) IS
    'what is inside: a row for every member and tick, with the time at which the tick begins, its events and the sum of their amounts';
COMMENT ON FUNCTION history_rows(history, bigint) IS
    'what is inside, with members as bigint: history_rows(h, id => NULL::bigint)';
COMMENT ON FUNCTION history_rows(history, uuid) IS
    'what is inside, with members as uuid: history_rows(h, id => NULL::uuid)';

CREATE FUNCTION slice(h history, from_date date DEFAULT NULL, to_date date DEFAULT NULL)
    RETURNS history
    AS 'MODULE_PATHNAME', 'slice_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION slice(history, date, date) IS
    'the events of the days from_date to to_date, both included, of the history''s calendar; NULL if there are none';

CREATE FUNCTION without(h history, members bigint[]) RETURNS history
    AS 'MODULE_PATHNAME', 'without_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION without(h history, members uuid[]) RETURNS history
    AS 'MODULE_PATHNAME', 'without_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION without(h history, members text[]) RETURNS history
    AS 'MODULE_PATHNAME', 'without_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION without(history, bigint[]) IS
    'the history of all but these members, for erasure requests; NULL if nobody is left';
COMMENT ON FUNCTION without(history, uuid[]) IS
    'the history of all but these members, for erasure requests; NULL if nobody is left';
COMMENT ON FUNCTION without(history, text[]) IS
    'the history of all but these members, for erasure requests; NULL if nobody is left';

-- sql/cohorts.sql

-- Cohorts: who comes back, by the period in which members began.

CREATE FUNCTION cohorts(
    h history,
    period text DEFAULT 'month',
    mode text DEFAULT 'on',
    entry text DEFAULT 'first',
    starts history DEFAULT NULL,
    as_of date DEFAULT NULL,
    brackets integer[] DEFAULT NULL,
    min_events integer DEFAULT 1,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    cohort date,
    period_number integer,
    members bigint,
    eligible bigint,
    retained bigint,
    rate float8,
    rate_low float8,
    rate_high float8,
    active bigint,
    amount numeric,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'cohorts_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 500;
COMMENT ON FUNCTION cohorts(history, text, text, text, history, date, integer[], integer, float8) IS
    'cohort retention: for every cohort and period since its own, how many members could be and were active, with Wilson intervals';

CREATE FUNCTION retention_curve(
    h history,
    period text DEFAULT 'month',
    mode text DEFAULT 'on',
    entry text DEFAULT 'first',
    starts history DEFAULT NULL,
    as_of date DEFAULT NULL,
    brackets integer[] DEFAULT NULL,
    min_events integer DEFAULT 1,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_number integer,
    members bigint,
    eligible bigint,
    retained bigint,
    rate float8,
    rate_low float8,
    rate_high float8,
    amount_per_member numeric
)
    AS 'MODULE_PATHNAME', 'retention_curve_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION retention_curve(history, text, text, text, history, date, integer[], integer, float8) IS
    'retention of all cohorts in one curve: for every period since the entry, how many members could be and were active, whenever they entered; every eligible member weighs the same';

CREATE FUNCTION cohort_members(
    h history,
    cohort date,
    period_number integer,
    period text DEFAULT 'month',
    mode text DEFAULT 'on',
    entry text DEFAULT 'first',
    starts history DEFAULT NULL,
    as_of date DEFAULT NULL,
    brackets integer[] DEFAULT NULL,
    min_events integer DEFAULT 1
) RETURNS TABLE (member text)
    AS 'MODULE_PATHNAME', 'cohort_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
CREATE FUNCTION cohort_members(
    h history,
    id bigint,
    cohort date,
    period_number integer,
    period text DEFAULT 'month',
    mode text DEFAULT 'on',
    entry text DEFAULT 'first',
    starts history DEFAULT NULL,
    as_of date DEFAULT NULL,
    brackets integer[] DEFAULT NULL,
    min_events integer DEFAULT 1
) RETURNS TABLE (member bigint)
    AS 'MODULE_PATHNAME', 'cohort_members_typed_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
CREATE FUNCTION cohort_members(
    h history,
    id uuid,
    cohort date,
    period_number integer,
    period text DEFAULT 'month',
    mode text DEFAULT 'on',
    entry text DEFAULT 'first',
    starts history DEFAULT NULL,
    as_of date DEFAULT NULL,
    brackets integer[] DEFAULT NULL,
    min_events integer DEFAULT 1
) RETURNS TABLE (member uuid)
    AS 'MODULE_PATHNAME', 'cohort_members_typed_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION cohort_members(history, date, integer, text, text, text, history, date, integer[], integer) IS
    'who is behind a cell: the members that cohorts, with the same arguments, counts as active in the cell of this cohort and period number';
COMMENT ON FUNCTION cohort_members(history, bigint, date, integer, text, text, text, history, date, integer[], integer) IS
    'who is behind a cell, with members as bigint: cohort_members(h, NULL::bigint, ''2024-01-01'', 3)';
COMMENT ON FUNCTION cohort_members(history, uuid, date, integer, text, text, text, history, date, integer[], integer) IS
    'who is behind a cell, with members as uuid: cohort_members(h, NULL::uuid, ''2024-01-01'', 3)';

CREATE FUNCTION compare_retention(
    h1 history,
    h2 history,
    period text DEFAULT 'month',
    mode text DEFAULT 'on',
    entry text DEFAULT 'first',
    starts1 history DEFAULT NULL,
    starts2 history DEFAULT NULL,
    as_of date DEFAULT NULL,
    brackets integer[] DEFAULT NULL,
    min_events integer DEFAULT 1,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_number integer,
    eligible1 bigint,
    retained1 bigint,
    rate1 float8,
    eligible2 bigint,
    retained2 bigint,
    rate2 float8,
    difference float8,
    difference_low float8,
    difference_high float8,
    p_value float8
)
    AS 'MODULE_PATHNAME', 'compare_retention_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2000 ROWS 50;
COMMENT ON FUNCTION compare_retention(history, history, text, text, text, history, history, date, integer[], integer, float8) IS
    'the retention curves of two groups without common members: for every period the second rate minus the first, with a Newcombe interval and the p-value of there being no difference';

-- Rates of counts that were added up, over shards or strata.
CREATE FUNCTION wilson(successes float8, trials float8, confidence float8 DEFAULT 0.95)
    RETURNS TABLE (rate float8, rate_low float8, rate_high float8)
    AS 'MODULE_PATHNAME', 'wilson_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION wilson(float8, float8, float8) IS
    'successes / trials with Wilson''s interval, for sums of counts; one row, of NULLs where there are no trials';

-- sql/memberships.sql

-- Members with a contract: the type, the aggregates that build it, and what is inside. Its bytes are canonical, so it
-- compares.

CREATE TYPE memberships;

CREATE FUNCTION memberships_in(cstring) RETURNS memberships
    AS 'MODULE_PATHNAME', 'memberships_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION memberships_out(memberships) RETURNS cstring
    AS 'MODULE_PATHNAME', 'history_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION memberships_recv(internal) RETURNS memberships
    AS 'MODULE_PATHNAME', 'memberships_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION memberships_send(memberships) RETURNS bytea
    AS 'MODULE_PATHNAME', 'history_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

-- External, and of the category: as for history.
CREATE TYPE memberships (
    INPUT = memberships_in,
    OUTPUT = memberships_out,
    RECEIVE = memberships_recv,
    SEND = memberships_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = external,
    CATEGORY = 'h'
);

COMMENT ON TYPE memberships IS
    'for every member, the spells [joined, ended) of days during which it had a contract; made by membership_agg, read by churn, cohorts …';
COMMENT ON FUNCTION memberships_in(cstring) IS 'text input: the bytes in base64';
COMMENT ON FUNCTION memberships_out(memberships) IS 'text output: the bytes in base64';
COMMENT ON FUNCTION memberships_recv(internal) IS 'binary input';
COMMENT ON FUNCTION memberships_send(memberships) IS 'binary output';

CREATE FUNCTION memberships_eq(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_eq_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION memberships_ne(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_ne_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION memberships_lt(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_lt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION memberships_le(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_le_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION memberships_gt(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_gt_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION memberships_ge(memberships, memberships) RETURNS boolean
    AS 'MODULE_PATHNAME', 'history_ge_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION memberships_cmp(memberships, memberships) RETURNS integer
    AS 'MODULE_PATHNAME', 'history_cmp_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION memberships_hash(memberships) RETURNS integer
    AS 'MODULE_PATHNAME', 'history_hash_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION memberships_hash_extended(memberships, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME', 'history_hash_extended_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION memberships_eq(memberships, memberships) IS 'implementation of = operator';
COMMENT ON FUNCTION memberships_ne(memberships, memberships) IS 'implementation of <> operator';
COMMENT ON FUNCTION memberships_lt(memberships, memberships) IS 'implementation of < operator';
COMMENT ON FUNCTION memberships_le(memberships, memberships) IS 'implementation of <= operator';
COMMENT ON FUNCTION memberships_gt(memberships, memberships) IS 'implementation of > operator';
COMMENT ON FUNCTION memberships_ge(memberships, memberships) IS 'implementation of >= operator';
COMMENT ON FUNCTION memberships_cmp(memberships, memberships) IS 'less-equal-greater, by bytes';
COMMENT ON FUNCTION memberships_hash(memberships) IS 'hash';
COMMENT ON FUNCTION memberships_hash_extended(memberships, bigint) IS 'hash with a seed';

CREATE OPERATOR = (
    FUNCTION = memberships_eq, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR <> (
    FUNCTION = memberships_ne, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR < (
    FUNCTION = memberships_lt, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR <= (
    FUNCTION = memberships_le, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR > (
    FUNCTION = memberships_gt, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR >= (
    FUNCTION = memberships_ge, LEFTARG = memberships, RIGHTARG = memberships,
    COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (memberships, memberships) IS 'same content: equal memberships have equal bytes';
COMMENT ON OPERATOR <> (memberships, memberships) IS 'not the same content';
COMMENT ON OPERATOR < (memberships, memberships) IS 'less than, by bytes: an order for sorting, without a meaning';
COMMENT ON OPERATOR <= (memberships, memberships) IS 'less than or equal, by bytes';
COMMENT ON OPERATOR > (memberships, memberships) IS 'greater than, by bytes';
COMMENT ON OPERATOR >= (memberships, memberships) IS 'greater than or equal, by bytes';

CREATE OPERATOR CLASS memberships_ops DEFAULT FOR TYPE memberships USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
    FUNCTION 1 memberships_cmp(memberships, memberships);
CREATE OPERATOR CLASS memberships_ops DEFAULT FOR TYPE memberships USING hash AS
    OPERATOR 1 =,
    FUNCTION 1 memberships_hash(memberships),
    FUNCTION 2 memberships_hash_extended(memberships, bigint);

CREATE FUNCTION memberships_merge(memberships, memberships) RETURNS memberships
    AS 'MODULE_PATHNAME', 'memberships_merge_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION memberships_merge(memberships, memberships) IS
    'transition function of rollup, combine function of rollup and membership_agg; not to be called by itself';

CREATE FUNCTION memberships_final(memberships) RETURNS memberships
    AS 'MODULE_PATHNAME', 'history_final' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION memberships_final(memberships) IS
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
                    'CREATE FUNCTION @extschema@.membership_step(@extschema@.memberships, %s)
                         RETURNS @extschema@.memberships
                         AS ''MODULE_PATHNAME'', ''membership_step_wrapper'' LANGUAGE c %s PARALLEL SAFE',
                    arguments, volatility);
                EXECUTE pg_catalog.format(
                    'CREATE AGGREGATE @extschema@.membership_agg(%s) (
                         SFUNC = @extschema@.membership_step,
                         STYPE = @extschema@.memberships,
                         SSPACE = 2048,
                         FINALFUNC = @extschema@.memberships_final,
                         COMBINEFUNC = @extschema@.memberships_merge,
                         PARALLEL = SAFE)',
                    arguments);
                -- As for history_agg: CREATE AGGREGATE says IMMUTABLE and can not say otherwise.
                IF volatility = 'STABLE' THEN
                    UPDATE pg_catalog.pg_proc SET provolatile = 's'
                    WHERE oid OPERATOR(pg_catalog.=)
                          ('@extschema@.membership_agg(' || arguments || ')')::pg_catalog.regprocedure::pg_catalog.oid;
                END IF;
                EXECUTE pg_catalog.format(
                    'COMMENT ON FUNCTION @extschema@.membership_step(@extschema@.memberships, %s) IS %L',
                    arguments,
                    'transition function of membership_agg; not to be called by itself');
                EXECUTE pg_catalog.format(
                    'COMMENT ON AGGREGATE @extschema@.membership_agg(%s) IS %L',
                    arguments,
                    'the memberships of the rows: member, first day in, first day out (NULL: still a member)'
                    || CASE zone WHEN '' THEN '' ELSE ', time zone of the calendar' END
                    || '; several spells a member, which must not overlap; rows without member or first day are none');
            END LOOP;
        END LOOP;
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', search_path, true);
END
$$;

CREATE AGGREGATE rollup(memberships) (
    SFUNC = memberships_merge,
    STYPE = memberships,
    SSPACE = 8192,
    FINALFUNC = memberships_final,
    COMBINEFUNC = memberships_merge,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(memberships) IS
    'the spells of several memberships together; a spell that is in two of them overlaps itself, which is an error';

CREATE FUNCTION members(m memberships) RETURNS bigint
    AS 'MODULE_PATHNAME', 'members_of_memberships_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION members(memberships) IS 'number of members, present and past';

CREATE FUNCTION membership_rows(m memberships)
    RETURNS TABLE (member text, joined date, ended date)
    AS 'MODULE_PATHNAME', 'membership_rows_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
CREATE FUNCTION membership_rows(m memberships, id bigint)
    RETURNS TABLE (member bigint, joined date, ended date)
    AS 'MODULE_PATHNAME', 'membership_rows_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
CREATE FUNCTION membership_rows(m memberships, id uuid)
    RETURNS TABLE (member uuid, joined date, ended date)
    AS 'MODULE_PATHNAME', 'membership_rows_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION membership_rows(memberships) IS
    'what is inside: a row for every spell, with the first day in and the first day out, NULL for who is still a member';
COMMENT ON FUNCTION membership_rows(memberships, bigint) IS
    'what is inside, with members as bigint: membership_rows(m, id => NULL::bigint)';
COMMENT ON FUNCTION membership_rows(memberships, uuid) IS
    'what is inside, with members as uuid: membership_rows(m, id => NULL::uuid)';

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

CREATE FUNCTION churn(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    opening bigint,
    joined bigint,
    rejoined bigint,
    departed bigint,
    retained bigint,
    churned bigint,
    closing bigint,
    retention_rate float8,
    churn_rate float8,
    churn_low float8,
    churn_high float8,
    member_years float8,
    departure_rate float8,
    departure_low float8,
    departure_high float8,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'churn_of_memberships_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION churn(memberships, text, date, float8) IS
    'the churn of members with a contract: a row a period with members at its opening, joined, rejoined, departed and at its closing, churned / opening with a Wilson interval, and departures per member-year with an exact Poisson interval';

CREATE FUNCTION cohorts(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    cohort date,
    period_number integer,
    members bigint,
    eligible bigint,
    retained bigint,
    rate float8,
    rate_low float8,
    rate_high float8,
    active bigint,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'cohorts_of_memberships_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 500;
COMMENT ON FUNCTION cohorts(memberships, text, date, float8) IS
    'cohort retention of members with a contract: for every period in which members first joined and every period since, how many are in at its end, with Wilson intervals';

-- sql/churn.sql

-- The churn ledger: who is in, who left, who came and who came back, period by period.

CREATE FUNCTION churn(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    opening bigint,
    new bigint,
    reactivated bigint,
    retained bigint,
    churned bigint,
    closing bigint,
    retention_rate float8,
    churn_rate float8,
    churn_low float8,
    churn_high float8,
    truncated boolean,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'churn_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION churn(history, text, integer, date, float8) IS
    'the churn ledger: a row a period with members at its opening, new, reactivated, retained, churned and at its closing, and churned / opening with a Wilson interval; a member is out after gap periods of silence';

CREATE FUNCTION churn_members(
    h history,
    period_start date,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, change text)
    AS 'MODULE_PATHNAME', 'churn_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
CREATE FUNCTION churn_members(
    h history,
    id bigint,
    period_start date,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL
) RETURNS TABLE (member bigint, change text)
    AS 'MODULE_PATHNAME', 'churn_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
CREATE FUNCTION churn_members(
    h history,
    id uuid,
    period_start date,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL
) RETURNS TABLE (member uuid, change text)
    AS 'MODULE_PATHNAME', 'churn_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION churn_members(history, date, text, integer, date) IS
    'the members that churn counts as new, reactivated or churned in the row of this period_start';
COMMENT ON FUNCTION churn_members(history, bigint, date, text, integer, date) IS
    'the members that churn counts as new, reactivated or churned, as bigint: churn_members(h, id => NULL::bigint, period_start => …)';
COMMENT ON FUNCTION churn_members(history, uuid, date, text, integer, date) IS
    'the members that churn counts as new, reactivated or churned, as uuid: churn_members(h, id => NULL::uuid, period_start => …)';

CREATE FUNCTION growth(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    period_start date,
    new bigint,
    retained bigint,
    reactivated bigint,
    dormant bigint,
    churned bigint,
    net_change bigint,
    quick_ratio float8,
    quick_ratio_low float8,
    quick_ratio_high float8,
    truncated boolean,
    complete boolean
)
    AS 'MODULE_PATHNAME', 'growth_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION growth(history, text, integer, date, float8) IS
    'growth accounting from the churn ledger: every member so far is new, retained, reactivated or dormant; net change, and (new + reactivated) / churned, the quick ratio, with its interval';

-- Two periods compared, stratum by stratum. What is aggregated are plain values: one for each stratum, in their order.
CREATE TYPE churn_stratum AS (
    stratum text,
    opening_1 bigint,
    churned_1 bigint,
    opening_2 bigint,
    churned_2 bigint
);
COMMENT ON TYPE churn_stratum IS
    'a stratum in two periods: its members at the opening of each and those of them that churned; an array of them is made by compare_churn_agg, read by compare_churn';

CREATE FUNCTION compare_churn_strata(churn_stratum[]) RETURNS churn_stratum[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT pg_catalog.array_agg(
                   ROW(s.stratum, s.opening_1, s.churned_1, s.opening_2, s.churned_2)::@extschema@.churn_stratum
                   ORDER BY s.stratum COLLATE pg_catalog."C")
        FROM (SELECT u.stratum,
                     coalesce(pg_catalog.sum(u.opening_1), 0)::pg_catalog.int8 AS opening_1,
                     coalesce(pg_catalog.sum(u.churned_1), 0)::pg_catalog.int8 AS churned_1,
                     coalesce(pg_catalog.sum(u.opening_2), 0)::pg_catalog.int8 AS opening_2,
                     coalesce(pg_catalog.sum(u.churned_2), 0)::pg_catalog.int8 AS churned_2
              FROM pg_catalog.unnest($1) AS u
              GROUP BY u.stratum) AS s
    $$;
COMMENT ON FUNCTION compare_churn_strata(churn_stratum[]) IS
    'every stratum once, with its counts added up, in the order of their names; a count of NULL is 0';

-- A step copies all strata so far. So that they stay few where many rows are of few strata, they are added up when they have
-- doubled, if that makes them a quarter fewer: the same sums, sooner.
CREATE FUNCTION compare_churn_step(
    churn_stratum[], stratum text, opening_1 bigint, churned_1 bigint, opening_2 bigint, churned_2 bigint
) RETURNS churn_stratum[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT pg_catalog.array_append(
                   CASE WHEN pg_catalog.cardinality($1) OPERATOR(pg_catalog.>=) 256
                         AND (pg_catalog.cardinality($1) OPERATOR(pg_catalog.&) (pg_catalog.cardinality($1) OPERATOR(pg_catalog.-) 1))
                             OPERATOR(pg_catalog.=) 0
                        THEN (SELECT CASE WHEN pg_catalog.cardinality(fewer) OPERATOR(pg_catalog.<)
                                               (pg_catalog.cardinality($1) OPERATOR(pg_catalog./) 4 OPERATOR(pg_catalog.*) 3)
                                          THEN fewer ELSE $1 END
                              FROM @extschema@.compare_churn_strata($1) AS fewer)
                        ELSE $1 END,
                   ROW($2, $3, $4, $5, $6)::@extschema@.churn_stratum)
    $$;
COMMENT ON FUNCTION compare_churn_step(churn_stratum[], text, bigint, bigint, bigint, bigint) IS
    'transition function of compare_churn_agg; not to be called by itself';

CREATE AGGREGATE compare_churn_agg(
    stratum text, opening_1 bigint, churned_1 bigint, opening_2 bigint, churned_2 bigint
) (
    SFUNC = compare_churn_step,
    STYPE = churn_stratum[],
    INITCOND = '{}',
    COMBINEFUNC = pg_catalog.array_cat,
    FINALFUNC = compare_churn_strata,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE compare_churn_agg(text, bigint, bigint, bigint, bigint) IS
    'two periods to be compared by compare_churn: a stratum, its opening and churned members in the first period and in the second; rows of the same stratum add up';

CREATE FUNCTION compare_churn_arrays(
    stratum text[], opening_1 bigint[], churned_1 bigint[], opening_2 bigint[], churned_2 bigint[]
) RETURNS TABLE (
    stratum text,
    opening_1 bigint,
    opening_2 bigint,
    share_1 float8,
    share_2 float8,
    rate_1 float8,
    rate_2 float8,
    mix_effect float8,
    rate_effect float8,
    effect float8,
    overall boolean
)
    AS 'MODULE_PATHNAME', 'compare_churn_arrays_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION compare_churn_arrays(text[], bigint[], bigint[], bigint[], bigint[]) IS
    'what compare_churn calls';

CREATE FUNCTION compare_churn(strata churn_stratum[]) RETURNS TABLE (
    stratum text,
    opening_1 bigint,
    opening_2 bigint,
    share_1 float8,
    share_2 float8,
    rate_1 float8,
    rate_2 float8,
    mix_effect float8,
    rate_effect float8,
    effect float8,
    overall boolean
)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
    AS $$
        SELECT r.*
        FROM (SELECT pg_catalog.array_agg(u.stratum) AS stratum,
                     pg_catalog.array_agg(u.opening_1) AS opening_1, pg_catalog.array_agg(u.churned_1) AS churned_1,
                     pg_catalog.array_agg(u.opening_2) AS opening_2, pg_catalog.array_agg(u.churned_2) AS churned_2
              FROM pg_catalog.unnest(@extschema@.compare_churn_strata($1)) AS u) AS s,
             @extschema@.compare_churn_arrays(s.stratum, s.opening_1, s.churned_1, s.opening_2, s.churned_2) AS r
    $$;
COMMENT ON FUNCTION compare_churn(churn_stratum[]) IS
    'why the churn rate of a period differs from that of another: for every stratum and overall, how much its share of the members has changed it (mix_effect), and how much its own rate (rate_effect)';

-- sql/engagement.sql

-- Engagement: how many members are active, and on how many days.

CREATE FUNCTION engagement(h history, as_of date DEFAULT NULL)
    RETURNS TABLE (
    day date,
    dau bigint,
    wau bigint,
    mau bigint,
    stickiness float8,
    truncated boolean
)
    AS 'MODULE_PATHNAME', 'engagement_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 400;
COMMENT ON FUNCTION engagement(history, date) IS
    'a row a day with the members active on it (dau), in the 7 days up to it (wau) and in the 30 days up to it (mau), and dau / mau';

CREATE FUNCTION engagement_days(h history, days integer DEFAULT 28, as_of date DEFAULT NULL)
    RETURNS TABLE (
    active_days integer,
    members bigint,
    share float8,
    share_at_least float8
)
    AS 'MODULE_PATHNAME', 'engagement_days_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 28;
COMMENT ON FUNCTION engagement_days(history, integer, date) IS
    'members by the number of days on which they were active, of the last days up to as_of, and their share of all that were: days => 7 is L7, 28 is L28';

-- sql/value.sql

-- What members have been worth so far.

CREATE FUNCTION value_summary(
    h history,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    margin float8 DEFAULT 1.0
) RETURNS TABLE (
    members bigint,
    orders bigint,
    revenue numeric,
    aov numeric,
    orders_per_member float8,
    repurchase_rate float8,
    churn_rate float8,
    lifespan float8,
    historic_clv numeric,
    formula_clv numeric
)
    AS 'MODULE_PATHNAME', 'value_summary_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION value_summary(history, text, date, float8) IS
    'members, orders, revenue and average order value, and the simple formula for lifetime value: order value × orders per active member and period × lifespan × margin';

-- sql/survival.sql

-- How long members stay: durations and whether they ended, or the first lapse of the members of a history.

CREATE TYPE survival_data;
CREATE FUNCTION survival_data_in(cstring) RETURNS survival_data
    AS 'MODULE_PATHNAME', 'survival_data_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION survival_data_out(survival_data) RETURNS cstring
    AS 'MODULE_PATHNAME', 'survival_data_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION survival_data_recv(internal) RETURNS survival_data
    AS 'MODULE_PATHNAME', 'survival_data_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION survival_data_send(survival_data) RETURNS bytea
    AS 'MODULE_PATHNAME', 'history_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
-- Its bytes are compact already. It is of the category of what readers of the same name read: see history.
CREATE TYPE survival_data (
    INPUT = survival_data_in,
    OUTPUT = survival_data_out,
    RECEIVE = survival_data_recv,
    SEND = survival_data_send,
    ALIGNMENT = int4,
    STORAGE = external,
    CATEGORY = 'h'
);
COMMENT ON TYPE survival_data IS
    'how many members had which duration, and left or were still there: made by survival_agg, read by survival and survival_summary';
COMMENT ON FUNCTION survival_data_in(cstring) IS 'I/O';
COMMENT ON FUNCTION survival_data_out(survival_data) IS 'I/O';
COMMENT ON FUNCTION survival_data_recv(internal) IS 'I/O';
COMMENT ON FUNCTION survival_data_send(survival_data) IS 'I/O';

CREATE FUNCTION survival_step(internal, float8, boolean) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION survival_step(internal, float8, boolean, float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_step_from_entry_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION survival_merge(internal, survival_data) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_merge_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION survival_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION survival_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'survival_serialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION survival_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_deserialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION survival_final(internal) RETURNS survival_data
    AS 'MODULE_PATHNAME', 'survival_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION survival_step(internal, float8, boolean) IS
    'transition function of survival_agg; not to be called by itself';
COMMENT ON FUNCTION survival_step(internal, float8, boolean, float8) IS
    'transition function of survival_agg; not to be called by itself';
COMMENT ON FUNCTION survival_merge(internal, survival_data) IS
    'transition function of rollup; not to be called by itself';
COMMENT ON FUNCTION survival_combine(internal, internal) IS
    'combine function of survival_agg and rollup; not to be called by itself';
COMMENT ON FUNCTION survival_serialize(internal) IS
    'serialisation function of survival_agg and rollup; not to be called by itself';
COMMENT ON FUNCTION survival_deserialize(bytea, internal) IS
    'deserialisation function of survival_agg and rollup; not to be called by itself';
COMMENT ON FUNCTION survival_final(internal) IS
    'final function of survival_agg and rollup; not to be called by itself';

CREATE AGGREGATE survival_agg(float8, boolean) (
    SFUNC = survival_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = survival_final,
    COMBINEFUNC = survival_combine,
    SERIALFUNC = survival_serialize,
    DESERIALFUNC = survival_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE survival_agg(float8, boolean) IS
    'how long members stayed: duration, and whether they left then (true) or were still there when last seen (false); rows without either do not count';
CREATE AGGREGATE survival_agg(float8, boolean, float8) (
    SFUNC = survival_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = survival_final,
    COMBINEFUNC = survival_combine,
    SERIALFUNC = survival_serialize,
    DESERIALFUNC = survival_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE survival_agg(float8, boolean, float8) IS
    'how long members stayed: duration, whether they left then, and the time of their entry, for members that were already there when they were first seen (left truncation); NULL: seen from the beginning';
CREATE AGGREGATE rollup(survival_data) (
    SFUNC = survival_merge,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = survival_final,
    COMBINEFUNC = survival_combine,
    SERIALFUNC = survival_serialize,
    DESERIALFUNC = survival_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(survival_data) IS
    'all members of several survival_data together';

CREATE FUNCTION survival(d survival_data, confidence float8 DEFAULT 0.95, conf_type text DEFAULT 'log-log')
    RETURNS TABLE (
        tenure float8,
        at_risk bigint,
        events bigint,
        censored bigint,
        survival float8,
        survival_low float8,
        survival_high float8,
        cumulative_hazard float8,
        hazard float8
    )
    AS 'MODULE_PATHNAME', 'survival_of_data_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 200;
COMMENT ON FUNCTION survival(survival_data, float8, text) IS
    'who stays how long: a row for every duration with members at risk, events (left) and censored (still there), the share that stays longer (Kaplan-Meier) with its interval, the cumulative hazard (Nelson-Aalen), and the hazard, events / at_risk';
CREATE FUNCTION survival(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95,
    conf_type text DEFAULT 'log-log'
) RETURNS TABLE (
        tenure float8,
        at_risk bigint,
        events bigint,
        censored bigint,
        survival float8,
        survival_low float8,
        survival_high float8,
        cumulative_hazard float8,
        hazard float8
    )
    AS 'MODULE_PATHNAME', 'survival_of_history_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION survival(history, text, integer, date, float8, text) IS
    'who stays how long: the time in periods from the first event to the first lapse, gap periods after the last activity before it; who has not lapsed by as_of is censored; columns as for survival_data';

CREATE FUNCTION survival(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95,
    conf_type text DEFAULT 'log-log'
) RETURNS TABLE (
        tenure float8,
        at_risk bigint,
        events bigint,
        censored bigint,
        survival float8,
        survival_low float8,
        survival_high float8,
        cumulative_hazard float8,
        hazard float8
    )
    AS 'MODULE_PATHNAME', 'survival_of_memberships_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION survival(memberships, text, date, float8, text) IS
    'who stays how long: the time in periods from first joining to first departing; who has not departed by as_of is censored; columns as for survival_data';

CREATE FUNCTION survival_summary(
    d survival_data,
    tau float8 DEFAULT NULL,
    confidence float8 DEFAULT 0.95,
    conf_type text DEFAULT 'log-log'
) RETURNS TABLE (
        members bigint,
        events bigint,
        median float8,
        median_low float8,
        median_high float8,
        restricted_mean float8,
        restricted_mean_low float8,
        restricted_mean_high float8,
        up_to float8
    )
    AS 'MODULE_PATHNAME', 'survival_summary_of_data_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 1;
COMMENT ON FUNCTION survival_summary(survival_data, float8, float8, text) IS
    'one row: members, events, the time by which half have left, and the mean time up to tau (by default the longest duration), with their intervals';
CREATE FUNCTION survival_summary(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT 1,
    as_of date DEFAULT NULL,
    tau float8 DEFAULT NULL,
    confidence float8 DEFAULT 0.95,
    conf_type text DEFAULT 'log-log'
) RETURNS TABLE (
        members bigint,
        events bigint,
        median float8,
        median_low float8,
        median_high float8,
        restricted_mean float8,
        restricted_mean_low float8,
        restricted_mean_high float8,
        up_to float8
    )
    AS 'MODULE_PATHNAME', 'survival_summary_of_history_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1;
COMMENT ON FUNCTION survival_summary(history, text, integer, date, float8, float8, text) IS
    'one row about the time from the first event to the first lapse, in periods: members, events, median and mean up to tau, with their intervals';

CREATE FUNCTION survival_summary(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    tau float8 DEFAULT NULL,
    confidence float8 DEFAULT 0.95,
    conf_type text DEFAULT 'log-log'
) RETURNS TABLE (
        members bigint,
        events bigint,
        median float8,
        median_low float8,
        median_high float8,
        restricted_mean float8,
        restricted_mean_low float8,
        restricted_mean_high float8,
        up_to float8
    )
    AS 'MODULE_PATHNAME', 'survival_summary_of_memberships_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1;
COMMENT ON FUNCTION survival_summary(memberships, text, date, float8, float8, text) IS
    'one row about the time from first joining to first departing, in periods: members, events, median and mean up to tau, with their intervals';

CREATE FUNCTION hazard_rates(d survival_data, width float8 DEFAULT 1, confidence float8 DEFAULT 0.95)
    RETURNS TABLE (
        tenure float8,
        until float8,
        events bigint,
        exposure float8,
        rate float8,
        rate_low float8,
        rate_high float8
    )
    AS 'MODULE_PATHNAME', 'hazard_rates_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 50;
COMMENT ON FUNCTION hazard_rates(survival_data, float8, float8) IS
    'when do members leave: a row for every stretch of tenure of this width with members that left in it (events), the time that all spent in it (exposure), and events / exposure with an exact Poisson interval';

CREATE FUNCTION survival_at(d survival_data, tenure float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'survival_at_of_data_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION survival_at(survival_data, float8) IS
    'the share that stays longer than this; NULL beyond the longest duration, unless all have left by then';

-- sql/logrank.sql

-- Do groups leave alike? The log-rank test and its family.

CREATE TYPE logrank_data;
CREATE FUNCTION logrank_data_in(cstring) RETURNS logrank_data
    AS 'MODULE_PATHNAME', 'logrank_data_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION logrank_data_out(logrank_data) RETURNS cstring
    AS 'MODULE_PATHNAME', 'logrank_data_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION logrank_data_recv(internal) RETURNS logrank_data
    AS 'MODULE_PATHNAME', 'logrank_data_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION logrank_data_send(logrank_data) RETURNS bytea
    AS 'MODULE_PATHNAME', 'history_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE logrank_data (
    INPUT = logrank_data_in,
    OUTPUT = logrank_data_out,
    RECEIVE = logrank_data_recv,
    SEND = logrank_data_send,
    ALIGNMENT = int4,
    STORAGE = external
);
COMMENT ON TYPE logrank_data IS
    'how many members of which group and stratum had which duration, and left or were still there: made by logrank_agg, read by logrank and logrank_groups';
COMMENT ON FUNCTION logrank_data_in(cstring) IS 'I/O';
COMMENT ON FUNCTION logrank_data_out(logrank_data) IS 'I/O';
COMMENT ON FUNCTION logrank_data_recv(internal) IS 'I/O';
COMMENT ON FUNCTION logrank_data_send(logrank_data) IS 'I/O';

CREATE FUNCTION logrank_step(internal, float8, boolean, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'logrank_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION logrank_step(internal, float8, boolean, text, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'logrank_step_in_stratum_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION logrank_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'logrank_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION logrank_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'logrank_serialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION logrank_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'logrank_deserialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION logrank_final(internal) RETURNS logrank_data
    AS 'MODULE_PATHNAME', 'logrank_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION logrank_step(internal, float8, boolean, text) IS
    'transition function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION logrank_step(internal, float8, boolean, text, text) IS
    'transition function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION logrank_combine(internal, internal) IS
    'combine function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION logrank_serialize(internal) IS
    'serialisation function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION logrank_deserialize(bytea, internal) IS
    'deserialisation function of logrank_agg; not to be called by itself';
COMMENT ON FUNCTION logrank_final(internal) IS
    'final function of logrank_agg; not to be called by itself';

CREATE AGGREGATE logrank_agg(float8, boolean, text) (
    SFUNC = logrank_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = logrank_final,
    COMBINEFUNC = logrank_combine,
    SERIALFUNC = logrank_serialize,
    DESERIALFUNC = logrank_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE logrank_agg(float8, boolean, text) IS
    'for a test whether groups leave alike: duration, whether the member left then (true) or was still there when last seen (false), group; rows without one of them do not count';
CREATE AGGREGATE logrank_agg(float8, boolean, text, text) (
    SFUNC = logrank_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = logrank_final,
    COMBINEFUNC = logrank_combine,
    SERIALFUNC = logrank_serialize,
    DESERIALFUNC = logrank_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE logrank_agg(float8, boolean, text, text) IS
    'for a test whether groups leave alike: duration, whether the member left then, group, and the stratum within which groups are compared (NULL is one of its own)';

CREATE FUNCTION logrank(d logrank_data, rho float8 DEFAULT 0)
    RETURNS TABLE (chi_square float8, df integer, p_value float8)
    AS 'MODULE_PATHNAME', 'logrank_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 1;
COMMENT ON FUNCTION logrank(logrank_data, float8) IS
    'one row: the test whether groups leave alike, with its p-value; rho 0 is the log-rank test, rho 1 Peto and Peto''s, for early differences';
CREATE FUNCTION logrank_groups(d logrank_data, rho float8 DEFAULT 0)
    RETURNS TABLE (grp text, members bigint, observed float8, expected float8, variance float8)
    AS 'MODULE_PATHNAME', 'logrank_groups_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 5;
COMMENT ON FUNCTION logrank_groups(logrank_data, float8) IS
    'what the test compares: a row a group with its members, how many left (observed), how many would have if all groups did alike (expected), and the variance of the difference';

-- sql/cox.sql

-- Cox regression: what makes members leave earlier or later.

CREATE TYPE cox_model;
CREATE FUNCTION cox_model_in(cstring) RETURNS cox_model
    AS 'MODULE_PATHNAME', 'cox_model_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cox_model_out(cox_model) RETURNS cstring
    AS 'MODULE_PATHNAME', 'cox_model_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cox_model_recv(internal) RETURNS cox_model
    AS 'MODULE_PATHNAME', 'cox_model_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION cox_model_send(cox_model) RETURNS bytea
    AS 'MODULE_PATHNAME', 'history_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE cox_model (
    INPUT = cox_model_in,
    OUTPUT = cox_model_out,
    RECEIVE = cox_model_recv,
    SEND = cox_model_send,
    ALIGNMENT = int4,
    STORAGE = external
);
COMMENT ON TYPE cox_model IS
    'a fitted Cox regression: made by cox_fit_agg, read by cox_coefficients, cox_tests, cox_summary and survival_at; its text is JSON';
COMMENT ON FUNCTION cox_model_in(cstring) IS 'I/O';
COMMENT ON FUNCTION cox_model_out(cox_model) IS 'I/O';
COMMENT ON FUNCTION cox_model_recv(internal) IS 'I/O';
COMMENT ON FUNCTION cox_model_send(cox_model) IS 'I/O';

CREATE FUNCTION cox_step(internal, float8, boolean, float8[]) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION cox_step(internal, float8, boolean, float8[], float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'cox_step_from_entry_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION cox_final(internal) RETURNS cox_model
    AS 'MODULE_PATHNAME', 'cox_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cox_step(internal, float8, boolean, float8[]) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION cox_step(internal, float8, boolean, float8[], float8) IS
    'transition function of cox_fit_agg; not to be called by itself';
COMMENT ON FUNCTION cox_final(internal) IS
    'final function of cox_fit_agg; not to be called by itself';

-- No combine function: a fit needs every row, and sending them all to the leader gains nothing.
CREATE AGGREGATE cox_fit_agg(float8, boolean, float8[]) (
    SFUNC = cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, float8[]) IS
    'fits a Cox regression: duration, whether the member left then (true) or was still there when last seen (false), and the covariates, in the same order in every row; rows where one of them is NULL do not count';
CREATE AGGREGATE cox_fit_agg(float8, boolean, float8[], float8) (
    SFUNC = cox_step,
    STYPE = internal,
    SSPACE = 8192,
    FINALFUNC = cox_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE cox_fit_agg(float8, boolean, float8[], float8) IS
    'fits a Cox regression: duration, whether the member left then, the covariates, and the time of entry of members that were already there when they were first seen (left truncation); NULL: seen from the beginning';

CREATE FUNCTION cox_coefficients(fitted cox_model, names text[] DEFAULT NULL, confidence float8 DEFAULT 0.95)
    RETURNS TABLE (
        covariate text,
        coefficient float8,
        std_error float8,
        hazard_ratio float8,
        hazard_ratio_low float8,
        hazard_ratio_high float8,
        z float8,
        p_value float8
    )
    AS 'MODULE_PATHNAME', 'cox_coefficients_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 5;
COMMENT ON FUNCTION cox_coefficients(cox_model, text[], float8) IS
    'a row a covariate: what one more of it multiplies the hazard of leaving by (hazard_ratio) with its interval, the logarithm of that, its standard error, and the probability of such a coefficient if the covariate does not matter';
CREATE FUNCTION cox_tests(fitted cox_model)
    RETURNS TABLE (test text, statistic float8, df integer, p_value float8)
    AS 'MODULE_PATHNAME', 'cox_tests_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 3;
COMMENT ON FUNCTION cox_tests(cox_model) IS
    'the likelihood-ratio, Wald and score tests of the whole model: do the covariates together matter?';
CREATE FUNCTION cox_summary(fitted cox_model)
    RETURNS TABLE (
        members bigint,
        events bigint,
        covariates integer,
        log_likelihood_null float8,
        log_likelihood float8,
        aic float8,
        concordance float8
    )
    AS 'MODULE_PATHNAME', 'cox_summary_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 1;
COMMENT ON FUNCTION cox_summary(cox_model) IS
    'one row: members that the model was fitted to, how many of them left, its log-likelihood with and without covariates, and how well it tells who leaves first (concordance: 0.5 is chance, 1 is always)';

CREATE FUNCTION survival_at(fitted cox_model, covariates float8[], tenure float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'survival_at_of_model_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION survival_at(cox_model, float8[], float8) IS
    'the share of members with these covariates that stays longer than this; NULL beyond the longest duration of the fit';

-- sql/rfm.sql

-- Recency, frequency and monetary value: members with their scores and segments.

CREATE FUNCTION rfm(
    h history,
    as_of date DEFAULT NULL,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    cuts jsonb DEFAULT NULL,
    map text DEFAULT 'rf10',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    member text, recency integer, frequency bigint, monetary numeric,
    r integer, f integer, m integer, score text, segment text
)
    AS 'MODULE_PATHNAME', 'rfm_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
CREATE FUNCTION rfm(
    h history,
    id bigint,
    as_of date DEFAULT NULL,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    cuts jsonb DEFAULT NULL,
    map text DEFAULT 'rf10',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    member bigint, recency integer, frequency bigint, monetary numeric,
    r integer, f integer, m integer, score text, segment text
)
    AS 'MODULE_PATHNAME', 'rfm_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
CREATE FUNCTION rfm(
    h history,
    id uuid,
    as_of date DEFAULT NULL,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    cuts jsonb DEFAULT NULL,
    map text DEFAULT 'rf10',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    member uuid, recency integer, frequency bigint, monetary numeric,
    r integer, f integer, m integer, score text, segment text
)
    AS 'MODULE_PATHNAME', 'rfm_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION rfm(history, date, integer, text, jsonb, text, boolean, text) IS
    'a row per member: days since the last event, number of events and sum of amounts as of a day, their scores from 1 (worst) to bins (best), and the segment that the map names';
COMMENT ON FUNCTION rfm(history, bigint, date, integer, text, jsonb, text, boolean, text) IS
    'RFM scores and segments, with members as bigint: rfm(h, id => NULL::bigint)';
COMMENT ON FUNCTION rfm(history, uuid, date, integer, text, jsonb, text, boolean, text) IS
    'RFM scores and segments, with members as uuid: rfm(h, id => NULL::uuid)';

CREATE FUNCTION rfm_cuts(
    h history,
    as_of date DEFAULT NULL,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total',
    cuts jsonb DEFAULT NULL
) RETURNS TABLE (
    measure text,
    score integer,
    above float8,
    up_to float8,
    lowest float8,
    highest float8,
    members bigint
)
    AS 'MODULE_PATHNAME', 'rfm_cuts_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 15;
COMMENT ON FUNCTION rfm_cuts(history, date, integer, text, boolean, text, jsonb) IS
    'what the scores of rfm mean: for each measure and score the cut points that it lies between, the lowest and highest value found there, and the number of members';

CREATE FUNCTION rfm_cuts_json(
    h history,
    as_of date DEFAULT NULL,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'rfm_cuts_json_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION rfm_cuts_json(history, date, integer, text, boolean, text) IS
    'the cut points of rfm as jsonb, to keep and to score other days or members with: rfm(h, method => ''fixed'', cuts => ...)';

CREATE FUNCTION rfm_segments(
    h history,
    as_of date DEFAULT NULL,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    cuts jsonb DEFAULT NULL,
    map text DEFAULT 'rf10',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    segment text,
    members bigint,
    share float8,
    recency_mean float8,
    recency_median float8,
    frequency_mean float8,
    frequency_median float8,
    monetary_mean numeric,
    monetary_median numeric,
    revenue numeric,
    revenue_share float8
)
    AS 'MODULE_PATHNAME', 'rfm_segments_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION rfm_segments(history, date, integer, text, jsonb, text, boolean, text) IS
    'a row per segment of the map: its members and their share, mean and median recency, frequency and monetary value, and its revenue';

CREATE FUNCTION rfm_migration(
    h history,
    from_date date,
    to_date date,
    bins integer DEFAULT 5,
    method text DEFAULT 'quantile',
    cuts jsonb DEFAULT NULL,
    map text DEFAULT 'rf10',
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total',
    own_cuts boolean DEFAULT false
) RETURNS TABLE (
    from_segment text,
    to_segment text,
    members bigint,
    share float8,
    from_revenue numeric,
    to_revenue numeric
)
    AS 'MODULE_PATHNAME', 'rfm_migration_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION rfm_migration(history, date, date, integer, text, jsonb, text, boolean, text, boolean) IS
    'how many members were in which segment at the first day and are in which at the second, both scored with the first day''s cut points unless own_cuts; from_segment NULL: no member yet';

-- sql/rfm_maps.sql

-- Segment maps: names for regions of RFM scores.

CREATE FUNCTION segment_maps() RETURNS TABLE (
    map text,
    rule integer,
    segment text,
    r text,
    f text,
    m text,
    fm text,
    chinese text
)
    AS 'MODULE_PATHNAME', 'segment_maps_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 40;
COMMENT ON FUNCTION segment_maps() IS
    'the rules of the built-in segment maps; the first one that holds wins; NULL: any score; fm is the mean of f and m';

CREATE FUNCTION check_segment_map(map jsonb, bins integer DEFAULT 5) RETURNS TABLE (
    r integer,
    f integer,
    m integer,
    problem text,
    segments text
)
    AS 'MODULE_PATHNAME', 'check_segment_map_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION check_segment_map(jsonb, integer) IS
    'the scores that a segment map of your own leaves out (hole) or gives to several segments (overlap: the first one listed gets it); no rows: every score has exactly one';

-- sql/rfm_values.sql

-- Cut points and scores for tables that have a row per member already. Whole numbers and numeric are cast to float8.

CREATE FUNCTION rfm_cuts_step(internal, float8, float8, float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'rfm_cuts_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION rfm_cuts_step(internal, float8, float8, float8, integer) RETURNS internal
    AS 'MODULE_PATHNAME', 'rfm_cuts_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION rfm_cuts_step(internal, float8, float8, float8, integer, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'rfm_cuts_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION rfm_cuts_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'rfm_cuts_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION rfm_cuts_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'rfm_cuts_serialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rfm_cuts_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'rfm_cuts_deserialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION rfm_cuts_final(internal) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'rfm_cuts_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE rfm_cuts_agg(recency float8, frequency float8, monetary float8) (
    SFUNC = rfm_cuts_step, STYPE = internal, COMBINEFUNC = rfm_cuts_combine,
    SERIALFUNC = rfm_cuts_serialize, DESERIALFUNC = rfm_cuts_deserialize, FINALFUNC = rfm_cuts_final,
    PARALLEL = SAFE
);
CREATE AGGREGATE rfm_cuts_agg(recency float8, frequency float8, monetary float8, bins integer) (
    SFUNC = rfm_cuts_step, STYPE = internal, COMBINEFUNC = rfm_cuts_combine,
    SERIALFUNC = rfm_cuts_serialize, DESERIALFUNC = rfm_cuts_deserialize, FINALFUNC = rfm_cuts_final,
    PARALLEL = SAFE
);
CREATE AGGREGATE rfm_cuts_agg(recency float8, frequency float8, monetary float8, bins integer, method text) (
    SFUNC = rfm_cuts_step, STYPE = internal, COMBINEFUNC = rfm_cuts_combine,
    SERIALFUNC = rfm_cuts_serialize, DESERIALFUNC = rfm_cuts_deserialize, FINALFUNC = rfm_cuts_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rfm_cuts_agg(float8, float8, float8) IS
    'the cut points of RFM scores as jsonb, of a table with a row per member: rfm_cuts_agg(recency, frequency, monetary, bins, method)';
COMMENT ON AGGREGATE rfm_cuts_agg(float8, float8, float8, integer) IS
    'the cut points of RFM scores as jsonb, of a table with a row per member: rfm_cuts_agg(recency, frequency, monetary, bins, method)';
COMMENT ON AGGREGATE rfm_cuts_agg(float8, float8, float8, integer, text) IS
    'the cut points of RFM scores as jsonb, of a table with a row per member: rfm_cuts_agg(recency, frequency, monetary, bins, method)';

CREATE FUNCTION rfm_score(cuts jsonb, recency float8, frequency float8, monetary float8 DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'rfm_score_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION rfm_score(jsonb, float8, float8, float8) IS
    'the score of one member, such as 543, with cut points of rfm_cuts_json or rfm_cuts_agg; NULL if a value is missing';

-- sql/rfm_clusters.sql

-- Clusters of members by recency, frequency and monetary value, without cut points.

CREATE FUNCTION rfm_clusters(
    h history,
    k integer DEFAULT NULL,
    seed bigint DEFAULT 1,
    as_of date DEFAULT NULL,
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    cluster integer,
    members bigint,
    share float8,
    recency float8,
    frequency float8,
    monetary float8,
    revenue numeric,
    silhouette float8
)
    AS 'MODULE_PATHNAME', 'rfm_clusters_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION rfm_clusters(history, integer, bigint, date, boolean, text) IS
    'k clusters of members that are alike in recency, frequency and monetary value (k-means on standardised logarithms, the same for the same seed), with their centres and how well they are told apart (silhouette); k NULL: the best of 2 to 10';

CREATE FUNCTION rfm_cluster_members(
    h history,
    k integer DEFAULT NULL,
    seed bigint DEFAULT 1,
    as_of date DEFAULT NULL,
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    member text, recency integer, frequency bigint, monetary numeric, cluster integer, silhouette float8
)
    AS 'MODULE_PATHNAME', 'rfm_cluster_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 100000;
CREATE FUNCTION rfm_cluster_members(
    h history,
    id bigint,
    k integer DEFAULT NULL,
    seed bigint DEFAULT 1,
    as_of date DEFAULT NULL,
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    member bigint, recency integer, frequency bigint, monetary numeric, cluster integer, silhouette float8
)
    AS 'MODULE_PATHNAME', 'rfm_cluster_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 100000;
CREATE FUNCTION rfm_cluster_members(
    h history,
    id uuid,
    k integer DEFAULT NULL,
    seed bigint DEFAULT 1,
    as_of date DEFAULT NULL,
    distinct_days boolean DEFAULT false,
    monetary text DEFAULT 'total'
) RETURNS TABLE (
    member uuid, recency integer, frequency bigint, monetary numeric, cluster integer, silhouette float8
)
    AS 'MODULE_PATHNAME', 'rfm_cluster_members_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 100000;
COMMENT ON FUNCTION rfm_cluster_members(history, integer, bigint, date, boolean, text) IS
    'a row per member with its cluster of rfm_clusters, for the same arguments';
COMMENT ON FUNCTION rfm_cluster_members(history, bigint, integer, bigint, date, boolean, text) IS
    'members of clusters, with members as bigint: rfm_cluster_members(h, id => NULL::bigint)';
COMMENT ON FUNCTION rfm_cluster_members(history, uuid, integer, bigint, date, boolean, text) IS
    'members of clusters, with members as uuid: rfm_cluster_members(h, id => NULL::uuid)';

-- sql/repurchase.sql

-- How many go on to the next purchase, and after how long.

CREATE FUNCTION repurchase(
    h history,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95,
    distinct_days boolean DEFAULT false,
    within integer DEFAULT NULL,
    up_to integer DEFAULT 100
) RETURNS TABLE (
    purchase_number integer,
    members bigint,
    rate float8,
    rate_low float8,
    rate_high float8,
    gap_p25 integer,
    gap_median integer,
    gap_p75 integer
)
    AS 'MODULE_PATHNAME', 'repurchase_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION repurchase(history, date, float8, boolean, integer, integer) IS
    'for each purchase number the members who made it, the share that goes on to the next one with its interval, and the days after which a quarter, half and three quarters have; estimated by Kaplan-Meier, since who has not come back yet may still do so; NULL where nobody was watched for so long';

-- sql/tiers.sql

-- Tiers: membership levels by what a member spent, or how often it came, in a trailing window.

CREATE FUNCTION tiers(h history, rules jsonb, as_of date DEFAULT NULL) RETURNS TABLE (
    member text, tier text, value numeric, grace_until date, next_tier text, missing numeric
)
    AS 'MODULE_PATHNAME', 'tiers_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
CREATE FUNCTION tiers(h history, id bigint, rules jsonb, as_of date DEFAULT NULL) RETURNS TABLE (
    member bigint, tier text, value numeric, grace_until date, next_tier text, missing numeric
)
    AS 'MODULE_PATHNAME', 'tiers_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
CREATE FUNCTION tiers(h history, id uuid, rules jsonb, as_of date DEFAULT NULL) RETURNS TABLE (
    member uuid, tier text, value numeric, grace_until date, next_tier text, missing numeric
)
    AS 'MODULE_PATHNAME', 'tiers_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100000;
COMMENT ON FUNCTION tiers(history, jsonb, date) IS
    'a row per member: its tier by rules of your own (thresholds of amount, events or days over a trailing window, with a grace period), what it has in the window, and what is missing for the next tier';
COMMENT ON FUNCTION tiers(history, bigint, jsonb, date) IS
    'tiers, with members as bigint: tiers(h, id => NULL::bigint, rules => ...)';
COMMENT ON FUNCTION tiers(history, uuid, jsonb, date) IS
    'tiers, with members as uuid: tiers(h, id => NULL::uuid, rules => ...)';

CREATE FUNCTION tier_migration(h history, rules jsonb, from_date date, to_date date) RETURNS TABLE (
    from_tier text,
    to_tier text,
    is_new boolean,
    members bigint
)
    AS 'MODULE_PATHNAME', 'tier_migration_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION tier_migration(history, jsonb, date, date) IS
    'how many members had which tier at the first day and have which at the second; NULL: below the lowest; is_new: no event by the first day';

-- sql/clv.sql

-- Customer lifetime value: the type of a fitted model, fitting one and asking it.

CREATE TYPE clv_model;

CREATE FUNCTION clv_model_in(cstring) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_model_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION clv_model_out(clv_model) RETURNS cstring
    AS 'MODULE_PATHNAME', 'clv_model_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION clv_model_recv(internal) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_model_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION clv_model_send(clv_model) RETURNS bytea
    AS 'MODULE_PATHNAME', 'clv_model_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE clv_model (
    INPUT = clv_model_in,
    OUTPUT = clv_model_out,
    RECEIVE = clv_model_recv,
    SEND = clv_model_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = extended
);
CREATE CAST (clv_model AS jsonb) WITH INOUT;
CREATE CAST (clv_model AS json) WITH INOUT;
CREATE CAST (jsonb AS clv_model) WITH INOUT;
CREATE CAST (json AS clv_model) WITH INOUT;

COMMENT ON TYPE clv_model IS
    'a fitted model of customers as JSON: model, parameters, covariance, log_likelihood, customers, unit, as_of, spend …; made by clv_fit, read by clv, p_alive …; cast it to jsonb to look inside';
COMMENT ON FUNCTION clv_model_in(cstring) IS 'text input: JSON, checked';
COMMENT ON FUNCTION clv_model_out(clv_model) IS 'text output: JSON';
COMMENT ON FUNCTION clv_model_recv(internal) IS 'binary input';
COMMENT ON FUNCTION clv_model_send(clv_model) IS 'binary output';

-- What is known of every member.

CREATE FUNCTION btyd(h history, unit text DEFAULT 'week', as_of date DEFAULT NULL)
    RETURNS TABLE (member text, x bigint, t_x float8, age float8, litt float8, spend float8)
    AS 'MODULE_PATHNAME', 'btyd_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 10000;
CREATE FUNCTION btyd(h history, id bigint, unit text DEFAULT 'week', as_of date DEFAULT NULL)
    RETURNS TABLE (member bigint, x bigint, t_x float8, age float8, litt float8, spend float8)
    AS 'MODULE_PATHNAME', 'btyd_with_id_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 10000;
CREATE FUNCTION btyd(h history, id uuid, unit text DEFAULT 'week', as_of date DEFAULT NULL)
    RETURNS TABLE (member uuid, x bigint, t_x float8, age float8, litt float8, spend float8)
    AS 'MODULE_PATHNAME', 'btyd_with_id_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 10000;
COMMENT ON FUNCTION btyd(history, text, date) IS
    'the statistics of buy-till-you-die models: repeat purchase days x, time from the first to the last purchase t_x, time since the first purchase age, sum of ln(times between purchases) litt, mean value of the repeat purchase days spend';
COMMENT ON FUNCTION btyd(history, bigint, text, date) IS
    'the statistics of buy-till-you-die models, with members as bigint: btyd(h, id => NULL::bigint)';
COMMENT ON FUNCTION btyd(history, uuid, text, date) IS
    'the statistics of buy-till-you-die models, with members as uuid: btyd(h, id => NULL::uuid)';

-- Fitting.

CREATE FUNCTION clv_fit(
    h history,
    model text DEFAULT 'bg/nbd',
    unit text DEFAULT 'week',
    as_of date DEFAULT NULL
) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_fit_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION clv_fit(history, text, text, date) IS
    'fits a model of how often and how long members buy (nbd, bg/nbd, mbg/nbd, bg/cnbd-k, mbg/cnbd-k, pareto/nbd, ggompertz/nbd, or auto for the best of them by BIC), and Gamma-Gamma of how much they spend where the history has amounts';

CREATE FUNCTION clv_fit(
    m memberships,
    model text DEFAULT 'sbg',
    period text DEFAULT 'month',
    as_of date DEFAULT NULL
) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_fit_of_memberships_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION clv_fit(memberships, text, text, date) IS
    'fits a model of contracts (sbg, or bdw) to how many periods members stayed until they first departed; who is still in at as_of counts for the periods so far';

CREATE FUNCTION clv_fit_step(internal, float8, float8, float8, float8, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_fit_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION clv_fit_step(internal, float8, float8, float8, float8, float8, float8[], text, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_fit_full_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION clv_fit_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_fit_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION clv_fit_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'clv_fit_serialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION clv_fit_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_fit_deserialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION clv_fit_final(internal) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_fit_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION clv_fit_step(internal, float8, float8, float8, float8, text) IS 'part of clv_fit_agg';
COMMENT ON FUNCTION clv_fit_step(internal, float8, float8, float8, float8, float8, float8[], text, text) IS
    'part of clv_fit_agg';
COMMENT ON FUNCTION clv_fit_combine(internal, internal) IS 'part of clv_fit_agg';
COMMENT ON FUNCTION clv_fit_serialize(internal) IS 'part of clv_fit_agg';
COMMENT ON FUNCTION clv_fit_deserialize(bytea, internal) IS 'part of clv_fit_agg';
COMMENT ON FUNCTION clv_fit_final(internal) IS 'part of clv_fit_agg';

CREATE AGGREGATE clv_fit_agg(x float8, t_x float8, age float8, spend float8, model text) (
    SFUNC = clv_fit_step,
    STYPE = internal,
    COMBINEFUNC = clv_fit_combine,
    SERIALFUNC = clv_fit_serialize,
    DESERIALFUNC = clv_fit_deserialize,
    FINALFUNC = clv_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
CREATE AGGREGATE clv_fit_agg(
    x float8, t_x float8, age float8, litt float8, spend float8, covariates float8[], unit text, model text
) (
    SFUNC = clv_fit_step,
    STYPE = internal,
    COMBINEFUNC = clv_fit_combine,
    SERIALFUNC = clv_fit_serialize,
    DESERIALFUNC = clv_fit_deserialize,
    FINALFUNC = clv_fit_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE clv_fit_agg(float8, float8, float8, float8, text) IS
    'fits a model to a table with a row for every customer: repeat purchases x, time from the first to the last t_x, time since the first age (weeks), mean value of the repeat purchases spend (or NULL), and the name of the model';
COMMENT ON AGGREGATE clv_fit_agg(float8, float8, float8, float8, float8, float8[], text, text) IS
    'fits a model to a table with a row for every customer, with the sum of ln(times between purchases) litt, which models with a k need, the covariates of the customers for bg/nbd and pareto/nbd (or NULL), and the unit of the times';

CREATE FUNCTION clv_survivors_step(internal, bigint, float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_survivors_default_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION clv_survivors_step(internal, bigint, float8, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_survivors_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION clv_survivors_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_survivors_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION clv_survivors_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'clv_survivors_serialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION clv_survivors_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'clv_survivors_deserialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION clv_survivors_final(internal) RETURNS clv_model
    AS 'MODULE_PATHNAME', 'clv_survivors_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION clv_survivors_step(internal, bigint, float8) IS 'part of clv_fit_survivors_agg';
COMMENT ON FUNCTION clv_survivors_step(internal, bigint, float8, text) IS 'part of clv_fit_survivors_agg';
COMMENT ON FUNCTION clv_survivors_combine(internal, internal) IS 'part of clv_fit_survivors_agg';
COMMENT ON FUNCTION clv_survivors_serialize(internal) IS 'part of clv_fit_survivors_agg';
COMMENT ON FUNCTION clv_survivors_deserialize(bytea, internal) IS 'part of clv_fit_survivors_agg';
COMMENT ON FUNCTION clv_survivors_final(internal) IS 'part of clv_fit_survivors_agg';

CREATE AGGREGATE clv_fit_survivors_agg(period bigint, survivors float8) (
    SFUNC = clv_survivors_step,
    STYPE = internal,
    COMBINEFUNC = clv_survivors_combine,
    SERIALFUNC = clv_survivors_serialize,
    DESERIALFUNC = clv_survivors_deserialize,
    FINALFUNC = clv_survivors_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
CREATE AGGREGATE clv_fit_survivors_agg(period bigint, survivors float8, model text) (
    SFUNC = clv_survivors_step,
    STYPE = internal,
    COMBINEFUNC = clv_survivors_combine,
    SERIALFUNC = clv_survivors_serialize,
    DESERIALFUNC = clv_survivors_deserialize,
    FINALFUNC = clv_survivors_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE clv_fit_survivors_agg(bigint, float8) IS
    'fits the shifted-beta-geometric model of contracts to a table of the members (or percent) that are left after period 0, 1, 2 …';
COMMENT ON AGGREGATE clv_fit_survivors_agg(bigint, float8, text) IS
    'fits a model of contracts, sbg or bdw, to a table of the members (or percent) that are left after period 0, 1, 2 …';

-- Is a model to be believed?

CREATE FUNCTION clv_diagnostics(fitted clv_model, confidence float8 DEFAULT 0.95)
    RETURNS TABLE (name text, value float8, low float8, high float8, remark text)
    AS 'MODULE_PATHNAME', 'clv_diagnostics_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION clv_diagnostics(clv_model, float8) IS
    'what to look at before a model is believed: did it converge, estimates with intervals, estimates that depend on each other, whether spend depends on frequency, and the BIC of every candidate of auto';

CREATE FUNCTION clv_backtest(
    h history,
    model text DEFAULT 'bg/nbd',
    calibrate_until date DEFAULT NULL,
    unit text DEFAULT 'week',
    as_of date DEFAULT NULL
) RETURNS TABLE (measure text, at bigint, members bigint, actual float8, expected float8, value float8)
    AS 'MODULE_PATHNAME', 'clv_backtest_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100000 ROWS 100;
COMMENT ON FUNCTION clv_backtest(history, text, date, text, date) IS
    'fits the model to what happened up to calibrate_until and compares what it expected with what then happened: cumulative repeat purchases by unit of time, mean purchases of the holdout by purchases before, the total, mae, rmse, bias, and the rank correlation';

-- What is expected of every member.

CREATE FUNCTION clv(
    h history,
    fitted clv_model,
    horizon interval,
    discount float8 DEFAULT 0,
    margin float8 DEFAULT 1.0,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    member text,
    x bigint,
    t_x float8,
    age float8,
    spend float8,
    p_alive float8,
    p_alive_low float8,
    p_alive_high float8,
    expected_purchases float8,
    expected_low float8,
    expected_high float8,
    purchases_low bigint,
    purchases_high bigint,
    expected_spend float8,
    clv float8,
    clv_low float8,
    clv_high float8
)
    AS 'MODULE_PATHNAME', 'clv_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 10000;
CREATE FUNCTION clv(
    h history,
    id bigint,
    fitted clv_model,
    horizon interval,
    discount float8 DEFAULT 0,
    margin float8 DEFAULT 1.0,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    member bigint,
    x bigint,
    t_x float8,
    age float8,
    spend float8,
    p_alive float8,
    p_alive_low float8,
    p_alive_high float8,
    expected_purchases float8,
    expected_low float8,
    expected_high float8,
    purchases_low bigint,
    purchases_high bigint,
    expected_spend float8,
    clv float8,
    clv_low float8,
    clv_high float8
)
    AS 'MODULE_PATHNAME', 'clv_with_id_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 10000;
CREATE FUNCTION clv(
    h history,
    id uuid,
    fitted clv_model,
    horizon interval,
    discount float8 DEFAULT 0,
    margin float8 DEFAULT 1.0,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
    member uuid,
    x bigint,
    t_x float8,
    age float8,
    spend float8,
    p_alive float8,
    p_alive_low float8,
    p_alive_high float8,
    expected_purchases float8,
    expected_low float8,
    expected_high float8,
    purchases_low bigint,
    purchases_high bigint,
    expected_spend float8,
    clv float8,
    clv_low float8,
    clv_high float8
)
    AS 'MODULE_PATHNAME', 'clv_with_id_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION clv(history, clv_model, interval, float8, float8, date, float8) IS
    'for every member: probability of being alive, expected purchases and value within the horizon (NULL: the rest of the lifetime, which needs a discount), with intervals; purchases_low and purchases_high bound the purchases themselves';
COMMENT ON FUNCTION clv(history, bigint, clv_model, interval, float8, float8, date, float8) IS
    'lifetime value, with members as bigint: clv(h, id => NULL::bigint, fitted => …, horizon => …)';
COMMENT ON FUNCTION clv(history, uuid, clv_model, interval, float8, float8, date, float8) IS
    'lifetime value, with members as uuid: clv(h, id => NULL::uuid, fitted => …, horizon => …)';

-- For tables that are summarised already: the columns of clv, and single numbers.

CREATE FUNCTION clv_score(
    fitted clv_model,
    x float8,
    t_x float8,
    age float8,
    spend float8 DEFAULT NULL,
    horizon interval DEFAULT NULL,
    discount float8 DEFAULT 0,
    margin float8 DEFAULT 1.0,
    confidence float8 DEFAULT 0.95,
    covariates float8[] DEFAULT NULL
) RETURNS TABLE (
    p_alive float8,
    p_alive_low float8,
    p_alive_high float8,
    expected_purchases float8,
    expected_low float8,
    expected_high float8,
    purchases_low bigint,
    purchases_high bigint,
    expected_spend float8,
    clv float8,
    clv_low float8,
    clv_high float8
)
    AS 'MODULE_PATHNAME', 'clv_score_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 1;
COMMENT ON FUNCTION clv_score(clv_model, float8, float8, float8, float8, interval, float8, float8, float8, float8[]) IS
    'what clv says of a member, with its intervals, of one customer of whom x, t_x, age and spend are known, and the covariates where the model has some: one row, to be taken with LATERAL';

CREATE FUNCTION p_alive(fitted clv_model, x float8, t_x float8, age float8, ahead interval DEFAULT NULL, covariates float8[] DEFAULT NULL)
    RETURNS float8
    AS 'MODULE_PATHNAME', 'p_alive_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION p_alive(clv_model, float8, float8, float8, interval, float8[]) IS
    'the probability that a customer with x repeat purchases, the last at t_x, is still a customer at its age, or an interval later';

CREATE FUNCTION expected_purchases(
    fitted clv_model, x float8, t_x float8, age float8, horizon interval, covariates float8[] DEFAULT NULL
) RETURNS float8
    AS 'MODULE_PATHNAME', 'expected_purchases_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION expected_purchases(clv_model, float8, float8, float8, interval, float8[]) IS
    'expected purchases within the horizon by a customer with x repeat purchases, the last at t_x, the first an age ago';
CREATE FUNCTION expected_purchases(fitted clv_model, horizon interval, covariates float8[] DEFAULT NULL) RETURNS float8
    AS 'MODULE_PATHNAME', 'expected_purchases_new_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION expected_purchases(clv_model, interval, float8[]) IS
    'expected repeat purchases of a new customer within the horizon after the first purchase';

CREATE FUNCTION purchases_distribution(
    fitted clv_model, x float8, t_x float8, age float8, horizon interval, n bigint, covariates float8[] DEFAULT NULL
) RETURNS float8
    AS 'MODULE_PATHNAME', 'purchases_distribution_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 200;
COMMENT ON FUNCTION purchases_distribution(clv_model, float8, float8, float8, interval, bigint, float8[]) IS
    'the probability of exactly n purchases within the horizon by a customer with x repeat purchases, the last at t_x, the first an age ago';
CREATE FUNCTION purchases_distribution(fitted clv_model, horizon interval, n bigint, covariates float8[] DEFAULT NULL)
    RETURNS float8
    AS 'MODULE_PATHNAME', 'purchases_distribution_new_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 200;
COMMENT ON FUNCTION purchases_distribution(clv_model, interval, bigint, float8[]) IS
    'the probability of exactly n repeat purchases of a new customer within the horizon after the first purchase';

CREATE FUNCTION expected_spend(fitted clv_model, x float8, spend float8) RETURNS float8
    AS 'MODULE_PATHNAME', 'expected_spend_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION expected_spend(clv_model, float8, float8) IS
    'the expected value of the next purchase of a customer whose x repeat purchases had the mean value spend; with a NULL spend, of a customer of whom nothing is known';

CREATE FUNCTION clv_value(
    fitted clv_model, x float8, t_x float8, age float8, spend float8,
    horizon interval DEFAULT NULL, discount float8 DEFAULT 0, margin float8 DEFAULT 1.0,
    covariates float8[] DEFAULT NULL
) RETURNS float8
    AS 'MODULE_PATHNAME', 'clv_value_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv_value(clv_model, float8, float8, float8, float8, interval, float8, float8, float8[]) IS
    'the expected value of the purchases within the horizon, or of the rest of the lifetime (horizon NULL, which needs a discount): discounted at an effective rate per year, times the margin';
