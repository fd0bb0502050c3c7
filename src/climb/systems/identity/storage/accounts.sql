-- name: find_account
SELECT id, email, roles, created_at, version FROM users WHERE id = :id;

-- name: is_there
SELECT EXISTS (SELECT FROM users WHERE id = :id);

-- name: lock_account
SELECT id, email, roles, created_at, version FROM users WHERE id = :id FOR UPDATE;

-- name: password_of
SELECT email, password_hash FROM users WHERE id = :id;

-- name: list_accounts
SELECT id, email, roles, created_at, version, number FROM users
WHERE number > :after ORDER BY number LIMIT :most;

-- name: knows_address
SELECT EXISTS (SELECT FROM users WHERE email = :email);

-- name: take_turn
-- Held until the transaction ends, by whoever makes an account (1), or may take away the last admin (2).
SELECT true FROM pg_advisory_xact_lock(720575940, :what);

-- name: make_admin
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(720575940, 1))
INSERT INTO users (id, email, password_hash, roles)
SELECT :id, :email, :password_hash, '{user,admin}' FROM turn
ON CONFLICT (email) DO NOTHING;

-- name: confirm
WITH link AS MATERIALIZED (
    SELECT email, password_hash FROM links WHERE hash = :hash AND kind = 'confirm' AND expires_at > now()
), made AS (
    INSERT INTO users (id, email, password_hash, roles)
    SELECT :id, email, password_hash, '{user}' FROM link
    ON CONFLICT (email) DO NOTHING
    RETURNING id, email, roles, created_at, version
), used AS (
    DELETE FROM links WHERE kind = 'confirm' AND email = (SELECT email FROM link)
), told AS (
    INSERT INTO audit (event, user_id, client_address, request_id)
    SELECT 'registered', id, :client_address, :request_id FROM made
)
SELECT id, email, roles, created_at, version FROM made;

-- name: change_roles
WITH changed AS (
    UPDATE users SET roles = :roles, version = version + 1 WHERE id = :id
    RETURNING id, email, roles, created_at, version
), told AS (
    INSERT INTO audit (event, user_id, by_id, client_address, request_id)
    SELECT 'roles_changed', id, :by, :client_address, :request_id FROM changed
)
SELECT id, email, roles, created_at, version FROM changed;

-- name: another_admin
SELECT EXISTS (SELECT FROM users WHERE 'admin' = ANY (roles) AND id <> :id);

-- name: delete_account
WITH gone AS (DELETE FROM users WHERE id = :id RETURNING id)
INSERT INTO audit (event, user_id, by_id, client_address, request_id)
SELECT 'user_deleted', id, :by, :client_address, :request_id FROM gone;

-- name: change_password
UPDATE users SET password_hash = :new WHERE id = :id AND password_hash = :known;

-- name: set_password
UPDATE users SET password_hash = :new WHERE id = :id;
