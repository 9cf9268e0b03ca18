/*
 * source.h - files of the source that tests hold to the program.
 *
 * Shapes  a path below the top of the source, or an absolute one; SOURCE_DIR is the top
 * Units   bytes
 * Errors  a file that isn't there, or is too long, fails the test
 * Owns    the caller frees the text
 * Source  none
 */
#ifndef UNIT_SOURCE_H
#define UNIT_SOURCE_H

char *source_read(const char *path);

#endif
