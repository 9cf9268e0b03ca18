/*
 * editor.h - the user's editor on a text of ours.
 *
 * Shapes  a file in a directory of its own, 0700, below $TMPDIR; $EDITOR (default vi) is run by sh -c,
 *         so that it may have arguments
 * Units   bytes; a text that comes back is at most EDITOR_TEXT_MAX
 * Errors  RC_IO: the file, or an editor that fails
 * Owns    editor_end() removes the directory with all that editors leave in it; texts are the caller's
 * Source  git's launch_editor() as an idea
 */
#ifndef CLI_EDITOR_H
#define CLI_EDITOR_H

#include "base/rc.h"

#define EDITOR_TEXT_MAX (1 << 20)	/* bytes */

struct editor {
	char	*dir, *path;
};

/* editor_begin - name is the file's, for editors that look at its ending */
enum rc editor_begin(struct editor *e, const char *name, struct error *err);

/* editor_run - write text, wait for the editor, read what is there then; *out is wiped by the caller */
enum rc editor_run(struct editor *e, const char *text, char **out, struct error *err);
void editor_end(struct editor *e);

#endif
