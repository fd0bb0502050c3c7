-- outside of a transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS notes_by_owner ON notes (owner, number DESC)
