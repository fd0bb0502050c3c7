SELECT pg_advisory_xact_lock(1);
CREATE TABLE IF NOT EXISTS accounts (
	seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
	id text PRIMARY KEY,
	email text NOT NULL UNIQUE,
	password text NOT NULL,
	roles text[] NOT NULL,
	version bigint NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS outbox (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text NOT NULL,
	email text NOT NULL,
	password text NOT NULL DEFAULT '',
	tries int NOT NULL DEFAULT 0,
	due timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS letters (
	hash bytea PRIMARY KEY,
	outbox_id bigint NOT NULL,
	kind text NOT NULL,
	email text NOT NULL,
	password text NOT NULL,
	account_id text REFERENCES accounts ON DELETE CASCADE,
	expires_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS clients (
	id text PRIMARY KEY,
	secret bytea,
	name text NOT NULL,
	redirect_uris text[] NOT NULL,
	grants text[] NOT NULL,
	scopes text[] NOT NULL
);
CREATE TABLE IF NOT EXISTS families (
	id text PRIMARY KEY,
	account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
	client_id text NOT NULL DEFAULT '',
	scope text NOT NULL DEFAULT '',
	ended boolean NOT NULL DEFAULT false
);
CREATE INDEX IF NOT EXISTS families_of_account ON families (account_id);
CREATE TABLE IF NOT EXISTS refresh_tokens (
	hash bytea PRIMARY KEY,
	family_id text NOT NULL REFERENCES families ON DELETE CASCADE,
	used boolean NOT NULL DEFAULT false,
	expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS refresh_tokens_of_family ON refresh_tokens (family_id);
CREATE TABLE IF NOT EXISTS codes (
	hash bytea PRIMARY KEY,
	client_id text NOT NULL REFERENCES clients,
	account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
	redirect_uri text NOT NULL,
	challenge text NOT NULL,
	scope text NOT NULL,
	used boolean NOT NULL DEFAULT false,
	family_id text NOT NULL DEFAULT '',
	expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS codes_of_account ON codes (account_id);
CREATE TABLE IF NOT EXISTS signing_keys (
	seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kid text NOT NULL UNIQUE,
	pem text NOT NULL,
	shown_until timestamptz
);
CREATE TABLE IF NOT EXISTS failures (who text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS failures_of ON failures (who, at);
CREATE TABLE IF NOT EXISTS locks (who text PRIMARY KEY, until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS events (
	seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT now(),
	event text NOT NULL,
	user_id text,
	by text,
	client_address text NOT NULL,
	request_id text NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_user ON events (user_id, seq);
