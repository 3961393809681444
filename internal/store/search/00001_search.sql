-- +goose Up

-- An index over texts, by the row that holds them. It keeps no text of its own
-- and can be built again from the register at any time.
CREATE VIRTUAL TABLE entry USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');

-- Pages of documents, by document_page.id.
CREATE VIRTUAL TABLE page USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');

-- How far the index has got: all rows of the register up to here are in it.
CREATE TABLE indexed (
	only   INTEGER PRIMARY KEY CHECK (only = 1),
	row_id INTEGER NOT NULL
) STRICT;
INSERT INTO indexed (only, row_id) VALUES (1, 0);
