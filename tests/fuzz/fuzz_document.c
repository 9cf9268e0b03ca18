/* fuzz_document.c - libFuzzer entry: documents of any text, and that what is written is read back */
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/document.h"
#include "cli/emit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* written - a value as YAML, owned by the caller */
static char *
written(struct json_object *value, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	struct emit *e;

	if (out == NULL)
		abort();
	e = emit_open(out);
	if (emit_document(e, NULL, value, NULL) != RC_OK || emit_close(e, NULL) != RC_OK)
		abort();
	fclose(out);
	return text;
}

/* check_again - what get -o yaml writes, apply must read as the same */
static void
check_again(struct json_object *value)
{
	struct documents d = DOCUMENTS_INIT;
	struct faults f = FAULTS_INIT;
	size_t len;
	char *text = written(value, &len);

	documents_read(&d, "again", text, len, &f);
	if (f.total > 0 || d.n != 1 || !jsonx_equal(d.v[0].value, value)) {
		fprintf(stderr, "not read back: %s\n%s", f.n > 0 ? f.v[0].message : "", text);
		abort();
	}
	faults_release(&f);
	documents_release(&d);
	free(text);
}

/* LLVMFuzzerTestOneInput - a document has a value, and every position a line of the text */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct documents d = DOCUMENTS_INIT;
	struct faults f = FAULTS_INIT;
	char *text = malloc(size ? size : 1);	/* exactly sized: an over-read is seen */
	size_t lines = 1;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n' || text[i] == '\r' || (text[i] & 0x80) != 0;
	documents_read(&d, "f", text, size, &f);
	for (size_t i = 0; i < d.n; i++) {
		for (size_t j = 0; j < d.v[i].nat; j++)
			if (d.v[i].at[j].line < 1 || d.v[i].at[j].line > lines)
				abort();
		if (f.total == 0 && json_object_is_type(d.v[i].value, json_type_object))
			check_again(d.v[i].value);
	}
	faults_release(&f);
	documents_release(&d);
	free(text);
	return 0;
}
