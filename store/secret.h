/*
 * secret.h - between secret.c (the record) and secret_value.c (its values).
 *
 * Shapes  none
 * Units   none
 * Errors  none
 * Owns    nothing
 * Source  records.h has what others may use
 */
#ifndef STORE_SECRET_H
#define STORE_SECRET_H

struct secret;

/* secret_values_release - wipe and free the map; it is empty then */
void secret_values_release(struct secret *s);

#endif
