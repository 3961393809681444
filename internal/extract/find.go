package extract

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"lookback/internal/casefile"
)

// formatOf returns the format that a file's name says, "" for none that is read.
func formatOf(name string) Format {
	switch strings.ToLower(path.Ext(name)) {
	case ".csv", ".tsv", ".txt":
		return CSV
	case ".xlsx":
		return XLSX
	case ".parquet":
		return Parquet
	}
	return ""
}

// A found is a file or sheet that could feed a table.
type found struct {
	file   string   // its name within the place
	sheet  string   // of a workbook
	stem   string   // what is compared with the names of tables
	called []string // what is compared with the names in a mapping
	format Format
	book   *workbook
}

func (c found) label() string {
	if c.sheet == "" {
		return c.file
	}
	return c.file + ", sheet " + c.sheet
}

// candidates lists what could feed a table; the rest goes to x.Unread.
func (x *Extract) candidates() ([]found, error) {
	var out []found
	for _, name := range x.names {
		c := found{file: name, format: formatOf(name), stem: strings.TrimSuffix(name, path.Ext(name))}
		c.called = []string{c.file, c.stem}
		switch {
		case strings.EqualFold(name, manifestName):
		case c.format == XLSX:
			sheets, err := x.sheets(c)
			if err != nil {
				return nil, err
			}
			out = append(out, sheets...)
		case c.format != "":
			out = append(out, c)
		default:
			x.Unread = append(x.Unread, name)
		}
	}
	return out, nil
}

// sheets lists the sheets of a workbook. In a folder, a workbook named after a
// table with one sheet that is not empty may call that sheet anything.
func (x *Extract) sheets(c found) ([]found, error) {
	book, err := x.openBook(c.file)
	if err != nil {
		return nil, err
	}
	var out []found
	for _, s := range book.sheets {
		out = append(out, found{file: c.file, sheet: s.name, stem: s.name, called: []string{s.name}, format: XLSX, book: book})
	}
	_, alone := x.place.(single)
	feeds := func(f found) bool { return len(x.tablesOf(f)) > 0 }
	if alone || slices.ContainsFunc(out, feeds) || len(x.tablesOf(c)) == 0 {
		return out, nil
	}
	filled, err := book.filled()
	if err != nil {
		return nil, err
	}
	if len(filled) != 1 {
		return nil, refuse("%s has %d sheets with something in them and none is called %s; expected one, or a sheet of that name.",
			c.file, len(filled), c.stem)
	}
	return []found{{file: c.file, sheet: filled[0], stem: c.stem, called: c.called, format: XLSX, book: book}}, nil
}

// tablesOf returns the tables that a file feeds by its name: those whose mapping
// names it, or else the one it is called after.
func (x *Extract) tablesOf(c found) []casefile.Table {
	var out []casefile.Table
	for i := range casefile.Schemas {
		t := casefile.Schemas[i].Table
		if slices.ContainsFunc(x.Mapping.table(t).File, c.isCalled) {
			out = append(out, t)
		}
	}
	if len(out) == 0 {
		if s := casefile.SchemaOf(casefile.Table(strings.ToLower(strings.TrimSpace(c.stem)))); s != nil {
			out = append(out, s.Table)
		}
	}
	return out
}

// isCalled reports whether a name or pattern of a mapping means c.
func (c found) isCalled(pattern string) bool {
	pattern = strings.ToLower(strings.TrimSpace(pattern))
	return slices.ContainsFunc(c.called, func(name string) bool {
		ok, err := path.Match(pattern, strings.ToLower(name))
		return ok && err == nil
	})
}

// findTables fills x.Files, and refuses an extract without the tables it needs.
func (x *Extract) findTables() error {
	candidates, err := x.candidates()
	if err != nil {
		return err
	}
	mapped := map[casefile.Table]bool{} // tables whose mapping names a file that is there
	for _, c := range candidates {
		for _, t := range x.tablesOf(c) {
			if slices.ContainsFunc(x.Mapping.table(t).File, c.isCalled) {
				mapped[t] = true
			}
		}
	}
	for _, c := range candidates {
		fed := false
		for _, t := range x.tablesOf(c) {
			if mapped[t] && !slices.ContainsFunc(x.Mapping.table(t).File, c.isCalled) {
				continue
			}
			fed = true
			x.Files = append(x.Files, &File{Name: c.label(), Table: t, Format: c.format, Rows: -1, name: c.file, table: x.tableOf(c)})
		}
		if !fed {
			x.Unread = append(x.Unread, c.label())
		}
	}
	x.noteUnmatched(mapped)
	slices.Sort(x.Unread)
	tablesInOrder(x.Files)
	if err := x.missingTables(candidates); err != nil {
		return err
	}
	return x.doubledTables(mapped)
}

// noteUnmatched says for which tables the mapping names files that are not there.
func (x *Extract) noteUnmatched(mapped map[casefile.Table]bool) {
	for i := range casefile.Schemas {
		t := casefile.Schemas[i].Table
		if names := x.Mapping.table(t).File; len(names) > 0 && !mapped[t] {
			x.Notes = append(x.Notes, fmt.Sprintf("The mapping %s names %s for the table %s; the extract has no such file or sheet.",
				x.Mapping.Name, oneOf(quoted(names)), t))
		}
	}
}

func (x *Extract) tableOf(c found) table {
	switch c.format {
	case XLSX:
		return &sheetTable{x: x, book: c.book, sheet: c.sheet, name: c.label()}
	case Parquet:
		return &parquetTable{x: x, name: c.file}
	}
	return &textTable{x: x, name: c.file}
}

func (x *Extract) missingTables(candidates []found) error {
	var missing []string
	for i := range casefile.Schemas {
		s := &casefile.Schemas[i]
		if s.Needed && !slices.ContainsFunc(x.Files, func(f *File) bool { return f.Table == s.Table }) {
			missing = append(missing, string(s.Table))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	there := "nothing that could be a table"
	var names []string
	for _, c := range candidates {
		names = append(names, c.label())
	}
	if len(names) > 0 {
		const most = 20
		there = strings.Join(names[:min(len(names), most)], ", ")
	}
	return refuse("%s has no table %s; expected a file or sheet of that name (.csv, .xlsx, .parquet), or a mapping that names it. It has %s.",
		filepath.Base(x.Path), strings.Join(missing, ", "), there)
}

// doubledTables refuses two files for one table, unless a mapping wants them.
func (x *Extract) doubledTables(mapped map[casefile.Table]bool) error {
	for i := 1; i < len(x.Files); i++ {
		a, b := x.Files[i-1], x.Files[i]
		if a.Table == b.Table && !mapped[a.Table] {
			return refuse("%s and %s both feed the table %s; expected one of them, or a mapping that names both.", a.Name, b.Name, a.Table)
		}
	}
	return nil
}
