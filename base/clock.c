/* clock.c - the two clocks, and RFC 3339 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define SECOND	INT64_C(1000)		/* ms */
#define MINUTE	(60 * SECOND)
#define HOUR	(60 * MINUTE)
#define DAY	(24 * HOUR)
#define LAST_MS	INT64_C(253402300799999)	/* 9999-12-31T23:59:59.999Z: four digits of year */

/* read_clock - in ms */
static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec / 1000000;
}

/* clock_mono_ms - for deadlines: nobody sets it */
int64_t
clock_mono_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* clock_coarse_ms - for what every request asks */
int64_t
clock_coarse_ms(void)
{
	return read_clock(CLOCK_MONOTONIC_COARSE);
}

/* clock_wall_ms - for people */
int64_t
clock_wall_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

/* clock_format - times outside 1970..9999 become the nearer end */
void
clock_format(int64_t wall_ms, char out[CLOCK_TEXT])
{
	struct tm tm;
	time_t seconds;
	size_t n;

	if (wall_ms < 0)
		wall_ms = 0;
	if (wall_ms > LAST_MS)
		wall_ms = LAST_MS;
	seconds = wall_ms / SECOND;
	gmtime_r(&seconds, &tm);
	n = strftime(out, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, CLOCK_TEXT - n, ".%03uZ", (unsigned)(wall_ms % SECOND) % 1000);
}

/* digits - exactly n of them, and what follows them unless it is NUL, into *value */
static bool
digits(const char **p, int n, char then, int *value)
{
	*value = 0;
	for (; n > 0; n--, ++*p) {
		if (**p < '0' || **p > '9')
			return false;
		*value = *value * 10 + **p - '0';
	}
	if (then == '\0')
		return true;
	return *(*p)++ == then;
}

/* days_in - a month of the Gregorian calendar */
static int
days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* parse_date - "2026-11-22", in ms since 1970 */
static bool
parse_date(const char **p, int64_t *ms)
{
	int year, month, day;
	struct tm tm = { .tm_isdst = 0 };

	if (!digits(p, 4, '-', &year) || !digits(p, 2, '-', &month) || !digits(p, 2, '\0', &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > days_in(year, month))
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	*ms = timegm(&tm) * SECOND;
	return true;
}

/* parse_fraction - ".123456", cut to ms; none is fine */
static bool
parse_fraction(const char **p, int64_t *ms)
{
	int64_t unit = SECOND / 10;

	*ms = 0;
	if (**p != '.')
		return true;
	++*p;
	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; ++*p, unit /= 10)
		*ms += (**p - '0') * unit;
	return true;
}

/* parse_time - "12:53:28.123"; a leap second is the last millisecond before it ends */
static bool
parse_time(const char **p, int64_t *ms)
{
	int hour, minute, second;
	int64_t fraction;

	if (!digits(p, 2, ':', &hour) || !digits(p, 2, ':', &minute) ||
	    !digits(p, 2, '\0', &second) || !parse_fraction(p, &fraction))
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	if (second == 60) {
		second = 59;
		fraction = SECOND - 1;
	}
	*ms = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
	return true;
}

/* parse_offset - "Z" or "+01:00", in ms east of Greenwich */
static bool
parse_offset(const char **p, int64_t *ms)
{
	int hour, minute;
	char sign = *(*p)++;

	*ms = 0;
	if (sign == 'Z' || sign == 'z')
		return true;
	if (sign != '+' && sign != '-')
		return false;
	if (!digits(p, 2, ':', &hour) || !digits(p, 2, '\0', &minute) || hour > 23 || minute > 59)
		return false;
	*ms = (hour * HOUR + minute * MINUTE) * (sign == '-' ? -1 : 1);
	return true;
}

/* clock_parse - the first millisecond of 1970 is refused with what is before: 0 is "none" */
bool
clock_parse(const char *text, int64_t *wall_ms)
{
	int64_t date, time, offset, ms;

	if (!parse_date(&text, &date) || (*text != 'T' && *text != 't'))
		return false;
	text++;
	if (!parse_time(&text, &time) || !parse_offset(&text, &offset) || *text != '\0')
		return false;
	ms = date + time - offset;
	if (ms <= 0 || ms > LAST_MS)
		return false;
	*wall_ms = ms;
	return true;
}

/* clock_parse_span - one number, one unit */
bool
clock_parse_span(const char *text, int64_t *ms)
{
	static const struct {
		char	letter;
		int64_t	ms;
	} units[] = {
		{ 's', SECOND }, { 'm', MINUTE }, { 'h', HOUR }, { 'd', DAY }, { 'w', 7 * DAY },
	};
	int64_t n = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n))
			return false;
	}
	if (p == text || *p == '\0' || p[1] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (units[i].letter == *p)
			return !__builtin_mul_overflow(n, units[i].ms, ms);
	}
	return false;
}

/* clock_nap - a signal doesn't shorten it */
void
clock_nap(int64_t ms)
{
	struct timespec ts = { .tv_sec = ms / SECOND, .tv_nsec = ms % SECOND * 1000000 };

	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		;
}
