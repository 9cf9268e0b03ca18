/*
 * overlay.h - what an object would be with a document laid over it, as far as can be told from outside.
 *
 * Shapes  objects of API.md 2 without what the store itself sets (id, version, times); of a secret its
 *         keys, never a value
 * Units   none
 * Errors  none: what the store would refuse is laid over like the rest
 * Owns    objects returned are the caller's
 * Source  API.md 2: "a field left out stays"
 */
#ifndef CLI_OVERLAY_H
#define CLI_OVERLAY_H

struct json_object;
struct kind;

/* overlay_plain - the object as a document would say it */
struct json_object *overlay_plain(struct json_object *view);

/* overlay - view may be NULL: there is none yet */
struct json_object *overlay(const struct kind *k, struct json_object *view,
    struct json_object *body);

#endif
