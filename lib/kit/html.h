/* SPDX-License-Identifier: MIT */
/* HTML character references (&amp;, &#8217;, &#x1F600;) in a text. */
#ifndef WEIR_KIT_HTML_H
#define WEIR_KIT_HTML_H

#include <stddef.h>

/* Puts the characters in place of the references; answers the new length, never a greater one. */
size_t weir__html_undo(char *text, size_t len);

#endif
