-- +goose Up

-- What a force handed over. Rows are immutable: a later extract adds a version
-- and marks the earlier one in superseded. Whether a row can be seen depends on
-- one number: rows up to the watermark are visible, rows beyond it are staged by
-- an import that has not landed, and are swept away if it never does.
CREATE TABLE register (
	only        INTEGER PRIMARY KEY CHECK (only = 1),
	id          TEXT NOT NULL,
	created_at  TEXT NOT NULL,
	made_up     TEXT NOT NULL DEFAULT '' CHECK (made_up IN ('', 'y', 'n')),
	watermark   INTEGER NOT NULL DEFAULT 0,
	signing_key TEXT NOT NULL,
	verifier    TEXT NOT NULL
) STRICT;

CREATE TABLE extract (
	id          INTEGER PRIMARY KEY,
	system      TEXT NOT NULL,
	force       TEXT NOT NULL,
	name        TEXT NOT NULL, -- last part of the path it was read from
	manifest    TEXT NOT NULL, -- extract.json as received, '' when absent
	mapping     TEXT NOT NULL, -- the mapping in force, '' for none
	imported_at TEXT NOT NULL,
	imported_by TEXT NOT NULL,
	landed      TEXT NOT NULL DEFAULT 'n' CHECK (landed IN ('y', 'n')),
	first_row   INTEGER NOT NULL,           -- its stored rows are first_row to last_row
	last_row    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE source_file (
	id          INTEGER PRIMARY KEY,
	extract_id  INTEGER NOT NULL REFERENCES extract (id),
	name        TEXT NOT NULL,
	table_name  TEXT NOT NULL,
	header      TEXT NOT NULL, -- JSON array
	sha256      TEXT NOT NULL,
	notes       TEXT NOT NULL, -- JSON array of sentences
	first_row   INTEGER NOT NULL DEFAULT 0,
	last_row    INTEGER NOT NULL DEFAULT 0,
	rows        INTEGER NOT NULL DEFAULT 0,
	accepted    INTEGER NOT NULL DEFAULT 0,
	quarantined INTEGER NOT NULL DEFAULT 0,
	held        INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE row (
	id        INTEGER PRIMARY KEY,
	file_id   INTEGER NOT NULL,
	line      INTEGER NOT NULL,
	key_hash  INTEGER NOT NULL, -- of table, system and key: which thing the row is about
	content   BLOB NOT NULL,    -- SHA-256 of the cells under their headings, first 16 bytes
	raw       TEXT NOT NULL,    -- JSON array of the cells as received
	reason    TEXT,             -- why it is in quarantine; NULL when accepted
	problem   TEXT,             -- the column at fault
	waits_for TEXT              -- the investigation or person that it refers to and that is not here
) STRICT;
CREATE INDEX row_quarantine ON row (id) WHERE reason IS NOT NULL;
CREATE INDEX row_waits ON row (waits_for) WHERE waits_for IS NOT NULL;

-- A later version of a row, or the accepted row that puts a quarantined one right.
CREATE TABLE superseded (
	old INTEGER PRIMARY KEY,
	new INTEGER NOT NULL
) STRICT;
CREATE INDEX superseded_new ON superseded (new);

CREATE TABLE investigation (
	row_id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL,
	legacy_ref TEXT NOT NULL, linked_refs TEXT NOT NULL, incident_ref TEXT NOT NULL,
	recorded_at TEXT NOT NULL, reported_at TEXT NOT NULL, offence_from TEXT NOT NULL, offence_to TEXT NOT NULL,
	offence_code TEXT NOT NULL, offence_text TEXT NOT NULL, status TEXT NOT NULL,
	outcome_code TEXT NOT NULL, outcome_scheme TEXT NOT NULL, outcome_at TEXT NOT NULL,
	nfa_by TEXT NOT NULL, closing_text TEXT NOT NULL, oic TEXT NOT NULL, supervisor TEXT NOT NULL,
	unit TEXT NOT NULL, area TEXT NOT NULL, venue_address_id TEXT NOT NULL, mo_text TEXT NOT NULL,
	previously_reviewed TEXT NOT NULL
) STRICT;
CREATE INDEX investigation_case ON investigation (case_id);

CREATE TABLE nominal (
	row_id INTEGER PRIMARY KEY,
	nominal_id TEXT NOT NULL,
	pnc_id TEXT NOT NULL, cro_no TEXT NOT NULL, surname TEXT NOT NULL, forenames TEXT NOT NULL, aliases TEXT NOT NULL,
	dob TEXT NOT NULL, dob_estimated TEXT NOT NULL, age_from TEXT NOT NULL, age_to TEXT NOT NULL, age_at TEXT NOT NULL,
	sex TEXT NOT NULL, occupation TEXT NOT NULL, deceased_at TEXT NOT NULL, recorded_at TEXT NOT NULL
) STRICT;
CREATE INDEX nominal_id ON nominal (nominal_id);

-- Ethnicity, nationality and language stand apart: no query but those of the
-- monitoring figures reads this table.
CREATE TABLE nominal_monitoring (
	row_id INTEGER PRIMARY KEY,
	self_defined_ethnicity TEXT NOT NULL, officer_seen_ethnicity TEXT NOT NULL,
	nationality TEXT NOT NULL, language TEXT NOT NULL
) STRICT;

CREATE TABLE involvement (
	row_id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL, nominal_id TEXT NOT NULL, role TEXT NOT NULL, status TEXT NOT NULL,
	relationship_to_victim TEXT NOT NULL, age_at_offence TEXT NOT NULL, arrested_at TEXT NOT NULL,
	interviewed_at TEXT NOT NULL, description TEXT NOT NULL, recorded_at TEXT NOT NULL
) STRICT;
CREATE INDEX involvement_case ON involvement (case_id);
CREATE INDEX involvement_nominal ON involvement (nominal_id);

CREATE TABLE address (
	row_id INTEGER PRIMARY KEY,
	address_id TEXT NOT NULL, text TEXT NOT NULL, postcode TEXT NOT NULL, uprn TEXT NOT NULL,
	easting TEXT NOT NULL, northing TEXT NOT NULL, premises_type TEXT NOT NULL, recorded_at TEXT NOT NULL
) STRICT;
CREATE INDEX address_id ON address (address_id);

CREATE TABLE identifier (
	row_id INTEGER PRIMARY KEY,
	identifier_id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, description TEXT NOT NULL, recorded_at TEXT NOT NULL
) STRICT;
CREATE INDEX identifier_id ON identifier (identifier_id);

CREATE TABLE usage (
	row_id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL, nominal_id TEXT NOT NULL, address_id TEXT NOT NULL, identifier_id TEXT NOT NULL,
	use TEXT NOT NULL, "from" TEXT NOT NULL, "to" TEXT NOT NULL, source TEXT NOT NULL, recorded_at TEXT NOT NULL
) STRICT;
CREATE INDEX usage_case ON usage (case_id) WHERE case_id <> '';
CREATE INDEX usage_nominal ON usage (nominal_id) WHERE nominal_id <> '';

CREATE TABLE flag (
	row_id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL, nominal_id TEXT NOT NULL, code TEXT NOT NULL, label TEXT NOT NULL,
	set_by TEXT NOT NULL, set_at TEXT NOT NULL, cleared_by TEXT NOT NULL, cleared_at TEXT NOT NULL
) STRICT;
CREATE INDEX flag_case ON flag (case_id);

CREATE TABLE log_entry (
	row_id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL, author TEXT NOT NULL, rank TEXT NOT NULL,
	type TEXT NOT NULL, text TEXT NOT NULL, supervisor TEXT NOT NULL
) STRICT;
CREATE INDEX log_entry_case ON log_entry (case_id, seq);

CREATE TABLE outcome (
	row_id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL, nominal_id TEXT NOT NULL, code TEXT NOT NULL, scheme TEXT NOT NULL, at TEXT NOT NULL,
	decided_by TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE INDEX outcome_case ON outcome (case_id);

CREATE TABLE missing_episode (
	row_id INTEGER PRIMARY KEY,
	nominal_id TEXT NOT NULL, "from" TEXT NOT NULL, "to" TEXT NOT NULL, grade TEXT NOT NULL,
	placement TEXT NOT NULL, debrief TEXT NOT NULL
) STRICT;
CREATE INDEX missing_episode_nominal ON missing_episode (nominal_id);

CREATE TABLE exhibit (
	row_id INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL, exhibit_ref TEXT NOT NULL, kind TEXT NOT NULL, submitted_at TEXT NOT NULL,
	result TEXT NOT NULL, retained TEXT NOT NULL
) STRICT;
CREATE INDEX exhibit_case ON exhibit (case_id);

CREATE TABLE document (
	row_id INTEGER PRIMARY KEY,
	file TEXT NOT NULL, case_id TEXT NOT NULL, title TEXT NOT NULL, kind TEXT NOT NULL, date TEXT NOT NULL
) STRICT;
CREATE INDEX document_case ON document (case_id);

-- The file itself, as received.
CREATE TABLE document_file (
	row_id INTEGER PRIMARY KEY, -- the document row that brought it
	sha256 TEXT NOT NULL,
	size   INTEGER NOT NULL,
	bytes  BLOB NOT NULL
) STRICT;
CREATE INDEX document_file_sha ON document_file (sha256);

-- Its text as extracted. One row a page; a file that could not be read has one
-- page 0 whose note says why.
CREATE TABLE document_page (
	id     INTEGER PRIMARY KEY,
	row_id INTEGER NOT NULL,
	page   INTEGER NOT NULL,
	text   TEXT NOT NULL,
	note   TEXT NOT NULL
) STRICT;
CREATE INDEX document_page_row ON document_page (row_id, page);

CREATE VIEW investigation_now AS SELECT * FROM investigation r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
CREATE VIEW nominal_now AS SELECT * FROM nominal r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
CREATE VIEW involvement_now AS SELECT * FROM involvement r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
CREATE VIEW address_now AS SELECT * FROM address r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
CREATE VIEW identifier_now AS SELECT * FROM identifier r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
CREATE VIEW usage_now AS SELECT * FROM usage r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
CREATE VIEW flag_now AS SELECT * FROM flag r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
CREATE VIEW log_entry_now AS SELECT * FROM log_entry r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
CREATE VIEW outcome_now AS SELECT * FROM outcome r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
CREATE VIEW missing_episode_now AS SELECT * FROM missing_episode r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
CREATE VIEW exhibit_now AS SELECT * FROM exhibit r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
CREATE VIEW document_now AS SELECT * FROM document r WHERE r.row_id <= (SELECT watermark FROM register) AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.row_id AND s.new <= (SELECT watermark FROM register));
