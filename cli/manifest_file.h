/*
 * manifest_file.h - the texts that a path stands for.
 *
 * Shapes  a file; "-": stdin; a directory: its *.yaml, *.yml and *.json, sorted, hidden ones left out
 * Units   bytes, counted over all of one command
 * Errors  RC_IO and RC_INVALID (too large, no regular file) for the path itself; faults are take()'s
 * Owns    a text is borrowed by take(), and wiped afterwards
 * Source  CLI.md, "apply"
 */
#ifndef CLI_MANIFEST_FILE_H
#define CLI_MANIFEST_FILE_H

#include <stddef.h>

#include "base/fault.h"
#include "base/rc.h"

typedef void manifest_take(void *arg, const char *name, const char *text, size_t len,
    struct faults *faults);

enum rc manifest_files(const char *path, size_t max, size_t *bytes, manifest_take *take, void *arg,
    struct faults *faults, struct error *err);

#endif
