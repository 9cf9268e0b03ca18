/* test_settings.c - which server is meant, and who may have the token */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/settings.h"

static const struct {
	const char	*text;
	bool		 insecure;
	const char	*url;		/* NULL: refused */
} urls[] = {
	{ "https://h.example", false, "https://h.example" },
	{ "https://H.example:443/", false, "https://h.example" },
	{ "https://h.example:8443/llm/", false, "https://h.example:8443/llm" },
	{ "http://127.0.0.1:8080", false, "http://127.0.0.1:8080" },
	{ "http://127.9.9.9", false, "http://127.9.9.9" },
	{ "http://localhost:80", false, "http://localhost" },
	{ "http://[::1]:8080", false, "http://[::1]:8080" },
	{ "http://192.168.1.1", false, NULL },
	{ "http://h.example", false, NULL },
	{ "http://localhost.example", false, NULL },
	{ "http://127.0.0.1.example", false, NULL },
	{ "http://h.example", true, "http://h.example" },
	{ "https://user:pw@h.example", true, NULL },
	{ "https://h.example/?q", true, NULL },
	{ "h.example", true, NULL },
	{ "", true, NULL },
};

Test(settings, a_token_goes_over_plain_http_to_this_machine_only)
{
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct error err;
		char *url = NULL;
		enum rc rc = settings_url(urls[i].text, urls[i].insecure, &url, &err);

		cr_expect_eq(rc, urls[i].url != NULL ? RC_OK : RC_USAGE, "%s", urls[i].text);
		cr_expect_str_eq(url != NULL ? url : "-", urls[i].url != NULL ? urls[i].url : "-");
		free(url);
	}
}

Test(settings, a_logins_token_goes_to_its_own_server_alone)
{
	struct settings s = { .file = NULL };
	const char *token;
	struct error err;

	settings_put(&s, SETTING_URL, "https://a.example:443/");
	settings_put(&s, SETTING_TOKEN, "mcp_a");
	cr_assert_eq(settings_token(&s, "https://a.example", &token, &err), RC_OK);
	cr_expect_str_eq(token, "mcp_a");
	cr_expect_eq(settings_token(&s, "https://b.example", &token, &err), RC_UNAUTHENTICATED);
	cr_expect_eq(settings_token(&s, "https://a.example/x", &token, &err), RC_UNAUTHENTICATED);
	s.v[LEVEL_ENV][SETTING_TOKEN] = x_strdup("mcp_env");
	cr_assert_eq(settings_token(&s, "https://b.example", &token, &err), RC_OK);
	cr_expect_str_eq(token, "mcp_env");
	settings_release(&s);
}

Test(settings, insecure_in_the_file_is_about_the_server_in_the_file)
{
	struct settings s = { .file = NULL };

	settings_put(&s, SETTING_URL, "http://a.example");
	settings_put(&s, SETTING_INSECURE, "true");
	cr_expect(settings_insecure(&s));
	s.v[LEVEL_ENV][SETTING_URL] = x_strdup("http://b.example");
	cr_expect_not(settings_insecure(&s));
	s.v[LEVEL_FLAG][SETTING_INSECURE] = x_strdup("true");
	cr_expect(settings_insecure(&s));
	settings_release(&s);
}

Test(settings, the_first_level_that_names_a_way_decides)
{
	struct settings s = { .file = NULL };
	struct error err;
	const char *db;
	bool remote;

	cr_assert_eq(settings_remote(&s, &remote, &db, &err), RC_OK);
	cr_expect(!remote && db == NULL);
	settings_put(&s, SETTING_URL, "https://a.example");
	cr_assert_eq(settings_remote(&s, &remote, &db, &err), RC_OK);
	cr_expect(remote);
	s.v[LEVEL_ENV][SETTING_DB] = x_strdup("/nowhere/at/all");
	cr_assert_eq(settings_remote(&s, &remote, &db, &err), RC_OK);
	cr_expect(!remote && strcmp(db, "/nowhere/at/all") == 0);
	s.v[LEVEL_ENV][SETTING_URL] = x_strdup("https://b.example");
	cr_assert_eq(settings_remote(&s, &remote, &db, &err), RC_OK);
	cr_expect(remote, "a store that can't be read does not come before a server");
	free(s.v[LEVEL_ENV][SETTING_DB]);
	s.v[LEVEL_ENV][SETTING_DB] = x_strdup("/");
	cr_assert_eq(settings_remote(&s, &remote, &db, &err), RC_OK);
	cr_expect(!remote && strcmp(db, "/") == 0);
	s.v[LEVEL_FLAG][SETTING_URL] = x_strdup("https://c.example");
	cr_assert_eq(settings_remote(&s, &remote, &db, &err), RC_OK);
	cr_expect(remote);
	s.v[LEVEL_FLAG][SETTING_DB] = x_strdup("/");
	cr_expect_eq(settings_remote(&s, &remote, &db, &err), RC_USAGE);
	settings_release(&s);
}
