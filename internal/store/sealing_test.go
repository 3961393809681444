package store

import (
	"context"
	"testing"
)

// Whatever is changed behind the register's back, the seal is another.
func TestASealCoversEverythingReceived(t *testing.T) {
	db, _ := newRegister(t)
	ctx := context.Background()
	first := land(t, db, stageLog(t, db, "1/20", "Seen at Harbour Street."))
	second := stageLog(t, db, "2/20", "Seen at Mill Lane.")
	second.Supersede(1, second.NextRow()-1)
	if err := db.flushBulks(ctx, second.bulks); err != nil {
		t.Fatal(err)
	}
	last := land(t, db, second)
	extracts := func() (list []Extract) {
		if err := db.View(ctx, func(tx *Tx) (err error) { list, err = tx.Extracts(ctx); return err }); err != nil {
			t.Fatal(err)
		}
		return list
	}()
	seals := func() (out [2]string) {
		for i, e := range extracts {
			err := db.View(ctx, func(tx *Tx) (err error) { out[i], err = tx.Seal(ctx, e); return err })
			if err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	before := seals()
	if want := [2]string{first, last}; before != want {
		t.Fatalf("computed again, the seals are %q, not those of the imports %q", before, want)
	}
	for _, c := range []struct{ change, back string }{
		{`UPDATE row SET raw = '["y"]' WHERE id = 1`, `UPDATE row SET raw = '["x"]' WHERE id = 1`},
		{`UPDATE row SET reason = 'no' WHERE id = 2`, `UPDATE row SET reason = NULL WHERE id = 2`},
		{`UPDATE investigation SET outcome_code = '1' WHERE row_id = 1`, `UPDATE investigation SET outcome_code = '' WHERE row_id = 1`},
		{`UPDATE log_entry SET text = 'x' WHERE row_id = 4`, `UPDATE log_entry SET text = 'Seen at Mill Lane.' WHERE row_id = 4`},
		{`UPDATE superseded SET old = 2`, `UPDATE superseded SET old = 1`},
		{`DELETE FROM log_entry WHERE row_id = 2`, ``},
	} {
		if _, err := db.write.Exec(c.change); err != nil {
			t.Fatal(err)
		}
		if seals() == before {
			t.Errorf("%s: the seals are as before", c.change)
		}
		if c.back == "" {
			break
		}
		if _, err := db.write.Exec(c.back); err != nil {
			t.Fatal(err)
		}
		if seals() != before {
			t.Fatalf("%s: the seals are not as before", c.back)
		}
	}
}
