/*
 * One line of JSON (RFC 8259) in a fixed space. What does not fit is left out so that the line
 * still is JSON: a string ends early, a member is not begun. Bytes that are no UTF-8 become
 * U+FFFD, since JSON has no others.
 */
#ifndef DRAGOMAN_CORE_JSON_H
#define DRAGOMAN_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct json {
	char *at;
	size_t n, size;
	bool is_cut;	/* something did not fit */
	bool has_member;	/* the object that is open: a comma comes before the next */
};

/* Begins the line; the last `tail` bytes of the space are for json_reclaim(). */
void json_begin(struct json *j, char *space, size_t size, size_t tail);
/* From here on the tail can be written to. */
void json_reclaim(struct json *j, size_t tail);

/* Each of these answers false, and has written nothing, if it does not fit. */
bool json_raw(struct json *j, const char *form, ...) __attribute__((format(printf, 2, 3)));
/* `"name":`, behind a comma where one is wanted. */
bool json_name(struct json *j, const char *name);

/* Opens a string; its bytes, as many as fit; closes it, which always fits. */
bool json_string_open(struct json *j);
/* True: all of them were UTF-8. */
bool json_string_bytes(struct json *j, const char *s, size_t n);
void json_string_close(struct json *j);
/* The three together. */
bool json_string(struct json *j, const char *s, size_t n);

#endif
