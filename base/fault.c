/* fault.c - collect what is wrong */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/rc.h"

/* faults_add - one more */
void
faults_add(struct faults *f, const char *path, const char *fmt, ...)
{
	char text[ERROR_MAX];
	va_list ap;

	f->total++;
	if (f->n == FAULTS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->v = x_realloc(f->v, (f->n + 1) * sizeof(*f->v));
	f->v[f->n++] = (struct fault){ x_strdup(path), x_strdup(text) };
}

/* faults_json - as the HTTP answer carries them */
struct json_object *
faults_json(const struct faults *f)
{
	struct json_object *list = json_object_new_array(), *row;

	for (size_t i = 0; i < f->n; i++) {
		row = json_object_new_object();
		json_object_object_add(row, "path", json_object_new_string(f->v[i].path));
		json_object_object_add(row, "message", json_object_new_string(f->v[i].message));
		json_object_array_add(list, row);
	}
	return list;
}

/* faults_release - forget them */
void
faults_release(struct faults *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].path);
		free(f->v[i].message);
	}
	free(f->v);
	*f = (struct faults)FAULTS_INIT;
}
