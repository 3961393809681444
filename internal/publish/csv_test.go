package publish

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNoCellIsAFormula(t *testing.T) {
	for _, c := range []struct{ cell, want string }{
		{"=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
		{"@SUM(1)", "'@SUM(1)"}, {"+44 7700", "'+44 7700"}, {"-", "'-"}, {"\t=1", "'\t=1"},
		{"-3.5", "-3.5"}, {"+12", "+12"}, {"3-4 males", "3-4 males"}, {"", ""}, {"--1", "'--1"},
	} {
		if got := Inert(c.cell); got != c.want {
			t.Errorf("Inert(%q) = %q, want %q", c.cell, got, c.want)
		}
	}
}

func TestAFileAppearsWholeOrNotAtAll(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out.csv")
	table, err := NewTable(name, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	table.Row("1", "x, \"y\"")
	if _, err := os.Stat(name); err == nil {
		t.Error("the file is there before it is finished")
	}
	rows, sum, err := table.Close()
	if err != nil || rows != 1 || len(sum) != 64 {
		t.Errorf("Close = %d, %q, %v", rows, sum, err)
	}
	if err := table.Place(); err != nil {
		t.Error(err)
	}
	got, _ := os.ReadFile(name)
	if want := "a,b\n1,\"x, \"\"y\"\"\"\n"; string(got) != want {
		t.Errorf("file is %q, want %q", got, want)
	}
	again, _ := NewTable(name, "a")
	again.Discard()
	if left, _ := filepath.Glob(name + "*"); len(left) != 1 {
		t.Errorf("a discarded file leaves %q", left)
	}
}
