package main

import "math"

// Percentiles come from counts in buckets (the idea of DDSketch, VLDB 2019): bucket i counts the sizes v with
// ratio^(i-1) < v <= ratio^i, and its middle is at most bucketError away from each of them, relatively.
const (
	statedError = 0.01
	bucketError = 0.0099 // a little less than stated, so that rounding at the edge of a bucket does no harm
	ratio       = (1 + bucketError) / (1 - bucketError)
	middle      = 2 / (1 + ratio)
)

var logRatio = math.Log(ratio)

// logarithm takes the exponent apart, since on amd64 math.Log is wrong for numbers below 2.3e-308.
func logarithm(size float64) float64 {
	fraction, exponent := math.Frexp(size)
	return math.Log(fraction) + float64(exponent)*math.Ln2
}

// Buckets are side by side, from the lowest in use to the highest.
type Buckets struct {
	First  int
	Counts []uint32
}

func (b *Buckets) add(size float64) {
	bucket := int(math.Ceil(logarithm(size) / logRatio))
	switch {
	case len(b.Counts) == 0:
		b.First, b.Counts = bucket, make([]uint32, 1)
	case bucket < b.First:
		b.Counts = append(make([]uint32, b.First-bucket), b.Counts...)
		b.First = bucket
	case bucket >= b.First+len(b.Counts):
		b.Counts = append(b.Counts, make([]uint32, bucket-b.First+1-len(b.Counts))...)
	}
	b.Counts[bucket-b.First]++
}

func (b *Buckets) size(place int) float64 {
	return math.Exp(float64(b.First+place)*logRatio) * middle
}

// Sketch has buckets for each sign, and counts zeros.
type Sketch struct {
	Negative, Positive Buckets
	Zeros              int
}

func (s *Sketch) add(value float64) {
	switch {
	case value > 0:
		s.Positive.add(value)
	case value < 0:
		s.Negative.add(-value)
	default:
		s.Zeros++
	}
}

// at estimates the value at a place of the order, counted from 1.
func (s *Sketch) at(place int) float64 {
	for i := len(s.Negative.Counts) - 1; i >= 0; i-- {
		if place -= int(s.Negative.Counts[i]); place <= 0 {
			return -s.Negative.size(i)
		}
	}
	if place -= s.Zeros; place <= 0 {
		return 0
	}
	for i, count := range s.Positive.Counts {
		if place -= int(count); place <= 0 {
			return s.Positive.size(i)
		}
	}
	panic("a place beyond the last value")
}

// percentile is the value at place ceil(percent/100 * count), without the rounding of 0.95 * 100.
func (s *Sketch) percentile(percent, count int) float64 {
	return s.at((percent*count + 99) / 100)
}
