-- name: add_link
-- Codes are never free again, so a conflict is one for ever.
INSERT INTO links (code, url, owner, created_at, expires_at)
VALUES (:code, :url, :owner, :created_at, :expires_at)
ON CONFLICT (code) DO NOTHING
RETURNING code, url, owner, version, created_at, expires_at, 0::bigint AS clicks;

-- name: add_links
INSERT INTO links (code, url, owner, created_at, expires_at)
SELECT code, url, :owner, :created_at, expires_at
FROM unnest(:codes::text[], :urls::text[], :ends::timestamptz[]) WITH ORDINALITY AS given (code, url, expires_at, place)
ORDER BY place
ON CONFLICT (code) DO NOTHING
RETURNING code;

-- name: find_link
SELECT code, url, owner, version, created_at, expires_at,
       coalesce((SELECT count FROM click_totals WHERE click_totals.code = links.code), 0) AS clicks
FROM links WHERE code = :code AND deleted_at IS NULL AND (owner = :owner OR :all);

-- name: lock_link
SELECT code, url, owner, version, created_at, expires_at,
       coalesce((SELECT count FROM click_totals WHERE click_totals.code = links.code), 0) AS clicks
FROM links WHERE code = :code AND deleted_at IS NULL AND (owner = :owner OR :all) FOR UPDATE OF links;

-- name: newest_links
SELECT code, url, owner, version, created_at, expires_at,
       coalesce((SELECT count FROM click_totals WHERE click_totals.code = links.code), 0) AS clicks, number
FROM links
WHERE owner = :owner AND deleted_at IS NULL
  AND (:before::timestamptz IS NULL OR (created_at, number) < (:before, :number))
  AND (:q = '' OR strpos(lower(url), :q) > 0 OR strpos(lower(code), :q) > 0)
ORDER BY created_at DESC, number DESC
LIMIT :limit;

-- name: change_link
WITH changed AS (
    UPDATE links SET url = :url, expires_at = :expires_at, version = version + 1
    WHERE code = :code
    RETURNING version
), noted AS (
    INSERT INTO link_changes (code) SELECT :code FROM changed
)
SELECT version FROM changed;

-- name: delete_link
WITH deleted AS (
    UPDATE links SET deleted_at = :at, version = version + 1
    WHERE code = :code AND deleted_at IS NULL AND (owner = :owner OR :all)
    RETURNING code, version
), noted AS (
    INSERT INTO link_changes (code) SELECT code FROM deleted
)
SELECT code, version FROM deleted;
