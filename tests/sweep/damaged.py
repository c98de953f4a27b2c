#!/usr/bin/env python3
"""Makes damaged.csv: values of every type with bytes changed, and the checksum at their end made right again, so that whoever reads them gets
past it. Needs the package xxhash.

    psql -X -q -A -t -F ' ' -f undamaged.sql | python3 damaged.py > damaged.csv

Each value is changed in the ways in which a decoder may be led astray: a byte that is another, cut, there twice, or a number as large as can be.
"""

import base64
import random
import sys

import xxhash

LARGE = [
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # 2^64 - 1
    b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f",  # 2^63 - 2: in zigzag form, a number near 2^62
    b"\xff\xff\xff\xff\x0f",  # 2^32 - 1
    b"\x80\x00",  # a zero that takes two bytes
]
FLOATS = [b"\0\0\0\0\0\0\xf0\x7f", b"\0\0\0\0\0\0\xf8\x7f", b"\1\0\0\0\0\0\0\0", b"\0\0\0\0\0\0\0\x80", b"\xff\xff\xff\xff\xff\xff\xef\x7f"]


def sealed(kind, body):
    # Memberships have a mark before the history that they are kept as.
    begin = 1 if kind == "memberships" else 0
    return body + xxhash.xxh3_64_intdigest(body[begin:]).to_bytes(8, "little")


def damaged(rng, kind, body):
    at = rng.randrange(1, len(body))
    way = rng.randrange(6 if kind == "cox_model" else 5)
    if way == 0:
        return body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :]
    if way == 1:
        return body[:at] + bytes([body[at] ^ 1 << rng.randrange(8)]) + body[at + 1 :]
    if way == 2:
        return body[:at] + rng.choice(LARGE) + body[at + 1 :]
    if way == 3:
        return body[:at]
    if way == 4:
        return body[:at] + body[at:][: rng.randrange(1, 9)] + body[at:]
    return body[:at] + rng.choice(FLOATS) + body[at + 8 :]


def main():
    rng = random.Random(16)
    seen = set()
    for line in sys.stdin:
        kind, text = line.split()
        body = base64.b64decode(text)[:-8]
        made = 0
        while made < 30:
            value = sealed(kind, damaged(rng, kind, body))
            if value not in seen:
                seen.add(value)
                made += 1
                print(f"{kind},{base64.b64encode(value).decode()}")


main()
