#!/bin/bash
# psql: variables for what is bound elsewhere, and a prepared statement.
set -euo pipefail
run() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
want() { python3 -c "import json, os, sys; v = json.load(open(os.environ['EXPECTED']))[sys.argv[1]]; print(v if not isinstance(v, list) else chr(10).join('|'.join(map(str, row)) for row in v))" "$1"; }
check() { [ "$2" = "$3" ] || { echo "psql: $1: expected $3, got $2" && exit 1; }; }

check cohorts "$(run -c 'SELECT cohort, members, retained FROM loyalty.cohorts WHERE period_number = 1 AND complete ORDER BY cohort')" "$(want cohorts)"
check "a function" "$(run -v country=Germany -v as_of=2011-09-30 << 'SQL'
SELECT sum(c.retained) FROM retention.cohorts((SELECT retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') FROM orders WHERE country = :'country'),
    period => 'month', as_of => :'as_of') AS c WHERE c.period_number > 0;
SQL
)" "$(want german_months)"
check "a prepared statement" "$(run << 'SQL'
PREPARE retained(text, text, date) AS SELECT sum(c.retained) FROM stored, retention.cohorts(h, period => $2, as_of => $3) AS c WHERE country = $1 AND c.period_number > 0;
EXECUTE retained('Germany', 'month', '2011-09-30');
SQL
)" "$(want german_months)"
check "a history through COPY" "$(run -c "COPY (SELECT h FROM stored WHERE country = 'Germany') TO STDOUT" | run -c 'CREATE TEMP TABLE back (h retention.history)' -c 'COPY back FROM STDIN' -c 'SELECT retention.events(h) FROM back')" "$(want german_events)"
check "a history through binary COPY" "$(run -c "COPY (SELECT h FROM stored WHERE country = 'Germany') TO STDOUT (FORMAT binary)" | run -c 'CREATE TEMP TABLE back (h retention.history)' -c 'COPY back FROM STDIN (FORMAT binary)' -c 'SELECT retention.events(h) FROM back')" "$(want german_events)"
check "a picture" "$(run -c "SELECT retention.cohort_svg(h) FROM stored WHERE country = 'Germany'" | head -c 5)" "<svg "
error=$(run -v VERBOSITY=verbose -c "SELECT retention.cohorts(h, period => 'fortnight') FROM stored" 2>&1 || true)
[[ $error == *22023* && $error == *HINT* ]] || check "an error" "$error" "22023 and a hint"
