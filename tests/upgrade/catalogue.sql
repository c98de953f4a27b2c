-- Everything that the extension has made in a database, one object a line, without anything that is a number of the server's.
SELECT 'function ' || p.oid::regprocedure || ' ' || ROW(p.prokind, p.provolatile, p.proparallel, p.proisstrict, p.prosecdef, p.proleakproof, p.procost, p.prorows,
           pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), l.lanname, p.prosrc, p.probin, p.proconfig, p.proacl, p.proowner::regrole,
           pg_get_function_sqlbody(p.oid), obj_description(p.oid, 'pg_proc'))::text AS object
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace IN ('retention'::regnamespace, 'retention_internal'::regnamespace)
UNION ALL
SELECT 'aggregate ' || a.aggfnoid::regprocedure || ' ' || ROW(aggkind, aggnumdirectargs, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn,
           aggfinalextra, aggfinalmodify, aggsortop::regoperator, aggtranstype::regtype, aggtransspace, agginitval)::text
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid WHERE p.pronamespace = 'retention'::regnamespace
UNION ALL
SELECT 'type ' || t.oid::regtype || ' ' || ROW(typlen, typbyval, typtype, typcategory, typispreferred, typinput, typoutput, typreceive, typsend,
           typalign, typstorage, typcollation, typacl, typowner::regrole, obj_description(t.oid, 'pg_type'),
           (SELECT array_agg(attname || ' ' || format_type(atttypid, atttypmod) ORDER BY attnum) FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0))::text
FROM pg_type t WHERE t.typnamespace IN ('retention'::regnamespace, 'retention_internal'::regnamespace)
UNION ALL
SELECT 'operator ' || o.oid::regoperator || ' ' || ROW(oprcode, oprcom::regoperator, oprnegate::regoperator, oprrest, oprjoin, oprcanmerge, oprcanhash,
           obj_description(o.oid, 'pg_operator'))::text
FROM pg_operator o WHERE o.oprnamespace = 'retention'::regnamespace
UNION ALL
SELECT 'operator class ' || c.opcname || ' ' || ROW(a.amname, c.opcintype::regtype, c.opcdefault,
           (SELECT array_agg(o.amopstrategy || ' ' || o.amopopr::regoperator ORDER BY 1) FROM pg_amop o WHERE o.amopfamily = c.opcfamily),
           (SELECT array_agg(f.amprocnum || ' ' || f.amproc ORDER BY 1) FROM pg_amproc f WHERE f.amprocfamily = c.opcfamily))::text
FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod WHERE c.opcnamespace = 'retention'::regnamespace
UNION ALL
SELECT 'cast ' || castsource::regtype || ' ' || casttarget::regtype || ' ' || ROW(castfunc::regproc, castcontext, castmethod)::text
FROM pg_cast WHERE (SELECT typnamespace FROM pg_type WHERE oid = castsource) = 'retention'::regnamespace
                OR (SELECT typnamespace FROM pg_type WHERE oid = casttarget) = 'retention'::regnamespace
UNION ALL
SELECT 'relation ' || c.oid::regclass || ' ' || ROW(relkind, relacl, relowner::regrole, obj_description(c.oid, 'pg_class'))::text
FROM pg_class c WHERE c.relnamespace IN ('retention'::regnamespace, 'retention_internal'::regnamespace)
UNION ALL
SELECT 'schema ' || nspname || ' ' || ROW(nspowner::regrole, nspacl, obj_description(oid, 'pg_namespace'))::text
FROM pg_namespace WHERE nspname LIKE 'retention%'
UNION ALL
SELECT 'member ' || regexp_replace(pg_describe_object(classid, objid, 0), '^(.*) [0-9]+$', '\1')
FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_retention') AND deptype = 'e'
UNION ALL
SELECT 'initial privileges ' || pg_describe_object(classoid, objoid, 0) || ' ' || initprivs::text FROM pg_init_privs i
WHERE EXISTS (SELECT FROM pg_depend d WHERE d.classid = i.classoid AND d.objid = i.objoid AND d.deptype = 'e'
                    AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_retention'))
ORDER BY 1;
