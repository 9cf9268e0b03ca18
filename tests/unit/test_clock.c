/* test_clock.c - times as text */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"

Test(clock, writes_rfc_3339_with_milliseconds)
{
	static const struct {
		int64_t		 ms;
		const char	*text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.001Z" },
		{ 951782399999, "2000-02-28T23:59:59.999Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 1795352008123, "2026-11-22T12:53:28.123Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
		{ -1, "1970-01-01T00:00:00.000Z" },
	};
	char text[CLOCK_TEXT];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		clock_format(rows[i].ms, text);
		cr_expect_str_eq(text, rows[i].text);
	}
}

Test(clock, reads_every_form_of_rfc_3339)
{
	static const struct {
		const char	*text;
		int64_t		 ms;
	} rows[] = {
		{ "2026-11-22T12:53:28.123Z", 1795352008123 },
		{ "2026-11-22t12:53:28z", 1795352008000 },
		{ "2026-11-22T12:53:28.1Z", 1795352008100 },
		{ "2026-11-22T12:53:28.123999999Z", 1795352008123 },
		{ "2026-11-22T13:53:28+01:00", 1795352008000 },
		{ "2026-11-22T07:23:28-05:30", 1795352008000 },
		{ "2026-11-22T12:53:28-00:00", 1795352008000 },
		{ "2000-02-29T00:00:00Z", 951782400000 },
		{ "2016-12-31T23:59:60Z", 1483228799999 },
		{ "2016-12-31T23:59:60.500Z", 1483228799999 },
		{ "1970-01-01T00:00:00.001Z", 1 },
		{ "1969-12-31T23:00:00-02:00", 3600000 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
	};
	int64_t ms;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ms = -1;
		cr_expect(clock_parse(rows[i].text, &ms), "%s", rows[i].text);
		cr_expect_eq(ms, rows[i].ms, "%s: %lld", rows[i].text, (long long)ms);
	}
}

Test(clock, refuses_what_is_no_time)
{
	static const char *const bad[] = {
		"", "now", "2026", "2026-11-22", "2026-11-22T12:53Z", "2026-11-22T12:53:28",
		"2026-11-22 12:53:28Z", "2026-1-22T12:53:28Z", "26-11-22T12:53:28Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
		"2026-11-22T24:00:00Z", "2026-11-22T23:60:00Z", "2026-11-22T23:00:61Z",
		"2026-11-22T12:53:28.Z", "2026-11-22T12:53:28,5Z", "2026-11-22T12:53:28+0100",
		"2026-11-22T12:53:28+24:00", "2026-11-22T12:53:28+01:60",
		"2026-11-22T12:53:28+1:00",
		"2026-11-22T12:53:28ZZ", "2026-11-22T12:53:28Z ", " 2026-11-22T12:53:28Z",
		"+026-11-22T12:53:28Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-01:00", "2026-11-22T12:53:28",
		"2026-11-22T12:53:", "2026-11-22T12:53:28.1",
	};
	int64_t ms = 42;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect(!clock_parse(bad[i], &ms) && ms == 42, "%s", bad[i]);
}

Test(clock, reads_back_what_it_writes)
{
	char text[CLOCK_TEXT];
	int64_t ms;

	for (int64_t at = 1; at < 253402300799999; at += 86399999 * INT64_C(31)) {
		clock_format(at, text);
		cr_assert(clock_parse(text, &ms) && ms == at, "%s", text);
	}
}

Test(clock, reads_spans_of_one_unit)
{
	static const struct {
		const char	*text;
		int64_t		 ms;
	} rows[] = {
		{ "90s", 90000 }, { "15m", 900000 }, { "1h", 3600000 }, { "30d", 2592000000 },
		{ "2w", 1209600000 }, { "0s", 0 },
	};
	static const char *const bad[] = {
		"", "s", "90", "1.5h", "-1h", "+1h", "1 h", "1h30m", "1H", "1y", "1ms", " 1h",
		"99999999999999999999s", "9223372036854775807s", "15250284452472w",
	};
	int64_t ms;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect(clock_parse_span(rows[i].text, &ms));
		cr_expect_eq(ms, rows[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect(!clock_parse_span(bad[i], &ms), "%s", bad[i]);
}

Test(clock, naps_at_least_as_long_as_asked)
{
	int64_t before = clock_mono_ms();

	clock_nap(0);
	clock_nap(20);
	cr_expect(clock_mono_ms() - before >= 20);
	cr_expect(clock_wall_ms() > 1700000000000);
}
