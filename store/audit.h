/*
 * audit.h - the audit log: one JSON line an event.
 *
 * Shapes  sink "file": state directory, audit-YYYYMMDD.log (UTC day of the event), O_APPEND, 0600,
 *         one writev(2) a line, that never crosses a page of 4096 bytes: blanks stand before one that
 *         would, so that no kill can cut it; on a line of its own even where a full disk cut the last;
 *         "syslog": one message a line; "stderr"
 * Units   a line is at most AUDIT_LINE_MAX bytes with its newline
 * Errors  RC_IO, RC_NO_SPACE; the caller counts them and goes on unless audit.required
 * Owns    audit_close() frees; any thread of one process may write
 * Source  API.md 3 "Audit", DESIGN.md 4
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include <stdint.h>

#include "base/rc.h"

#define AUDIT_LINE_MAX	4096		/* bytes */
#define AUDIT_NAME	32		/* bytes of a file's name with the NUL */

struct audit;
struct auditline;

enum rc audit_open(const char *sink, const char *dir, struct audit **out, struct error *err);
void audit_close(struct audit *a);	/* NULL is fine */

/* audit_write - the day's file is that of line->at_ms */
enum rc audit_write(struct audit *a, const struct auditline *line, struct error *err);

/* audit_file - the name of a day's file; days since 1970. audit_day - the other way; -1: no such name */
void audit_file(int64_t day, char out[AUDIT_NAME]);
int64_t audit_day(const char *name);

#endif
