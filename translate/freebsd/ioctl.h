/*
 * ioctl(2) by request: ioctl.c has the list, terminal.c the terminal's,
 * ioctl_interface.c the network interfaces'. Each takes the
 * descriptor, the guest's request and its argument, an address or a plain number.
 */
#ifndef DRAGOMAN_FREEBSD_IOCTL_H
#define DRAGOMAN_FREEBSD_IOCTL_H

#include "files.h"

typedef long ioctl_handler(int fd, unsigned long request, struct guest_ptr data);

ioctl_handler ioctl_get_termios, ioctl_set_termios, ioctl_flush, ioctl_line, ioctl_discipline,
	ioctl_pseudo_terminal, ioctl_signal, ioctl_interface, ioctl_interfaces;

#endif
