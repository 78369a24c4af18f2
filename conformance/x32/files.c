/* Files, folders, mappings, pipes, processes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

int
main(void)
{
	struct iovec parts[2] = {{"one ", 4}, {"two\n", 4}};
	struct utimbuf times = {1000000000, 1100000000};
	struct timespec zero = {0, 0};
	struct rlimit limit;
	struct stat st;
	char buf[64] = "", *at;
	int f = open("file", O_CREAT | O_RDWR, 0640), ends[2], status;
	DIR *d;
	int entries = 0;

	printf("%zd\n", writev(f, parts, 2));
	printf("%lld\n", (long long)lseek(f, 5000000000LL, SEEK_SET));
	printf("%lld\n", (long long)write(f, "x", 1));
	fstat(f, &st);
	printf("%lld %o %d\n", (long long)st.st_size, (unsigned)st.st_mode, (int)st.st_nlink);
	printf("%zd %s", pread(f, buf, 8, 0), buf);
	printf("%d\n", ftruncate(f, 8));
	printf("%d\n", utime("file", &times));
	stat("file", &st);
	printf("%lld %lld\n", (long long)st.st_mtime, (long long)st.st_atime);
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	at[0] = 'O';
	printf("%d %s", msync(at, 4096, MS_SYNC), at);
	printf("below 4 GiB %d\n", (unsigned long long)(size_t)at < 1ULL << 32 || sizeof(void *) == 8);
	mkdir("folder", 0755);
	symlink("../file", "folder/link");
	link("file", "folder/hard");
	for (d = opendir("folder"); readdir(d) != NULL;)
		entries++;
	closedir(d);
	printf("%d entries, %s\n", entries, access("folder/link", R_OK) == 0 ? "link works" : strerror(errno));
	printf("%zd %d\n", readlink("folder/link", buf, sizeof buf), rename("folder/hard", "folder/other"));
	printf("%d %s\n", open("nothing", O_RDONLY), strerror(errno));
	printf("%d %d\n", getrlimit(RLIMIT_CORE, &limit) == 0, utimensat(AT_FDCWD, "file", (struct timespec[]){zero, zero}, 0));
	pipe(ends);
	if (fork() == 0) {
		dup2(ends[1], 1);
		execlp("echo", "echo", "from echo", NULL);
		_exit(127);
	}
	close(ends[1]);
	printf("%zd %.9s\n", read(ends[0], buf, sizeof buf), buf);
	wait(&status);
	printf("%d %d\n", status, system("exit 5") >> 8);
	char *large = malloc(200 << 20);
	memset(large, 1, 200 << 20);
	printf("%d\n", large[123456789]);
	free(large);
	FILE *p = popen("cat file | tr a-z A-Z", "r");
	printf("%s", fgets(buf, sizeof buf, p));
	return pclose(p);
}
