/*
 * handlers.h - what the rows of routes[] call, one file a resource: h_<resource>.c.
 *
 * Shapes  route_handler of route.h
 * Units   none
 * Errors  as the service gives them; nothing was answered then
 * Owns    nothing
 * Source  API.md 2, 3 and 4
 */
#ifndef FCGI_HANDLERS_H
#define FCGI_HANDLERS_H

#include "fcgi/request.h"

/* h_resource.c: every kind of the catalogue, by the resource of the row's action */
enum rc do_list(struct request *r, struct error *err);
enum rc do_create(struct request *r, struct error *err);
enum rc do_get(struct request *r, struct error *err);
enum rc do_update(struct request *r, struct error *err);
enum rc do_delete(struct request *r, struct error *err);

/* h_infer.c */
enum rc early_infer(struct request *r, struct error *err);
enum rc do_infer(struct request *r, struct error *err);

/* h_probe.c */
enum rc do_probe(struct request *r, struct error *err);

/* h_migrate.c */
enum rc do_migrate(struct request *r, struct error *err);

/* h_models.c */
enum rc do_model_list(struct request *r, struct error *err);
enum rc do_model_get(struct request *r, struct error *err);
enum rc do_not_served(struct request *r, struct error *err);

/* h_whoami.c */
enum rc do_whoami(struct request *r, struct error *err);

/* h_heartbeat.c */
enum rc do_heartbeat(struct request *r, struct error *err);

/* h_audit.c, h_usage.c */
enum rc do_audit(struct request *r, struct error *err);
enum rc do_usage(struct request *r, struct error *err);
enum rc do_status(struct request *r, struct error *err);
enum rc do_metrics(struct request *r, struct error *err);

/* h_health.c */
enum rc do_health(struct request *r, struct error *err);
enum rc do_ready(struct request *r, struct error *err);

#endif
