package allocation

import (
	"math"
)

// A Pace is how many files one officer reads on a day at work, and how surely that
// is known.
//
// The files y that an officer reads on a day at work are overdispersed counts, a
// Gamma–Poisson mixture: y ~ Poisson(λ), λ ~ Gamma(r, r/μ), which is the negative
// binomial with mean μ, size r and variance μ + μ²/r (Cameron and Trivedi,
// Regression Analysis of Count Data, 2nd ed., section 3.3, “NB2”). With
// p = r/(r+μ), the likelihood of n days with Σy files is p^(nr) (1−p)^Σy, so that a
// Beta prior of p stays a Beta. With Jeffreys' prior, p^(−1) (1−p)^(−1/2):
//
//	p | y ~ Beta(n r, Σy + 1/2),  μ = r (1−p)/p
//
// The size is that of moments, r = ȳ²/(s²−ȳ), held fast.
type Pace struct {
	Assumed bool // nothing, or too little, was observed: a planning assumption
	Files   int  // read
	Days    int  // days at work of one officer each
	Mean    float64
	Size    float64 // r
	Low     float64 // the mean lies between Low and High, eight chances in ten
	High    float64

	means []float64 // equally likely values of the mean, ascending; nil: there is no pace
}

// What is needed before a pace is observed and not assumed.
const (
	EnoughFiles = 30
	EnoughDays  = 10
)

// Planning assumptions. A pace that is only assumed counts as much as
// assumedDays days at work would: the true mean is then within a quarter of it,
// about eight chances in ten.
const (
	PlannedFiles = 3.0 // files a day and officer
	assumedSize  = 3.0
	assumedDays  = 20.0
	nodes        = 61 // how many equally likely means stand for the posterior
)

// Bounds on r: beyond them the counts are as good as Poisson, or the moments of so
// few days say nothing.
const (
	minSize = 0.2
	maxSize = 1000.0
)

// ObservePace learns from how many files were read on each officer's day at work,
// zeros too. ok is false where that is too little to learn from.
func ObservePace(counts []int) (p Pace, ok bool) {
	n, sum := float64(len(counts)), 0
	for _, y := range counts {
		sum += y
	}
	if sum < EnoughFiles || len(counts) < EnoughDays {
		return Pace{Files: sum, Days: len(counts)}, false
	}
	mean, squares := float64(sum)/n, 0.0
	for _, y := range counts {
		squares += (float64(y) - mean) * (float64(y) - mean)
	}
	p = Pace{Files: sum, Days: len(counts), Mean: mean, Size: size(mean, squares/(n-1))}
	p.know(n*p.Size, float64(sum)+.5)
	return p, true
}

// size is r of moments.
func size(mean, variance float64) float64 {
	if variance <= mean {
		return maxSize
	}
	return min(maxSize, max(minSize, mean*mean/(variance-mean)))
}

// AssumePace is a planning assumption of so many files a day and officer. A mean of
// zero or less is no pace.
func AssumePace(mean float64) Pace {
	p := Pace{Assumed: true, Mean: max(0, mean), Size: assumedSize}
	if mean > 0 {
		// One more than n r, so that the expected mean is the one assumed.
		p.know(assumedDays*assumedSize+1, assumedDays*mean)
	}
	return p
}

// know works out what a Beta(a, b) of p says of the mean.
func (p *Pace) know(a, b float64) {
	mean := func(q float64) float64 {
		x := betaQuantile(1-q, a, b) // a large p is a small mean
		return p.Size * (1 - x) / x
	}
	p.means = make([]float64, nodes)
	for i := range p.means {
		p.means[i] = mean((float64(i) + .5) / nodes)
	}
	p.Low, p.High = mean(.1), mean(.9)
}

// Told reports whether anything can be said of when work will be done at this pace.
func (p *Pace) Told() bool { return len(p.means) > 0 }

// times returns the pace with every mean multiplied.
func (p Pace) times(f float64) Pace {
	means := make([]float64, len(p.means))
	for i, m := range p.means {
		means[i] = m * f
	}
	p.Mean, p.Low, p.High, p.means = p.Mean*f, p.Low*f, p.High*f, means
	return p
}

// atLeast returns the chance that a team reads x files or more in so many
// officer-days, of which a share is away. An officer-day is at work or away; the
// count of both together is taken as negative binomial with the same mean and
// variance: mean wμ, 1/r' = (1/r + 1−w)/w, w the share at work. A sum of n of them
// is negative binomial with size n r', and
//
//	P(X ≥ x) = I_{1−p'}(x, n r'),  p' = 1/(1 + μ(1/r + 1−w))
//
// averaged over what the mean may be.
func (p *Pace) atLeast(x float64, officerDays, away float64) float64 {
	if x <= 0 {
		return 1
	}
	w := 1 - away
	if officerDays <= 0 || w <= 0 || !p.Told() {
		return 0
	}
	spread := 1/p.Size + away
	k := officerDays * w / spread
	sum := 0.0
	for _, mean := range p.means {
		m, sd := officerDays*w*mean, math.Sqrt(officerDays*w*mean*(1+mean*spread))
		switch z := (m - x) / sd; {
		case z > 9: // certain to more digits than are kept
			sum++
		case z < -9:
		default:
			sum += betaI(1-1/(1+mean*spread), x, k)
		}
	}
	return sum / float64(len(p.means))
}
