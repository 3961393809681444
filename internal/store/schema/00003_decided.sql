-- +goose Up

-- The ledger. An opening may be erased where the law demands it; leaf and tree
-- stay, and still verify.
CREATE TABLE ledger_event (
	seq     INTEGER PRIMARY KEY, -- index in the tree, from 0
	kind    TEXT NOT NULL,
	leaf    BLOB NOT NULL,
	salt    BLOB,
	opening BLOB
) STRICT;

CREATE TABLE ledger_hash (
	idx  INTEGER PRIMARY KEY,
	hash BLOB NOT NULL
) STRICT;

CREATE TABLE checkpoint (
	size INTEGER PRIMARY KEY,
	note TEXT NOT NULL
) STRICT;

-- Terms of reference in force, the latest last. Superseded, never edited.
CREATE TABLE adoption (
	id         INTEGER PRIMARY KEY,
	name       TEXT NOT NULL,
	version    INTEGER NOT NULL,
	terms      TEXT NOT NULL, -- JSON as adopted
	sha256     TEXT NOT NULL,
	reason     TEXT NOT NULL,
	adopted_by TEXT NOT NULL,
	adopted_at TEXT NOT NULL
) STRICT;
