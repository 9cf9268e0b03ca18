/*
 * create.h - what the commands below `mcpctl create` share; a kind with much of its own has its own file.
 *
 * Shapes  a creation is one kind's share: what its options say as a body
 * Units   none
 * Errors  RC_USAGE from the options; those of transport.h
 * Owns    nothing
 * Source  CLI.md, the rows of create
 */
#ifndef CLI_CREATE_H
#define CLI_CREATE_H

#include "cli/commands.h"

struct json_object;
struct kind;

struct creation {
	const struct kind	*kind;
	/* MUST. The members that the options give */
	enum rc			(*body)(struct json_object *body, const struct args *a,
				    struct error *err);
};

/* create_object - create it, or with --force update it where it exists */
enum rc create_object(struct program *p, const struct args *a, const struct creation *c,
    struct error *err);

extern const struct command command_create_secretbackend;	/* cmd_create_backend.c */

#endif
