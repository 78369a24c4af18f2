/*
 * How dragoman-core lies in memory, from CORE_TEXT (layout.h) on, which the linker is told by
 * -Ttext-segment. Each start maps it, each fork copies its mappings and its written pages, and maps
 * code anew as it is run, 64 KiB at a time (fault-around). So it has as few mappings as can be, and
 * what every program comes by stands together:
 *	code	with all that is constant: nothing is relocated at run time, so tables of
 *		pointers (.data.rel.ro) are constant from the beginning. In front the tables of calls
 *		(HOT_TABLE), then two windows with the ways of a call, a start, a fork and an exec
 *	words	the first thread's block up to its guard page, which is a hole here: struct thread,
 *		all that is small, struct process, then what the start needs (IN_START). Its first page has
 *		what each fork's child writes
 *	memory	the rest of that block, then the heap, then tables of which one program uses little (BULKY)
 */
#include "layout.h"

ENTRY(_start)

PHDRS
{
	code PT_LOAD FILEHDR PHDRS FLAGS(5);
	words PT_LOAD FLAGS(6);
	memory PT_LOAD FLAGS(6);
	stack PT_GNU_STACK FLAGS(6);
}

#define WINDOW 0x10000
#define PROCESS_HEAD 0x80	/* of struct process, what is in front of its long arrays */

/* Not the core's and the loader's own, or run for few programs and options only. */
#define COLD *_abi.c.o *_bsd_* *_freebsd_* *_linux_* *_event* *_json* *_trace* *_stats* *_host_names* \
	*_convert* *_low* *_site_decode* *_socket_name*

SECTIONS
{
	. = SEGMENT_START("text-segment", 0) + SIZEOF_HEADERS;
	.rodata.rows : { *(.data.rel.ro.hot) } :code
	. = ALIGN(WINDOW);
	.rodata.hot : {
		*(EXCLUDE_FILE(COLD) .rodata EXCLUDE_FILE(COLD) .rodata.* EXCLUDE_FILE(COLD) .data.rel.ro*)
		*_personality.c.o(.rodata .rodata.* .data.rel.ro*) *_vdso.c.o(.rodata)
		*(.got .got.plt)
	} :code
	.text : {
		*(.text.hot)
		*(EXCLUDE_FILE(COLD) .text)
		*_personality.c.o(.text) *_start_*.o(.text) *_entry_*.o(.text) *_process*.o(.text) *_signal*.o(.text)
		*(.text .text.*)
	} :code
	.rodata : { *(.rodata .rodata.* .data.rel.ro*) } :code

	.words : { *(.bss.thread) *(.bss COMMON) process_at = .; *(.bss.process) *(.bss.start) } :words
	. = ADDR(.words) + THREAD_STACK;
	.memory : {
		*(.bss.stack)
		*(.bss.heap)
		*(.bss.bulky)
	} :memory
	.data : { *(.data .data.*) } :memory
}
ASSERT(SIZEOF(.data) == 0, "initialised data would be a mapping of its own: core_start() can fill it")
ASSERT(process_at + PROCESS_HEAD <= ADDR(.words) + 0x1000, "a fork's child writes more than a page of words: say BULKY of tables")
ASSERT(SIZEOF(.words) <= THREAD_STRUCT_SPACE, "more words than fit in front of the guard page: say BULKY of tables")
