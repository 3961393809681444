package extract

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"lookback/internal/casefile"
)

type parquetNominal struct {
	Ref      string     `parquet:"nominal_ref"`
	Surname  *string    `parquet:"surname,optional"`
	Aliases  []string   `parquet:"aliases,list"`
	DOB      int32      `parquet:"dob,date"`
	Est      bool       `parquet:"dob_estimated"`
	AgeFrom  *int64     `parquet:"age_from,optional"`
	AgeTo    float64    `parquet:"age_to"`
	Recorded time.Time  `parquet:"recorded_at,timestamp(millisecond)"`
	Deceased *time.Time `parquet:"deceased_at,optional,timestamp(microsecond)"`
	Shoe     int32      `parquet:"shoe,decimal(1:9)"`
}

func parquetOf(t testing.TB, n int) string {
	t.Helper()
	name, age := "Zoë", int64(17)
	died := time.Date(1960, 1, 2, 3, 4, 5, 600_000_000, time.UTC)
	rows := make([]parquetNominal, n)
	for i := range rows {
		rows[i] = parquetNominal{Ref: "N1", Surname: &name, Aliases: []string{"a", "b"}, DOB: 8098, Est: true, AgeFrom: &age, AgeTo: 19,
			Recorded: time.Date(2014, 7, 9, 20, 40, 0, 0, time.UTC), Deceased: &died, Shoe: -425}
		if i%2 == 1 {
			rows[i] = parquetNominal{Ref: "N2", Recorded: rows[i].Recorded}
		}
	}
	var buf bytes.Buffer
	w := parquet.NewGenericWriter[parquetNominal](&buf)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func TestParquetIsRead(t *testing.T) {
	content := parquetOf(t, 1000)
	f := with(files{"nominals.csv": "", "nominals.parquet": content,
		"extract.json": `{"files":[{"name":"nominals.parquet","rows":1000,"sha256":"` + sha(content) + `"}]}`})
	for _, p := range []string{folderOf(t, f), zipOf(t, f, "")} {
		x := mustOpen(t, p, nil)
		file := fileOf(t, x, casefile.Nominals)
		if want := []string{"shoe"}; file.Rows != 1000 || !slices.Equal(file.Unknown, want) {
			t.Errorf("%d rows, unknown %q", file.Rows, file.Unknown)
		}
		rows := mustRows(t, x, casefile.Nominals)
		if len(rows) != 1000 || rows[999].Line != 1000 {
			t.Fatalf("%d rows", len(rows))
		}
		want := map[string]string{"nominal_ref": "N1", "surname": "Zoë", "aliases": "a;b", "dob": "1992-03-04", "dob_estimated": "y", "age_from": "17",
			"age_to": "19", "recorded_at": "2014-07-09T21:40:00+01:00", "deceased_at": "1960-01-02T03:04:05+00:00"}
		for column, v := range want {
			if got := value(file.Table, rows[0], column); got != v {
				t.Errorf("%s: %q, want %q", column, got, v)
			}
		}
		if rows[0].Problems != nil || rows[0].Raw[slices.Index(file.Header, "shoe")] != "-42.5" {
			t.Errorf("%q %s", rows[0].Raw, sentences(rows[0]))
		}
		if got := value(file.Table, rows[1], "surname") + value(file.Table, rows[1], "age_from") + value(file.Table, rows[1], "aliases"); got != "" {
			t.Errorf("null became %q", got)
		}
	}
}

func TestDamagedParquetIsRefusedWithoutPanic(t *testing.T) {
	good := parquetOf(t, 500)
	want := "nominals.parquet is damaged, or is not a Parquet file; copy it again, or export it as CSV."
	for _, content := range []string{"x", "PAR1PAR1", good[:len(good)/2], good[:len(good)-1], "PAR1" + strings.Repeat("\xff", 100) + "PAR1"} {
		rowsRefused(t, folderOf(t, with(files{"nominals.csv": "", "nominals.parquet": content})), casefile.Nominals, want)
	}
	refusals := 0
	for at := 4; at < len(good); at += 1 + len(good)/120 {
		bad := []byte(good)
		bad[at] ^= 0x5a
		x, err := Open(folderOf(t, with(files{"nominals.csv": "", "nominals.parquet": string(bad)})), nil)
		if err == nil {
			_, err = rowsOf(t, x, casefile.Nominals)
			x.Close()
		}
		if err != nil {
			refusals++
			if casefile.KindOf(err) == "" {
				t.Errorf("byte %d: nobody classified %v", at, err)
			}
		}
	}
	if refusals == 0 {
		t.Error("no flipped byte was noticed")
	}
}

func TestAPanicOfWhoeverReadsIsNotTakenForDamage(t *testing.T) {
	x := mustOpen(t, folderOf(t, with(files{"nominals.csv": "", "nominals.parquet": parquetOf(t, 5)})), nil)
	defer func() {
		if p := recover(); p != "mine" {
			t.Errorf("recovered %v", p)
		}
	}()
	for range x.Rows(fileOf(t, x, casefile.Nominals)) {
		panic("mine")
	}
}

func TestAPanicOfTheDecoderIsAnError(t *testing.T) {
	p := &parquetTable{name: "nominals.parquet"}
	err := p.contained(func() error { panic("index out of range") })
	if want := "nominals.parquet is damaged, or is not a Parquet file; copy it again, or export it as CSV."; err == nil || casefile.Message(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
