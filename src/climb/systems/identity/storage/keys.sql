-- name: live_keys
-- Newest first. An older one goes when the last token that it signed has run out; others may have signed with it for a moment longer.
SELECT kid, private_key, access_s, extract(epoch FROM created_at)::float8 AS created_at_s,
       extract(epoch FROM (lag(created_at) OVER (ORDER BY number DESC)))::float8 AS superseded_at_s,
       extract(epoch FROM now())::float8 AS now_s
FROM signing_keys ORDER BY number DESC;

-- name: make_first_key
INSERT INTO signing_keys (kid, private_key, access_s)
SELECT :kid, :private_key, :access_s WHERE NOT EXISTS (SELECT FROM signing_keys);

-- name: make_key
WITH made AS (
    INSERT INTO signing_keys (kid, private_key, access_s) VALUES (:kid, :private_key, :access_s)
)
INSERT INTO audit (event, by_id, client_address, request_id) VALUES ('key_created', :by, :client_address, :request_id);

-- name: sign_for_longer
UPDATE signing_keys SET access_s = :access_s
WHERE number = (SELECT max(number) FROM signing_keys) AND access_s < :access_s;

-- name: drop_keys
DELETE FROM signing_keys WHERE kid = ANY (:kids::text[]);
