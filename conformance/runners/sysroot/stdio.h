#ifndef STDIO_H
#define STDIO_H

/* configure's own first program makes an empty file, and so tells whether what it compiles runs. */
typedef struct file FILE;

FILE *fopen(const char *path, const char *mode);
int ferror(FILE *f);
int fclose(FILE *f);

#endif
