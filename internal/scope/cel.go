package scope

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// maxConditions is how many conditions at_least takes: CEL has no functions of
// any number of arguments, so that each number is an overload of its own.
const maxConditions = 10

var dateType = cel.OpaqueType("date")

var celTypes = map[Type]*cel.Type{YesNo: cel.BoolType, Number: cel.IntType, Text: cel.StringType, Day: dateType}

// environment declares the facts and the functions of criteria. Macros are
// cleared: criteria have no lists to walk over.
var environment = sync.OnceValue(func() *cel.Env {
	opts := []cel.EnvOption{cel.ClearMacros(), cel.HomogeneousAggregateLiterals(),
		cel.ParserExpressionSizeLimit(maxTest), cel.ParserRecursionLimit(50)}
	for i := range Facts {
		opts = append(opts, cel.Variable(Facts[i].Name, celTypes[Facts[i].Type]))
	}
	for name, f := range dateTests {
		opts = append(opts, dateFunction(name, f))
	}
	opts = append(opts, betweenFunction(), atLeastFunction(), knownFunction())
	env, err := cel.NewEnv(opts...)
	if err != nil {
		panic("scope: the environment of criteria: " + err.Error())
	}
	return env
})

// A dateValue is a date inside CEL. It carries its fact, so that a test that a
// coarse date cannot answer says which fact was too coarse.
type dateValue struct {
	fact        Fact
	none        bool
	first, last int32
}

func (d *dateValue) ConvertToNative(reflect.Type) (any, error) { return d, nil }
func (d *dateValue) ConvertToType(ref.Type) ref.Val            { return types.NewErr("a date does not convert") }
func (d *dateValue) Equal(ref.Val) ref.Val {
	return types.NewErr("dates are not compared for equality")
}
func (d *dateValue) Type() ref.Type { return dateType }
func (d *dateValue) Value() any     { return d }

// A dateTest answers met, not met or unknown for two dates, each known to lie
// in a span of days.
type dateTest func(a, b *dateValue) ref.Val

var dateTests = map[string]dateTest{
	"before":       before,
	"after":        func(a, b *dateValue) ref.Val { return before(b, a) },
	"on_or_after":  func(a, b *dateValue) ref.Val { return not(before(a, b)) },
	"on_or_before": func(a, b *dateValue) ref.Val { return not(before(b, a)) },
}

func before(a, b *dateValue) ref.Val {
	switch {
	case a.last < b.first:
		return types.True
	case a.first >= b.last:
		return types.False
	}
	return types.MergeUnknowns(a.unknown(), b.unknown())
}

func not(v ref.Val) ref.Val {
	if b, ok := v.(types.Bool); ok {
		return !b
	}
	return v
}

// unknown blames the date's fact, unless its day is known (or is a literal).
func (d *dateValue) unknown() *types.Unknown {
	if d.first == d.last {
		return nil
	}
	return unknowns[d.fact]
}

func (f dateTest) values(a, b ref.Val) ref.Val {
	x, err := asDate(a)
	if err != nil {
		return types.WrapErr(err)
	}
	y, err := asDate(b)
	if err != nil {
		return types.WrapErr(err)
	}
	if x.none || y.none {
		return types.False
	}
	return f(x, y)
}

func asDate(v ref.Val) (*dateValue, error) {
	switch v := v.(type) {
	case *dateValue:
		return v, nil
	case types.String:
		day, err := parseDay(string(v))
		return &dateValue{first: day, last: day}, err
	}
	return nil, fmt.Errorf("%v is not a date", v)
}

func dateFunction(name string, f dateTest) cel.EnvOption {
	bind := cel.BinaryBinding(f.values)
	return cel.Function(name,
		cel.Overload(name+"_day", []*cel.Type{dateType, cel.StringType}, cel.BoolType, bind),
		cel.Overload(name+"_date", []*cel.Type{dateType, dateType}, cel.BoolType, bind))
}

// between is one function, not two tests joined by &&, so that a date known to
// the year only is met when the whole year lies inside.
func betweenFunction() cel.EnvOption {
	return cel.Function("between", cel.Overload("between_days",
		[]*cel.Type{dateType, cel.StringType, cel.StringType}, cel.BoolType,
		cel.FunctionBinding(func(args ...ref.Val) ref.Val {
			from := dateTests["on_or_after"].values(args[0], args[1])
			to := dateTests["on_or_before"].values(args[0], args[2])
			switch {
			case from == types.False || to == types.False:
				return types.False
			case from == types.True:
				return to
			}
			return from
		})))
}

// atLeastFunction binds every overload by itself: a binding shared by all of a
// function's overloads would lose the mark that lets it see what is unknown.
func atLeastFunction() cel.EnvOption {
	var overloads []cel.FunctionOpt
	args := []*cel.Type{cel.IntType}
	for n := 1; n <= maxConditions; n++ {
		args = append(args, cel.BoolType)
		bind := cel.FunctionBinding(atLeast)
		if n == 1 {
			bind = cel.BinaryBinding(func(n, v ref.Val) ref.Val { return atLeast(n, v) })
		}
		overloads = append(overloads, cel.Overload(fmt.Sprintf("at_least_%d", n), slices.Clone(args),
			cel.BoolType, cel.OverloadIsNonStrict(), bind))
	}
	return cel.Function("at_least", overloads...)
}

// atLeast is met once n conditions are met, not met once so many are not that n
// cannot be reached, and unknown in between.
func atLeast(args ...ref.Val) ref.Val {
	n, ok := args[0].(types.Int)
	if !ok {
		return args[0]
	}
	met, open := types.Int(0), types.Int(0)
	var unknown *types.Unknown
	for _, v := range args[1:] {
		switch v := v.(type) {
		case types.Bool:
			if v {
				met++
			}
		case *types.Unknown:
			open++
			unknown = types.MergeUnknowns(unknown, v)
		default:
			return v
		}
	}
	switch {
	case met >= n:
		return types.True
	case met+open < n:
		return types.False
	}
	return unknown
}

func knownFunction() cel.EnvOption {
	bind := cel.UnaryBinding(func(v ref.Val) ref.Val { return types.Bool(!types.IsUnknown(v)) })
	var overloads []cel.FunctionOpt
	for _, t := range []*cel.Type{cel.BoolType, cel.IntType, cel.StringType, dateType} {
		overloads = append(overloads, cel.Overload("known_"+t.TypeName(), []*cel.Type{t}, cel.BoolType, cel.OverloadIsNonStrict(), bind))
	}
	return cel.Function("known", overloads...)
}

// unknowns holds one CEL unknown per fact, with the fact as its expression id,
// so that an unknown result names the facts behind it.
var unknowns = func() []*types.Unknown {
	all := make([]*types.Unknown, len(Facts))
	for i := range Facts {
		all[i] = types.NewUnknown(int64(i), types.NewAttributeTrail(Facts[i].Name))
	}
	return all
}()

// activation shows a case to CEL.
type activation struct{ c Case }

func (a *activation) Parent() cel.Activation { return nil }

func (a *activation) ResolveName(name string) (any, bool) {
	f, ok := factByName[name]
	if !ok {
		return nil, false
	}
	v := a.c.at(f)
	switch v.kind {
	case yesNo:
		return types.Bool(v.n != 0), true
	case number:
		return types.Int(v.n), true
	case text:
		return types.String(v.text), true
	case span:
		return &dateValue{fact: f, first: v.first, last: v.last}, true
	case none:
		if f.info().Type == Day {
			return &dateValue{fact: f, none: true}, true
		}
		return types.String(""), true
	}
	return unknowns[f], true
}
