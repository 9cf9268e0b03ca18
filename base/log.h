/*
 * log.h - one line an event, to stderr, syslog or a file.
 *
 * Shapes  "2026-11-22T12:53:28.123Z warn 4711 text", one line whatever the text holds
 *         (control characters are written as \xHH)
 * Units   a line is at most LOG_LINE_MAX bytes, longer text is cut
 * Errors  none: a log that can't be written is not worth a request
 * Owns    keeps a copy of what log_open() is given; one write(2) a line, so that lines of several
 *         processes don't mix; safe from any thread, not from a signal handler
 * Source  syslog(3)
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/rc.h"

#define LOG_LINE_MAX 4096		/* bytes */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* log_open - where: "stderr", "syslog", or a file's path (appended to, 0600). Before: stderr */
enum rc log_open(const char *ident, const char *where, struct error *err);

/* log_level - least important level that is written; INFO at the start */
void log_level(enum log_level level);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
