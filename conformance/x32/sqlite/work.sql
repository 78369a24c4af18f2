-- Transactions, savepoints, constraints, indexes, views, triggers, windows, JSON, full text, R-trees, dump and restore.
.bail off
pragma journal_mode; pragma page_size = 1024; pragma foreign_keys = on;
create table person (id integer primary key, name text not null unique collate nocase, born integer check (born > 1800), boss references person on delete set null);
create table pay (person references person on delete cascade, month text, amount real default 0, primary key (person, month)) without rowid;
create index by_boss on person (boss); create index by_born on person (born, name) where born is not null; create view seniors as select name, born from person where born < 1950;
create table log (what text, who, at integer primary key autoincrement);
create trigger hired after insert on person begin insert into log (what, who) values ('hired', new.name); end;
create trigger raised before update of amount on pay when new.amount > 1e6 begin select raise(abort, 'too much'); end;
with recursive n (x) as (select 1 union all select x + 1 from n where x < 1000) insert into person select x, printf('name %05d', x * 7919 % 30011), 1900 + x * 13 % 110, nullif(x / 10, 0) from n;
insert into pay select person.id, printf('2020-%02d', m.value), person.id * m.value / 7.0 from person, json_each('[1, 2, 3, 12]') m;
select count(*), sum(born), min(name), max(name), avg(id) from person; select count(*) from log; select round(sum(amount), 3) from pay;
begin; delete from person where id between 100 and 200; select count(*), (select count(*) from person where boss is null) from person; savepoint a; update person set born = born + 1; savepoint b; delete from person; rollback to b; release b; select sum(born) from person; rollback to a; select sum(born) from person; commit;
insert into person values (1, 'again', 1990, null);
insert into person values (9001, 'NAME 07919', 1990, null);
insert into person values (9002, null, 1990, null);
insert into person values (9003, 'old', 1700, null);
insert into person values (9004, 'x', 1990, 77777);
update pay set amount = 2e6 where person = 5;
select no_such(1);
syntax error;
insert or ignore into person values (1, 'again', 1990, null); insert into person values (1, 'again', 1990, null) on conflict (id) do update set name = excluded.name || ' and again' returning id, name; replace into person values (2, 'replaced', 1991, 1); select id, name from person where id < 4 order by id;
select name, born, rank() over (order by born), lag(name) over w, sum(born) over (partition by born % 3 order by id rows 2 preceding) from person where id < 12 window w as (order by id) order by id;
select born % 10 as decade, count(*), group_concat(id, '.') filter (where id < 60) from person group by decade having count(*) > 50 order by decade; select * from seniors order by name limit 5 offset 10;
explain query plan select * from person where born = 1950 and name > 'name 1'; explain query plan select * from pay join person on person = id where month = '2020-02';
select json_extract('{"a": [1, 2.5, {"b": null}], "c": "é"}', '$.a[2]', '$.c'), json_group_array(id) from person where id < 9; select key, value, type from json_tree('{"x": [true, {"y": 1e3}]}') where atom is not null; select json_patch('{"a": 1, "b": 2}', '{"b": null, "c": 3}'), '{"k": [7]}' ->> '$.k[0]';
create virtual table words using fts5 (title, body, tokenize = 'porter unicode61'); insert into words select name, 'the quick brown foxes ' || id || ' jumped over ' || (id * id) from person where id < 800; select rowid, highlight(words, 1, '<', '>'), round(bm25(words), 6) from words where words match 'jump* AND fox NEAR brown' order by rowid limit 4; insert into words (words) values ('optimize'); insert into words (words) values ('integrity-check');
create virtual table places using rtree (id, x0, x1, y0, y1); insert into places select id, id % 50, id % 50 + 1, id / 50, id / 50 + 2 from person where id <= 2000; select count(*), sum(id) from places where x0 >= 10 and x1 <= 20 and y0 > 5 and y1 < 30;
select date('2024-02-29', '+1 year', 'weekday 0'), strftime('%s', '2038-01-19 03:14:08'), julianday('1970-01-01'), unixepoch('9999-12-31'), time(86399, 'unixepoch'); select round(sin(1) * pi(), 12), power(2, 0.5), log2(1024), ceil(-1.5), degrees(1), 7 % 0, 9223372036854775807 + 1, 1 << 62, -1 >> 1, abs(-9223372036854775807), typeof(9e18 * 10);
select hex(zeroblob(4)), quote(x'00ff'), length(zeroblob(1000000)), instr('haystack', 'st'), substr('abcdef', -3, 2), replace('a.b.c', '.', '::'), printf('%08.3f|%-6s|%+d|%,d', 3.14159, 'ab', 5, 1234567), like('a%c', 'ABC'), glob('*[0-9]', 'x7'), unicode('€'), char(8364), nullif(1, 1), coalesce(null, 2), iif(0, 1, 3);
create table big (k integer primary key, v blob); with recursive n (x) as (select 1 union all select x + 1 from n where x < 400) insert into big select x, zeroblob(x * 17) from n; delete from big where k % 3 = 0; pragma freelist_count; select count(*), sum(length(v)) from big; pragma auto_vacuum = incremental; vacuum; pragma incremental_vacuum; pragma freelist_count; pragma page_count;
attach 'other.db' as other; create table other.copy as select * from person; begin; update other.copy set name = upper(name); delete from main.log; rollback; select count(*), max(name) from other.copy; select count(*) from log; detach other; vacuum into 'compact.db'; analyze; select count(*) > 0 from sqlite_stat1;
.mode csv
.output exported.csv
select * from person where id < 300;
.output
.mode list
.import --csv --skip 1 exported.csv imported
select count(*) from imported;
.mode column
select id, name from person limit 3;
.mode json
select * from pay where person = 7;
.mode insert person
select * from person where id = 7;
.mode quote
select x'0102', 'it''s', 1.5, null;
.mode list
.output dump.sql
.dump person pay
.output
.backup saved.db
drop table pay; delete from person; 
.restore saved.db
select count(*), sum(amount) from pay;
.open rebuilt.db
.read dump.sql
select count(*), sum(born) from person; pragma integrity_check; pragma foreign_key_check;
.sha3sum
.schema
.tables
.indexes
.shell echo from a shell | tr a-z A-Z
.system exit 3
.exit 7
