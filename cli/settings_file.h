/*
 * settings_file.h - ~/.mcpctl/config.json.
 *
 * Shapes  a JSON object; members that we don't know are kept as they are
 * Units   none
 * Errors  RC_INVALID names the file and what is wrong in it; RC_IO. No file is no error
 * Owns    texts that are loaded are the caller's
 * Source  CLI.md, "login": 0600, in a directory of 0700, replaced by rename(2)
 */
#ifndef CLI_SETTINGS_FILE_H
#define CLI_SETTINGS_FILE_H

#include "base/rc.h"

/* settings_file_path - owned by the caller; NULL: there is no home directory */
char *settings_file_path(void);

/* settings_file_load - into v, by enum setting; file may be NULL */
enum rc settings_file_load(const char *file, char **v, struct error *err);

enum rc settings_file_save(const char *file, const char *const *v, struct error *err);

#endif
