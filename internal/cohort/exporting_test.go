package cohort_test

import (
	"path/filepath"
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk/desktest"
	"lookback/internal/scope"
)

func TestAnExportAppearsWholeOrNotAtAll(t *testing.T) {
	d := desktest.NewDesk(t)
	out := filepath.Join(t.TempDir(), "missing", "x.csv")
	if _, err := cohort.Export(t.Context(), d, desktest.Operator, "quarantine", out, scope.Terms{}, nil); casefile.KindOf(err) != casefile.Invalid {
		t.Errorf("an export into no folder: %v", err)
	}
}
