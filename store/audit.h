/*
 * audit.h - the audit log: one JSON line an event.
 *
 * Shapes  sink "file": state directory, audit-YYYYMMDD.log (UTC day of the event), O_APPEND, 0600,
 *         one write(2) a line; "syslog": one message a line; "stderr"
 * Units   a line is at most AUDIT_LINE_MAX bytes with its newline
 * Errors  RC_IO, RC_NO_SPACE; the caller counts them and goes on unless audit.required
 * Owns    audit_close() frees; any thread of one process may write
 * Source  API.md 3 "Audit", DESIGN.md 4
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "base/rc.h"

#define AUDIT_LINE_MAX 4096		/* bytes */

struct audit;
struct json_object;

enum rc audit_open(const char *sink, const char *dir, struct audit **out, struct error *err);
void audit_close(struct audit *a);	/* NULL is fine */

/* audit_write - "id" and "at" are put first by audit; event is borrowed */
enum rc audit_write(struct audit *a, struct json_object *event, struct error *err);

#endif
