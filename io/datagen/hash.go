package datagen

import "math/bits"

// lane gives each column its own random numbers: a hash of the number of the
// row, with no state, so that any row can be made alone.
type lane uint64

// newLane derives the lane of one column from the seed.
func newLane(seed uint64, column int) lane {
	return lane(mix(mix(seed) + uint64(column)*0x9e3779b97f4a7c15))
}

// bits are 64 random bits for row n. No two rows have the same.
func (l lane) bits(n int64) uint64 { return mix(uint64(l) ^ uint64(n)) }

// below is a random number from 0 to limit-1.
func (l lane) below(n int64, limit uint64) uint64 {
	hi, _ := bits.Mul64(l.bits(n), limit)
	return hi
}

// ratio is a random number in [0, 1).
func (l lane) ratio(n int64) float64 { return float64(l.bits(n)>>11) / (1 << 53) }

// mix is the finaliser of splitmix64: a bijection in which every bit of the
// result depends on every bit of x.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
