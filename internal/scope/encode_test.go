package scope

import (
	"reflect"
	"testing"
)

func TestAStoredCaseIsTheSameCase(t *testing.T) {
	c := NewCase()
	c[NFA], c[NFABy], c[NFAOn], c[ClosedOn] = Bool(true), Words("cps"), OnDay(-3), Days(10, 20)
	c[OutcomeCode], c[Victims], c[VictimUnder18] = None(), Int(3), Bool(false)
	c[ContactOffence] = NotKnown("the code is shared: two offences, one with contact")
	got, err := Case(nil).Decode(c.Encode())
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("decoded %v (%v), want %v", got, err, c)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(NewCase().Encode())
	f.Add("!1\x1f@3,9\x1f=x\x1f-")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Case(nil).Decode(s)
		if err != nil {
			return
		}
		again, err := Case(nil).Decode(c.Encode())
		if err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%q decodes to %v, then to %v (%v)", s, c, again, err)
		}
	})
}
