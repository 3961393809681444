package casefile

import "slices"

// A Table is one kind of row that a force hands over. It is stored as this string.
type Table string

const (
	Investigations Table = "investigations"
	Nominals       Table = "nominals"
	Involvements   Table = "involvements"
	Addresses      Table = "addresses"
	Identifiers    Table = "identifiers"
	Uses           Table = "uses"
	Flags          Table = "flags"
	Log            Table = "log"
	Outcomes       Table = "outcomes"
	Missing        Table = "missing"
	Exhibits       Table = "exhibits"
	Documents      Table = "documents"
)

// A ColumnKind says what a cell of a column may hold.
type ColumnKind string

const (
	Text   ColumnKind = "text"   // anything, kept as it stands
	Ref    ColumnKind = "ref"    // an identifier: white space trimmed, otherwise kept
	List   ColumnKind = "list"   // texts separated by ";"
	When   ColumnKind = "date"   // a Date of any precision
	Code   ColumnKind = "code"   // one of Values, compared without regard to case
	YesNo  ColumnKind = "y/n"    // y or n; also unknown, refused, not asked
	Whole  ColumnKind = "number" // a whole number, zero or more
	Number ColumnKind = "decimal"
)

// IsState reports whether a canonical cell says in words why there is no value.
// "Not recorded" is the empty cell and stays apart from these.
func IsState(s string) bool { return s == "unknown" || s == "refused" || s == "not asked" }

// A Column is one field of a table.
type Column struct {
	Name     string
	Kind     ColumnKind
	Required bool     // must be present in the file and filled in every row
	Values   []string // for Code
	Apart    bool     // ethnicity, nationality, language: kept for monitoring and fed to nothing
}

// A Schema describes one table of an extract, version 1.
type Schema struct {
	Table   Table
	Needed  bool // an extract without this table is refused
	Columns []Column
	Key     []string // the columns that say which thing a row is about
	// Single means that the key names one thing: a second row with that key and
	// other content in one extract is a mistake. Otherwise such rows stand side by
	// side, as an outcome's history does.
	Single bool
	// OneOf lists groups of columns of which exactly one must be filled; AnyOf
	// groups of which at least one must.
	OneOf [][]string
	AnyOf [][]string
}

// Column returns the index of the column called name, or -1.
func (s *Schema) Column(name string) int {
	return slices.IndexFunc(s.Columns, func(c Column) bool { return c.Name == name })
}

// SchemaOf returns the schema of a table, nil if there is none.
func SchemaOf(t Table) *Schema {
	for i := range Schemas {
		if Schemas[i].Table == t {
			return &Schemas[i]
		}
	}
	return nil
}

// The roles a person may have in an investigation.
const (
	RoleVictim   = "victim"
	RoleSuspect  = "suspect"
	RoleWitness  = "witness"
	RoleReporter = "reporter"
	RoleMissing  = "missing_person"
	RoleOther    = "other"
)

func ref(name string) Column            { return Column{Name: name, Kind: Ref} }
func text(name string) Column           { return Column{Name: name, Kind: Text} }
func when(name string) Column           { return Column{Name: name, Kind: When} }
func yesNo(name string) Column          { return Column{Name: name, Kind: YesNo} }
func list(name string) Column           { return Column{Name: name, Kind: List} }
func whole(name string) Column          { return Column{Name: name, Kind: Whole} }
func number(name string) Column         { return Column{Name: name, Kind: Number} }
func apart(name string) Column          { return Column{Name: name, Kind: Text, Apart: true} }
func code(n string, v ...string) Column { return Column{Name: n, Kind: Code, Values: v} }

func must(c Column) Column {
	c.Required = true
	return c
}

// Schemas is the contract between a force and Lookback, version 1, in the order
// in which tables are read: what others refer to comes first.
var Schemas = []Schema{
	{Table: Investigations, Needed: true, Single: true, Key: []string{"crime_ref"}, Columns: []Column{
		must(ref("crime_ref")), ref("legacy_ref"), list("linked_refs"), ref("incident_ref"),
		when("recorded_at"), when("reported_at"), when("offence_from"), when("offence_to"),
		ref("offence_code"), text("offence_text"), text("status"),
		ref("outcome_code"), code("outcome_scheme", "ho2013", "pre2013", "local"), when("outcome_at"),
		code("nfa_by", "police", "cps"), text("closing_text"), ref("oic"), ref("supervisor"),
		ref("unit"), ref("area"), ref("venue_address_ref"), text("mo_text"), yesNo("previously_reviewed"),
	}},
	{Table: Nominals, Needed: true, Single: true, Key: []string{"nominal_ref"}, Columns: []Column{
		must(ref("nominal_ref")), ref("pnc_id"), ref("cro_no"), text("surname"), text("forenames"),
		list("aliases"), when("dob"), yesNo("dob_estimated"), whole("age_from"), whole("age_to"), when("age_at"),
		text("sex"), apart("self_defined_ethnicity"), apart("officer_seen_ethnicity"), apart("nationality"), apart("language"),
		text("occupation"), when("deceased_at"), when("recorded_at"),
	}},
	{Table: Involvements, Needed: true, Key: []string{"crime_ref", "nominal_ref", "role"}, Columns: []Column{
		must(ref("crime_ref")), must(ref("nominal_ref")),
		must(code("role", RoleVictim, RoleSuspect, RoleWitness, RoleReporter, RoleMissing, RoleOther)),
		code("status", "named", "arrested", "interviewed", "charged", "eliminated", "nfa"),
		text("relationship_to_victim"), whole("age_at_offence"), when("arrested_at"), when("interviewed_at"),
		text("description"), when("recorded_at"),
	}},
	{Table: Addresses, Single: true, Key: []string{"address_ref"}, Columns: []Column{
		must(ref("address_ref")), text("text"), ref("postcode"), ref("uprn"), number("easting"), number("northing"),
		code("premises_type", "dwelling", "care_home", "hostel", "hotel", "takeaway", "taxi_office", "school",
			"hospital", "police_station", "prison", "park", "other"),
		when("recorded_at"),
	}},
	{Table: Identifiers, Single: true, Key: []string{"identifier_ref"}, Columns: []Column{
		must(ref("identifier_ref")), must(code("kind", "phone", "vehicle", "online", "email", "bank")),
		must(text("value")), text("description"), when("recorded_at"),
	}},
	{Table: Uses, Key: []string{"crime_ref", "nominal_ref", "address_ref", "identifier_ref", "use", "from"},
		AnyOf: [][]string{{"crime_ref", "nominal_ref"}}, OneOf: [][]string{{"address_ref", "identifier_ref"}},
		Columns: []Column{
			ref("crime_ref"), ref("nominal_ref"), ref("address_ref"), ref("identifier_ref"),
			code("use", "home", "work", "venue", "stayed", "used", "keeper", "contact", "seen_in"),
			when("from"), when("to"), text("source"), when("recorded_at"),
		}},
	{Table: Flags, Key: []string{"crime_ref", "nominal_ref", "code", "set_at"},
		AnyOf: [][]string{{"crime_ref", "nominal_ref"}},
		Columns: []Column{
			ref("crime_ref"), ref("nominal_ref"), must(ref("code")), text("label"),
			ref("set_by"), when("set_at"), ref("cleared_by"), when("cleared_at"),
		}},
	{Table: Log, Single: true, Key: []string{"crime_ref", "seq"}, Columns: []Column{
		must(ref("crime_ref")), must(whole("seq")), when("at"), ref("author"), text("rank"), text("type"),
		text("text"), yesNo("supervisor"),
	}},
	{Table: Outcomes, Key: []string{"crime_ref", "nominal_ref", "code", "at"}, Columns: []Column{
		must(ref("crime_ref")), ref("nominal_ref"), must(ref("code")), code("scheme", "ho2013", "pre2013", "local"),
		when("at"), code("decided_by", "police", "cps"), text("reason"),
	}},
	{Table: Missing, Key: []string{"nominal_ref", "from"}, Columns: []Column{
		must(ref("nominal_ref")), must(when("from")), when("to"), text("grade"), text("placement"), yesNo("debrief"),
	}},
	{Table: Exhibits, Single: true, Key: []string{"crime_ref", "exhibit_ref"}, Columns: []Column{
		must(ref("crime_ref")), must(ref("exhibit_ref")), text("kind"), when("submitted_at"), text("result"), yesNo("retained"),
	}},
	{Table: Documents, Single: true, Key: []string{"file"}, Columns: []Column{
		must(text("file")), ref("crime_ref"), text("title"), text("kind"), when("date"),
	}},
}
