/*
 * fault.h - everything that is wrong with one input, not only the first thing.
 *
 * Shapes  a list of {path, message}; path is dotted ("apiKeyRef.name", "roleBindings[2].role")
 * Units   at most FAULTS_MAX are kept, the rest are counted
 * Errors  none
 * Owns    faults_release() frees
 * Source  API.md 2: a 400 names every fault in "details"
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stddef.h>

#define FAULTS_MAX 100			/* faults */

struct json_object;

struct fault {
	char	*path;
	char	*message;
};

struct faults {
	struct fault	*v;
	size_t		 n;		/* kept in v */
	size_t		 total;		/* found */
};

#define FAULTS_INIT { NULL, 0, 0 }

void faults_add(struct faults *f, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* faults_json - [{"path","message"}...], owned by the caller */
struct json_object *faults_json(const struct faults *f);

void faults_release(struct faults *f);

#endif
