package scope

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// A node is one step of a checked test, in the few forms that criteria may
// take. English, reasons and limits are read from it; CEL does the evaluation.
type node struct {
	op    op
	of    []node // opAll, opAny, opNot, opAtLeast
	fact  Fact   // all others
	other Fact   // opCompareFact, opDateFact
	how   string // the operator or function, as CEL writes it
	n     int64  // opAtLeast, opCompare
	ns    []int64
	texts []string
	days  []int32 // opDate: one, or two for between
}

type op uint8

const (
	opAll op = iota
	opAny
	opNot
	opAtLeast
	opTrue        // a yes/no fact
	opKnown       // known(fact)
	opCompare     // number against n, how: == != < <= > >=
	opCompareFact // number against other
	opOneOf       // number among ns
	opText        // text against texts, how: "" (equal to one of them) contains startsWith endsWith
	opDate        // date against days, how: before after on_or_before on_or_after between
	opDateFact    // date against other
)

// facts returns the facts that the node asks, each once, in order of appearance.
func (n *node) facts() []Fact {
	var all []Fact
	n.walk(func(m *node) {
		asked := []Fact{m.fact}
		switch m.op {
		case opAll, opAny, opNot, opAtLeast:
			return
		case opCompareFact, opDateFact:
			asked = append(asked, m.other)
		}
		for _, f := range asked {
			if !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	})
	return all
}

func (n *node) walk(f func(*node)) {
	f(n)
	for i := range n.of {
		n.of[i].walk(f)
	}
}

// A reader turns a checked AST into nodes and refuses what could not be said in
// plain English.
type reader struct {
	part string
	ast  *ast.AST
}

// compileTest checks one test and returns its tree with its CEL program.
func compileTest(where, test string) (node, cel.Program, error) {
	env := environment()
	checked, issues := env.Compile(test)
	if issues.Err() != nil {
		return node{}, nil, celError(where, test, issues.Errors()[0])
	}
	if got := checked.OutputType(); !got.IsExactType(cel.BoolType) {
		return node{}, nil, &Error{Part: where, Message: fmt.Sprintf("the test gives a %s; expected yes or no", typeWords(got.String()))}
	}
	r := &reader{where, checked.NativeRep()}
	tree, err := r.read(r.ast.Expr())
	if err != nil {
		return node{}, nil, err
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return node{}, nil, &Error{Part: where, Message: err.Error()}
	}
	return tree, program, nil
}

func (r *reader) errorf(at ast.Expr, format string, args ...any) error {
	column := r.ast.SourceInfo().GetStartLocation(at.ID()).Column() + 1
	return &Error{Part: r.part, Column: max(column, 0), Message: fmt.Sprintf(format, args...)}
}

func (r *reader) read(e ast.Expr) (node, error) {
	switch e.Kind() {
	case ast.IdentKind:
		f, err := r.fact(e)
		return node{op: opTrue, fact: f}, err
	case ast.CallKind:
		return r.call(e)
	case ast.LiteralKind:
		return node{}, r.errorf(e, "a test that is always %v tests nothing; name a fact", e.AsLiteral().Value())
	}
	return node{}, r.errorf(e, "this cannot be said in plain English; %s", allowed)
}

const allowed = "a criterion may use facts, numbers, texts, && || ! == != < <= > >= in, startsWith, endsWith, contains, " +
	"before, after, on_or_before, on_or_after, between, at_least and known"

// refusals says what to write instead of an operator that criteria do not have.
var refusals = map[string]string{
	operators.Add:         "counts are not added: suspects counted in different ways are never summed; compare each on its own and join the tests with ||",
	operators.Subtract:    "counts are not subtracted; compare each on its own",
	operators.Conditional: "a choice (? :) cannot be said in plain English; write it with && and ||",
	"matches":             "a pattern cannot be said in plain English; use startsWith, endsWith, contains or in",
}

func (r *reader) call(e ast.Expr) (node, error) {
	c := e.AsCall()
	switch name := c.FunctionName(); name {
	case operators.LogicalAnd:
		return r.joined(opAll, c.Args())
	case operators.LogicalOr:
		return r.joined(opAny, c.Args())
	case operators.LogicalNot:
		inner, err := r.read(c.Args()[0])
		return node{op: opNot, of: []node{inner}}, err
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return r.comparison(e, symbols[name])
	case operators.In:
		return r.membership(e)
	case "startsWith", "endsWith", "contains":
		return r.textTest(e, name)
	case "before", "after", "on_or_before", "on_or_after", "between":
		return r.dateTest(e, name)
	case "at_least":
		return r.atLeast(e)
	case "known":
		f, err := r.fact(c.Args()[0])
		return node{op: opKnown, fact: f}, err
	default:
		if say, ok := refusals[name]; ok {
			return node{}, r.errorf(e, "%s", say)
		}
		return node{}, r.errorf(e, "%s cannot be said in plain English; %s", operatorWords(name), allowed)
	}
}

var symbols = map[string]string{operators.Equals: "==", operators.NotEquals: "!=", operators.Less: "<",
	operators.LessEquals: "<=", operators.Greater: ">", operators.GreaterEquals: ">="}

// joined reads the operands of && or ||, flattening a && b && c.
func (r *reader) joined(op op, args []ast.Expr) (node, error) {
	all := node{op: op}
	for _, a := range args {
		n, err := r.read(a)
		if err != nil {
			return node{}, err
		}
		if n.op == op {
			all.of = append(all.of, n.of...)
			continue
		}
		all.of = append(all.of, n)
	}
	return all, nil
}

func (r *reader) fact(e ast.Expr) (Fact, error) {
	if e.Kind() == ast.IdentKind {
		if f, ok := factByName[e.AsIdent()]; ok {
			return f, nil
		}
	}
	if e.Kind() == ast.CallKind {
		if say, ok := refusals[e.AsCall().FunctionName()]; ok {
			return 0, r.errorf(e, "%s", say)
		}
	}
	return 0, r.errorf(e, "expected the name of a fact here")
}

var flipped = map[string]string{"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// comparison reads "fact op literal" either way round, or a number against a number.
func (r *reader) comparison(e ast.Expr, how string) (node, error) {
	left, right := e.AsCall().Args()[0], e.AsCall().Args()[1]
	if left.Kind() == ast.LiteralKind {
		left, right, how = right, left, flipped[how]
	}
	f, err := r.fact(left)
	if err != nil {
		return node{}, err
	}
	if right.Kind() != ast.LiteralKind {
		other, err := r.fact(right)
		if err == nil && f.info().Type != Number {
			err = r.errorf(e, "two facts are compared only if both are numbers; dates have before, after, on_or_before and on_or_after")
		}
		return node{op: opCompareFact, fact: f, other: other, how: how}, err
	}
	return r.against(e, f, how, right)
}

func (r *reader) against(e ast.Expr, f Fact, how string, literal ast.Expr) (node, error) {
	equality := how == "==" || how == "!="
	switch v := literal.AsLiteral().(type) {
	case types.Int:
		if v < 0 {
			return node{}, r.errorf(literal, "%s is a count, which is never below zero", f)
		}
		return node{op: opCompare, fact: f, how: how, n: int64(v)}, nil
	case types.Bool:
		if equality {
			n := node{op: opTrue, fact: f}
			return n.denyIf(bool(v) != (how == "==")), nil
		}
	case types.String:
		if equality {
			n := node{op: opText, fact: f, texts: []string{string(v)}}
			return n.denyIf(how == "!="), r.allowedTexts(literal, f, string(v))
		}
	}
	return node{}, r.errorf(e, "%s is %s, which has no order; use == or !=", f, f.info().Type)
}

func (n node) denyIf(deny bool) node {
	if deny {
		return node{op: opNot, of: []node{n}}
	}
	return n
}

// allowedTexts refuses an empty text, and one that a fact never holds.
func (r *reader) allowedTexts(at ast.Expr, f Fact, text string) error {
	i := f.info()
	if strings.TrimSpace(text) == "" {
		return r.errorf(at, "an empty text is no value of %s; to ask whether it is recorded, write known(%s)", f, f)
	}
	if i.values == nil {
		return nil
	}
	var names []string
	for _, v := range i.values {
		if v[0] == text {
			return nil
		}
		names = append(names, v[0])
	}
	return r.errorf(at, "%s is never %q; expected %s", f, text, list(names, "or"))
}

// membership reads "fact in [literal, …]".
func (r *reader) membership(e ast.Expr) (node, error) {
	args := e.AsCall().Args()
	f, err := r.fact(args[0])
	if err != nil {
		return node{}, err
	}
	if args[1].Kind() != ast.ListKind || args[1].AsList().Size() == 0 {
		return node{}, r.errorf(args[1], "expected a list of values here, such as [\"a\", \"b\"]")
	}
	n := node{op: opText, fact: f}
	for _, x := range args[1].AsList().Elements() {
		if x.Kind() != ast.LiteralKind {
			return node{}, r.errorf(x, "expected a value here, not a fact")
		}
		switch v := x.AsLiteral().(type) {
		case types.Int:
			n.op, n.ns = opOneOf, append(n.ns, int64(v))
			if v < 0 {
				return node{}, r.errorf(x, "%s is a count, which is never below zero", f)
			}
		case types.String:
			if err := r.allowedTexts(x, f, string(v)); err != nil {
				return node{}, err
			}
			n.texts = append(n.texts, string(v))
		default:
			return node{}, r.errorf(x, "expected a text or a number here")
		}
	}
	return n, nil
}

func (r *reader) textTest(e ast.Expr, name string) (node, error) {
	c := e.AsCall()
	if !c.IsMemberFunction() || c.Args()[0].Kind() != ast.LiteralKind {
		return node{}, r.errorf(e, "expected a fact, a dot, %s and a text in brackets", name)
	}
	f, err := r.fact(c.Target())
	if err != nil {
		return node{}, err
	}
	v := string(c.Args()[0].AsLiteral().(types.String))
	if v == "" {
		return node{}, r.errorf(c.Args()[0], "an empty text is part of every text")
	}
	return node{op: opText, fact: f, how: name, texts: []string{v}}, nil
}

func (r *reader) dateTest(e ast.Expr, name string) (node, error) {
	args := e.AsCall().Args()
	f, err := r.fact(args[0])
	if err != nil {
		return node{}, err
	}
	if t := r.ast.GetType(args[1].ID()); t != nil && t.IsExactType(dateType) {
		other, err := r.fact(args[1])
		return node{op: opDateFact, fact: f, other: other, how: name}, err
	}
	n := node{op: opDate, fact: f, how: name}
	for _, a := range args[1:] {
		if a.Kind() != ast.LiteralKind {
			return node{}, r.errorf(a, "expected a day in quotation marks here, such as \"2010-01-01\"")
		}
		day, err := parseDay(string(a.AsLiteral().(types.String)))
		if err != nil {
			return node{}, r.errorf(a, "%s", err)
		}
		n.days = append(n.days, day)
	}
	if name == "between" && n.days[1] < n.days[0] {
		return node{}, r.errorf(args[2], "the period ends before it begins")
	}
	return n, nil
}

func (r *reader) atLeast(e ast.Expr) (node, error) {
	args := e.AsCall().Args()
	if args[0].Kind() != ast.LiteralKind {
		return node{}, r.errorf(args[0], "expected a number here, not a fact")
	}
	n := node{op: opAtLeast, n: int64(args[0].AsLiteral().(types.Int))}
	if n.n < 1 || n.n > int64(len(args)-1) {
		return node{}, r.errorf(args[0], "at_least asks for %d of %d conditions; expected 1 to %d", n.n, len(args)-1, len(args)-1)
	}
	for _, a := range args[1:] {
		m, err := r.read(a)
		if err != nil {
			return node{}, err
		}
		n.of = append(n.of, m)
	}
	return n, nil
}

var (
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	noOverload = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`)
)

// celError says what CEL found wrong in words of this package.
func celError(where, test string, issue *cel.Error) error {
	e := &Error{Part: where, Column: issue.Location.Column() + 1}
	if m := undeclared.FindStringSubmatch(issue.Message); m != nil {
		e.Message = fmt.Sprintf("there is no fact or function %q", m[1])
		if near := nearest(m[1]); near != "" {
			e.Message += fmt.Sprintf("; did you mean %q?", near)
		}
		return e
	}
	if m := noOverload.FindStringSubmatch(issue.Message); m != nil {
		e.Message = fmt.Sprintf("%s does not take %s", operatorWords(m[1]), typeWords(m[2]))
		return e
	}
	e.Message = "this cannot be read as a test: " + firstLine(strings.TrimPrefix(issue.Message, "Syntax error: "))
	return e
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

var operatorMark = regexp.MustCompile(`^@|_`)

func operatorWords(name string) string {
	if strings.HasPrefix(name, "_") || strings.HasPrefix(name, "@") || strings.HasSuffix(name, "_") {
		name = operatorMark.ReplaceAllString(name, "")
	}
	return name
}

var typeNames = strings.NewReplacer("bool", "yes/no", "int", "number", "string", "text", "double", "decimal")

func typeWords(celType string) string { return typeNames.Replace(celType) }

var functionNames = []string{"before", "after", "on_or_before", "on_or_after", "between", "at_least", "known"}

// nearest returns the fact or function whose name is closest to a wrong one, ""
// if none is close: within a third of its letters.
func nearest(name string) string {
	best, least := "", len(name)/3+1
	for _, candidate := range slices.Concat(factNames(), functionNames) {
		if d := distance(name, candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

func factNames() []string {
	names := make([]string, len(Facts))
	for i := range Facts {
		names[i] = Facts[i].Name
	}
	return names
}

// distance is Levenshtein's: insertions, deletions and substitutions of bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
