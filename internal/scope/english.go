package scope

import (
	"fmt"
	"slices"
	"strings"
)

// english says the node as a clause: what has to be so for it to be met.
func (n *node) english() string { return n.say(false, 0) }

// say says the node or, if denied, its opposite. Denials are carried inwards:
// De Morgan's laws hold in three-valued logic too.
func (n *node) say(denied bool, depth int) string {
	switch n.op {
	case opNot:
		return n.of[0].say(!denied, depth)
	case opAll, opAny:
		return n.sayJoined(denied, depth)
	case opAtLeast:
		return n.sayAtLeast(denied)
	case opTrue:
		if denied {
			return n.fact.info().no
		}
		return n.fact.info().yes
	case opKnown:
		if denied {
			return "it is not known " + n.fact.info().asked()
		}
		return "it is known " + n.fact.info().asked()
	case opCompare, opOneOf:
		return n.fact.info().clause(n.counted(denied), false)
	case opCompareFact:
		how := n.how
		if denied {
			how = opposite[how]
		}
		return n.fact.info().noun + " is " + comparisons[how] + " " + n.other.info().noun
	}
	return n.fact.info().clause(n.object(), denied)
}

var opposite = map[string]string{"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

var comparisons = map[string]string{"==": "the same as", "!=": "not the same as", "<": "less than",
	"<=": "at most", ">": "more than", ">=": "at least"}

// sayJoined joins clauses with "and" or "or". A group inside a group says where
// it begins: either … or, both … and; deeper ones stand in brackets.
func (n *node) sayJoined(denied bool, depth int) string {
	word, opener := "and", "both "
	if (n.op == opAny) != denied {
		word, opener = "or", "either "
	}
	parts := n.of
	var clauses []string
	if word == "and" && !denied {
		parts, clauses = fused(parts, depth+1)
	}
	for i := range parts {
		clauses = append(clauses, parts[i].say(denied, depth+1))
	}
	if len(clauses) > 2 && opener == "both " {
		opener = "all of this: "
	}
	said := strings.Join(clauses, ", "+word+" ")
	switch {
	case depth == 0 || len(clauses) == 1:
		return said
	case depth == 1:
		return opener + said
	}
	return "(" + opener + said + ")"
}

// fused says a statement and the date that belongs to it as one clause: "the CPS
// decided on no further action" and its day. It returns the other nodes.
func fused(parts []node, depth int) (rest []node, clauses []string) {
	rest = slices.Clone(parts)
	for i := 0; i < len(rest); i++ {
		date := rest[i]
		if date.op != opDate {
			continue
		}
		for _, f := range date.fact.info().extends {
			j := slices.IndexFunc(rest, func(m node) bool { return m.fact == f && (m.op == opTrue || m.op == opText) })
			if j < 0 {
				continue
			}
			clauses = append(clauses, rest[j].say(false, depth)+" "+date.object())
			rest = slices.Delete(rest, max(i, j), max(i, j)+1)
			rest = slices.Delete(rest, min(i, j), min(i, j)+1)
			i = -1
			break
		}
	}
	return rest, clauses
}

func (n *node) sayAtLeast(denied bool) string {
	how := "at least"
	if denied {
		how = "fewer than"
	}
	clauses := make([]string, len(n.of))
	for i := range n.of {
		clauses[i] = fmt.Sprintf("(%d) %s", i+1, n.of[i].say(false, 2))
	}
	verb := "hold"
	if n.n == 1 {
		verb = "holds"
	}
	return fmt.Sprintf("%s %s of these %s: %s", how, word(n.n), verb, strings.Join(clauses, "; "))
}

// counted says how many: "two or more suspects", "no victims".
func (n *node) counted(denied bool) string {
	i := n.fact.info()
	if n.op == opOneOf {
		words := make([]string, len(n.ns))
		for k, v := range n.ns {
			words[k] = word(v)
		}
		said := list(words, "or") + " " + i.plural(n.ns[len(n.ns)-1])
		if denied {
			return "any number but " + said
		}
		return said
	}
	how := n.how
	if denied {
		how = opposite[how]
	}
	counted := word(n.n) + " " + i.plural(n.n)
	switch how {
	case ">=":
		if n.n == 1 {
			return "at least " + counted
		}
		return word(n.n) + " or more " + i.many
	case ">":
		return "more than " + counted
	case "<":
		return "fewer than " + counted
	case "<=":
		return "at most " + counted
	case "==":
		if n.n == 0 {
			return "no " + i.many
		}
		return "exactly " + counted
	}
	if n.n == 0 {
		return "at least one " + i.one
	}
	return "any number but " + counted
}

func (i *FactInfo) plural(n int64) string {
	if n == 1 {
		return i.one
	}
	return i.many
}

// object says what a text or a date is compared with.
func (n *node) object() string {
	switch n.op {
	case opDateFact:
		return dateWords[n.how] + " " + n.other.info().noun
	case opDate:
		if n.how == "between" {
			return "between " + dayWords(n.days[0]) + " and " + dayWords(n.days[1])
		}
		return dateWords[n.how] + " " + dayWords(n.days[0])
	}
	said := make([]string, len(n.texts))
	for k, t := range n.texts {
		said[k] = n.fact.info().said(t)
	}
	return textWords[n.how] + list(said, "or")
}

var dateWords = map[string]string{"before": "before", "after": "after", "on_or_before": "on or before", "on_or_after": "on or after"}

var textWords = map[string]string{"startsWith": "one that starts with ", "endsWith": "one that ends with ", "contains": "one that contains "}

var numberWords = [...]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}

func word(n int64) string {
	if n < int64(len(numberWords)) {
		return numberWords[n]
	}
	return fmt.Sprint(n)
}

// list joins words: "a", "a or b", "a, b or c".
func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	head := strings.Join(words[:len(words)-1], ", ")
	return head + " " + last + " " + words[len(words)-1]
}
