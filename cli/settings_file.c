/* settings_file.c - read and replace the user's own configuration */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/settings.h"
#include "cli/settings_file.h"

#define FILE_MAX 65536			/* bytes */

/* settings_file_path - HOME, else what the system says */
char *
settings_file_path(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home == NULL || *home != '/') {
		pw = getpwuid(geteuid());
		home = pw != NULL ? pw->pw_dir : NULL;
	}
	return home != NULL ? x_asprintf("%s/.mcpctl/config.json", home) : NULL;
}

/* read_whole - a regular file of ours; who else could read it could be us */
static enum rc
read_whole(const char *file, int fd, struct buf *text, struct error *err)
{
	char piece[4096];
	struct stat st;
	ssize_t n;
	enum rc rc = RC_OK;

	if (fstat(fd, &st) != 0)
		return error_set(err, RC_IO, "%s: %s", file, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(err, RC_INVALID, "%s: is no regular file", file);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return error_set(err, RC_INVALID, "%s: others may read it (mode %04o): chmod 600",
		    file, (unsigned)st.st_mode & 07777);
	while (rc == RC_OK && (n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = error_set(err, RC_IO, "%s: %s", file, strerror(errno));
		else
			rc = buf_add(text, piece, (size_t)n, err);
	}
	mem_wipe(piece, sizeof(piece));
	return rc == RC_TOO_LARGE ? error_set(err, RC_INVALID, "%s: is over %d bytes", file,
	    FILE_MAX) : rc;
}

/* load_object - what is in the file; an empty object where there is none */
static enum rc
load_object(const char *file, struct json_object **out, struct error *err)
{
	int fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	struct buf text = BUF_INIT(FILE_MAX);
	enum rc rc;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) {
		*out = json_object_new_object();
		return RC_OK;
	}
	if (fd < 0)
		return error_set(err, RC_IO, "%s: %s", file, errno == ELOOP ? "is a symbolic link" :
		    strerror(errno));
	rc = read_whole(file, fd, &text, err);
	close(fd);
	if (rc == RC_OK && (rc = jsonx_parse(text.p, text.len, JSONX_DEPTH, out, err)) != RC_OK)
		error_prefix(err, "%s", file);
	if (rc == RC_OK && !json_object_is_type(*out, json_type_object)) {
		json_object_put(*out);
		rc = error_set(err, RC_INVALID, "%s: is no JSON object", file);
	}
	buf_wipe(&text);
	return rc;
}

/* check_types - a server that isn't understood must not mean that the store is meant */
static enum rc
check_types(const char *file, struct json_object *o, struct error *err)
{
	for (int i = 0; i < SETTING__MAX; i++) {
		struct json_object *value = jsonx_get(o, setting_rows[i].name);
		bool flag = i == SETTING_INSECURE;

		if (value != NULL && !json_object_is_type(value, json_type_string) &&
		    !(flag && json_object_is_type(value, json_type_boolean)))
			return error_set(err, RC_INVALID, "%s: %s: must be %s", file,
			    setting_rows[i].name, flag ? "true or false" : "a string");
	}
	return RC_OK;
}

/* settings_file_load - null is as good as absent */
enum rc
settings_file_load(const char *file, char **v, struct error *err)
{
	struct json_object *o;
	enum rc rc;

	if (file == NULL)
		return RC_OK;
	if ((rc = load_object(file, &o, err)) != RC_OK)
		return rc;
	rc = check_types(file, o, err);
	for (int i = 0; rc == RC_OK && i < SETTING__MAX; i++) {
		const char *name = setting_rows[i].name;

		v[i] = x_strdup(jsonx_str(o, name, jsonx_bool(o, name, false) ? "true" : NULL));
	}
	jsonx_wipe(o);
	json_object_put(o);
	return rc;
}

/* write_all - and down to the disk */
static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = write(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		p += got;
		n -= (size_t)got;
	}
	return fsync(fd);
}

/* replace - a new file in the old one's place: nobody ever sees half of it */
static enum rc
replace(const char *file, const char *text, struct error *err)
{
	char *fresh = x_asprintf("%s.XXXXXX", file);
	int fd = mkostemp(fresh, O_CLOEXEC), saved = 0;
	bool done = fd >= 0;

	if (fd >= 0) {
		done = write_all(fd, text, strlen(text)) == 0 && rename(fresh, file) == 0;
		saved = errno;
		close(fd);
		if (!done)
			unlink(fresh);
	} else {
		saved = errno;
	}
	free(fresh);
	return done ? RC_OK : error_set(err, RC_IO, "%s: %s", file, strerror(saved));
}

/* make_directory - the one that holds the file */
static enum rc
make_directory(const char *file, struct error *err)
{
	char *dir = x_strndup(file, (size_t)(strrchr(file, '/') - file));
	enum rc rc = RC_OK;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		rc = error_set(err, RC_IO, "%s: %s", dir, strerror(errno));
	free(dir);
	return rc;
}

/* settings_file_save - what we don't know stays in it */
enum rc
settings_file_save(const char *file, const char *const *v, struct error *err)
{
	struct json_object *o;
	enum rc rc;

	if ((rc = make_directory(file, err)) != RC_OK || (rc = load_object(file, &o, err)) != RC_OK)
		return rc;
	for (int i = 0; i < SETTING__MAX; i++) {
		const char *name = setting_rows[i].name;

		if (v[i] == NULL)
			json_object_object_del(o, name);
		else if (i == SETTING_INSECURE)
			jsonx_put_bool(o, name, strcmp(v[i], "true") == 0);
		else
			jsonx_put_str(o, name, v[i]);
	}
	rc = replace(file, jsonx_pretty(o), err);
	jsonx_wipe(o);
	json_object_put(o);
	return rc;
}
