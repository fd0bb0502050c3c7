-- name: make_client
WITH made AS (
    INSERT INTO clients (id, name, secret_hash, redirect_uris, grants, scopes)
    VALUES (:id, :name, :secret_hash, :redirect_uris, :grants, :scopes)
)
INSERT INTO audit (event, by_id, client_address, request_id) VALUES ('client_created', :by, :client_address, :request_id);

-- name: find_client
SELECT id, secret_hash, redirect_uris, grants, scopes FROM clients WHERE id = :id;

-- name: make_code
-- A family that has ended begins nothing new, though its access token is good for a while.
WITH family AS MATERIALIZED (
    SELECT user_id FROM families WHERE id = :family_id AND user_id = :user_id AND ended_at IS NULL FOR SHARE
)
INSERT INTO codes (hash, client_id, user_id, redirect_uri, scopes, challenge, expires_at)
SELECT :hash, :client_id, user_id, :redirect_uri, :scopes, :challenge, now() + :code_s * interval '1 second' FROM family;

-- name: find_code
SELECT client_id, user_id, redirect_uri, scopes, challenge, family_id, expires_at > now() AS lasts FROM codes WHERE hash = :hash;

-- name: lock_owner
-- Before the code is used up, in the same order as whoever ends all that the account has.
SELECT EXISTS (SELECT FROM users WHERE id = :user_id FOR SHARE);

-- name: hold_owner
-- By whoever ends all: a code that is being used up has begun its family when this is granted, and no other can be until the end.
SELECT EXISTS (SELECT FROM users WHERE id = :user_id FOR NO KEY UPDATE);

-- name: use_code
WITH used AS (
    UPDATE codes SET family_id = :family_id WHERE hash = :hash AND family_id IS NULL AND expires_at > now()
    RETURNING user_id, client_id, scopes
), begun AS (
    INSERT INTO families (id, user_id, client_id, scopes, current, expires_at)
    SELECT :family_id, user_id, client_id, scopes, :current, now() + :refresh_s * interval '1 second' FROM used
), told AS (
    INSERT INTO audit (event, user_id, client_address, request_id)
    SELECT 'token_issued', user_id, :client_address, :request_id FROM used
)
SELECT :family_id AS family_id, used.user_id, u.roles, used.scopes FROM used JOIN users u ON u.id = used.user_id;

-- name: end_family_of_code
UPDATE families SET ended_at = now() WHERE ended_at IS NULL AND id = (SELECT family_id FROM codes WHERE hash = :hash);

-- name: note_issued
INSERT INTO audit (event, client_address, request_id) VALUES ('token_issued', :client_address, :request_id);
