/* test_config.c - mcpd.yaml, environment, flags */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"

static char dir[] = "/tmp/test_config.XXXXXX";
static char path[64];

/* setup - a directory of this test's own, no variable from outside */
static void
setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/mcpd.yaml", dir);
	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		if (row->env != NULL)
			unsetenv(row->env);
	}
	unsetenv("MCPD_CONFIG");
}

/* teardown - without what the test has left in it */
static void
teardown(void)
{
	unlink(path);
	rmdir(dir);
}

TestSuite(config, .init = setup, .fini = teardown);

/* put - n bytes into the file */
static void
put(const char *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	cr_assert(f != NULL && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

/* load - the file with this text; c is to be released when it went well */
static enum rc
load(const char *yaml, struct config *c, struct error *err)
{
	put(yaml, strlen(yaml));
	return config_load(c, path, err);
}

Test(config, every_key_has_the_documented_default)
{
	struct config c;

	config_init(&c);
	cr_assert(config_finish(&c, NULL) == RC_OK);
	cr_expect_str_eq(c.db, "/var/lib/mcpd/state");
	cr_expect_str_eq(c.key_file, "/var/lib/mcpd/mcpd.key");
	cr_expect(!c.allow_network_fs && c.listen == NULL && c.user == NULL);
	cr_expect_eq(c.listen_mode, 0660);
	cr_expect(c.workers == 2 && c.threads == 64 && c.max_requests == 0 && c.drain_seconds == -1);
	cr_expect(c.base_path == NULL && !c.trust_remote_user && c.cors_origins.n == 0);
	cr_expect_str_eq(c.remote_user_param, "REMOTE_USER");
	cr_expect(c.max_body == 32 << 20 && c.max_answer == 64 << 20 && c.max_event == 4 << 20);
	cr_expect(c.max_header == 8 << 10 && c.max_nesting == 128 && !c.metrics_public);
	cr_expect(c.private_urls && c.proxy == NULL && c.ca_file == NULL);
	cr_expect(c.keepalive_seconds == 5 && c.keepalive_after_ms == 15000);
	cr_expect(c.connect_timeout_ms == 10000 && c.header_timeout_ms == 600000);
	cr_expect(c.idle_timeout_ms == 300000 && c.total_timeout_ms == 3600000);
	cr_expect_str_eq(c.log, "stderr");
	cr_expect_str_eq(c.audit_sink, "file");
	cr_expect(c.audit_keep_days == 90 && !c.audit_required);
	config_release(&c);
	config_release(&c);
}

Test(config, every_row_is_whole)
{
	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		cr_expect(row->help != NULL && *row->help != '\0', "%s", row->name);
		cr_expect(option_find(row->name) == row, "%s is there twice", row->name);
		cr_expect(row->offset < sizeof(struct config));
		if (row->type == OPTION_INT || row->type == OPTION_SIZE || row->type == OPTION_MODE)
			cr_expect(row->dflt != NULL && row->min < row->max, "%s", row->name);
	}
	cr_expect_null(option_find("workerss"));
}

Test(config, reads_every_kind_of_value)
{
	static const char yaml[] =
	    "# a comment\n"
	    "db: /srv/mcpd/state/\n"
	    "listen: 'unix:/run/mcpd.sock'\n"
	    "listen_mode: 0600\n"
	    "workers: 64\n"
	    "base_path: \"/llm/\"\n"
	    "trust_remote_user: yes\n"
	    "remote_user_param: MCPD_USER\n"
	    "private_urls: Off\n"
	    "max_body: 33554433\n"
	    "max_answer: 1G\n"
	    "max_event: 8K\n"
	    "max_header: 16KiB\n"
	    "cors_origins:\n"
	    "  - https://a.example\n"
	    "  - http://b.example:8080\n"
	    "proxy: socks5://user:p%40ss@proxy:1080\n"
	    "user:\n"
	    "ca_file: ~\n"
	    "log: /var/log/mcpd.log\n"
	    "audit:\n"
	    "  sink: syslog\n"
	    "  required: true\n"
	    "audit.keep_days: 7\n";
	struct error err = { .msg = "" };
	struct config c;

	cr_assert(load(yaml, &c, &err) == RC_OK, "%s", err.msg);
	cr_assert(config_finish(&c, &err) == RC_OK, "%s", err.msg);
	cr_expect_str_eq(c.db, "/srv/mcpd/state/");
	cr_expect_str_eq(c.key_file, "/srv/mcpd/mcpd.key");
	cr_expect_str_eq(c.listen, "unix:/run/mcpd.sock");
	cr_expect(c.listen_mode == 0600 && c.workers == 64);
	cr_expect_str_eq(c.base_path, "/llm");
	cr_expect(c.trust_remote_user && !c.private_urls);
	cr_expect_str_eq(c.remote_user_param, "MCPD_USER");
	cr_expect(c.max_body == 33554433 && c.max_answer == 1 << 30);
	cr_expect(c.max_event == 8192 && c.max_header == 16384);
	cr_assert_eq(c.cors_origins.n, 2);
	cr_expect_str_eq(c.cors_origins.v[0], "https://a.example");
	cr_expect_str_eq(c.cors_origins.v[1], "http://b.example:8080");
	cr_expect_str_eq(c.proxy, "socks5://user:p%40ss@proxy:1080");
	cr_expect(c.user == NULL && c.ca_file == NULL);
	cr_expect_str_eq(c.log, "/var/log/mcpd.log");
	cr_expect_str_eq(c.audit_sink, "syslog");
	cr_expect(c.audit_required && c.audit_keep_days == 7);
	config_release(&c);
}

Test(config, takes_a_file_that_says_nothing)
{
	static const char *const texts[] = { "", "\n", "# nothing\n", "---\n", "--- {}\n", "{}",
	"---\n...\n" };
	struct error err = { .msg = "" };
	struct config c;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		cr_assert(load(texts[i], &c, &err) == RC_OK, "%s: %s", texts[i], err.msg);
		cr_expect_eq(c.threads, 64);
		config_release(&c);
	}
}

static const struct { const char *yaml, *msg; } wrong[] = {	/* msg behind "FILE:" */
	{ "db: /x\n\nwokers: 3\n", "3: unknown key 'wokers' (did you mean 'workers'?)" },
	{ "colour: red\n", "1: unknown key 'colour'" },
	{ "audit:\n  snik: file\n",
	"2: unknown key 'audit.snik' (did you mean 'audit.sink'?)" },
	{ "audit:\n  audit:\n    sink: file\n", "2: unknown key 'audit.audit'" },
	{ "# x\nworkers: 0\n", "2: workers: 0 is out of range 1..64" },
	{ "workers: 65\n", "1: workers: 65 is out of range 1..64" },
	{ "remote_user_param: HTTP_X_USER\n", "1: remote_user_param: must be REMOTE_USER, or "
	"begin with MCPD_ and hold A-Z, 0-9 and '_'" },
	{ "remote_user_param: MCPD_user\n", "1: remote_user_param: must be REMOTE_USER, or "
	"begin with MCPD_ and hold A-Z, 0-9 and '_'" },
	{ "workers: many\n", "1: workers: must be a number" },
	{ "workers: 2x\n", "1: workers: must be a number" },
	{ "workers: +2\n", "1: workers: must be a number" },
	{ "workers: 1.5\n", "1: workers: must be a number" },
	{ "workers: 99999999999999999999\n", "1: workers: must be a number" },
	{ "workers:\n", "1: workers: must be a number" },
	{ "workers: [2]\n", "1: workers: must be one value" },
	{ "workers: {a: 2}\n", "1: workers: must be one value" },
	{ "workers:\n  - 2\n", "2: workers: must be one value" },
	{ "drain_seconds: -2\n", "1: drain_seconds: -2 is out of range -1..86400" },
	{ "listen_mode: 1777\n", "1: listen_mode: 1777 is out of range 0..777" },
	{ "listen_mode: 0680\n", "1: listen_mode: must be an octal mode such as 0660" },
	{ "max_body: 32MB\n", "1: max_body: must be a size such as 33554432, 8K, 32MiB or 1G" },
	{ "max_body: 9999999999G\n",
	    "1: max_body: must be a size such as 33554432, 8K, 32MiB or 1G" },
	{ "max_body: 2G\n", "1: max_body: 2G is out of range 1024..1073741824" },
	{ "max_nesting: 1000\n", "1: max_nesting: 1000 is out of range 8..256" },
	{ "metrics_public: maybe\n", "1: metrics_public: must be true or false" },
	{ "db: ''\n", "1: db: must not be empty" }, { "db:\n", "1: db: must not be empty" },
	{ "db: \"a\\0b\"\n", "1: db: must be one value" },
	{ "db: /a\ndb: /b\n", "2: db is here twice" },
	{ "audit:\n  sink: file\naudit.sink: stderr\n", "3: audit.sink is here twice" },
	{ "audit: {}\naudit: {}\n", "2: audit is here twice" },
	{ "audit: file\n", "1: audit: must be a mapping" },
	{ "audit.sink: disk\n", "1: audit.sink: must be file, syslog or stderr" },
	{ "log: strerr\n", "1: log: must be stderr, syslog or an absolute path" },
	{ "base_path: llm\n", "1: base_path: must begin with '/'" },
	{ "base_path: /a?b\n",
	    "1: base_path: must be a plain path, without escapes, query or fragment" },
	{ "base_path: /a//b\n", "1: base_path: has an empty segment ('//')" },
	{ "listen: /run/x.sock\n", "1: listen: must be unix:PATH or HOST:PORT" },
	{ "listen: 'unix:'\n", "1: listen: must be unix:PATH or HOST:PORT" },
	{ "listen: ':9000'\n", "1: listen: must be unix:PATH or HOST:PORT" },
	{ "listen: localhost:http\n", "1: listen: must be unix:PATH or HOST:PORT" },
	{ "listen: localhost:65536\n", "1: listen: must have a port of 1..65535" },
	{ "listen: localhost:0\n", "1: listen: must have a port of 1..65535" },
	{ "listen: '::1:9000'\n",
	    "1: listen: must have its IPv6 address in brackets: [::1]:9000" },
	{ "proxy: ftp://h\n", "1: proxy: must be http://, https:// or socks5://HOST[:PORT]" },
	{ "proxy: http://u:secret@\n",
	    "1: proxy: must be http://, https:// or socks5://HOST[:PORT]" },
	{ "proxy: http://h/x\n",
	"1: proxy: must be http://, https:// or socks5://HOST[:PORT]" },
	{ "cors_origins: ['*']\n",
	"1: cors_origins: must be an origin: https://HOST[:PORT]" },
	{ "cors_origins: [https://h/]\n",
	"1: cors_origins: must be an origin, without a path" },
	{ "cors_origins: [[a]]\n", "1: cors_origins: each item must be one text" },
	{ "cors_origins: ['']\n", "1: cors_origins: each item must be one text" },
	{ "cors_origins: {a: b}\n", "1: cors_origins: must be a list" },
	{ "- db\n", "1: a mapping of keys to values is expected" },
	{ "just text\n", "1: a mapping of keys to values is expected" },
	{ "? [a]\n: b\n", "1: a key must be one word" },
	{ "'': b\n", "1: a key must be one word" },
	{ "db: &x /a\n", "1: anchors and aliases are not allowed" },
	{ "db: *x\n", "1: anchors and aliases are not allowed" },
	{ "&x db: /a\n", "1: anchors and aliases are not allowed" },
	{ "db: /a\n---\ndb: /b\n", "2: a second document is not allowed" },
};

Test(config, says_in_which_line_what_is_wrong)
{
	char expected[ERROR_MAX];
	struct error err;
	struct config c;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		err.msg[0] = '\0';
		cr_expect(load(wrong[i].yaml, &c, &err) == RC_INVALID, "%s", wrong[i].yaml);
		snprintf(expected, sizeof(expected), "%s:%s", path, wrong[i].msg);
		cr_expect_str_eq(err.msg, expected);
	}
}

Test(config, says_in_which_line_the_yaml_is_broken)
{
	static const struct {
		const char	*yaml;
		int		 line;
	} rows[] = {
		{ "db: /a\n\tworkers: 2\n", 2 }, { "workers: 2\ncors_origins: [a\n", 3 },
		{ "db: \"a\n", 2 }, { "db: a\n  b: c\n", 2 }, { "db: a\n\nlog: \xff\n", 3 },
		{ "# \x01\n", 1 }, { "%YAML 3.0\n---\n", 1 },
	};
	char expected[ERROR_MAX];
	struct error err;
	struct config c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		err.msg[0] = '\0';
		cr_expect(load(rows[i].yaml, &c, &err) == RC_INVALID, "%s", rows[i].yaml);
		snprintf(expected, sizeof(expected), "%s:%d: ", path, rows[i].line);
		cr_expect(strncmp(err.msg, expected, strlen(expected)) == 0, "%s%s", rows[i].yaml,
		    err.msg);
	}
}

Test(config, takes_good_addresses)
{
	static const struct {
		const char	*name, *value;
	} rows[] = {
		{ "listen", "unix:x" }, { "listen", "127.0.0.1:9000" }, { "listen", "[::1]:1" },
		{ "listen", "localhost:65535" }, { "proxy", "http://h" },
		{ "proxy", "HTTPS://h:3128" },
		{ "proxy", "socks5h://u:p@[::1]:1080" }, { "proxy", "" }, { "base_path", "/" },
		{ "listen", "" },
		{ "cors_origins", "https://a, https://b" }, { "cors_origins", "" },
	};
	struct error err = { .msg = "" };
	struct config c;

	config_init(&c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect(config_set(&c, rows[i].name, rows[i].value, "x", &err) == RC_OK, "%s: %s",
		    rows[i].value, err.msg);
	cr_expect(c.listen == NULL && c.proxy == NULL && c.cors_origins.n == 0);
	cr_assert(config_finish(&c, NULL) == RC_OK);
	cr_expect_str_eq(c.base_path, "");
	cr_expect(config_finish(&c, NULL) == RC_OK);
	config_release(&c);
}

Test(config, refuses_a_socket_path_that_the_kernel_would_cut)
{
	char text[200] = "unix:";
	struct config c;

	config_init(&c);
	memset(text + 5, 'x', 107);
	cr_expect(config_set(&c, "listen", text, "--listen", NULL) == RC_OK);
	text[5 + 107] = 'x';
	cr_expect(config_set(&c, "listen", text, "--listen", NULL) == RC_INVALID);
	config_release(&c);
}

Test(config, refuses_what_is_no_regular_file_of_a_sane_size)
{
	static char large[CONFIG_FILE_MAX + 1];
	struct error err;
	struct config c;

	cr_expect(config_load(&c, path, &err) == RC_NOT_FOUND);
	cr_expect(strstr(err.msg, path) != NULL);
	cr_expect(config_load(&c, dir, &err) == RC_INVALID);
	cr_expect(strstr(err.msg, "not a regular file") != NULL, "%s", err.msg);
	cr_assert(mkfifo(path, 0600) == 0);
	cr_expect(config_load(&c, path, &err) == RC_INVALID);
	unlink(path);
	memset(large, '#', sizeof(large));
	put(large, sizeof(large));
	cr_expect(config_load(&c, path, &err) == RC_INVALID);
	cr_expect(strstr(err.msg, "larger than 1048576 bytes") != NULL, "%s", err.msg);
	put(large, sizeof(large) - 1);
	cr_expect(config_load(&c, path, &err) == RC_OK, "%s", err.msg);
	config_release(&c);
}

Test(config, survives_hostile_nesting)
{
	static char text[100000];
	struct config c;

	memcpy(text, "db: ", 4);
	memset(text + 4, '[', sizeof(text) - 5);
	cr_expect(load(text, &c, NULL) == RC_INVALID);
	cr_expect_null(c.db);
}

Test(config, flags_win_over_environment_over_file)
{
	struct error err = { .msg = "" };
	struct config c;

	setenv("MCPD_WORKERS", "5", 1);
	setenv("MCPD_THREADS", "", 1);
	setenv("MCPD_DB", "/env/state", 1);
	setenv("MCPD_KEY_FILE", "/env/key", 1);
	setenv("MCPD_BASE_PATH", "/env", 1);
	cr_assert(load("workers: 3\nthreads: 7\ndb: /file\n", &c, &err) == RC_OK, "%s", err.msg);
	cr_expect(c.workers == 5 && c.threads == 7);
	cr_expect_str_eq(c.db, "/env/state");
	cr_expect_str_eq(c.base_path, "/env");
	cr_assert(config_set(&c, "workers", "6", "--workers", &err) == RC_OK);
	cr_expect_eq(c.workers, 6);
	cr_expect(config_set(&c, "workers", "0", "--workers", &err) == RC_INVALID);
	cr_expect_str_eq(err.msg, "--workers: 0 is out of range 1..64");
	cr_expect_eq(c.workers, 6);
	cr_assert(config_finish(&c, &err) == RC_OK);
	cr_expect_str_eq(c.key_file, "/env/key");
	config_release(&c);
	setenv("MCPD_WORKERS", "x", 1);
	cr_expect(load("", &c, &err) == RC_INVALID);
	cr_expect_str_eq(err.msg, "MCPD_WORKERS: must be a number");
}

Test(config, finds_the_file_that_the_environment_names)
{
	struct error err = { .msg = "" };
	struct config c;

	put("threads: 9\n", 11);
	setenv("MCPD_CONFIG", path, 1);
	cr_assert(config_load(&c, NULL, &err) == RC_OK, "%s", err.msg);
	cr_expect_eq(c.threads, 9);
	config_release(&c);
	setenv("MCPD_CONFIG", "/nonexistent/mcpd.yaml", 1);
	cr_expect(config_load(&c, NULL, &err) == RC_NOT_FOUND);
	cr_assert(config_load(&c, path, &err) == RC_OK);
	config_release(&c);
}

Test(config, puts_the_key_file_beside_the_store)
{
	static const struct {
		const char	*db, *key_file;
	} rows[] = {
		{ "/a/b/state", "/a/b/mcpd.key" }, { "/a/b/state///", "/a/b/mcpd.key" },
		{ "/a//state", "/a/mcpd.key" }, { "/state", "/mcpd.key" }, { "state", "mcpd.key" },
		{ "./var/state", "./var/mcpd.key" }, { "var/state/", "var/mcpd.key" },
	};
	struct config c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		config_init(&c);
		cr_assert(config_set(&c, "db", rows[i].db, "--db", NULL) == RC_OK);
		cr_assert(config_finish(&c, NULL) == RC_OK);
		cr_expect_str_eq(c.key_file, rows[i].key_file);
		config_release(&c);
	}
}

Test(config, cuts_the_paths_of_this_host_in_a_text_to_their_last_names)
{
	static const struct {
		const char *db, *text, *said;	/* said NULL: as it was */
	} rows[] = {
		{ "/a/b/state", "/a/b/state/.lock is no regular file", "state/.lock is no regular file" },
		{ "/a/b/state/", "the store in /a/b/state is locked", "the store in state is locked" },
		{ "/a/b/state", "open '/a/b/state': /a/b/state/gen", "open 'state': state/gen" },
		{ "/a/b/state", "/a/b/mcpd.key: there is no key file", "mcpd.key: there is no key file" },
		{ "/a/b c/state", "in /a/b c/state", "in state" },
		{ "var/state", "var/state/gen is too short", "state/gen is too short" },
		{ "/a/b/state", "ca: /etc/ours.pem", "ca: ours.pem" },
		{ "/s", "not served by mcpd: /something", NULL },
		{ "/s", "x/s", NULL },
		{ "/s", "in /s", "in s" },
		{ "state", "in state", NULL },
		{ "/a/b/state", "/a/b/statement /a/b", NULL },
		{ "/a/b/state", "", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct config c;
		char text[128];

		config_init(&c);
		config_set(&c, "db", rows[i].db, "", NULL);
		config_set(&c, "ca_file", "/etc/ours.pem", "", NULL);
		cr_assert(config_finish(&c, NULL) == RC_OK);
		snprintf(text, sizeof(text), "%s", rows[i].text);
		cr_expect_eq(config_hide_paths(&c, text), rows[i].said != NULL, "%s", rows[i].text);
		cr_expect_str_eq(text, rows[i].said != NULL ? rows[i].said : rows[i].text);
		config_release(&c);
	}
}

Test(config, cuts_the_directory_that_the_store_knows_by_another_path)
{
	char link[64], text[128], said[128];
	struct config c;

	snprintf(link, sizeof(link), "%s/link", dir);
	cr_assert_eq(symlink(".", link), 0);
	config_init(&c);
	config_set(&c, "db", link, "", NULL);
	cr_assert(config_finish(&c, NULL) == RC_OK);
	snprintf(text, sizeof(text), "%s/gen is missing", dir);
	snprintf(said, sizeof(said), "%s/gen is missing", strrchr(dir, '/') + 1);
	cr_expect(config_hide_paths(&c, text));
	cr_expect_str_eq(text, said);
	config_release(&c);
	unlink(link);
}

Test(config, refuses_a_key_file_inside_the_store)
{
	struct error err;
	struct config c;

	config_init(&c);
	config_set(&c, "db", "/a/state/", "", NULL);
	config_set(&c, "key_file", "/a/state/mcpd.key", "", NULL);
	cr_expect(config_finish(&c, &err) == RC_INVALID);
	cr_expect_str_eq(err.msg, "key_file: /a/state/mcpd.key must not be inside db (/a/state/)");
	config_set(&c, "key_file", "/a/state.key", "", NULL);
	cr_expect(config_finish(&c, &err) == RC_OK);
	config_release(&c);
}
