-- +goose Up

-- Everything here carries its run and may be deleted and computed again. Readers
-- use the last finished run of a kind; an unfinished one is swept away.
CREATE TABLE run (
	id          INTEGER PRIMARY KEY,
	kind        TEXT NOT NULL,
	started_at  TEXT NOT NULL,
	finished_at TEXT NOT NULL DEFAULT '',
	watermark   INTEGER NOT NULL,
	code        TEXT NOT NULL, -- version of the program
	figures     TEXT NOT NULL DEFAULT '{}'
) STRICT;

-- How many suspects a text states, one row a text that states any.
CREATE TABLE stated (
	run_id   INTEGER NOT NULL,
	case_id  TEXT NOT NULL,
	row_id   INTEGER NOT NULL,
	source   TEXT NOT NULL, -- log, mo, closing, document
	at       TEXT NOT NULL,
	lo       INTEGER NOT NULL,
	hi       INTEGER NOT NULL, -- 0: no upper end was stated
	sentence TEXT NOT NULL
) STRICT;
CREATE INDEX stated_case ON stated (run_id, case_id);

CREATE TABLE identity (
	run_id     INTEGER NOT NULL,
	nominal_id TEXT NOT NULL,
	identity   TEXT NOT NULL,
	because    TEXT NOT NULL
) STRICT;
CREATE INDEX identity_nominal ON identity (run_id, nominal_id);
CREATE INDEX identity_identity ON identity (run_id, identity);

CREATE TABLE tie (
	run_id  INTEGER NOT NULL,
	a       TEXT NOT NULL,
	b       TEXT NOT NULL,
	because TEXT NOT NULL -- JSON array: what is shared
) STRICT;
CREATE INDEX tie_run ON tie (run_id);

CREATE TABLE group_member (
	run_id   INTEGER NOT NULL,
	group_id TEXT NOT NULL,
	identity TEXT NOT NULL,
	because  TEXT NOT NULL
) STRICT;
CREATE INDEX group_member_group ON group_member (run_id, group_id);

CREATE TABLE case_fact (
	run_id  INTEGER NOT NULL,
	case_id TEXT NOT NULL,
	facts   TEXT NOT NULL -- JSON, see analysis/facts.go
) STRICT;
CREATE INDEX case_fact_case ON case_fact (run_id, case_id);

CREATE TABLE quality (
	run_id     INTEGER NOT NULL,
	table_name TEXT NOT NULL,
	field      TEXT NOT NULL,
	year       TEXT NOT NULL,
	unit       TEXT NOT NULL,
	finding    TEXT NOT NULL, -- rows, missing, invalid, or what is impossible about them
	count      INTEGER NOT NULL
) STRICT;
CREATE INDEX quality_run ON quality (run_id);
