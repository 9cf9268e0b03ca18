/*
 * manifest_file.h - the texts that a path stands for.
 *
 * Shapes  a file; "-": stdin; a directory: its *.yaml, *.yml and *.json, sorted, hidden ones left out
 * Units   bytes, counted over all of one command
 * Errors  miss() for each that can't be read or is too large; the others are read all the same
 * Owns    a text is borrowed by take(), and wiped afterwards
 * Source  CLI.md, "apply"
 */
#ifndef CLI_MANIFEST_FILE_H
#define CLI_MANIFEST_FILE_H

#include <stddef.h>

#include "base/fault.h"
#include "base/rc.h"

struct manifest_reader {
	void		(*take)(void *arg, const char *name, const char *text, size_t len,
			    struct faults *faults);
	void		(*miss)(void *arg, const char *name, const struct error *why,
			    struct faults *faults);
	void		*arg;
	struct faults	*faults;
};

/* manifest_files - max: bytes of all of them; *bytes: those that were read before */
void manifest_files(const char *path, size_t max, size_t *bytes, const struct manifest_reader *to);

#endif
