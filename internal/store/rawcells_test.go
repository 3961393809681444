package store

import (
	"slices"
	"testing"
)

func TestCellsAreKeptByteForByte(t *testing.T) {
	for _, cells := range [][]string{
		{}, {""}, {"a", "=cmd()", `"quoted"`, "two\nlines"}, {"nul \x00 inside"}, {"broken \xff\xfe", "Zoë", `{"base64":"x"}`},
	} {
		got, err := decodeCells(encodeCells(cells))
		if err != nil || !slices.Equal(got, cells) {
			t.Errorf("%q comes back as %q (%v)", cells, got, err)
		}
	}
}
