/*
 * emit.h - JSON objects as YAML documents.
 *
 * Shapes  block style, one document an object, "kind" put first where it is given;
 *         numbers keep their text
 * Units   none
 * Errors  RC_IO when out can't be written
 * Owns    emit_close() frees; out and the objects are borrowed
 * Source  YAML 1.1 and 1.2 core schema: a string that either would read as something else is quoted
 */
#ifndef CLI_EMIT_H
#define CLI_EMIT_H

#include <stdio.h>

#include "base/rc.h"

struct emit;
struct json_object;

struct emit *emit_open(FILE *out);

/* emit_document - kind NULL: the object as it is */
enum rc emit_document(struct emit *e, const char *kind, struct json_object *o, struct error *err);

/* emit_close - end the stream; it is freed whatever is returned */
enum rc emit_close(struct emit *e, struct error *err);

#endif
