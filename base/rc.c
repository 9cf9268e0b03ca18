/* rc.c - the one table of result codes */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/rc.h"

static const struct rc_info infos[RC__MAX] = {
	/* code				name		  HTTP	exit */
	[RC_OK]			= { RC_OK,		"ok",		  200,	0 },
	[RC_INVALID]		= { RC_INVALID,		"invalid",	  400,	1 },
	[RC_USAGE]		= { RC_USAGE,		"usage",	  400,	2 },
	[RC_UNAUTHENTICATED]	= { RC_UNAUTHENTICATED,	"unauthenticated", 401,	4 },
	[RC_FORBIDDEN]		= { RC_FORBIDDEN,	"forbidden",	  403,	4 },
	[RC_NOT_FOUND]		= { RC_NOT_FOUND,	"not_found",	  404,	1 },
	[RC_METHOD]		= { RC_METHOD,		"method",	  405,	1 },
	[RC_CONFLICT]		= { RC_CONFLICT,	"conflict",	  409,	1 },
	[RC_PRECONDITION]	= { RC_PRECONDITION,	"precondition",	  412,	1 },
	[RC_TOO_LARGE]		= { RC_TOO_LARGE,	"too_large",	  413,	1 },
	[RC_MEDIA_TYPE]		= { RC_MEDIA_TYPE,	"media_type",	  415,	1 },
	[RC_STALE]		= { RC_STALE,		"stale",	  503,	1 },
	[RC_RESYNC]		= { RC_RESYNC,		"resync",	  503,	1 },
	[RC_BUSY]		= { RC_BUSY,		"busy",		  503,	1 },
	[RC_UNAVAILABLE]	= { RC_UNAVAILABLE,	"unavailable",	  503,	1 },
	[RC_UNKNOWN]		= { RC_UNKNOWN,		"unknown",	  503,	1 },
	[RC_NO_SPACE]		= { RC_NO_SPACE,	"no_space",	  507,	1 },
	[RC_IO]			= { RC_IO,		"io",		  500,	1 },
	[RC_CORRUPT]		= { RC_CORRUPT,		"corrupt",	  500,	1 },
	[RC_UNSUPPORTED]	= { RC_UNSUPPORTED,	"unsupported",	  501,	1 },
	[RC_UPSTREAM]		= { RC_UPSTREAM,	"upstream",	  502,	1 },
	[RC_TIMEOUT]		= { RC_TIMEOUT,		"timeout",	  504,	1 },
	[RC_GONE]		= { RC_GONE,		"gone",		  499,	130 },
};

/* rc_info - the row of a code */
const struct rc_info *
rc_info(enum rc rc)
{
	if ((unsigned)rc >= RC__MAX)
		rc = RC_IO;
	return &infos[rc];
}

/* error_set - say what happened */
enum rc
error_set(struct error *err, enum rc rc, const char *fmt, ...)
{
	va_list ap;

	if (err != NULL) {
		err->rc = rc;
		va_start(ap, fmt);
		vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
		va_end(ap);
	}
	return rc;
}

/* error_prefix - say where it happened */
enum rc
error_prefix(struct error *err, const char *fmt, ...)
{
	char old[ERROR_MAX];
	size_t n;
	va_list ap;

	if (err == NULL)
		return RC_IO;
	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	n = strlen(err->msg);
	snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", old);
	return err->rc;
}
