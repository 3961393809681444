-- +goose Up

-- Where a case stands in its review. One row a case that anybody has touched; the
-- version rises with everything decided about the case, and a write that was made
-- against an older one is refused. What happened stands in the tables below; this
-- row only says what holds now.
CREATE TABLE case_state (
	case_id  TEXT PRIMARY KEY,
	version  INTEGER NOT NULL,
	stage    TEXT NOT NULL, -- open, submitted, returned, disputed, decided, closed, deferred
	reviewer TEXT NOT NULL DEFAULT '', -- of the review that the stage is about
	verdict  TEXT NOT NULL DEFAULT '', -- of that review, or as decided
	since    TEXT NOT NULL,
	touched_at TEXT NOT NULL -- when anything was last decided about the case
) STRICT;
CREATE INDEX case_state_touched ON case_state (touched_at);
CREATE INDEX case_state_stage ON case_state (stage, since);
CREATE INDEX case_state_reviewer ON case_state (reviewer, stage) WHERE reviewer <> '';

-- Housekeeping: who has a case open for review now, so that nobody reads the same
-- file by accident. A lease lapses by itself.
CREATE TABLE lease (
	case_id  TEXT PRIMARY KEY,
	account  TEXT NOT NULL,
	purpose  TEXT NOT NULL, -- review, approval, adjudication
	taken_at TEXT NOT NULL,
	until    TEXT NOT NULL,
	ended_by     TEXT NOT NULL DEFAULT '', -- the supervisor who took it back
	ended_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX lease_account ON lease (account, until);

-- Housekeeping: what somebody is typing. One row a case, person and form; version
-- counts the saves.
CREATE TABLE draft (
	case_id  TEXT NOT NULL,
	account  TEXT NOT NULL,
	form     TEXT NOT NULL, -- name@version
	body     TEXT NOT NULL, -- JSON: answers and citations
	version  INTEGER NOT NULL,
	saved_at TEXT NOT NULL,
	-- The page that saved last, the version on which its unbroken run of saves
	-- began, and its count of them: a save whose answer was lost may come again.
	page      TEXT NOT NULL DEFAULT '',
	page_from INTEGER NOT NULL DEFAULT 0,
	page_n    INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (case_id, account, form)
) STRICT;
CREATE INDEX draft_account ON draft (account, saved_at);

-- Housekeeping: texts that were typed against an older version of a draft or a
-- case. They lost the race, not their words.
CREATE TABLE draft_kept (
	id       INTEGER PRIMARY KEY,
	case_id  TEXT NOT NULL,
	account  TEXT NOT NULL,
	form     TEXT NOT NULL,
	body     TEXT NOT NULL,
	because  TEXT NOT NULL,
	page     TEXT NOT NULL DEFAULT '', -- on which it was typed: one row a page
	kept_at  TEXT NOT NULL,
	done_at  TEXT NOT NULL DEFAULT '' -- when its writer put it aside
) STRICT;
CREATE INDEX draft_kept_case ON draft_kept (case_id, account);

-- Who is to review a case. The latest that has not ended holds.
CREATE TABLE assignment (
	id       INTEGER PRIMARY KEY,
	case_id  TEXT NOT NULL,
	account  TEXT NOT NULL,
	due      TEXT NOT NULL, -- a day, or ''
	reason   TEXT NOT NULL,
	batch    TEXT NOT NULL, -- assigned together, undone together
	replaced INTEGER NOT NULL DEFAULT 0, -- the assignment that this one took the place of, 0 for none
	set_by   TEXT NOT NULL,
	set_at   TEXT NOT NULL,
	ended_at TEXT NOT NULL DEFAULT '',
	ended_by TEXT NOT NULL DEFAULT '',
	ended_in TEXT NOT NULL DEFAULT '' -- the batch that ended it
) STRICT;
CREATE UNIQUE INDEX assignment_case ON assignment (case_id) WHERE ended_at = '';
CREATE INDEX assignment_account ON assignment (account) WHERE ended_at = '';
CREATE INDEX assignment_past ON assignment (account, ended_at) WHERE ended_at <> '';
CREATE INDEX assignment_history ON assignment (case_id, id);
CREATE INDEX assignment_batch_set ON assignment (batch);
CREATE INDEX assignment_batch_ended ON assignment (ended_in) WHERE ended_in <> '';

-- What was assigned or taken away together. A large one is written in many
-- transactions: until finished_at is set it is under way, or was cut off.
CREATE TABLE assignment_batch (
	id          TEXT PRIMARY KEY,
	kind        TEXT NOT NULL, -- assign, unassign, undo
	reason      TEXT NOT NULL,
	undoes      TEXT NOT NULL DEFAULT '', -- the batch that this one takes back
	planned     INTEGER NOT NULL, -- cases
	done        INTEGER NOT NULL DEFAULT 0,
	refused     TEXT NOT NULL DEFAULT '[]', -- JSON: case and why, at most 200
	refusals    INTEGER NOT NULL DEFAULT 0,
	set_by      TEXT NOT NULL,
	set_at      TEXT NOT NULL,
	finished_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX assignment_batch_at ON assignment_batch (set_at);
CREATE UNIQUE INDEX assignment_batch_undoes ON assignment_batch (undoes) WHERE undoes <> '';

-- A reviewer who may not or will not review a case: declared, with the reason.
CREATE TABLE recusal (
	id      INTEGER PRIMARY KEY,
	case_id TEXT NOT NULL,
	account TEXT NOT NULL,
	reason  TEXT NOT NULL,
	set_by  TEXT NOT NULL,
	set_at  TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX recusal_case ON recusal (case_id, account);

-- A review as submitted: the form's answers, the evidence, the verdict, and what
-- its maker was shown. Never edited; a later one supersedes it.
CREATE TABLE review (
	id           INTEGER PRIMARY KEY,
	case_id      TEXT NOT NULL,
	form         TEXT NOT NULL, -- name@version
	reviewer     TEXT NOT NULL,
	body         TEXT NOT NULL, -- JSON: answers and citations
	verdict      TEXT NOT NULL,
	reason       TEXT NOT NULL,
	shown        TEXT NOT NULL, -- JSON: rows, run, terms, marks on the page
	submitted_at TEXT NOT NULL,
	supersedes   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX review_case ON review (case_id, id);
CREATE INDEX review_reviewer ON review (reviewer, id);
CREATE INDEX review_submitted ON review (submitted_at, reviewer, case_id);

-- What others said of a review: approved, returned, disagreed, adjudicated.
CREATE TABLE review_step (
	id        INTEGER PRIMARY KEY,
	review_id INTEGER NOT NULL,
	case_id   TEXT NOT NULL,
	step      TEXT NOT NULL,
	verdict   TEXT NOT NULL, -- theirs, where they disagree or adjudicate
	reason    TEXT NOT NULL,
	by        TEXT NOT NULL,
	at        TEXT NOT NULL
) STRICT;
CREATE INDEX review_step_review ON review_step (review_id, id);
CREATE INDEX review_step_by ON review_step (by, at);

-- A decision that two people stand behind, or, for a case deferred unread, one.
CREATE TABLE decision (
	id         INTEGER PRIMARY KEY,
	case_id    TEXT NOT NULL,
	review_id  INTEGER NOT NULL, -- 0 for a case deferred unread
	verdict    TEXT NOT NULL,
	reason     TEXT NOT NULL,
	made_by    TEXT NOT NULL,
	second     TEXT NOT NULL, -- who approved or adjudicated
	shown      TEXT NOT NULL, -- JSON: what its maker was shown
	decided_at TEXT NOT NULL,
	supersedes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX decision_case ON decision (case_id, id);
CREATE INDEX decision_at ON decision (decided_at);

-- A case closed, and opened again.
CREATE TABLE closing (
	id            INTEGER PRIMARY KEY,
	case_id       TEXT NOT NULL,
	decision_id   INTEGER NOT NULL,
	reason        TEXT NOT NULL,
	closed_by     TEXT NOT NULL,
	closed_at     TEXT NOT NULL,
	watermark     INTEGER NOT NULL, -- rows received later were not there when it was closed
	reopened_by   TEXT NOT NULL DEFAULT '',
	reopened_at   TEXT NOT NULL DEFAULT '',
	reopen_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX closing_case ON closing (case_id) WHERE reopened_at = '';

-- A present risk to somebody. State is that of its last step.
CREATE TABLE risk (
	id         INTEGER PRIMARY KEY,
	case_id    TEXT NOT NULL,
	nominal_id TEXT NOT NULL DEFAULT '', -- who may be at risk or pose one, if on record
	who        TEXT NOT NULL,
	kinds      TEXT NOT NULL, -- JSON array of codes
	detail     TEXT NOT NULL,
	raised_by  TEXT NOT NULL,
	raised_at  TEXT NOT NULL,
	state      TEXT NOT NULL, -- raised, told, sent, acknowledged, ended
	state_at   TEXT NOT NULL
) STRICT;
CREATE INDEX risk_case ON risk (case_id);
CREATE INDEX risk_open ON risk (case_id, raised_at) WHERE state IN ('raised', 'told', 'sent');

CREATE TABLE risk_step (
	id          INTEGER PRIMARY KEY,
	risk_id     INTEGER NOT NULL,
	state       TEXT NOT NULL, -- raised, told, sent, acknowledged, ended; note leaves the state as it was
	whom        TEXT NOT NULL, -- told or sent to, acknowledged by: a role and agency
	how         TEXT NOT NULL,
	reference   TEXT NOT NULL, -- of the referral, of the acknowledgement
	happened_at TEXT NOT NULL, -- when they were told or acknowledged it, if that was not now
	note        TEXT NOT NULL,
	by          TEXT NOT NULL,
	at          TEXT NOT NULL
) STRICT;
CREATE INDEX risk_step_risk ON risk_step (risk_id, id);

-- A line of enquiry. "Looked, found nothing" is not "not looked".
CREATE TABLE line_of_enquiry (
	id        INTEGER PRIMARY KEY,
	case_id   TEXT NOT NULL,
	text      TEXT NOT NULL,
	suggested TEXT NOT NULL DEFAULT '', -- rule and thing that suggested it, '' if a person thought of it
	because   TEXT NOT NULL DEFAULT '', -- what the suggestion said when somebody judged it
	citation  TEXT NOT NULL DEFAULT '', -- JSON, as in reviews
	state     TEXT NOT NULL, -- identified, done, nothing found, not done, still possible, no longer possible, refused
	made_by   TEXT NOT NULL,
	made_at   TEXT NOT NULL
) STRICT;
CREATE INDEX line_of_enquiry_case ON line_of_enquiry (case_id);
CREATE UNIQUE INDEX line_of_enquiry_suggested ON line_of_enquiry (case_id, suggested) WHERE suggested <> '';

CREATE TABLE line_step (
	id      INTEGER PRIMARY KEY,
	line_id INTEGER NOT NULL,
	state   TEXT NOT NULL,
	note    TEXT NOT NULL,
	by      TEXT NOT NULL,
	at      TEXT NOT NULL
) STRICT;
CREATE INDEX line_step_line ON line_step (line_id, id);

-- An action: a task from a line of enquiry or a decision.
CREATE TABLE action (
	id          INTEGER PRIMARY KEY,
	case_id     TEXT NOT NULL,
	line_id     INTEGER NOT NULL DEFAULT 0,
	decision_id INTEGER NOT NULL DEFAULT 0,
	title       TEXT NOT NULL,
	detail      TEXT NOT NULL,
	priority    TEXT NOT NULL, -- high, normal
	raised_by   TEXT NOT NULL,
	raised_at   TEXT NOT NULL,
	state       TEXT NOT NULL, -- for allocation, allocated, resulted, filed, withdrawn
	owner       TEXT NOT NULL DEFAULT '',
	due         TEXT NOT NULL DEFAULT '', -- a day
	result_kind TEXT NOT NULL DEFAULT '', -- found, nothing found, not possible
	result      TEXT NOT NULL DEFAULT '',
	state_at    TEXT NOT NULL,
	last_step   INTEGER NOT NULL DEFAULT 0 -- its latest action_step: a move made against an older one is refused
) STRICT;
CREATE INDEX action_case ON action (case_id);
CREATE INDEX action_open ON action (owner, due) WHERE state IN ('for allocation', 'allocated', 'resulted');
CREATE INDEX action_order ON action (due = '', due, id);
CREATE INDEX action_line ON action (line_id) WHERE line_id <> 0;

CREATE TABLE action_step (
	id        INTEGER PRIMARY KEY,
	action_id INTEGER NOT NULL,
	state     TEXT NOT NULL,
	owner     TEXT NOT NULL,
	due       TEXT NOT NULL,
	move      TEXT NOT NULL, -- raise, allocate, due, result, file, return, withdraw, undo, note
	kind      TEXT NOT NULL, -- of a result
	note      TEXT NOT NULL, -- the result, the reason
	batch     TEXT NOT NULL, -- done together, undone together
	by        TEXT NOT NULL,
	at        TEXT NOT NULL
) STRICT;
CREATE INDEX action_step_action ON action_step (action_id, id);
CREATE INDEX action_step_batch ON action_step (batch) WHERE batch <> '';

-- For the pages of one person: who else used a thing, which groups and ties.
CREATE INDEX usage_identifier ON usage (identifier_id) WHERE identifier_id <> '';
CREATE INDEX usage_address ON usage (address_id) WHERE address_id <> '';
CREATE INDEX flag_nominal ON flag (nominal_id) WHERE nominal_id <> '' AND case_id = '';
CREATE INDEX group_member_identity ON group_member (run_id, identity);
CREATE INDEX tie_a ON tie (run_id, a);
CREATE INDEX tie_b ON tie (run_id, b);

-- For the pages of imports and quarantine: what of a row in quarantine a filter
-- asks for, without reading the row.
CREATE INDEX source_file_extract ON source_file (extract_id);
DROP INDEX row_quarantine;
CREATE INDEX row_quarantine ON row (id, file_id, problem) WHERE reason IS NOT NULL;
