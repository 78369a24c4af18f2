/* One database and many who write: threads, processes, locks that conflict, a writer killed, mapped reads. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sqlite3.h"

enum { MINUTES = 150000, WRITERS = 4, ROWS = 25 };

static void
say(const char *what, long long value)
{
	printf("%s: %lld\n", what, value);
}

static sqlite3 *
open_it(const char *setting)
{
	sqlite3 *db;

	if (sqlite3_open("shared.db", &db) != SQLITE_OK)
		exit(40);
	sqlite3_busy_timeout(db, MINUTES);
	if (setting && sqlite3_exec(db, setting, NULL, NULL, NULL) != SQLITE_OK)
		exit(41);
	return db;
}

static int
make(sqlite3 *db, const char *sql)
{
	int result = sqlite3_exec(db, sql, NULL, NULL, NULL);

	return result & 0xff;
}

static long long
ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;
	long long answer = -1;

	sqlite3_prepare_v2(db, sql, -1, &s, NULL);
	if (sqlite3_step(s) == SQLITE_ROW)
		answer = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return answer;
}

static void *
write_rows(void *number)
{
	sqlite3 *db = open_it(NULL);
	char sql[128];
	long failed = 0;

	for (int i = 0; i < ROWS; i++) {
		sprintf(sql, "begin immediate; insert into t (who, n) values (%ld, %d); update total set n = n + 1; commit", (long)number, i);
		failed += make(db, sql) != SQLITE_OK;
	}
	sqlite3_close(db);
	return (void *)failed;
}

static void
together(const char *journal)
{
	sqlite3 *db = open_it(journal);
	pthread_t t[WRITERS];
	long failed = 0;
	void *result;

	make(db, "create table if not exists t (id integer primary key, who, n); create table if not exists total (n); delete from t; "
		 "delete from total; insert into total values (0)");
	sqlite3_close(db);
	for (long i = 0; i < WRITERS; i++)
		if (fork() == 0)
			_exit(write_rows((void *)(i + 10)) != NULL);
	for (long i = 0; i < WRITERS; i++)
		pthread_create(&t[i], NULL, write_rows, (void *)i);
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(t[i], &result);
		failed += (long)result;
	}
	for (int i = 0; i < WRITERS; i++) {
		int status = -1;
		wait(&status);
		failed += status != 0;
	}
	db = open_it(NULL);
	say(journal, failed);
	say("rows", ask(db, "select count(*) from t"));
	say("counted", ask(db, "select n from total"));
	say("writers", ask(db, "select count(distinct who) from t"));
	say("sum", ask(db, "select sum(n) from t"));
	sqlite3_close(db);
}

static void
conflicts(void)
{
	sqlite3 *a = open_it("pragma journal_mode = delete"), *b = open_it(NULL);

	sqlite3_busy_timeout(a, 0);
	sqlite3_busy_timeout(b, 0);
	say("a reserves", make(a, "begin immediate"));
	say("b reserves", make(b, "begin immediate"));
	say("b reads", ask(b, "select count(*) > 0 from t"));
	say("a ends", make(a, "commit"));
	say("a excludes", make(a, "begin exclusive"));
	say("b reads", make(b, "select count(*) from t"));
	say("a ends", make(a, "rollback"));
	say("b reserves", make(b, "begin immediate; rollback"));
	say("b reads on", make(b, "begin; select count(*) from t"));
	say("a writes", make(a, "begin; insert into t (n) values (1)"));
	say("a ends", make(a, "commit"));
	say("b ends", make(b, "commit"));
	say("a ends", make(a, "commit"));
	sqlite3_close(a);
	sqlite3_close(b);
}

static void
snapshots(void)
{
	sqlite3 *reader = open_it("pragma journal_mode = wal"), *writer = open_it(NULL);

	sqlite3_busy_timeout(writer, 0);
	say("reader begins", make(reader, "begin; select count(*) from total"));
	say("writer writes", make(writer, "update total set n = -5"));
	say("reader's", ask(reader, "select n from total"));
	say("writer's", ask(writer, "select n from total"));
	say("checkpoint", make(writer, "pragma wal_checkpoint(restart)"));
	say("reader ends", make(reader, "commit"));
	say("reader's", ask(reader, "select n from total"));
	say("checkpoint", make(writer, "pragma wal_checkpoint(truncate)"));
	sqlite3_close(reader);
	sqlite3_close(writer);
}

/* Killed with a transaction half in the file: the next to open it finds a hot journal, and rolls back. */
static void
killed(void)
{
	sqlite3 *db = open_it("pragma journal_mode = delete");
	long long before = ask(db, "select sum(n) from t");
	int ready[2], status;
	char byte;
	pid_t pid;

	sqlite3_close(db);
	pipe(ready);
	pid = fork();
	if (pid == 0) {
		db = open_it("pragma cache_size = 5; pragma cache_spill = 1");
		make(db, "begin; update t set n = n + 1000; insert into t (who, n) select who, hex(zeroblob(2000)) from t");
		write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	read(ready[0], &byte, 1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	say("killed by", WTERMSIG(status));
	say("journal", access("shared.db-journal", R_OK));
	db = open_it(NULL);
	say("as before", ask(db, "select sum(n) from t") == before);
	say("journal", access("shared.db-journal", R_OK));
	say("intact", ask(db, "select 1 from pragma_quick_check where quick_check = 'ok'"));
	sqlite3_close(db);
}

static void
pieces(void)
{
	sqlite3 *db = open_it("pragma mmap_size = 67108864; create table blobs (b); insert into blobs values (zeroblob(3000000))"), *memory;
	sqlite3_int64 size = 0;
	unsigned char *whole;
	sqlite3_blob *blob;
	char text[32] = "";

	say("opened", sqlite3_blob_open(db, "main", "blobs", "b", 1, 1, &blob));
	say("written", sqlite3_blob_write(blob, "in the middle", 13, 1500000));
	sqlite3_blob_close(blob);
	sqlite3_blob_open(db, "main", "blobs", "b", 1, 0, &blob);
	say("read", sqlite3_blob_read(blob, text, 13, 1500000));
	say(text, sqlite3_blob_bytes(blob));
	sqlite3_blob_close(blob);
	whole = sqlite3_serialize(db, "main", &size, 0);
	sqlite3_open(":memory:", &memory);
	say("in memory", sqlite3_deserialize(memory, "main", whole, size, size, SQLITE_DESERIALIZE_FREEONCLOSE));
	say("the blob", ask(memory, "select length(b) from blobs"));
	sqlite3_close(memory);
	sqlite3_close(db);
}

int
main(void)
{
	say("threads", sqlite3_threadsafe());
	together("pragma journal_mode = wal");
	together("pragma journal_mode = delete");
	conflicts();
	snapshots();
	killed();
	pieces();
	return unlink("shared.db");	/* the order of its rows is nobody's */
}
