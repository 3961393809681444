package store

import (
	"context"
	"encoding/json"

	"lookback/internal/casefile"
)

func scanLine(s scanner) (l casefile.Line, err error) {
	var citation string
	err = s.Scan(&l.ID, &l.Case, &l.Text, &l.Suggested, &l.Because, &citation, &l.State, &l.MadeBy, moment{&l.MadeAt})
	if err == nil && citation != "" {
		err = json.Unmarshal([]byte(citation), &l.Citation)
	}
	return l, err
}

// LinesOf returns the lines of enquiry of a case with their steps, in the order
// in which they were thought of.
func (t *Tx) LinesOf(ctx context.Context, id casefile.CaseID) ([]casefile.Line, error) {
	lines, err := all(ctx, t.tx, scanLine, `
		SELECT id, case_id, text, suggested, because, citation, state, made_by, made_at
		FROM line_of_enquiry
		WHERE case_id = ?1
		ORDER BY id`, id)
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	at := map[int64]int{}
	ids := make([]int64, len(lines))
	for i, l := range lines {
		at[l.ID], ids[i] = i, l.ID
	}
	steps, err := all(ctx, t.tx, func(s scanner) (p casefile.LineStep, err error) {
		return p, s.Scan(&p.ID, &p.Line, &p.State, &p.Note, &p.By, moment{&p.At})
	}, `
		SELECT p.id, p.line_id, p.state, p.note, p.by, p.at
		FROM json_each(?1) j
		CROSS JOIN line_step p ON p.line_id = j.value
		ORDER BY p.id`, toJSON(ids))
	for _, p := range steps {
		l := &lines[at[p.Line]]
		l.Steps = append(l.Steps, p)
	}
	return lines, err
}

// AddLine adds a line of enquiry with its first step, and returns its number.
func (t *Tx) AddLine(ctx context.Context, l casefile.Line, note string) (int64, error) {
	citation := ""
	if l.Citation != nil {
		citation = asJSON(l.Citation)
	}
	res, err := t.tx.ExecContext(ctx, `
		INSERT INTO line_of_enquiry (case_id, text, suggested, because, citation, state, made_by, made_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`, l.Case, l.Text, l.Suggested, l.Because, citation, l.State, l.MadeBy, instant(t.Now))
	if err != nil {
		return 0, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	return id, t.MoveLine(ctx, casefile.LineStep{Line: id, State: l.State, Note: note, By: l.MadeBy})
}

// MoveLine adds a step to a line of enquiry, whose state becomes the step's.
func (t *Tx) MoveLine(ctx context.Context, s casefile.LineStep) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO line_step (line_id, state, note, by, at)
		VALUES (?1, ?2, ?3, ?4, ?5)`, s.Line, s.State, s.Note, s.By, instant(t.Now))
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		UPDATE line_of_enquiry
		SET state = ?2
		WHERE id = ?1`, s.Line, s.State)
	return err
}

// Mentioned returns which of the words stand in the log of a case, or in the
// texts of its report. Cost: its log is read once.
func (t *Tx) Mentioned(ctx context.Context, id casefile.CaseID, words []string) (map[string]bool, error) {
	out := map[string]bool{}
	found, err := all(ctx, t.tx, func(s scanner) (w string, err error) { return w, s.Scan(&w) }, `
		SELECT j.value
		FROM json_each(?2) j
		WHERE EXISTS (SELECT 1 FROM log_entry_now l WHERE l.case_id = ?1 AND instr(l.text, j.value) > 0)
			OR EXISTS (SELECT 1 FROM investigation_now c WHERE c.case_id = ?1 AND instr(c.mo_text || ' ' || c.closing_text, j.value) > 0)`, id, toJSON(words))
	for _, w := range found {
		out[w] = true
	}
	return out, err
}
