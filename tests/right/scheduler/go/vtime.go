package main

import "math/big"

// vtime is a virtual time. Sums of products with weights outgrow 64 bits.
type vtime struct{ n *big.Int }

func vticks(ticks, rate int64) vtime {
	return vtime{new(big.Int).Mul(big.NewInt(ticks), big.NewInt(rate))}
}

func (v vtime) big() *big.Int {
	if v.n == nil {
		return new(big.Int)
	}
	return v.n
}

func (v vtime) plus(w vtime) vtime       { return vtime{new(big.Int).Add(v.big(), w.big())} }
func (v vtime) minus(w vtime) vtime      { return vtime{new(big.Int).Sub(v.big(), w.big())} }
func (v vtime) times(factor int64) vtime { return vtime{new(big.Int).Mul(v.big(), big.NewInt(factor))} }
func (v vtime) cmp(w vtime) int          { return v.big().Cmp(w.big()) }

// over is the quotient, rounded down (Euclid's division does that for a positive divisor).
func (v vtime) over(divisor int64) vtime {
	return vtime{new(big.Int).Div(v.big(), big.NewInt(divisor))}
}

func later(v, w vtime) vtime {
	if v.cmp(w) >= 0 {
		return v
	}
	return w
}

func earlier(v, w vtime) vtime {
	if v.cmp(w) <= 0 {
		return v
	}
	return w
}
