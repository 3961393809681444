package synth

import "math/bits"

// An rng is a splitmix64 generator (Steele, Lea and Flood 2014). It is our own
// so that an extract is the same bytes under every version of Go, and integer
// throughout so that it is the same on every machine.
type rng struct{ state uint64 }

func (r *rng) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	return mix(r.state)
}

func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// below returns a number from 0 to n-1; n must be positive.
func (r *rng) below(n int) int {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}

// between returns a number from lo to hi, both included.
func (r *rng) between(lo, hi int) int { return lo + r.below(hi-lo+1) }

// in is true in perMille of a thousand calls.
func (r *rng) in(perMille int) bool { return r.below(1000) < perMille }

// weighted returns an index with a chance proportional to its weight.
func (r *rng) weighted(weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	at := r.below(total)
	for i, w := range weights {
		if at < w {
			return i
		}
		at -= w
	}
	return len(weights) - 1
}

func pick[T any](r *rng, from []T) T { return from[r.below(len(from))] }

// A strand keeps what one thing draws apart from what another does, so that a
// case can be made again without making those before it.
type strand uint64

const (
	layoutStrand strand = iota + 1
	networkStrand
	eventStrand
	recordStrand
	personStrand
	nominalStrand
	placeStrand
	refStrand
	badStrand
	documentStrand
)

func newRNG(seed uint64, s strand, id uint64) rng {
	return rng{mix(mix(seed+uint64(s)*0xd1342543de82ef95) ^ mix(id+0x632be59bd9b4e019))}
}

// A scrambler is a keyed permutation of the numbers below 2^34: a balanced
// Feistel network of four rounds. References go through it, so that a reference
// does not tell what kind of person stands behind it.
type scrambler struct{ keys [4]uint64 }

const (
	halfBits = 17
	halfMask = 1<<halfBits - 1
)

func newScrambler(seed uint64) scrambler {
	r := newRNG(seed, refStrand, 0)
	var s scrambler
	for i := range s.keys {
		s.keys[i] = r.next()
	}
	return s
}

func (s scrambler) number(n uint64) uint64 {
	left, right := n>>halfBits&halfMask, n&halfMask
	for _, k := range s.keys {
		left, right = right, left^(mix(right^k)&halfMask)
	}
	return left<<halfBits | right
}
