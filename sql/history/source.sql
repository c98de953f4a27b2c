-- What history_of, membership_of and their relatives read from: a table, a view or a query, and its columns by their names.
-- The columns of a table are those of the query SELECT * FROM table. In the queries that are made of it, its rows are called source.
--
-- All of them run with the caller's rights and search_path, since a query of the caller's has to mean what it means to the caller.

-- PostgreSQL's own parser says whether a text is one SELECT. The text comes back without the semicolon after it: in brackets, with line
-- breaks inside them, it means what it means alone.
CREATE FUNCTION retention_internal.query_statement(query cstring) RETURNS cstring
    AS 'MODULE_PATHNAME', 'query_statement_wrapper' LANGUAGE c STABLE;
COMMENT ON FUNCTION retention_internal.query_statement(cstring) IS
    'the text of a query without a semicolon after it; an error if it is anything but one SELECT that writes and locks nothing';

CREATE FUNCTION retention_internal.query_columns(query cstring)
    RETURNS TABLE (name text, of_type bigint, base_type bigint, of_collation bigint)
    AS 'MODULE_PATHNAME', 'query_columns_wrapper' LANGUAGE c STABLE ROWS 20;
COMMENT ON FUNCTION retention_internal.query_columns(cstring) IS
    'the columns of a query: type, the type below domains, and collation, by their numbers';

-- The columns that a text names: 'country', 'country, segment', or as an array, '{country,segment}', which a name with a comma needs.
CREATE FUNCTION retention_internal.column_names(names text) RETURNS name[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN pg_catalog.ltrim(names) OPERATOR(pg_catalog.~~) '{%' THEN names::name[]
                ELSE (SELECT pg_catalog.array_agg(pg_catalog.btrim(part)::name ORDER BY place)
                      FROM pg_catalog.string_to_table(names, ',') WITH ORDINALITY AS t (part, place)) END;
END;
COMMENT ON FUNCTION retention_internal.column_names(text) IS 'the columns that an argument such as by names';

CREATE FUNCTION retention_internal.source_column(
    query text, whose text, name name,
    OUT of_type regtype, OUT base_type regtype, OUT is_enum boolean, OUT is_deterministic boolean
)
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    number bigint;
BEGIN
    SELECT INTO number, of_type, base_type, is_enum, is_deterministic
           pg_catalog.count(*) OVER (), c.of_type::pg_catalog.oid, c.base_type::pg_catalog.oid,
           EXISTS (SELECT FROM pg_catalog.pg_enum AS e WHERE e.enumtypid OPERATOR(pg_catalog.=) c.base_type::pg_catalog.oid),
           NOT EXISTS (SELECT FROM pg_catalog.pg_collation AS l
                       WHERE l.oid OPERATOR(pg_catalog.=) c.of_collation::pg_catalog.oid AND NOT l.collisdeterministic)
    FROM retention_internal.query_columns(query::pg_catalog.cstring) AS c
    WHERE c.name OPERATOR(pg_catalog.=) source_column.name::pg_catalog.text
    LIMIT 1;
    IF number IS NULL THEN
        RAISE EXCEPTION 'column "%" of % does not exist', name, whose
            USING ERRCODE = 'undefined_column',
                  HINT = (SELECT pg_catalog.format('Its columns: %s%s.%s',
                                     pg_catalog.string_agg(c.name, ', ' ORDER BY c.place) FILTER (WHERE c.place OPERATOR(pg_catalog.<=) 30),
                                     CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.>) 30 THEN ', ...' ELSE '' END,
                                     CASE WHEN source_column.name::pg_catalog.text OPERATOR(pg_catalog.~) '"' THEN ' Write it without quotes.'
                                          WHEN source_column.name::pg_catalog.text OPERATOR(pg_catalog.~) '[^[:alnum:]_$ ]'
                                          THEN ' An expression wants a view, or history_of_query.' ELSE '' END)
                          FROM retention_internal.query_columns(query::pg_catalog.cstring) WITH ORDINALITY
                               AS c (name, of_type, base_type, of_collation, place));
    ELSIF number OPERATOR(pg_catalog.>) 1 THEN
        RAISE EXCEPTION 'column "%" of % is there % times', name, whose, number
            USING ERRCODE = 'ambiguous_column', HINT = 'Give each column a name of its own: SELECT ... AS ....';
    END IF;
END
$$;
COMMENT ON FUNCTION retention_internal.source_column(text, text, name) IS 'the type of a column of a source; an error if there is none';

-- The expression under which a column of members is taken by an aggregate.
CREATE FUNCTION retention_internal.source_member(query text, whose text, member name) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    its record;
BEGIN
    SELECT INTO its * FROM retention_internal.source_column(query, whose, member);
    CASE
        WHEN its.base_type OPERATOR(pg_catalog.=) ANY ('{pg_catalog.int2,pg_catalog.int4,pg_catalog.int8,pg_catalog.oid}'::pg_catalog.regtype[]) THEN
            RETURN pg_catalog.format('source.%I::pg_catalog.int8', member);
        WHEN its.base_type OPERATOR(pg_catalog.=) 'pg_catalog.numeric'::pg_catalog.regtype THEN
            -- By way of text, so that 1.5 is an error.
            RETURN pg_catalog.format('pg_catalog.trim_scale(source.%I)::pg_catalog.text::pg_catalog.int8', member);
        WHEN its.base_type OPERATOR(pg_catalog.=) 'pg_catalog.uuid'::pg_catalog.regtype THEN
            RETURN pg_catalog.format('source.%I::pg_catalog.uuid', member);
        WHEN its.is_enum
             OR its.is_deterministic AND its.base_type OPERATOR(pg_catalog.=) ANY ('{pg_catalog.text,pg_catalog.varchar,pg_catalog.bpchar,pg_catalog.name}'::pg_catalog.regtype[]) THEN
            RETURN pg_catalog.format('source.%I::pg_catalog.text', member);
        ELSE
            RAISE EXCEPTION 'column "%" of % is no member: its type is %', member, whose,
                            pg_catalog.concat(its.of_type, CASE WHEN its.is_deterministic THEN '' ELSE ' in a collation that takes different texts for equal' END)
                USING ERRCODE = 'datatype_mismatch',
                      HINT = CASE WHEN its.base_type OPERATOR(pg_catalog.=) ANY ('{pg_catalog.date,pg_catalog.timestamp,pg_catalog.timestamptz}'::pg_catalog.regtype[])
                                  THEN 'The column of members comes first, then that of times.'
                                  WHEN its.base_type OPERATOR(pg_catalog.=) ANY ('{pg_catalog.float4,pg_catalog.float8}'::pg_catalog.regtype[])
                                  THEN pg_catalog.format('Cast it, in a view or a query: %I::numeric, which has to be whole.', member)
                                  ELSE pg_catalog.format('Cast it, in a view or a query: %I::text, or lower(%1$I::text) COLLATE "C" where letters of either case are the same.', member) END;
    END CASE;
END
$$;
COMMENT ON FUNCTION retention_internal.source_member(text, text, name) IS
    'how a column of members is written in the queries of history_of and membership_of';

-- The type of a column of times.
CREATE FUNCTION retention_internal.source_time(query text, whose text, at name) RETURNS regtype
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    its record;
BEGIN
    SELECT INTO its * FROM retention_internal.source_column(query, whose, at);
    IF its.base_type OPERATOR(pg_catalog.=) ANY ('{pg_catalog.date,pg_catalog.timestamp,pg_catalog.timestamptz}'::pg_catalog.regtype[]) THEN
        RETURN its.base_type;
    END IF;
    RAISE EXCEPTION 'column "%" of % is no time: its type is %', at, whose, its.of_type
        USING ERRCODE = 'datatype_mismatch',
              HINT = CASE WHEN its.base_type OPERATOR(pg_catalog.=) ANY ('{pg_catalog.int4,pg_catalog.int8,pg_catalog.numeric,pg_catalog.float8}'::pg_catalog.regtype[])
                          THEN pg_catalog.format('Make it one, in a view or a query: to_timestamp(%I), where it is seconds since 1970.', at)
                          ELSE pg_catalog.format('Cast it, in a view or a query: %I::date, %1$I::timestamp or %1$I::timestamptz.', at) END;
END
$$;
COMMENT ON FUNCTION retention_internal.source_time(text, text, name) IS
    'the type of a column of times, for history_of and membership_of';

-- The expression under which a column of amounts is taken.
CREATE FUNCTION retention_internal.source_amount(query text, whose text, amount name) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    its record;
BEGIN
    SELECT INTO its * FROM retention_internal.source_column(query, whose, amount);
    CASE
        WHEN its.base_type OPERATOR(pg_catalog.=) ANY ('{pg_catalog.int2,pg_catalog.int4,pg_catalog.int8,pg_catalog.float4,pg_catalog.float8}'::pg_catalog.regtype[]) THEN
            RETURN pg_catalog.format('source.%I::pg_catalog.float8', amount);
        WHEN its.base_type OPERATOR(pg_catalog.=) 'pg_catalog.numeric'::pg_catalog.regtype THEN
            RETURN pg_catalog.format('source.%I::pg_catalog.numeric', amount);
        ELSE
            RAISE EXCEPTION 'column "%" of % is no amount: its type is %', amount, whose, its.of_type
                USING ERRCODE = 'datatype_mismatch',
                      HINT = CASE WHEN its.base_type OPERATOR(pg_catalog.=) ANY ('{pg_catalog.date,pg_catalog.timestamp,pg_catalog.timestamptz}'::pg_catalog.regtype[])
                                  THEN 'The columns are given in this order: of members, of times, of amounts.'
                                  ELSE pg_catalog.format('Cast it, in a view or a query: %I::numeric.', amount) END;
    END CASE;
END
$$;
COMMENT ON FUNCTION retention_internal.source_amount(text, text, name) IS
    'how a column of amounts is written in the queries of history_of';

-- The same of a table or view.
CREATE FUNCTION retention_internal.source_member(source regclass, member name) RETURNS text
    LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    RETURN retention_internal.source_member(pg_catalog.format('SELECT * FROM %s', source), source::pg_catalog.text, member);
END
$$;
COMMENT ON FUNCTION retention_internal.source_member(regclass, name) IS 'the same of a table or view';

CREATE FUNCTION retention_internal.source_time(source regclass, at name) RETURNS regtype
    LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    RETURN retention_internal.source_time(pg_catalog.format('SELECT * FROM %s', source), source::pg_catalog.text, at);
END
$$;
COMMENT ON FUNCTION retention_internal.source_time(regclass, name) IS 'the same of a table or view';
