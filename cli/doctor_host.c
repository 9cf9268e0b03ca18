/* doctor_host.c - checks of what mcpd runs on: whom it trusts, and its FastCGI library */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/doctor.h"

#define VERSION_SIZE	64		/* bytes of a version's text, with the NUL */

/* look_remote_user - a name that is believed without a token must come from the web server alone */
static void
look_remote_user(struct doctor *d)
{
	if (!d->cfg.trust_remote_user)
		doctor_found(d, VERDICT_OK, "trust_remote_user is off: tokens alone count");
	else if (strcmp(d->cfg.remote_user_param, "REMOTE_USER") != 0)
		doctor_found(d, VERDICT_OK, "the web server's %s is trusted",
		    d->cfg.remote_user_param);
	else {
		doctor_found(d, VERDICT_WARN, "trust_remote_user is on: whoever the web server calls "
		    "REMOTE_USER gets in without a token, and some call so who was not checked "
		    "(nginx's fastcgi_params)");
		doctor_mend(d, "remote_user_param: MCPD_USER, sent by the web server after its "
		    "login; and " PROGRAM_NAME " doctor --url URL");
	}
}

/* spawn_query - dpkg-query with its answer in a pipe: *out is read. The library's package has another
   name since Debian 13. 0: there is no dpkg */
static pid_t
spawn_query(FILE **out)
{
	static const char *const argv[] = { "dpkg-query", "-W", "-f",
	    "${db:Status-Abbrev}${Version}\n", "libfcgi0t64", "libfcgi0ldbl", NULL };
	posix_spawn_file_actions_t acts;
	pid_t pid = 0;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return 0;
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_adddup2(&acts, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&acts, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &acts, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
		pid = 0;
	posix_spawn_file_actions_destroy(&acts);
	close(fds[1]);
	if ((*out = fdopen(fds[0], "r")) == NULL)
		abort();
	return pid;
}

/* packaged_version - as dpkg knows it; false: no dpkg, or not from a package */
static bool
packaged_version(char out[VERSION_SIZE])
{
	char line[VERSION_SIZE] = "";
	bool found = false;
	FILE *f = NULL;
	pid_t pid = spawn_query(&f);

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = strncmp(line, "ii ", 3) == 0;
	if (f != NULL)
		fclose(f);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (found)
		snprintf(out, VERSION_SIZE, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
	return found;
}

/* is_mended - of CVE-2025-23016: 2.4.7, and Debian's 2.4.2-2+deb12u1 and later (as configure.ac) */
static bool
is_mended(const char *version)
{
	static const char debian[] = "2.4.2-2+deb1";
	unsigned major = 0, minor = 0, patch = 0;
	const char *rest = version + strlen(debian);

	if (strncmp(version, debian, strlen(debian)) == 0)
		return *rest >= '2' && *rest <= '9';
	if (sscanf(version, "%u.%u.%u", &major, &minor, &patch) < 2)
		return false;
	return major > 2 || (major == 2 && (minor > 4 || (minor == 4 && patch >= 7)));
}

/* look_libfcgi - the library tells nobody its version: its package does, or what we were built with */
static void
look_libfcgi(struct doctor *d)
{
	char version[VERSION_SIZE] = LIBFCGI_BUILT;
	bool packaged = packaged_version(version);

	if (is_mended(version)) {
		doctor_found(d, VERDICT_OK, "%s", version);
		return;
	}
	doctor_found(d, VERDICT_WARN, "%s: CVE-2025-23016 is mended in 2.4.7; until then whoever "
	    "reaches mcpd's socket may run code in it", *version != '\0' ? version : "of unknown version");
	if (packaged)
		doctor_mend(d, "apt-get update && apt-get install --only-upgrade '?installed"
		    "?name(^libfcgi0)'");
	else
		doctor_mend(d, "listen: unix:/run/mcpd/mcpd.sock and listen_mode: 0660 in mcpd.yaml");
}

const struct check doctor_host_checks[] = {
	{ "remote user",	NEED_CONFIG,	look_remote_user },
	{ "libfcgi",		NEED_NOTHING,	look_libfcgi },
	{ NULL, NEED_NOTHING, NULL }
};
