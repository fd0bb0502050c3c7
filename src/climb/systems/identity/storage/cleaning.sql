-- Each removes some of what has run out, so that none takes long; it is asked again while it finds as many.

-- name: drop_links
DELETE FROM links WHERE hash IN (SELECT hash FROM links WHERE expires_at < now() LIMIT :most);

-- name: drop_old_codes
-- One that was used is kept for a while: used again, it ends what it began.
DELETE FROM codes WHERE hash IN (SELECT hash FROM codes WHERE expires_at < now() - interval '1 hour' LIMIT :most);

-- name: drop_families
DELETE FROM families WHERE id IN (SELECT id FROM families WHERE expires_at < now() - interval '1 hour' LIMIT :most);

-- name: drop_used_tokens
DELETE FROM used_tokens WHERE hash IN (SELECT hash FROM used_tokens WHERE expires_at < now() LIMIT :most);

-- name: drop_failures
DELETE FROM login_failures WHERE (client_address, address) IN (
    SELECT client_address, address FROM login_failures
    WHERE coalesce(locked_until, '-infinity') < now()
      AND failed_at[cardinality(failed_at)] < now() - :lock_s * interval '1 second'
    LIMIT :most
);

-- name: drop_messages
DELETE FROM messages WHERE id IN (
    SELECT id FROM messages WHERE created_at < now() - interval '1 hour' AND due_at < now() LIMIT :most
);
