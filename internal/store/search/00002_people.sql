-- +goose Up

-- People by their names, by the row that holds them. Like the texts, it keeps only
-- the index and can be built again from the register.
CREATE VIRTUAL TABLE person USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');

-- What is looked up as a whole: references, telephone numbers, vehicle marks. The
-- key is letters and figures alone, so that it is found however it is written.
CREATE TABLE reference (
	key    TEXT NOT NULL,
	kind   TEXT NOT NULL, -- crime, legacy, incident, nominal, pnc, cro, exhibit, or the kind of an identifier
	row_id INTEGER NOT NULL,
	PRIMARY KEY (key, kind, row_id)
) STRICT, WITHOUT ROWID;

-- How far these two have got.
CREATE TABLE indexed_people (
	only   INTEGER PRIMARY KEY CHECK (only = 1),
	row_id INTEGER NOT NULL
) STRICT;
INSERT INTO indexed_people (only, row_id) VALUES (1, 0);
