/*
 * What a reader that returns a row per member is measured against: a set-returning function that does nothing but return
 * rows. It makes one row, of the columns that it is declared with, and puts it into the tuple store as often as it is asked to, in the
 * same way (materialize mode, tuplestore_putvalues) as the extension does.
 */
#include "postgres.h"

#include "fmgr.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(same_row);

Datum
same_row(PG_FUNCTION_ARGS)
{
	int64		number_of_rows = PG_GETARG_INT64(0);
	ReturnSetInfo *info = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		random = (info->allowedModes & SFRM_Materialize_Random) != 0;
	MemoryContext before = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
	Tuplestorestate *store;
	TupleDesc	desc;
	Datum		values[17];
	bool		nulls[17] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts > 17)
		elog(ERROR, "same_row is declared with other columns");
	store = tuplestore_begin_heap(random, false, work_mem);
	info->returnMode = SFRM_Materialize;
	info->setResult = store;
	info->setDesc = desc;
	MemoryContextSwitchTo(before);

	for (int i = 0; i < desc->natts; i++)
	{
		switch (TupleDescAttr(desc, i)->atttypid)
		{
			case INT4OID:
				values[i] = Int32GetDatum(3);
				break;
			case INT8OID:
				values[i] = Int64GetDatum(123456);
				break;
			case FLOAT8OID:
				values[i] = Float8GetDatum(123.45);
				break;
			case TIMESTAMPTZOID:
				values[i] = Int64GetDatum(INT64CONST(725846400000000)); /* 2023-01-01 00:00 UTC */
				break;
			case NUMERICOID:
				values[i] = DirectFunctionCall3(numeric_in, CStringGetDatum("123.45"),
												ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
				break;
			case TEXTOID:
				values[i] = CStringGetTextDatum("123456");
				break;
			default:
				elog(ERROR, "same_row does not know a type");
		}
	}

	for (int64 i = 0; i < number_of_rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(store, desc, values, nulls);
	}
	return (Datum) 0;
}
