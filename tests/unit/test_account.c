/* test_account.c - what a call leaves behind when the disk, or the room for calls, is full */
#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "service/account.h"
#include "service/apply.h"
#include "service/move.h"
#include "service/report.h"
#include "tests/unit/fixture.h"
#include "tests/unit/relay.h"

static struct fixture f;
static int failing;			/* errno of every writev; 0: none */

/* writev - the libc's, or a disk that is full */
ssize_t
writev(int fd, const struct iovec *v, int n)
{
	if (failing == 0)
		return syscall(SYS_writev, fd, v, n);
	errno = failing;
	return -1;
}

/* set_up - a catalogue with an Llm */
static void
set_up(void)
{
	fixture_open(&f);
	fixture_make(&f, &kind_llm, "{'name':'gpt','type':'openai','model':'m'}");
	fixture_make(&f, &kind_user, "{'name':'ann'}");
	(void)fixture_look(&f);
}

/* tear_down - away with it */
static void
tear_down(void)
{
	failing = 0;
	fixture_close(&f);
}

TestSuite(account, .init = set_up, .fini = tear_down);

/* begin - a call of ann's */
static enum rc
begin(struct account *a, struct error *err)
{
	static struct caller ann;

	ann = fixture_caller(&f, "ann", NULL);
	return account_begin(a, &f.svc, &(struct account_call){
	    .caller = &ann, .request_id = "req_0123456789abcdefghijklmn", .model = "m",
	    .llm = (const void *)table_by_name(f.table, &kind_llm, "gpt"),
	    .started_ms = clock_mono_ms() }, err);
}

/* end - with five and seven tokens */
static void
end(struct account *a)
{
	account_end(a, &(struct account_result){
	    .status = 200, .first_byte_ms = 1, .usage = { 5, 7, -1 }, .attempts = 1 });
}

/* lines - of calls, by what GET /api/v1/audit says */
static size_t
lines(void)
{
	const struct report_audit q = { .llm = "gpt", .limit = "1000" };
	struct json_object *o;
	uint64_t skipped;
	struct error err;
	size_t n;

	cr_assert_eq(report_audit(&f.svc, f.table, &q, &o, &skipped, &err), RC_OK, "%s", err.msg);
	n = json_object_array_length(o);
	json_object_put(o);
	return n;
}

/* requests - by what GET /api/v1/usage says */
static int64_t
requests(void)
{
	struct json_object *o;
	struct error err;
	int64_t n = 0;

	cr_assert_eq(report_usage(&f.svc, f.table, NULL, NULL, &o, &err), RC_OK, "%s", err.msg);
	for (size_t i = 0; i < json_object_array_length(o); i++)
		n += jsonx_int(json_object_array_get_idx(o, i), "requests", 0);
	json_object_put(o);
	return n;
}

Test(account, with_audit_required_no_call_goes_through_without_its_record)
{
	struct account a, second;
	struct error err;

	f.cfg.audit_required = true;
	failing = ENOSPC;
	cr_expect_eq(begin(&a, &err), RC_OK, "nobody knows yet");
	end(&a);
	cr_expect_eq(begin(&second, &err), RC_UNAVAILABLE);
	cr_expect_eq(requests(), 1);
	failing = 0;
	cr_expect_eq(lines(), 1, "the one that went through");
	cr_expect_eq(begin(&second, &err), RC_OK, "%s", err.msg);
	end(&second);
	cr_expect_eq(lines(), 2);
}

Test(account, without_a_slot_a_call_is_made_only_where_no_record_is_required)
{
	static struct account all[INFLIGHT_SLOTS];
	struct account a;
	struct error err;

	for (size_t i = 0; i < INFLIGHT_SLOTS; i++)
		cr_assert_eq(begin(&all[i], &err), RC_OK);
	cr_expect_eq(begin(&a, &err), RC_OK);
	end(&a);
	cr_expect_eq(lines(), 1);
	f.cfg.audit_required = true;
	cr_expect_eq(begin(&a, &err), RC_UNAVAILABLE);
	end(&all[0]);
	cr_expect_eq(begin(&a, &err), RC_OK);
	end(&a);
	cr_expect_eq(lines(), 3);
}

Test(account, the_last_slot_is_enough_for_a_call_that_holds_it)
{
	struct caller ann = fixture_caller(&f, "ann", NULL);
	struct auditline *held = NULL;
	struct account_call call = {
		.caller = &ann, .request_id = "req_0123456789abcdefghijklmn", .held = &held,
		.llm = (const void *)table_by_name(f.table, &kind_llm, "gpt"),
		.started_ms = clock_mono_ms(),
	};
	static struct account all[INFLIGHT_SLOTS];
	struct inflight_sum sum;
	struct account a;
	struct error err;

	f.cfg.audit_required = true;
	for (size_t i = 1; i < INFLIGHT_SLOTS; i++)
		cr_assert_eq(begin(&all[i], &err), RC_OK);
	held = account_hold(&f.svc, &call);
	cr_assert_not_null(held);
	cr_expect_null(account_hold(&f.svc, &call), "every slot is taken");
	cr_assert_eq(account_begin(&a, &f.svc, &call, &err), RC_OK, "%s", err.msg);
	cr_expect_null(held);
	inflight_sum(ledger_inflight(f.svc.ledger), &sum);
	cr_expect_eq(sum.calls, INFLIGHT_SLOTS);
	end(&a);
	cr_expect_eq(lines(), 1);
	inflight_sum(ledger_inflight(f.svc.ledger), &sum);
	cr_expect_eq(sum.calls, INFLIGHT_SLOTS - 1, "one call holds one slot");
}

Test(account, a_full_disk_is_told_in_status_and_metrics)
{
	struct json_object *o;
	struct account a;

	failing = ENOSPC;
	cr_assert_eq(begin(&a, NULL), RC_OK);
	end(&a);
	o = report_status(&f.svc, f.table);
	cr_expect_str_eq(jsonx_str(jsonx_get(o, "audit"), "status", ""), "failing");
	cr_expect_eq(jsonx_int(jsonx_get(o, "audit"), "waiting", -1), 1);
	cr_expect_geq(jsonx_int(jsonx_get(o, "audit"), "failures", -1), 1);
	json_object_put(o);
	failing = 0;
	cr_expect_eq(lines(), 1);
	o = report_status(&f.svc, f.table);
	cr_expect_str_eq(jsonx_str(jsonx_get(o, "audit"), "status", ""), "ok");
	cr_expect_eq(jsonx_int(jsonx_get(o, "audit"), "waiting", -1), 0);
	json_object_put(o);
}

Test(account, counts_that_nobody_can_have_used_are_not_known)
{
	static const int64_t said[] = { INT64_MAX, USAGE_COUNT_MAX + 1, USAGE_COUNT_MAX };
	const struct report_audit q = { .llm = "gpt" };
	struct json_object *o, *row;
	uint64_t skipped;
	struct account a;

	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(begin(&a, NULL), RC_OK);
		account_end(&a, &(struct account_result){ .status = 200, .first_byte_ms = 1,
		    .usage = { said[i], said[i], said[i] }, .attempts = 1 });
	}
	cr_assert_eq(report_usage(&f.svc, f.table, NULL, NULL, &o, NULL), RC_OK);
	row = json_object_array_get_idx(o, 0);
	cr_expect_eq(jsonx_int(row, "promptTokens", 0), USAGE_COUNT_MAX);
	cr_expect_eq(jsonx_int(row, "completionTokens", 0), USAGE_COUNT_MAX);
	cr_expect_eq(jsonx_int(row, "cachedTokens", 0), USAGE_COUNT_MAX);
	json_object_put(o);
	cr_assert_eq(report_audit(&f.svc, f.table, &q, &o, &skipped, NULL), RC_OK);
	cr_expect_eq(json_object_array_length(o), 3);
	for (size_t i = 0; i < 3; i++) {
		row = json_object_array_get_idx(o, i);
		cr_expect_eq(jsonx_get(row, "promptTokens") == NULL, i > 0, "line %zu", i);
	}
	json_object_put(o);
}

static const char *const said_of_gpt[] = {
	"mcpd_requests_total{llm=\"gpt\",status=\"200\"} 2\n",
	"mcpd_requests_total{llm=\"gpt\",status=\"502\"} 1\n",
	"mcpd_tokens_total{llm=\"gpt\",kind=\"prompt\"} 10\n",
	"mcpd_tokens_total{llm=\"gpt\",kind=\"completion\"} 14\n",
	"mcpd_upstream_errors_total{llm=\"gpt\",kind=\"upstream_error\"} 1\n",
	"mcpd_request_seconds_count 3\n", "mcpd_first_byte_seconds_count 2\n",
	"mcpd_first_byte_seconds_bucket{le=\"0.01\"} 2\n",
	"mcpd_first_byte_seconds_bucket{le=\"600\"} 2\n",
	"mcpd_first_byte_seconds_bucket{le=\"+Inf\"} 2\n", "mcpd_first_byte_seconds_sum 0.002\n",
};

Test(account, metrics_add_calls_up_by_what_they_say_and_only_of_llms_that_exist)
{
	struct buf out = BUF_INIT(REPORT_METRICS_MAX);
	struct account a;

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(begin(&a, NULL), RC_OK);
		if (i < 2)
			end(&a);
		else
			account_end(&a, &(struct account_result){ .status = 502,
			    .first_byte_ms = -1, .usage = { -1, -1, -1 }, .attempts = 1,
			    .error = "upstream_error" });
	}
	cr_assert_eq(report_metrics(&f.svc, f.table, &out, NULL), RC_OK);
	for (size_t i = 0; i < sizeof(said_of_gpt) / sizeof(said_of_gpt[0]); i++)
		cr_expect_not_null(strstr(out.p, said_of_gpt[i]), "%s in:\n%s", said_of_gpt[i],
		    out.p);
	cr_expect_null(strstr(out.p, "kind=\"cached\""), "0 of what nobody counted:\n%s", out.p);
	cr_assert_eq(catalogue_delete(&f.svc, &f.admin, &kind_llm, "gpt", 0, NULL), RC_OK);
	buf_clear(&out);
	cr_assert_eq(report_metrics(&f.svc, fixture_look(&f), &out, NULL), RC_OK);
	cr_expect_null(strstr(out.p, "gpt"), "%s", out.p);
	buf_release(&out);
}

static const struct { const char *by, *name; } rows_of_ann[] = {
	{ "llm", "gpt" }, { "user", "ann" }, { "token", "" }, { "day", "20" },
};

Test(account, usage_is_told_by_names)
{
	struct json_object *o, *row;
	struct account a;

	cr_assert_eq(begin(&a, NULL), RC_OK);
	end(&a);
	for (size_t i = 0; i < sizeof(rows_of_ann) / sizeof(rows_of_ann[0]); i++) {
		const char *by = rows_of_ann[i].by, *name = rows_of_ann[i].name;

		cr_assert_eq(report_usage(&f.svc, f.table, by, "1h", &o, NULL), RC_OK);
		cr_assert_eq(json_object_array_length(o), 1, "by %s", by);
		row = json_object_array_get_idx(o, 0);
		cr_expect_eq(strncmp(jsonx_str(row, by, ""), name, strlen(name)), 0, "by %s", by);
		cr_expect_eq(jsonx_get(row, by) == NULL, *name == '\0', "by %s", by);
		cr_expect_eq(jsonx_int(row, "completionTokens", 0), 7);
		json_object_put(o);
	}
}

Test(account, a_line_has_what_was_known_of_its_call)
{
	const struct report_audit q = { .llm = "gpt" };
	struct json_object *o, *line;
	uint64_t skipped;
	struct account a;

	cr_assert_eq(begin(&a, NULL), RC_OK);
	end(&a);
	cr_assert_eq(report_audit(&f.svc, f.table, &q, &o, &skipped, NULL), RC_OK);
	line = json_object_array_get_idx(o, 0);
	cr_expect_str_eq(jsonx_str(line, "requestId", ""), "req_0123456789abcdefghijklmn");
	cr_expect_str_eq(jsonx_str(line, "model", ""), "m");
	cr_expect_str_eq(jsonx_str(line, "type", ""), "openai");
	cr_expect_str_eq(jsonx_str(line, "via", ""), "token");
	cr_expect_str_eq(jsonx_str(line, "userId", ""),
	    table_by_name(f.table, &kind_user, "ann")->id);
	cr_expect_eq(jsonx_int(line, "status", 0), 200);
	cr_expect_eq(jsonx_int(line, "attempts", 0), 1);
	json_object_put(o);
}

Test(account, a_change_is_made_whatever_becomes_of_its_line)
{
	failing = EIO;
	fixture_make(&f, &kind_user, "{'name':'bob'}");
	cr_expect_not_null(table_by_name(fixture_look(&f), &kind_user, "bob"));
}

/* changes - lines that tell of this action on an object of the name */
static size_t
changes(const char *action, const char *name)
{
	const struct report_audit q = { .limit = "1000" };
	struct json_object *o, *event;
	uint64_t skipped;
	struct error err;
	size_t n = 0;

	cr_assert_eq(report_audit(&f.svc, fixture_look(&f), &q, &o, &skipped, &err), RC_OK, "%s",
	    err.msg);
	for (size_t i = 0; i < json_object_array_length(o); i++) {
		event = json_object_array_get_idx(o, i);
		n += strcmp(jsonx_str(event, "action", ""), action) == 0 &&
		    strcmp(jsonx_str(event, "name", ""), name) == 0;
	}
	json_object_put(o);
	return n;
}

/* unseen - another store, whose next change is stored, and said not to be visible yet */
static struct relay *
unseen(void)
{
	struct relay *r = relay_new(kv_mem_new(NULL), true);
	struct store_opts opts = { .private_urls = true };
	char *key = x_asprintf("%s/key", f.dir);

	store_close(f.svc.store);
	opts.key_file = key;
	f.svc.store = store_on(&r->kv, &opts);
	free(key);
	fixture_make(&f, &kind_secretbackend, "{'name':'sealed','type':'sealed','default':true}");
	fixture_make(&f, &kind_secret, "{'name':'s','data':{'k':'v'}}");
	fixture_make(&f, &kind_user, "{'name':'old'}");
	r->repeat_rc = RC_BUSY;
	return r;
}

/* next - the first transaction of the next change ends so, the second is not made */
static void
next(struct relay *r)
{
	r->unknown = 1;
	r->txns = 0;
}

Test(account, a_change_that_is_stored_and_not_yet_seen_has_its_line)
{
	struct apply_item item = { .kind = &kind_user, .name = "new" };
	struct relay *r = unseen();
	struct error err;

	next(r);
	cr_expect_eq(fixture_try(&f, &f.admin, &kind_user, "{'name':'new'}", &err), RC_UNKNOWN);
	cr_expect_eq(changes("create", "new"), 1);
	next(r);
	cr_expect_eq(fixture_put(&f, &f.admin, &kind_user, "new", "{'description':'x'}", &err),
	    RC_UNKNOWN);
	cr_expect_eq(changes("update", "new"), 1);
	next(r);
	cr_expect_eq(catalogue_delete(&f.svc, &f.admin, &kind_user, "old", 0, &err), RC_UNKNOWN);
	cr_expect_eq(changes("delete", "old"), 1);
	next(r);
	cr_expect_eq(catalogue_apply(&f.svc, &f.admin, &item, 1, false, &err), RC_UNKNOWN);
	cr_expect_eq(changes("delete", "new"), 1);
}

Test(account, a_migration_that_is_stored_and_not_yet_seen_has_its_line)
{
	struct move m = { .svc = &f.svc, .caller = &f.admin };
	struct relay *r = unseen();
	struct error err;

	r->repeat_rc = RC_OK;
	fixture_make(&f, &kind_secretbackend, "{'name':'plain','type':'plaintext'}");
	r->repeat_rc = RC_BUSY;
	(void)fixture_look(&f);
	memcpy(m.from_id, table_by_name(f.table, &kind_secretbackend, "sealed")->id, ID_SIZE);
	memcpy(m.to_id, table_by_name(f.table, &kind_secretbackend, "plain")->id, ID_SIZE);
	r->txns = 1;
	cr_expect_eq(move_secret(&m, "s", &err), RC_BUSY, "%s", err.msg);
	cr_expect_eq(changes("migrate", "s"), 0);
	next(r);
	cr_expect_eq(move_secret(&m, "s", &err), RC_UNKNOWN, "%s", err.msg);
	cr_expect_eq(changes("migrate", "s"), 1);
}

Test(account, a_change_that_was_not_made_has_no_line)
{
	struct relay *r = unseen();
	struct error err;

	r->txns = 1;
	cr_expect_eq(fixture_try(&f, &f.admin, &kind_user, "{'name':'new'}", &err), RC_BUSY);
	cr_expect_eq(fixture_put(&f, &f.admin, &kind_user, "old", "{'description':'x'}", &err),
	    RC_BUSY);
	cr_expect_eq(catalogue_delete(&f.svc, &f.admin, &kind_user, "old", 0, &err), RC_BUSY);
	cr_expect_eq(changes("create", "new") + changes("update", "old") + changes("delete", "old"),
	    0);
}

static const struct { const char *name, *text; int64_t ms_ago; } sinces[] = {
	{ "an hour", "1h", 3600000 }, { "days", "7d", 7 * 86400000LL }, { "seconds", "90s", 90000 },
	{ "no unit", "7", -1 }, { "no number", "h", -1 }, { "words", "yesterday", -1 },
	{ "empty", "", -1 }, { "minus", "-1h", -1 }, { "a day alone", "2026-11-22", -1 },
};

Test(account, since_is_a_time_or_a_span)
{
	struct error err;
	int64_t ms;

	for (size_t i = 0; i < sizeof(sinces) / sizeof(sinces[0]); i++) {
		enum rc rc = report_since("since", sinces[i].text, &ms, &err);

		cr_expect_eq(rc, sinces[i].ms_ago < 0 ? RC_INVALID : RC_OK, "%s", sinces[i].name);
		if (rc == RC_OK)
			cr_expect_leq(llabs(clock_wall_ms() - sinces[i].ms_ago - ms), 5000, "%s",
			    sinces[i].name);
	}
	cr_expect_eq(report_since("since", "2026-11-22T12:00:00Z", &ms, &err), RC_OK);
	cr_expect_eq(ms, 1795348800000);
}
