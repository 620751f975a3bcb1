/* SPDX-License-Identifier: MIT */
/* A self-signed certificate for 127.0.0.1, its own authority, good for a day. */
#ifndef WEIR_TESTS_CERTIFICATE_H
#define WEIR_TESTS_CERTIFICATE_H

struct certificate {
	char key[4096];		/* PEM, as the other */
	char certificate[4096];
};

/* Fails the test when it cannot. Each call makes another. */
void certificate_make(struct certificate *ret);

#endif
