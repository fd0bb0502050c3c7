"""Access tokens: JWTs (RFC 7519, RFC 9068) that their issuer signs, and that anyone checks with its public keys, without asking."""
