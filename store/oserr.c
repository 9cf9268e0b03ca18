/* oserr.c - errno folded into our codes */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "store/oserr.h"

/* fold - the table */
static enum rc
fold(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
		return RC_NO_SPACE;
	case EROFS:
	case EACCES:
	case EPERM:
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
		return RC_UNAVAILABLE;
	case EMFILE:			/* what others give back; nothing was done */
	case ENFILE:
	case ENOMEM:
		return RC_BUSY;
	}
	return RC_IO;
}

/* oserr - say what failed and why */
enum rc
oserr(struct error *err, const char *fmt, ...)
{
	int number = errno;
	char what[ERROR_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return error_set(err, fold(number), "%s: %s", what, strerror(number));
}
