-- The index: everything in it is made from run folders, journal files and the course, so it may be deleted at any time.

-- Which version made it; another version makes it anew.
DROP TABLE IF EXISTS made_by;
CREATE TABLE made_by (version TEXT NOT NULL);

-- One row for each run that has a verdict: its folder, when verdict.json was written, and the RunSummary as JSON.
DROP TABLE IF EXISTS runs;
CREATE TABLE runs (
    folder TEXT PRIMARY KEY,
    changed_ns INTEGER NOT NULL,
    summary BLOB NOT NULL
) WITHOUT ROWID;
