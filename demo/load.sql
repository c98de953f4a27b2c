-- The two data sets of demo/data as tables: orders (a web shop) and cdnow.
--
-- Run with psql from the repository's root, or with the data's folder named:
--   psql -v data=/path/to/demo/data -f demo/load.sql
-- Can be run again: it starts the two tables afresh.

\if :{?data}
\else
  \set data demo/data
\endif

SELECT current_setting('TimeZone') AS zone_before, current_setting('client_min_messages') AS messages_before \gset

SET client_min_messages = warning;
DROP TABLE IF EXISTS orders, cdnow;
SET client_min_messages = :'messages_before';

CREATE TABLE orders (
    order_id   bigint PRIMARY KEY,
    member_id  bigint NOT NULL,
    ordered_at timestamptz NOT NULL,
    amount     numeric NOT NULL,
    country    text NOT NULL
);
COMMENT ON TABLE orders IS 'A UK web shop, December 2010 to 9 December 2011: UCI Online Retail (D. Chen, 2015), CC BY 4.0';

CREATE TABLE cdnow (
    member_id  bigint NOT NULL,
    ordered_on date NOT NULL,
    cds        int NOT NULL,
    amount     numeric NOT NULL,
    in_sample  boolean NOT NULL
);
COMMENT ON TABLE cdnow IS 'CD purchases, January 1997 to June 1998, made public for research by P. Fader and B. Hardie';

-- The shop's times are UTC, so the session must be too while it reads them; afterwards it gets its own zone back.
SET TimeZone = 'UTC';

-- \copy takes no psql variables in its arguments, so go to the data's folder and back.
\set folder_before `pwd`
\cd :data
\copy orders FROM 'online_retail_orders.csv' WITH (FORMAT csv, HEADER)
\copy cdnow FROM 'cdnow.csv' WITH (FORMAT csv, HEADER)
\cd :folder_before

SET TimeZone = :'zone_before';

ANALYZE orders, cdnow;
