#!/bin/bash
# The checker of documents (scripts/check-docs.pl) finds what it is there to find: dead links and anchors, examples that print
# something else or fail; and accepts what is right.
set -euo pipefail
cd "$PG_RETENTION_WORK"
checker=$PG_RETENTION_ROOT/scripts/check-docs.pl
mkdir -p group
status=0

cat > group/good.md << 'END'
# A heading with `code`, and (more)
[itself](#a-heading-with-code-and-more) [twice](#twice-1) [up](../top.md#top) [a file](../top.md) [out](https://example.org/#x)
## Twice
## Twice
```text
[not a link](nowhere.md)
```
```sql
SELECT 1 AS one;
```
```text
 one
-----
   1
(1 row)
```
END
echo '# Top' > top.md
sed 's/#twice-1/#twice-2/' group/good.md > group/no_heading.md
sed 's/top\.md)/bottom.md)/' group/good.md > group/no_file.md
sed 's/^   1$/   2/' group/good.md > group/other_output.md
sed 's/AS one/AS one FROM nowhere/' group/good.md > group/fails.md

# check WHAT EXPECTED_STATUS EXPECTED_WORDS ARGUMENT ...
check() {
    local what=$1 expected=$2 words=$3 got=0
    shift 3
    perl "$checker" "$@" > output 2>&1 || got=$?
    if [ "$got" -ne "$expected" ] || ! grep -q "$words" <(echo; cat output); then
        echo "$what: exit status $got, expected $expected and \"$words\":"
        cat output
        status=1
    fi
}
examples=(--psql "$PG_RETENTION_BINDIR/psql" --template "$PG_RETENTION_TEMPLATE")
check 'good links' 0 '' --links group/good.md top.md
check 'a dead anchor' 1 'group/no_heading.md:2: group/no_heading.md has no heading for #twice-2' --links group/good.md group/no_heading.md
check 'a dead link' 1 'group/no_file.md:2: there is no group/../bottom.md' --links group/no_file.md
check 'a good example' 0 'group/good.md: 1 of 1 examples as documented' "${examples[@]}" group/good.md
check 'an example that prints something else' 1 'group/other_output.md:8: the example prints something else' "${examples[@]}" group/other_output.md
check 'an example that fails' 1 'group/fails.md:8: the example fails' "${examples[@]}" group/fails.md
exit $status
