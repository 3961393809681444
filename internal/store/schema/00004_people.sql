-- +goose Up

-- Who acted and on what, beside the opening that says it, so that the events of a
-- case or of a person are found without opening all. Erased with the opening.
ALTER TABLE ledger_event ADD COLUMN actor TEXT;
ALTER TABLE ledger_event ADD COLUMN subject TEXT;
UPDATE ledger_event
SET actor = json_extract(CAST(opening AS TEXT), '$.actor'), subject = json_extract(CAST(opening AS TEXT), '$.subject')
WHERE opening IS NOT NULL;
CREATE INDEX ledger_event_subject ON ledger_event (subject, seq) WHERE subject <> '';
CREATE INDEX ledger_event_actor ON ledger_event (actor, seq) WHERE actor IS NOT NULL;
CREATE INDEX ledger_event_kind ON ledger_event (kind, seq);
CREATE INDEX ledger_event_search ON ledger_event (actor, seq) WHERE kind = 'search.run';

-- Accounts. What changes about one is an event each; the row is what holds now.
CREATE TABLE account (
	id              TEXT PRIMARY KEY, -- sign-in name, in small letters; the actor of events
	name            TEXT NOT NULL,
	known_as        TEXT NOT NULL DEFAULT '[]', -- JSON array: how the force's records name this person as an officer
	roles           TEXT NOT NULL,              -- JSON array
	password        TEXT NOT NULL DEFAULT '',   -- argon2id in PHC form; '' signs in through the directory only
	password_at     TEXT NOT NULL DEFAULT '',   -- when it was set: a one-time password lapses
	must_change     TEXT NOT NULL DEFAULT 'n' CHECK (must_change IN ('y', 'n')),
	totp            TEXT NOT NULL DEFAULT '',   -- secret in base32, '' before enrolment
	totp_step       INTEGER NOT NULL DEFAULT 0, -- last time step used, so that no code works twice
	directory       TEXT NOT NULL DEFAULT '',   -- issuer and subject of OpenID Connect, by a space
	failures        INTEGER NOT NULL DEFAULT 0,
	locked_until    TEXT NOT NULL DEFAULT '',
	created_at      TEXT NOT NULL,
	disabled_at     TEXT NOT NULL DEFAULT '',
	version         INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE UNIQUE INDEX account_directory ON account (directory) WHERE directory <> '';

CREATE TABLE passkey (
	id         BLOB PRIMARY KEY,
	account    TEXT NOT NULL,
	credential TEXT NOT NULL, -- JSON
	name       TEXT NOT NULL,
	added_at   TEXT NOT NULL,
	used_at    TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX passkey_account ON passkey (account);

-- Housekeeping: who is signed in. Only the hash of a token is kept.
CREATE TABLE session (
	token      BLOB PRIMARY KEY, -- SHA-256
	account    TEXT NOT NULL,
	stage      TEXT NOT NULL, -- password: the second factor is still owed; full
	data       TEXT NOT NULL DEFAULT '{}',
	agent      TEXT NOT NULL DEFAULT '',
	created_at TEXT NOT NULL,
	seen_at    TEXT NOT NULL,
	expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX session_account ON session (account);

-- Tables of who may do what, the latest last. Superseded, never edited.
CREATE TABLE role_version (
	id         INTEGER PRIMARY KEY,
	roles      TEXT NOT NULL, -- JSON as in desk/roles.json
	reason     TEXT NOT NULL,
	adopted_by TEXT NOT NULL,
	adopted_at TEXT NOT NULL
) STRICT;

-- Cases open to named readers only.
CREATE TABLE restriction (
	id            INTEGER PRIMARY KEY,
	case_id       TEXT NOT NULL,
	kind          TEXT NOT NULL, -- police suspect, protected person, sensitive source, other
	reason        TEXT NOT NULL,
	set_by        TEXT NOT NULL,
	set_at        TEXT NOT NULL,
	lifted_by     TEXT NOT NULL DEFAULT '',
	lifted_at     TEXT NOT NULL DEFAULT '',
	lifted_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX restriction_case ON restriction (case_id) WHERE lifted_at = '';

CREATE TABLE restriction_reader (
	id            INTEGER PRIMARY KEY,
	case_id       TEXT NOT NULL,
	account       TEXT NOT NULL,
	reason        TEXT NOT NULL,
	named_by      TEXT NOT NULL,
	named_at      TEXT NOT NULL,
	withdrawn_by  TEXT NOT NULL DEFAULT '',
	withdrawn_at  TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX restriction_reader_case ON restriction_reader (case_id, account) WHERE withdrawn_at = '';
CREATE INDEX restriction_reader_account ON restriction_reader (account) WHERE withdrawn_at = '';

-- Skills and training of an account, as imported; an end date ends one.
CREATE TABLE skill (
	id       INTEGER PRIMARY KEY,
	account  TEXT NOT NULL,
	skill    TEXT NOT NULL,
	from_day TEXT NOT NULL,
	to_day   TEXT NOT NULL, -- '' has no end
	source   TEXT NOT NULL, -- file and line
	set_by   TEXT NOT NULL,
	set_at   TEXT NOT NULL,
	ended_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX skill_account ON skill (account) WHERE ended_at = '';

-- Files of skills that were taken in.
CREATE TABLE skill_import (
	id          INTEGER PRIMARY KEY,
	file        TEXT NOT NULL,
	sha256      TEXT NOT NULL,
	rows        INTEGER NOT NULL,
	whole       TEXT NOT NULL CHECK (whole IN ('y', 'n')),
	added       INTEGER NOT NULL,
	ended       INTEGER NOT NULL,
	imported_by TEXT NOT NULL,
	imported_at TEXT NOT NULL
) STRICT;

CREATE TABLE saved_search (
	id         INTEGER PRIMARY KEY,
	account    TEXT NOT NULL,
	name       TEXT NOT NULL,
	query      TEXT NOT NULL, -- the address of the list or search, from / on
	case_id    TEXT NOT NULL DEFAULT '', -- the case that it is pinned to
	shared     TEXT NOT NULL DEFAULT 'n' CHECK (shared IN ('y', 'n')),
	made_at    TEXT NOT NULL,
	removed_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX saved_search_account ON saved_search (account);
CREATE INDEX saved_search_shared ON saved_search (name) WHERE shared = 'y' AND removed_at = '';
CREATE INDEX saved_search_case ON saved_search (case_id) WHERE case_id <> '' AND removed_at = '';

-- Whom the records name as an officer, so that the cases somebody must not review
-- are found without reading all.
CREATE INDEX investigation_oic ON investigation (oic) WHERE oic <> '';
CREATE INDEX investigation_supervisor ON investigation (supervisor) WHERE supervisor <> '';
CREATE INDEX log_entry_supervisor ON log_entry (author) WHERE author <> '' AND supervisor = 'y';
