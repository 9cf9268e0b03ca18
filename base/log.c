/* log.c - one event, one line, one write(2) */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"

#define TO_SYSLOG (-1)			/* in log_fd */

static const struct {
	const char	*name;
	int		 priority;	/* of syslog(3) */
} levels[] = {
	[LOG_LEVEL_ERROR]	= { "error",	LOG_ERR },
	[LOG_LEVEL_WARN]	= { "warn",	LOG_WARNING },
	[LOG_LEVEL_INFO]	= { "info",	LOG_INFO },
	[LOG_LEVEL_DEBUG]	= { "debug",	LOG_DEBUG },
};

static atomic_int log_fd = STDERR_FILENO;
static atomic_int least = LOG_LEVEL_INFO;
static int file_fd = -1;		/* the last file that was opened */
static char *log_ident;			/* syslog(3) keeps the pointer */

/* open_file - appended to by every process; never through a symbolic link. The number of the one
   before is kept, and never closed: another thread may be about to write to it */
static enum rc
open_file(const char *path, struct error *err)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
	int fd = open(path, flags, 0600);

	if (fd < 0)
		return error_set(err, RC_IO, "log %s: %s", path, strerror(errno));
	if (file_fd < 0) {
		file_fd = fd;
		return RC_OK;
	}
	dup3(fd, file_fd, O_CLOEXEC);
	close(fd);
	return RC_OK;
}

/* open_syslog - the ident must outlive the connection */
static void
open_syslog(const char *ident)
{
	char *old = log_ident;

	log_ident = x_strdup(ident);
	openlog(log_ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	free(old);
}

/* log_open - the new place is open before the old one is left */
enum rc
log_open(const char *ident, const char *where, struct error *err)
{
	enum rc rc;

	if (strcmp(where, "stderr") == 0) {
		atomic_store(&log_fd, STDERR_FILENO);
		return RC_OK;
	}
	if (strcmp(where, "syslog") == 0) {
		open_syslog(ident);
		atomic_store(&log_fd, TO_SYSLOG);
		return RC_OK;
	}
	rc = open_file(where, err);
	if (rc == RC_OK)
		atomic_store(&log_fd, file_fd);
	return rc;
}

/* log_level - from here on */
void
log_level(enum log_level level)
{
	atomic_store(&least, (int)level);
}

/* visible - length of the character at p if it may stand in a log line, else 0: controls, C1
   controls (U+0080 to U+009F, which terminals obey) and broken UTF-8 may not */
static size_t
visible(const char *p, size_t len)
{
	unsigned char c = (unsigned char)*p;

	if (c < 0x20 || c == 0x7f)
		return 0;
	if (c == 0xc2 && len > 1 && (unsigned char)p[1] < 0xa0)
		return 0;
	return utf8_len(p, len);
}

/* escape - text into at most size bytes, a NUL among them, without half a character at the end */
static size_t
escape(const char *text, char *out, size_t size)
{
	size_t left = strlen(text), n = 0, len;

	for (; left > 0; text += len, left -= len) {
		len = visible(text, left);
		if (n + (len ? len : 4) >= size)
			break;
		if (len > 0) {
			memcpy(out + n, text, len);
			n += len;
		} else {
			n += (size_t)snprintf(out + n, size - n, "\\x%02x", (unsigned char)*text);
			len = 1;
		}
	}
	out[n] = '\0';
	return n;
}

/* write_line - lost when it can't be written */
static void
write_line(int fd, enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX], now[CLOCK_TEXT];
	size_t n;

	clock_format(clock_wall_ms(), now);
	n = (size_t)snprintf(line, sizeof(line), "%s %s %ld ", now, levels[level].name,
	    (long)getpid());
	n += escape(text, line + n, sizeof(line) - n);
	line[n++] = '\n';
	while (write(fd, line, n) < 0 && errno == EINTR)
		;
}

/* write_syslog - which adds its own time and pid */
static void
write_syslog(enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX];

	escape(text, line, sizeof(line));
	syslog(levels[level].priority, "%s", line);
}

/* emit - the caller's errno is kept: it may be about to report it */
static void
emit(enum log_level level, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX];
	int saved = errno, fd = atomic_load(&log_fd);

	if ((int)level > atomic_load(&least))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (fd == TO_SYSLOG)
		write_syslog(level, text);
	else
		write_line(fd, level, text);
	errno = saved;
}

/* log_error - something failed */
void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

/* log_warn - it went on, but someone should look */
void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_WARN, fmt, ap);
	va_end(ap);
}

/* log_info - the life of the service */
void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

/* log_debug - for whoever looks for a fault */
void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}
