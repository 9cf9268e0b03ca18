/*
 * editor.h - the user's editor on a text of ours.
 *
 * Shapes  a file in a directory of its own, 0700, below $TMPDIR; $EDITOR (default vi) is run by sh -c,
 *         so that it may have arguments
 * Units   bytes; a text that comes back is at most EDITOR_TEXT_MAX
 * Errors  RC_IO: the file, or an editor that fails; RC_GONE: TERM, or a terminal that hung up
 * Owns    the directory, with all that editors leave in it, is gone when editor_run() returns, and before
 *         a signal ends the process; texts are the caller's
 * Source  git's launch_editor() as an idea
 */
#ifndef CLI_EDITOR_H
#define CLI_EDITOR_H

#include "base/rc.h"

#define EDITOR_TEXT_MAX (1 << 20)	/* bytes */

/* editor_run - write text, wait for the editor, read what is there then; name is the file's, for
   editors that look at its ending. *out is wiped by the caller */
enum rc editor_run(const char *name, const char *text, char **out, struct error *err);

#endif
