TRUNCATE by_country;
\ir fill.sql
