-- Two roles: the owner changes the schema and is used by `unbroken init` alone; the application's role has what the
-- migrations grant it (on the ledger: INSERT and SELECT). Run once, by the image's own start, on an empty cluster.
\set ON_ERROR_STOP on
\set owner_password `cat /run/secrets/db_owner_password`
\set app_password `cat /run/secrets/db_app_password`
CREATE ROLE unbroken_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE unbroken_app LOGIN PASSWORD :'app_password';
CREATE DATABASE unbroken OWNER unbroken_owner TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE unbroken FROM PUBLIC;
GRANT CONNECT ON DATABASE unbroken TO unbroken_app;
