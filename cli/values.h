/*
 * values.h - a secret's values, taken in without leaving traces.
 *
 * Shapes  --data K=V, --data K=- (stdin), --data K (asked for), --from-file K=FILE,
 *         --from-env-file FILE, into one JSON object {key: value}
 * Units   bytes; a value is at most VALUE_MAX, an environment file ENV_FILE_MAX
 * Errors  RC_USAGE, RC_IO, RC_INVALID (not text, or too large); no message holds a value
 * Owns    the object is the caller's; jsonx_wipe() it before it is put away. What stood in argv is
 *         overwritten once it is taken
 * Source  CLI.md "create secret"; DESIGN.md 5
 */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include "base/rc.h"
#include "cli/options.h"

#define VALUE_MAX	 65536		/* bytes */
#define ENV_FILE_MAX	 (1 << 20)	/* bytes */

struct json_object;

/* values_collect - all that the options give; *out is NULL where they give nothing */
enum rc values_collect(const struct args *a, struct json_object **out, struct error *err);

#endif
