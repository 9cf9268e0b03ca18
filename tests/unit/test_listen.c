/* test_listen.c - a socket is taken from the dead, never from the living */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fcgi/listen.h"

static char dir[] = "/tmp/mcpd-unit.XXXXXX";
static char path[64], spec[80];

static void
make_dir(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(spec, sizeof(spec), "unix:%s", path);
}

static void
remove_dir(void)
{
	(void)unlink(path);
	rmdir(dir);
}

TestSuite(listen, .init = make_dir, .fini = remove_dir);

/* open_it - must succeed */
static struct listener
open_it(const char *where, mode_t mode)
{
	struct listener l;
	struct error err;

	cr_assert_eq(listen_open(where, mode, &l, &err), RC_OK, "%s", err.msg);
	return l;
}

/* connects - does somebody listen at path */
static bool
connects(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), ret;

	memcpy(sa.sun_path, path, strlen(path) + 1);
	ret = connect(fd, (struct sockaddr *)&sa, sizeof(sa));
	close(fd);
	return ret == 0;
}

Test(listen, a_socket_has_the_mode_that_was_asked_for_whatever_the_umask)
{
	static const mode_t modes[] = { 0660, 0600, 0666 };
	struct stat st;

	umask(077);
	for (size_t i = 0; i < 3; i++) {
		struct listener l = open_it(spec, modes[i]);

		cr_assert_eq(stat(path, &st), 0);
		cr_expect_eq(st.st_mode & 0777, modes[i], "%o", (unsigned)st.st_mode);
		cr_expect_eq(umask(077), 077);
		listen_close(&l);
	}
}

Test(listen, a_descriptor_does_not_block_and_is_not_inherited)
{
	struct listener l = open_it(spec, 0660);

	cr_expect(listen_is(l.fd));
	cr_expect(fcntl(l.fd, F_GETFL) & O_NONBLOCK);
	cr_expect(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
	cr_expect_lt(accept(l.fd, NULL, NULL), 0);
	listen_close(&l);
	cr_expect_eq(l.fd, -1);
}

Test(listen, a_living_socket_is_left_alone)
{
	struct listener l = open_it(spec, 0660), second;
	struct error err;

	cr_expect_eq(listen_open(spec, 0660, &second, &err), RC_CONFLICT);
	cr_expect_not_null(strstr(err.msg, path), "%s", err.msg);
	cr_expect(connects());
	listen_close(&l);
}

Test(listen, a_living_socket_with_a_full_queue_is_left_alone)
{
	struct listener l = open_it(spec, 0660), second;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct error err;
	int fd;

	memcpy(sa.sun_path, path, strlen(path) + 1);
	cr_assert_eq(listen(l.fd, 0), 0);
	do
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	while (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0);
	cr_expect_eq(listen_open(spec, 0660, &second, &err), RC_CONFLICT, "%s", err.msg);
	listen_close(&l);
}

Test(listen, a_dead_socket_is_replaced)
{
	struct listener l = open_it(spec, 0660);

	close(l.fd);
	cr_assert_not(connects());
	free(l.path);
	l = open_it(spec, 0660);
	cr_expect(connects());
	listen_close(&l);
}

Test(listen, a_file_that_is_no_socket_is_left_alone)
{
	struct listener l;
	struct error err;
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	cr_assert_geq(fd, 0);
	close(fd);
	cr_expect_eq(listen_open(spec, 0660, &l, &err), RC_CONFLICT);
	cr_expect_eq(access(path, F_OK), 0);
}

Test(listen, a_path_is_removed_at_the_end_only_while_it_is_ours)
{
	struct listener l = open_it(spec, 0660), other;

	listen_close(&l);
	cr_expect_neq(access(path, F_OK), 0);

	l = open_it(spec, 0660);
	cr_assert_eq(unlink(path), 0);
	other = open_it(spec, 0660);
	listen_close(&l);
	cr_expect(connects());
	listen_close(&other);
}

Test(listen, takes_a_host_and_a_port)
{
	static const char *const good[] = { "127.0.0.1:0", "[::1]:0" };	/* no names: a host may
									   know none */

	for (size_t i = 0; i < 2; i++) {
		struct listener l;
		struct error err;

		if (listen_open(good[i], 0, &l, &err) != RC_OK) {
			cr_expect_eq(i, 1, "%s: %s", good[i], err.msg);	/* a host without IPv6 */
			continue;
		}
		cr_expect(listen_is(l.fd));
		cr_expect_null(l.path);
		listen_close(&l);
	}
}

Test(listen, refuses_what_is_neither)
{
	static const char *const bad[] = {
		"", "unix:", "9000", ":9000", "127.0.0.1:", "127.0.0.1:http", "[]:1", "127.0.0.1:70000",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct listener l = { .fd = -1 };
		struct error err;

		cr_expect_neq(listen_open(bad[i], 0660, &l, &err), RC_OK, "'%s'", bad[i]);
		listen_close(&l);
	}
}

Test(listen, refuses_a_path_that_the_kernel_would_cut)
{
	char text[200];
	struct listener l;
	struct error err;

	memset(text, 'a', sizeof(text));
	memcpy(text, "unix:/", 6);
	text[sizeof(text) - 1] = '\0';
	cr_expect_eq(listen_open(text, 0660, &l, &err), RC_INVALID);
}

Test(listen, knows_a_listening_socket)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	cr_expect_not(listen_is(fds[0]));
	cr_expect_not(listen_is(-1));
	close(fds[0]);
	close(fds[1]);
}
