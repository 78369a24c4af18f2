/*
 * What the signal trampoline knows of the frame it stands under: shared with
 * assembly, checked against the structs in signal_frame_x86_64.c.
 */
#ifndef DRAGOMAN_FREEBSD_VDSO_H
#define DRAGOMAN_FREEBSD_VDSO_H

#define SIGRETURN	417
#define FRAME_HANDLER	0x00	/* in struct freebsd_sigframe */
#define FRAME_UCONTEXT	0x10
#define FRAME_REGISTERS	0x20	/* uc.mcontext; the offsets that follow are in it */
#define REGISTER_RDI	0x08
#define REGISTER_RSI	0x10
#define REGISTER_RDX	0x18
#define REGISTER_RCX	0x20
#define REGISTER_R8	0x28
#define REGISTER_R9	0x30
#define REGISTER_RAX	0x38
#define REGISTER_RBX	0x40
#define REGISTER_RBP	0x48
#define REGISTER_R10	0x50
#define REGISTER_R11	0x58
#define REGISTER_R12	0x60
#define REGISTER_R13	0x68
#define REGISTER_R14	0x70
#define REGISTER_R15	0x78
#define REGISTER_RIP	0xa0
#define REGISTER_RSP	0xb8

#endif
