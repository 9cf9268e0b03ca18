/*
 * hex.h - one hexadecimal digit.
 *
 * Shapes  either case of letter
 * Units   none
 * Errors  -1 for a byte that is no digit
 * Owns    nothing
 * Source  RFC 3986 2.1, RFC 8259 7
 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

/* hex_digit - its value, -1 for another byte */
static inline int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
