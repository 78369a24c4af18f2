/* covers: linux set_thread_area get_thread_area modify_ldt */
/* only: i386 */
#include "guest.h"

#include <asm/ldt.h>
#include <linux/sched.h>

#include "guest_thread.h"

#define PAGE 4096

static uint32_t words[8] = {10, 11, 12, 13, 14, 15, 16, 17};

static struct user_desc
area(int entry, const void *base)
{
	return (struct user_desc){.entry_number = (unsigned)entry,
				  .base_addr = (unsigned long)base,
				  .limit = 0xfffff,
				  .seg_32bit = 1,
				  .limit_in_pages = 1,
				  .useable = 1};
}

/* Loading is what counts here: each form of the instruction, at each length that it has. */
static uint32_t
at_gs(uint32_t offset)
{
	uint32_t value;

	__asm__ volatile("movl %%gs:(%1), %0" : "=r"(value) : "r"(offset));
	return value;
}

static uint32_t
at_fs(uint32_t offset)
{
	uint32_t value;

	__asm__ volatile("movl %%fs:(%1), %0" : "=r"(value) : "r"(offset));
	return value;
}

#define LOAD_GS(selector) __asm__ volatile("movl %0, %%gs" : : "r"(selector))

TEST(areas_are_given_in_order)
{
	struct user_desc d;

	for (int n = 0; n < 4; n++) {
		d = area(-1, &words[n]);
		SHOW(set_thread_area, &d);
		VALUE((int)d.entry_number);
	}
	d = area(12, &words[5]);
	SHOW(set_thread_area, &d);
	d = area(15, &words[5]);
	SHOW(set_thread_area, &d);
	d = area(11, &words[5]);
	SHOW(set_thread_area, &d);
	SHOW(set_thread_area, NOWHERE);
	d = area(13, NULL);
	d.seg_32bit = 0;
	SHOW(set_thread_area, &d);
	d = area(13, NULL);
	d.contents = 2;
	SHOW(set_thread_area, &d);
	d = area(13, NULL);
	d.seg_not_present = 1;
	SHOW(set_thread_area, &d);
}

TEST(areas_are_told)
{
	struct user_desc d = {.entry_number = 12};

	SHOW(get_thread_area, &d);
	VALUE(d.base_addr == (unsigned long)&words[5]);
	VALUE(d.limit);
	VALUE(d.seg_32bit << 5 | d.contents << 3 | d.read_exec_only << 2 | d.limit_in_pages << 1 | d.seg_not_present);
	d.entry_number = 15;
	SHOW(get_thread_area, &d);
	SHOW(get_thread_area, NOWHERE);
}

TEST(every_way_to_load_one)
{
	static const uint32_t selector[] = {0x63, 0x6b, 0x73};
	const uint32_t *at = selector;

	LOAD_GS(0x63);
	VALUE(at_gs(0));
	__asm__ volatile("movw %w0, %%gs" : : "r"(0x6b));
	VALUE(at_gs(0));
	__asm__ volatile("movw 8(%0), %%gs" : : "r"(at));
	VALUE(at_gs(0));
	__asm__ volatile("movw (%0,%1,4), %%gs" : : "r"(at), "r"(1));
	VALUE(at_gs(0));
	__asm__ volatile("movw selector_word, %%gs\n"
			 "	.pushsection .data\n"
			 "selector_word: .long 0x73\n"
			 "	.popsection" : :);
	VALUE(at_gs(0));
	__asm__ volatile("pushl $0x63; popl %%gs" : :);
	VALUE(at_gs(4));
	__asm__ volatile("pushl $0x6b; popl %%fs" : :);
	VALUE(at_fs(4));
	__asm__ volatile("pushw $0x73; popw %%fs" : :);
	VALUE(at_fs(4));
	__asm__ volatile("movl %0, %%fs" : : "r"(0));
}

TEST(a_change_is_seen_at_once)
{
	struct user_desc d = area(12, &words[7]);

	LOAD_GS(0x63);
	SHOW(set_thread_area, &d);
	VALUE(at_gs(0));
	/* What is read back may be loaded again. */
	uint32_t gs;
	__asm__ volatile("movl %%gs, %0; movl %1, %%gs; movl %0, %%gs" : "=&r"(gs) : "r"(0));
	VALUE(at_gs(0));
}

TEST(a_child_has_its_parents)
{
	struct user_desc d;
	long pid = fork();

	if (pid == 0) {
		VALUE(at_gs(0));
		LOAD_GS(0x6b);
		VALUE(at_gs(0));
		d = area(12, &words[1]);
		call(set_thread_area, &d);
		LOAD_GS(0x63);
		VALUE(at_gs(0));
		leave(0);
	}
	VALUE(wait_for(pid));
	VALUE(at_gs(0));
}

TEST(a_local_table)
{
	static uint8_t bytes[64];
	struct user_desc d = area(3, &words[2]);

	SHOW(modify_ldt, 0, bytes, 16);
	SHOW(modify_ldt, 0x11, &d, sizeof d);
	LOAD_GS(3 << 3 | 7);
	VALUE(at_gs(4));
	d = area(3, &words[4]);
	SHOW(modify_ldt, 1, &d, sizeof d);
	LOAD_GS(3 << 3 | 7);
	VALUE(at_gs(0));
	VALUE(call(modify_ldt, 0, bytes, 32));
	BYTES(bytes + 24 + 4, 4);
	SHOW(modify_ldt, 0x11, &d, sizeof d - 1);
	d.entry_number = 8192;
	SHOW(modify_ldt, 0x11, &d, sizeof d);
	SHOW(modify_ldt, 9, &d, sizeof d);
	SHOW(modify_ldt, 0x11, NOWHERE, sizeof d);
	LOAD_GS(0x63);
	VALUE(at_gs(0));
}

int
main(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	RUN(areas_are_given_in_order);
	RUN(areas_are_told);
	RUN(every_way_to_load_one);
	RUN(a_change_is_seen_at_once);
	RUN(a_child_has_its_parents);
	RUN(a_local_table);
	return 0;
}
