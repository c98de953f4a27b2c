-- How long members stay: durations and whether they ended, or the first lapse of the members of a history.

CREATE FUNCTION retention_internal.survival_step(internal, float8, boolean) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.survival_step(internal, float8, boolean, float8) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.survival_merge(internal, survival_data) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_merge_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.survival_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.survival_serialize(internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'survival_serialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.survival_deserialize(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_deserialize_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION retention_internal.survival_final(internal) RETURNS survival_data
    AS 'MODULE_PATHNAME', 'survival_final_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.survival_step(internal, float8, boolean, float8, bigint) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION retention_internal.survival_step(internal, float8, boolean, float8, bigint, text) RETURNS internal
    AS 'MODULE_PATHNAME', 'survival_step_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION retention_internal.survival_step(internal, float8, boolean) IS
    'transition function of survival_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.survival_step(internal, float8, boolean, float8) IS
    'transition function of survival_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.survival_step(internal, float8, boolean, float8, bigint) IS
    'transition function of survival_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.survival_step(internal, float8, boolean, float8, bigint, text) IS
    'transition function of survival_agg; not to be called by itself';
COMMENT ON FUNCTION retention_internal.survival_merge(internal, survival_data) IS
    'transition function of rollup; not to be called by itself';
COMMENT ON FUNCTION retention_internal.survival_combine(internal, internal) IS
    'combine function of survival_agg and rollup; not to be called by itself';
COMMENT ON FUNCTION retention_internal.survival_serialize(internal) IS
    'serialisation function of survival_agg and rollup; not to be called by itself';
COMMENT ON FUNCTION retention_internal.survival_deserialize(bytea, internal) IS
    'deserialisation function of survival_agg and rollup; not to be called by itself';
COMMENT ON FUNCTION retention_internal.survival_final(internal) IS
    'final function of survival_agg and rollup; not to be called by itself';

CREATE AGGREGATE survival_agg(float8, boolean) (
    SFUNC = retention_internal.survival_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = retention_internal.survival_final,
    COMBINEFUNC = retention_internal.survival_combine,
    SERIALFUNC = retention_internal.survival_serialize,
    DESERIALFUNC = retention_internal.survival_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE survival_agg(float8, boolean) IS
    'how long members stayed: duration, and whether they left then (true) or were still there when last seen (false); rows without either do not count';
CREATE AGGREGATE survival_agg(float8, boolean, float8) (
    SFUNC = retention_internal.survival_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = retention_internal.survival_final,
    COMBINEFUNC = retention_internal.survival_combine,
    SERIALFUNC = retention_internal.survival_serialize,
    DESERIALFUNC = retention_internal.survival_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE survival_agg(float8, boolean, float8) IS
    'how long members stayed: duration, whether they left then, and the time of their entry, for members that were already there when they were first seen (left truncation); NULL: seen from the beginning';
CREATE AGGREGATE survival_agg(float8, boolean, float8, bigint) (
    SFUNC = retention_internal.survival_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = retention_internal.survival_final,
    COMBINEFUNC = retention_internal.survival_combine,
    SERIALFUNC = retention_internal.survival_serialize,
    DESERIALFUNC = retention_internal.survival_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE survival_agg(float8, boolean, float8, bigint) IS
    'how long members stayed: duration, whether they left then, entry (or NULL), and for how many members the row stands';
CREATE AGGREGATE survival_agg(float8, boolean, float8, bigint, text) (
    SFUNC = retention_internal.survival_step,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = retention_internal.survival_final,
    COMBINEFUNC = retention_internal.survival_combine,
    SERIALFUNC = retention_internal.survival_serialize,
    DESERIALFUNC = retention_internal.survival_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE survival_agg(float8, boolean, float8, bigint, text) IS
    'how long members stayed and why they left, for cumulative_incidence: duration, whether they left then, entry (or NULL), for how many members the row stands, and the cause; NULL: left for none that has a name; of those still there it does not matter';
CREATE AGGREGATE rollup(survival_data) (
    SFUNC = retention_internal.survival_merge,
    STYPE = internal,
    SSPACE = 2048,
    FINALFUNC = retention_internal.survival_final,
    COMBINEFUNC = retention_internal.survival_combine,
    SERIALFUNC = retention_internal.survival_serialize,
    DESERIALFUNC = retention_internal.survival_deserialize,
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
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
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
COMMENT ON FUNCTION survival(history, text, integer, text, date, float8, text) IS
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
    AS 'MODULE_PATHNAME', 'survival_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 50;
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
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
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
COMMENT ON FUNCTION survival_summary(history, text, integer, text, date, float8, float8, text) IS
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
    AS 'MODULE_PATHNAME', 'survival_summary_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 1;
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
    'the share that stays longer than this; NULL beyond the longest duration, unless all have left by then: a NOTICE says so';

CREATE FUNCTION cumulative_incidence(d survival_data, confidence float8 DEFAULT 0.95)
    RETURNS TABLE (
        cause text,
        tenure float8,
        at_risk bigint,
        events bigint,
        incidence float8,
        incidence_low float8,
        incidence_high float8
    )
    AS 'MODULE_PATHNAME', 'cumulative_incidence_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 ROWS 500;
COMMENT ON FUNCTION cumulative_incidence(survival_data, float8) IS
    'who leaves for which cause, and when: a row for every cause and duration with members at risk, those that left then for it (events), and the share that has left for it by then (Aalen-Johansen) with its interval; those who left for none come last';

-- The same, member by member.
CREATE FUNCTION tenures(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, tenure float8, churned boolean, first_day date, last_day date)
    AS 'MODULE_PATHNAME', 'tenures_of_history_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION tenures(history, text, integer, text, date) IS
    'what survival counts, a row a member: its tenure in periods, whether it has lapsed by then, the day of its first event and that of the last one before it lapsed';
CREATE FUNCTION tenures(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, tenure float8, churned boolean, first_day date, last_day date)
    AS 'MODULE_PATHNAME', 'tenures_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION tenures(memberships, text, date) IS
    'what survival counts, a row a member: its tenure in periods (NULL: its first one has not ended), whether it has departed by then, the first day in and the last one so far';

-- Who comes back.
CREATE FUNCTION winback(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
        tenure float8,
        at_risk bigint,
        returned bigint,
        censored bigint,
        rate float8,
        rate_low float8,
        rate_high float8
    )
    AS 'MODULE_PATHNAME', 'winback_of_history_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION winback(history, text, integer, text, date, float8) IS
    'who comes back after the first lapse, and how long it takes: a row for every number of periods since it with members still away and seen, those that returned then, those not seen longer, and the share that is back by then (Kaplan-Meier) with its interval';
CREATE FUNCTION winback(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL,
    confidence float8 DEFAULT 0.95
) RETURNS TABLE (
        tenure float8,
        at_risk bigint,
        returned bigint,
        censored bigint,
        rate float8,
        rate_low float8,
        rate_high float8
    )
    AS 'MODULE_PATHNAME', 'winback_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION winback(memberships, text, date, float8) IS
    'who joins again after the first departure, and how long it takes: a row for every number of periods since it, columns as for a history';
CREATE FUNCTION winback_members(
    h history,
    period text DEFAULT 'month',
    gap integer DEFAULT NULL,
    silence text DEFAULT NULL,
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, tenure float8, returned boolean, last_day date, lapsed_on date, returned_on date)
    AS 'MODULE_PATHNAME', 'winback_members_of_history_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION winback_members(history, text, integer, text, date) IS
    'what winback counts, a row for every member that has lapsed: periods since its first lapse until it returned, or was last seen not to have; the day of its last event before, the day at whose end it was out, and the day on which it came back';
CREATE FUNCTION winback_members(
    m memberships,
    period text DEFAULT 'month',
    as_of date DEFAULT NULL
) RETURNS TABLE (member text, tenure float8, returned boolean, last_day date, lapsed_on date, returned_on date)
    AS 'MODULE_PATHNAME', 'winback_members_of_memberships_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION winback_members(memberships, text, date) IS
    'what winback counts, a row for every member that has departed: periods since its first departure until it joined again, or was last seen not to have; the last day in, the first one out, and the day on which it joined again';
