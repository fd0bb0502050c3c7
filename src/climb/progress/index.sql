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

-- How far the words of the course and of the journal have been read: what their files looked like then.
DROP TABLE IF EXISTS sources;
CREATE TABLE sources (
    source TEXT PRIMARY KEY,
    state TEXT NOT NULL
) WITHOUT ROWID;

-- One row for each thing that can be found: where it is from, which one it is there, and the state of it that this row shows.
-- names: each on a line of its own, in the form that a query is brought into too; whoever types one wants exactly this.
DROP TABLE IF EXISTS words;
DROP TABLE IF EXISTS documents;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    place TEXT NOT NULL,
    title TEXT NOT NULL,
    names TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (source, key)
);

-- The words of the documents, which keep the text. A word in a title weighs as much as ten in a body.
CREATE VIRTUAL TABLE words USING fts5(
    title, names, body,
    content = 'documents', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
);
INSERT INTO words (words, rank) VALUES ('rank', 'bm25(10.0, 5.0, 1.0)');
CREATE TRIGGER document_added AFTER INSERT ON documents BEGIN
    INSERT INTO words (rowid, title, names, body) VALUES (new.id, new.title, new.names, new.body);
END;
CREATE TRIGGER document_removed AFTER DELETE ON documents BEGIN
    INSERT INTO words (words, rowid, title, names, body) VALUES ('delete', old.id, old.title, old.names, old.body);
END;
