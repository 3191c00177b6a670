-- Run by the image of PostgreSQL once, when its volume is empty: the roles of docs/guide-sres.md and the database.
\set owner_password `cat /run/palisade/owner-password`
\set server_password `cat /run/palisade/server-password`
create role palisade_serving nologin;
create role palisade_erasing nologin;
create role palisade_owner login password :'owner_password';
create role palisade_server login password :'server_password' in role palisade_serving;
create database palisade owner palisade_owner;
