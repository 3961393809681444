package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/document"
	"lookback/internal/extract"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A Mended says what came of mending a row.
type Mended struct {
	Row      int64   `json:"row"`      // the accepted row
	Released []int64 `json:"released"` // quarantined rows that had waited for it and are accepted now
}

// Mend puts a quarantined row right by hand: cells by their heading, with the
// reason. The row is read again as an import reads it; the row as received stays.
// Rows that were kept aside only because this one was missing are taken in too.
func Mend(ctx context.Context, d *desk.Desk, by casefile.Actor, row int64, cells map[string]string, reason string) (m *Mended, err error) {
	if err := d.May(by, desk.MendRows); err != nil {
		return nil, err
	}
	if strings.TrimSpace(reason) == "" {
		return nil, casefile.Errorf(casefile.Invalid, "Mending changes what the review works with: give its reason with -reason.")
	}
	q, err := quarantinedRow(ctx, d, row)
	if err != nil {
		return nil, err
	}
	if q.Raw, err = changeCells(q, cells); err != nil {
		return nil, err
	}
	im, err := d.DB.BeginImport(ctx, by, store.Extract{System: q.System, Name: fmt.Sprintf("row %d mended by hand", row), Mapping: q.Mapping})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, im.Close(ctx)) }()
	run := &mending{d: d, im: im, known: newReferences(), sorters: map[casefile.Table]*sorter{}}
	if err := run.loadReferences(ctx); err != nil {
		return nil, err
	}
	id, fault, err := run.accept(ctx, q)
	if err != nil {
		return nil, err
	}
	if fault != "" {
		return nil, casefile.Errorf(casefile.Invalid, "The row still cannot be accepted: %s", fault)
	}
	if err := run.release(ctx, q); err != nil {
		return nil, err
	}
	if err := im.FinishIndex(); err != nil {
		return nil, err
	}
	m = &Mended{id, run.released}
	return m, run.land(ctx, by, row, cells, reason, m)
}

func quarantinedRow(ctx context.Context, d *desk.Desk, row int64) (q store.Quarantined, err error) {
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		q, err = tx.QuarantinedRow(ctx, row)
		return err
	})
	return q, err
}

func changeCells(q store.Quarantined, cells map[string]string) ([]string, error) {
	raw := slices.Clone(q.Raw)
	for len(raw) < len(q.Header) {
		raw = append(raw, "")
	}
	for heading, value := range cells {
		i := slices.IndexFunc(q.Header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), heading) })
		if i < 0 {
			return nil, casefile.Errorf(casefile.Invalid, "%s has no column %q; its columns are %s.", q.File, heading, strings.Join(q.Header, ", "))
		}
		raw[i] = value
	}
	return raw[:len(q.Header)], nil
}

// mending is one mend on its way.
type mending struct {
	d        *desk.Desk
	im       *store.Importing
	known    *references
	sorters  map[casefile.Table]*sorter
	released []int64
}

func (run *mending) loadReferences(ctx context.Context) error {
	i := importing{d: run.d, known: run.known}
	return i.loadReferences(ctx)
}

// accept stages a row in place of a quarantined one, or says what is wrong with it.
func (run *mending) accept(ctx context.Context, q store.Quarantined) (id int64, fault string, err error) {
	var m *extract.Mapping
	if q.Mapping != "" {
		if m, err = extract.ParseMapping([]byte(q.Mapping)); err != nil {
			return 0, "", err
		}
	}
	reader, err := extract.NewReader(q.Table, q.Header, m)
	if err != nil {
		return 0, "", err
	}
	reader.File = q.File
	s, err := run.sorter(ctx, q)
	if err != nil {
		return 0, "", err
	}
	id = run.im.NextRow()
	row, st, _ := s.sort(reader.Read(q.Line, q.Raw), id)
	switch {
	case st == quarantined:
		return 0, row.Reason, nil
	case st == held:
		return 0, "the register holds a row with just this content already; nothing is missing.", nil
	case s.schema.Single && len(s.renewed[row.KeyHash]) > 0:
		return 0, "another row about the same thing is in the register; deliver a new extract to change it.", nil
	}
	if fault, err := run.attach(ctx, q, s, &row); fault != "" || err != nil {
		return 0, fault, err
	}
	f := &store.SourceFile{Name: q.File, Table: q.Table, Header: q.Header, Rows: 1, Accepted: 1}
	if err := run.im.BeginFile(ctx, f); err != nil {
		return 0, "", err
	}
	run.im.Supersede(q.ID, id)
	if err := run.im.Add(ctx, f, []store.Row{row}); err != nil {
		return 0, "", err
	}
	return id, "", run.im.EndFile(ctx, f)
}

// sorter returns the one sorter of the row's table, so that rows released together
// are told apart as if one extract had brought them.
func (run *mending) sorter(ctx context.Context, q store.Quarantined) (*sorter, error) {
	s := run.sorters[q.Table]
	if s == nil {
		err := run.d.DB.View(ctx, func(tx *store.Tx) (err error) {
			s, err = newSorter(ctx, tx, q.System, q.Table, run.known)
			return err
		})
		if err != nil {
			return nil, err
		}
		run.sorters[q.Table] = s
	}
	s.begin(q.File, q.Header)
	return s, nil
}

// attach gives a document's row the file that came with it.
func (run *mending) attach(ctx context.Context, q store.Quarantined, s *sorter, row *store.Row) (fault string, err error) {
	if q.Table != casefile.Documents {
		return "", nil
	}
	err = run.d.DB.View(ctx, func(tx *store.Tx) error {
		row.File, err = tx.DocumentFile(ctx, q.ID)
		return err
	})
	if err != nil {
		return "", err
	}
	name := row.Values[s.schema.Column("file")]
	if row.File == nil {
		return "the file " + short(name) + " did not come with the extract; deliver it in a new one.", nil
	}
	var reader document.Reader
	row.Pages, err = pages(ctx, &reader, name, row.File)
	return "", errors.Join(err, reader.Close())
}

// release takes in the rows that had waited for a thing that is here now, and
// those that had waited for them.
func (run *mending) release(ctx context.Context, q store.Quarantined) error {
	schema := casefile.SchemaOf(q.Table)
	if !schema.Single || len(schema.Key) != 1 {
		return nil
	}
	ref, err := keyOf(q)
	if err != nil || ref == "" {
		return err
	}
	var waiting []store.Quarantined
	err = run.d.DB.View(ctx, func(tx *store.Tx) error {
		waiting, err = tx.WaitingFor(ctx, q.System, ref)
		return err
	})
	if err != nil {
		return err
	}
	for _, w := range waiting {
		_, fault, err := run.accept(ctx, w)
		if err != nil {
			return err
		}
		if fault == "" {
			run.released = append(run.released, w.ID)
		}
	}
	return nil
}

// keyOf reads the reference that a row of a table of things carries.
func keyOf(q store.Quarantined) (string, error) {
	var m *extract.Mapping
	var err error
	if q.Mapping != "" {
		if m, err = extract.ParseMapping([]byte(q.Mapping)); err != nil {
			return "", err
		}
	}
	reader, err := extract.NewReader(q.Table, q.Header, m)
	if err != nil {
		return "", err
	}
	schema := casefile.SchemaOf(q.Table)
	return reader.Read(q.Line, q.Raw).Values[schema.Column(schema.Key[0])], nil
}

func (run *mending) land(ctx context.Context, by casefile.Actor, row int64, cells map[string]string, reason string, m *Mended) error {
	err := run.d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		seal, err := run.im.Land(ctx, tx)
		return []ledger.Event{{Kind: ledger.RowMended, Purpose: reason, Subject: fmt.Sprintf("row %d", row), Body: map[string]any{
			"extract": run.im.Extract(), "cells": cells, "accepted": m.Row, "released": m.Released, "seal": seal,
		}}}, err
	})
	if err != nil {
		return err
	}
	return run.d.DB.Indexed(ctx)
}
