/*
 * cors.h - pages of other origins, where the configuration lists them.
 *
 * Shapes  cors_origins is compared whole, byte by byte; without it no such header is ever sent
 * Units   none
 * Errors  none
 * Owns    nothing
 * Source  API.md 1 (bearer tokens only: never Access-Control-Allow-Credentials); Fetch, 3.3
 */
#ifndef FCGI_CORS_H
#define FCGI_CORS_H

#include <stdbool.h>

struct request;

/* cors_headers - what a page may see of any answer */
void cors_headers(struct request *r);

/* cors_preflight - an OPTIONS request of a listed origin: its headers are added, answer it 204 */
bool cors_preflight(struct request *r, unsigned allow);

#endif
