/*
 * local.h - the transport over the store itself, as its administrator.
 *
 * Shapes  which store: --db, else MCPD_DB, else the configuration's
 * Units   none
 * Errors  those of config_load() and service_open()
 * Owns    transport_close() frees; local_config()'s result by config_release()
 * Source  CLI.md, "mcpctl"
 */
#ifndef CLI_LOCAL_H
#define CLI_LOCAL_H

#include "base/config.h"
#include "base/rc.h"

struct caller;
struct service;
struct transport;

/* local_config - the configuration of the store that is meant; db and key_file (which may be NULL)
   are flags that win over it */
enum rc local_config(struct config *cfg, const char *db, const char *key_file, struct error *err);

/* local_become_owner - as root: become the owner of the directory, for good; RC_OK where there is
   none, as nothing can be opened in it */
enum rc local_become_owner(const char *dir, struct error *err);

/* local_service - what is behind a transport that local_open() made; RC_USAGE for another */
enum rc local_service(struct transport *t, struct service **svc, const struct caller **caller,
    struct error *err);

enum rc local_open(const char *db, struct transport **out, struct error *err);

#endif
