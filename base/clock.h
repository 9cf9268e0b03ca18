/*
 * clock.h - now, and times as text.
 *
 * Shapes  RFC 3339 UTC with milliseconds: "2026-11-22T12:53:28.123Z", CLOCK_TEXT bytes with NUL
 * Units   milliseconds: since boot (mono), since 1970 (wall)
 * Errors  false for text that is no time; a wall time of 0 stands for "none" in records
 * Owns    nothing
 * Source  RFC 3339
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_TEXT 25			/* bytes, with the NUL */

int64_t clock_mono_ms(void);
int64_t clock_wall_ms(void);

/* clock_coarse_ms - clock_mono_ms() as it was at the last tick, up to 10 ms ago: a few ns to read */
int64_t clock_coarse_ms(void);

/* clock_format - write the text of a wall time */
void clock_format(int64_t wall_ms, char out[CLOCK_TEXT]);

/* clock_parse - RFC 3339, with any offset and fraction (cut to ms) */
bool clock_parse(const char *text, int64_t *wall_ms);

/* clock_parse_span - "90s", "15m", "1h", "30d", "2w" in ms; plain numbers are refused */
bool clock_parse_span(const char *text, int64_t *ms);

/* clock_nap - sleep ms (for the tries on a lock) */
void clock_nap(int64_t ms);

#endif
