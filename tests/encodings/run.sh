#!/bin/bash
# Databases of other encodings than UTF-8, and clients of others than their database: the extension is made in each, and text goes in and comes
# out as it should, in values, names, documents and errors.
set -euo pipefail
export PGOPTIONS=''
here=$PG_RETENTION_ROOT/tests/encodings
database=retention_encoding

clean_up() { dropdb --if-exists "$database" 2> /dev/null || true; }
trap clean_up EXIT
run() { psql -X -q -A -t -d "$database" "$@"; }
make() { # ENCODING
    clean_up
    createdb -T template0 -E "$1" --locale=C "$database"
    PGCLIENTENCODING=$1 run -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION pg_retention'
}

# Every encoding that a database may have: the install script, and an answer that is in ASCII.
mapfile -t encodings < <(psql -X -q -A -t -d postgres -c "SELECT pg_encoding_to_char(i) FROM generate_series(0, 60) AS i
    WHERE pg_encoding_to_char(i) <> '' AND pg_encoding_to_char(i) NOT IN ('BIG5', 'GB18030', 'GBK', 'JOHAB', 'SHIFT_JIS_2004', 'SJIS', 'UHC')")
for encoding in "${encodings[@]}"; do
    make "$encoding"
    answer=$(run -c "SET search_path = retention; SELECT members(history_agg(m, date '2024-01-01', 1, 'day')) || ' ' || (SELECT count(*) FROM segment_maps()) || ' '
        || (SELECT count(*) FILTER (WHERE obj_description(oid, 'pg_proc') IS NULL) FROM pg_proc WHERE pronamespace = 'retention'::regnamespace) FROM (VALUES ('a'), ('b')) AS v (m)")
    [[ $answer =~ ^2\ [0-9]+\ 0$ ]] || {
        echo "a database of encoding $encoding: $answer"
        exit 1
    }
done
echo "${#encodings[@]} encodings of databases: ${encodings[*]}"

# A word in the client's encoding, to the database and back.
ask() { # CLIENT WORD
    local iconv=$1 word out
    case $1 in LATIN1) iconv=ISO-8859-1 ;; EUC_CN) iconv=GB2312 ;; esac
    word=$(iconv -f UTF-8 -t "$iconv" <<< "$2")
    out=$(PGCLIENTENCODING=$1 run -v word="$word" -f "$here/questions.sql" 2>&1 | iconv -f "$iconv" -t UTF-8)
    if grep -q 'NOT RIGHT' <<< "$out" || ! grep -qx "$2" <<< "$out" || ! grep -q "ERROR: .*$2" <<< "$out" || [ "$(grep -c 'ERROR:' <<< "$out")" != 1 ]; then
        echo "a database of $encoding and a client of $1, with $2:"
        echo "$out"
        exit 1
    fi
    echo "a database of $encoding and a client of $1: $(grep checks <<< "$out") with $2"
}
for encoding in UTF8 EUC_CN LATIN1 SQL_ASCII; do
    make "$encoding"
    case $encoding in
        UTF8) ask UTF8 重要客户 && ask GBK 重要客户 && ask LATIN1 Zoé && ask UTF8 Łukasz東京 ;;
        EUC_CN) ask UTF8 重要客户 && ask EUC_CN 重要客户 ;;
        LATIN1) ask UTF8 Zoé && ask LATIN1 Zoé ;;
        SQL_ASCII) ask UTF8 重要客户 ;;
    esac
    # What the database has no letters for is an error, but not in the words of an error. Bytes that are no UTF-8 are refused in words.
    case $encoding in
        LATIN1)
            answer=$(PGCLIENTENCODING=UTF8 run -v VERBOSITY=sqlstate -c "SELECT retention.rfm_score('{\"r\": \"\\u4e1c\"}', 1, 1, 1)" 2>&1 || true)
            [[ $answer == *22P0* || $answer == *220* ]] || {
                echo "LATIN1: $answer"
                exit 1
            } ;;
        SQL_ASCII)
            # Bytes that are no UTF-8: an error of ours, or kept as they are.
            answer=$(PGCLIENTENCODING=SQL_ASCII run -c "SELECT retention.check_segment_map(E'{\"rules\": [{\"segment\": \"\\xe9\"}]}'::jsonb)" 2>&1 || true)
            [[ $answer == *'not UTF-8'* ]] || {
                echo "SQL_ASCII: $answer"
                exit 1
            } ;;
    esac
done
