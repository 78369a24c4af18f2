#ifndef UNISTD_H
#define UNISTD_H

long write(int fd, const void *data, unsigned long size);

#endif
