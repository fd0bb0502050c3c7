-- name: find_known
SELECT code, version, url, expires_at, deleted_at IS NOT NULL AS deleted FROM links WHERE code = :code;

-- name: changes_from
-- The next question begins where the oldest transaction is that is still under way now. What is seen twice does no harm.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, links.code, version, url, expires_at, deleted_at IS NOT NULL AS deleted
FROM (VALUES (1)) AS once (one)
LEFT JOIN (link_changes JOIN links USING (code)) ON link_changes.written_by >= :horizon::text::xid8;

-- name: forget_changes_before
DELETE FROM link_changes WHERE at < :oldest;
