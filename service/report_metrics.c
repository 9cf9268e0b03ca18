/* report_metrics.c - for a scraper */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "service/account.h"
#include "service/report.h"
#include "store/names.h"

struct sample {
	enum metrics_family	 family;
	char			 llm[NAMES_TEXT], label[NAMES_TEXT];
	uint64_t		 n;
};

struct samples {
	const struct table	*table;
	struct sample		*v;
	size_t			 n;
};

static const struct {
	const char	*name, *label, *help;
} families[METRICS_FAMILIES] = {
	[METRICS_REQUESTS] = { "mcpd_requests_total", "status",
	    "Inference calls that have ended, by the status that the client got, or would have where "
	    "a stream broke off." },
	[METRICS_TOKENS] = { "mcpd_tokens_total", "kind",
	    "Tokens as the providers counted them: prompt, completion, and those of the prompt that "
	    "were cached." },
	[METRICS_UPSTREAM_ERRORS] = { "mcpd_upstream_errors_total", "kind",
	    "Calls that failed at the provider or on the way to it, by the error's code." },
};

static const struct {
	const char	*name, *help;
} histograms[METRICS_HISTOGRAMS] = {
	[METRICS_REQUEST_MS] = { "mcpd_request_seconds",
	    "Duration of inference calls, to the last byte." },
	[METRICS_FIRST_BYTE_MS] = { "mcpd_first_byte_seconds",
	    "Time to the first byte of the provider's answer." },
};

/* take - a sample; one of an Llm that is no more is left out */
static void
take(void *arg, enum metrics_family family, const char *llm, const char *label, uint64_t n)
{
	struct samples *s = arg;
	struct sample *v;

	if (*llm != '\0' && table_by_name(s->table, &kind_llm, llm) == NULL)
		return;
	if ((s->n & (s->n - 1)) == 0)		/* room for the next power of two */
		s->v = x_realloc(s->v, (s->n > 0 ? 2 * s->n : 1) * sizeof(*s->v));
	v = &s->v[s->n++];
	*v = (struct sample){ .family = family, .n = n };
	memcpy(v->llm, llm, strlen(llm) + 1);
	memcpy(v->label, label, strlen(label) + 1);
}

/* by_labels - for qsort(3) */
static int
by_labels(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;
	int order = (x->family > y->family) - (x->family < y->family);

	if (order == 0)
		order = strcmp(x->llm, y->llm);
	return order != 0 ? order : strcmp(x->label, y->label);
}

/* merge - what came twice is one */
static void
merge(struct samples *s)
{
	size_t kept = 0;

	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), by_labels);
	for (size_t i = 0; i < s->n; i++) {
		if (kept > 0 && by_labels(&s->v[kept - 1], &s->v[i]) == 0)
			s->v[kept - 1].n += s->v[i].n;
		else
			s->v[kept++] = s->v[i];
	}
	s->n = kept;
}

/* put_head - of a metric */
static enum rc
put_head(struct buf *out, const char *name, const char *type, const char *help, struct error *err)
{
	return buf_addf(out, err, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* put_families - every sample under its head; names and codes hold nothing that needs an escape */
static enum rc
put_families(struct buf *out, const struct samples *s, struct error *err)
{
	enum rc rc = RC_OK;
	size_t at = 0;

	for (unsigned f = 0; f < METRICS_FAMILIES && rc == RC_OK; f++) {
		rc = put_head(out, families[f].name, "counter", families[f].help, err);
		for (; rc == RC_OK && at < s->n && s->v[at].family == f; at++)
			rc = buf_addf(out, err, "%s{llm=\"%s\",%s=\"%s\"} %llu\n", families[f].name,
			    s->v[at].llm, families[f].label, s->v[at].label,
			    (unsigned long long)s->v[at].n);
	}
	return rc;
}

/* put_seconds - ms as seconds, without a float on the way */
static enum rc
put_seconds(struct buf *out, uint64_t ms, struct error *err)
{
	return buf_addf(out, err, "%llu.%03llu", (unsigned long long)ms / 1000,
	    (unsigned long long)ms % 1000);
}

/* put_histogram - buckets, sum, count */
static enum rc
put_histogram(struct buf *out, struct metrics *m, enum metrics_histogram h, struct error *err)
{
	const char *name = histograms[h].name;
	struct metrics_summary s;
	enum rc rc = put_head(out, name, "histogram", histograms[h].help, err);

	metrics_summary(m, h, &s);
	for (size_t i = 0; i < METRICS_BUCKETS && rc == RC_OK; i++)
		rc = buf_addf(out, err, "%s_bucket{le=\"%g\"} %llu\n", name,
		    (double)metrics_bounds[i] / 1000, (unsigned long long)s.buckets[i]);
	if (rc == RC_OK)
		rc = buf_addf(out, err, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum ", name,
		    (unsigned long long)s.count, name);
	if (rc == RC_OK)
		rc = put_seconds(out, s.sum_ms, err);
	if (rc == RC_OK)
		rc = buf_addf(out, err, "\n%s_count %llu\n", name, (unsigned long long)s.count);
	return rc;
}

/* put_plain - one number */
static enum rc
put_plain(struct buf *out, const char *name, const char *type, const char *help, uint64_t n,
    struct error *err)
{
	enum rc rc = put_head(out, name, type, help, err);

	return rc == RC_OK ? buf_addf(out, err, "%s %llu\n", name, (unsigned long long)n) : rc;
}

/* put_plains - gauges of the processes that live, and what is counted without labels */
static enum rc
put_plains(struct buf *out, struct service *svc, struct error *err)
{
	struct metrics *m = ledger_metrics(svc->ledger);
	struct inflight_sum sum;

	inflight_sum(ledger_inflight(svc->ledger), &sum);
	const struct {
		const char	*name, *type, *help;
		uint64_t	 n;
	} plains[] = {
		{ "mcpd_streams_open", "gauge", "Streams that run.", sum.streams },
		{ "mcpd_workers", "gauge", "Processes that serve requests.", sum.processes },
		{ "mcpd_threads_busy", "gauge", "Requests that are worked on.", sum.busy },
		{ "mcpd_store_recoveries_total", "counter",
		    "Times that a change, or the store, was found unfinished and was mended.",
		    metrics_counted(m, METRICS_STORE_RECOVERIES) },
		{ "mcpd_audit_failures_total", "counter", "Audit lines that could not be written "
		    "when they were due.", metrics_counted(m, METRICS_AUDIT_FAILURES) },
		{ "mcpd_samples_lost_total", "counter", "What had no room among the series above.",
		    metrics_counted(m, METRICS_LOST) },
	};
	enum rc rc = RC_OK;

	for (size_t i = 0; i < sizeof(plains) / sizeof(plains[0]) && rc == RC_OK; i++)
		rc = put_plain(out, plains[i].name, plains[i].type, plains[i].help, plains[i].n, err);
	return rc;
}

struct living {				/* the Llms that there are, once somebody asks */
	struct store		*store;
	const struct table	*table;
};

/* exists - by the newest table: that of the request may know less than the series do */
static bool
exists(void *arg, const char *llm)
{
	struct living *l = arg;

	if (l->table == NULL && store_table(l->store, &l->table, NULL) != RC_OK)
		return true;
	return table_by_name(l->table, &kind_llm, llm) != NULL;
}

/* report_metrics - of all processes of the store */
enum rc
report_metrics(struct service *svc, const struct table *t, struct buf *out, struct error *err)
{
	struct metrics *m = ledger_metrics(svc->ledger);
	struct living living = { .store = svc->store };
	struct samples s = { .table = t };
	enum rc rc;

	account_recoveries(svc);
	metrics_give_back(m, exists, &living);
	table_unref(living.table);
	metrics_each(m, take, &s);
	merge(&s);
	rc = put_families(out, &s, err);
	for (unsigned h = 0; h < METRICS_HISTOGRAMS && rc == RC_OK; h++)
		rc = put_histogram(out, m, h, err);
	if (rc == RC_OK)
		rc = put_plains(out, svc, err);
	free(s.v);
	return rc;
}
