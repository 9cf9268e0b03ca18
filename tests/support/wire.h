/*
 * wire.h - bytes from the scripted provider to its client, slow or broken as the script says.
 *
 * Shapes  events go out as one HTTP chunk each ("eof" in the script: no chunks)
 * Units   ms, bytes
 * Errors  false: the client is gone (exchange.gone is set)
 * Owns    nothing
 */
#ifndef SUPPORT_WIRE_H
#define SUPPORT_WIRE_H

#include "tests/support/answer.h"

bool wire_send(struct exchange *x, const char *p, size_t n);
bool wire_fill(struct exchange *x, char c, size_t n);	/* n times the same */
bool wire_event(struct exchange *x, const char *data);
bool wire_comment(struct exchange *x, const char *line);
bool wire_huge_line(struct exchange *x, size_t n);
bool wire_end(struct exchange *x);

/* wire_pause - wait delay_ms (-1: not), then until gate (-1: none) was opened n times */
bool wire_pause(struct exchange *x, int delay_ms, int gate, int n);

/* wire_wait_gone - say nothing until the client closes */
const char *wire_wait_gone(struct exchange *x);

/* wire_reset - make the close a TCP reset */
const char *wire_reset(struct exchange *x);

/* wire_message - an error's message; with "echo", the client's key in it: plain, base64, percent */
void wire_message(const struct exchange *x, const char *text, char *out, size_t size);

#endif
