/* listen.c - bind, without taking a socket away from a process that lives */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "fcgi/listen.h"

#define PORT_MAX 65535
#define HOST_MAX 256			/* bytes, with the NUL (RFC 1035: 255) */

static const char unix_prefix[] = "unix:";

/* stream_socket - as we want all of ours */
static int
stream_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* lock_directory - two masters that start at once must not both find the same socket dead */
static int
lock_directory(const char *path)
{
	char *copy = x_strdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(copy);
	if (fd >= 0)
		(void)flock(fd, LOCK_EX);
	return fd;
}

/* bind_mode - under a umask that gives the socket its mode from its first moment on */
static int
bind_mode(int fd, const struct sockaddr_un *sa, mode_t mode)
{
	mode_t before = umask(~mode & 0777);
	int ret = bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 ? 0 : errno;

	umask(before);
	return ret;
}

/* remove_stale - unlink a socket that nobody listens on any more; anything else stays */
static enum rc
remove_stale(const struct sockaddr_un *sa, struct error *err)
{
	int fd = stream_socket(AF_UNIX), code;
	struct stat st;

	if (fd < 0)
		return error_set(err, RC_IO, "socket: %s", strerror(errno));
	code = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 ? 0 : errno;
	close(fd);
	if (code == 0 || code == EAGAIN)
		return error_set(err, RC_CONFLICT, "%s: another process listens there",
		    sa->sun_path);
	if (lstat(sa->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return error_set(err, RC_CONFLICT, "%s: there, and not a socket", sa->sun_path);
	if (code != ECONNREFUSED && code != ENOENT)
		return error_set(err, RC_IO, "%s: %s", sa->sun_path, strerror(code));
	if (unlink(sa->sun_path) != 0 && errno != ENOENT)
		return error_set(err, RC_IO, "unlink %s: %s", sa->sun_path, strerror(errno));
	return RC_OK;
}

/* bind_unix - with the directory locked */
static enum rc
bind_unix(int fd, const struct sockaddr_un *sa, mode_t mode, struct error *err)
{
	int code = bind_mode(fd, sa, mode);
	enum rc rc;

	if (code == EADDRINUSE) {
		if ((rc = remove_stale(sa, err)) != RC_OK)
			return rc;
		code = bind_mode(fd, sa, mode);
	}
	if (code == 0 && listen(fd, LISTEN_BACKLOG) != 0)
		code = errno;
	if (code != 0)
		return error_set(err, RC_IO, "%s: %s", sa->sun_path, strerror(code));
	return RC_OK;
}

/* open_unix - "unix:/run/mcpd/mcpd.sock" */
static enum rc
open_unix(const char *path, mode_t mode, struct listener *out, struct error *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct stat st = { 0 };
	int lock, fd;
	enum rc rc;

	if (*path == '\0' || strlen(path) >= sizeof(sa.sun_path))
		return error_set(err, RC_INVALID, "listen: not a path of 1 to %zu bytes: '%s'",
		    sizeof(sa.sun_path) - 1, path);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	if ((fd = stream_socket(AF_UNIX)) < 0)
		return error_set(err, RC_IO, "socket: %s", strerror(errno));
	lock = lock_directory(path);
	rc = bind_unix(fd, &sa, mode, err);
	if (rc == RC_OK)
		(void)lstat(path, &st);
	if (lock >= 0)
		close(lock);
	if (rc != RC_OK) {
		close(fd);
		return rc;
	}
	*out = (struct listener){ fd, x_strdup(path), st.st_dev, st.st_ino };
	return RC_OK;
}

/* loopback - reachable from this host only */
static bool
loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)sa)->sin6_addr);
	return ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr) >> 24 == 127;
}

/* bind_address - one address of a name; the reason on failure */
static int
bind_address(const struct addrinfo *ai, int *out)
{
	int on = 1, fd = stream_socket(ai->ai_family), code;

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0) {
		*out = fd;
		return 0;
	}
	code = errno;
	close(fd);
	return code;
}

/* is_port - getaddrinfo() would take none for 0, and 70000 modulo 65536 */
static bool
is_port(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n >= 1 && n <= 5 && text[n] == '\0' && strtol(text, NULL, 10) <= PORT_MAX;
}

/* split_host - "[::1]:9000" and "127.0.0.1:9000"; the port is what follows the last colon */
static const char *
split_host(const char *spec, char host[HOST_MAX])
{
	const char *colon = strrchr(spec, ':');
	size_t n = colon != NULL ? (size_t)(colon - spec) : 0;

	if (n >= 2 && spec[0] == '[' && spec[n - 1] == ']') {
		spec++;
		n -= 2;
	}
	if (n == 0 || n >= HOST_MAX || !is_port(colon + 1))
		return NULL;
	memcpy(host, spec, n);
	host[n] = '\0';
	return colon + 1;
}

/* open_tcp - "127.0.0.1:9000": whoever can connect can claim to be any REMOTE_USER */
static enum rc
open_tcp(const char *spec, struct listener *out, struct error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list, *ai;
	char host[HOST_MAX];
	const char *port = split_host(spec, host);
	int code = 0, fd = -1;

	if (port == NULL)
		return error_set(err, RC_INVALID, "listen: neither unix:PATH nor HOST:PORT: '%s'",
		    spec);
	if ((code = getaddrinfo(host, port, &hints, &list)) != 0)
		return error_set(err, RC_INVALID, "listen: %s: %s", spec, gai_strerror(code));
	for (ai = list; ai != NULL && fd < 0; ai = ai->ai_next) {
		code = bind_address(ai, &fd);
		if (code == 0 && !loopback(ai->ai_addr))
			log_warn("listening on %s: FastCGI has no authentication, "
			    "keep others away from this port", spec);
	}
	freeaddrinfo(list);
	if (fd < 0)
		return error_set(err, code == EADDRINUSE ? RC_CONFLICT : RC_IO, "listen: %s: %s",
		    spec, strerror(code));
	*out = (struct listener){ .fd = fd };
	return RC_OK;
}

/* listen_open - either form */
enum rc
listen_open(const char *spec, mode_t mode, struct listener *out, struct error *err)
{
	size_t n = sizeof(unix_prefix) - 1;

	if (strncmp(spec, unix_prefix, n) == 0)
		return open_unix(spec + n, mode, out, err);
	return open_tcp(spec, out, err);
}

/* listen_give - to the user that the process becomes */
enum rc
listen_give(const struct listener *l, uid_t uid, gid_t gid, struct error *err)
{
	if (l->path != NULL && lchown(l->path, uid, gid) != 0)
		return error_set(err, RC_IO, "chown %s: %s", l->path, strerror(errno));
	return RC_OK;
}

/* listen_close - a path that another process has bound meanwhile stays */
void
listen_close(struct listener *l)
{
	struct stat st;

	if (l->path != NULL && lstat(l->path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		(void)unlink(l->path);
	free(l->path);
	l->path = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* listen_is - spawned by a web server, or by systemd */
bool
listen_is(int fd)
{
	int on = 0;
	socklen_t len = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
}
