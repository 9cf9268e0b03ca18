/* ask.c - a line from the terminal, without echo */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "cli/ask.h"

static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* ending_set - what must not end us while the echo is off. A signal that is ignored, as SIGINT in the
   background and SIGHUP under nohup(1), would come by the descriptor all the same: it is left out */
static void
ending_set(sigset_t *set)
{
	struct sigaction now;

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(ending_signals) / sizeof(ending_signals[0]); i++)
		if (sigaction(ending_signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(set, ending_signals[i]);
}

/* wait_line - a signal's number, 0 when a line is there, -1 */
static int
wait_line(int sigfd)
{
	struct pollfd fds[] = {
		{ .fd = sigfd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return -1;
	if (fds[0].revents == 0)
		return 0;
	return read(sigfd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : -1;
}

/* read_line - what was typed: its length without the newline, or -1 with errno */
static ssize_t
read_line(char *line, size_t size)
{
	ssize_t n = read(STDIN_FILENO, line, size);

	if (n <= 0)
		return n;
	if (line[n - 1] == '\n')
		return n - 1;
	errno = EMSGSIZE;
	return -1;
}

/* ask - with the echo off and the signals held back; *sig is one that came. -1 with errno */
static ssize_t
ask(const char *prompt, int sigfd, char *line, size_t size, int *sig)
{
	struct termios old, quiet;
	ssize_t n = -1;
	int saved;

	if (tcgetattr(STDIN_FILENO, &old) != 0)
		return -1;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ICANON | ISIG;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0)
		return -1;
	fprintf(stderr, "%s: ", prompt);
	if ((*sig = wait_line(sigfd)) == 0)
		n = read_line(line, size);
	saved = errno;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
	fputc('\n', stderr);
	errno = saved;
	return n;
}

/* ask_silently - signals come by a descriptor: the terminal is put back before they act */
enum rc
ask_silently(const char *prompt, char *line, size_t size, struct error *err)
{
	sigset_t ending, before;
	int sigfd, sig = 0;
	ssize_t n;

	ending_set(&ending);
	sigprocmask(SIG_BLOCK, &ending, &before);
	if ((sigfd = signalfd(-1, &ending, SFD_CLOEXEC)) < 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		return error_set(err, RC_IO, "signalfd: %s", strerror(errno));
	}
	if ((n = ask(prompt, sigfd, line, size - 1, &sig)) < 0)
		error_set(err, RC_IO, "terminal: %s", strerror(errno));
	close(sigfd);
	if (sig > 0)
		raise(sig);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (n < 0)
		return RC_IO;
	line[n] = '\0';
	return n > 0 ? RC_OK : error_set(err, RC_INVALID, "%s: nothing was typed", prompt);
}
