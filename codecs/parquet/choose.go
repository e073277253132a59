package parquet

import "math"

// choice is how the values of a chunk are encoded. It is made from the first
// values of a chunk, by trying, and kept for the next chunks for a while.
type choice struct {
	dict bool     // a dictionary, until it is too large
	enc  encoding // without the dictionary
	made bool
	age  int // chunks since it was made
	ban  int // chunks for which dictionaries are out
}

const (
	trialValues = 8192
	trialEvery  = 8    // chunks
	workPrice   = 0.03 // bytes in the file that the work on a byte to compress is worth
	minGain     = 0.95 // compressed over plain size that makes compressing worth it
)

func (c *choice) banned() bool { return c.ban > 0 }

// fallBack gives the dictionary up, for this chunk and some to come.
func (c *choice) fallBack() { c.dict, c.ban = false, trialEvery }

// decide makes the choice for a chunk whose first page is open.
func (w *columnWriter) decide(s *scratch) {
	c := &w.choice
	if c.ban > 0 {
		c.ban--
	}
	c.age++
	if e, ok := w.enc.(*byteArrays); ok && e.translate {
		// The values of the page are in the dictionary already.
		*c = choice{made: true, dict: true, enc: encPlain}
		return
	}
	if c.made && c.age <= trialEvery && (!c.dict || c.ban <= 0) {
		return
	}
	w.choose(s)
}

// choose makes the choice anew by trying.
func (w *columnWriter) choose(s *scratch) {
	c := &w.choice
	n := min(w.enc.count(s), trialValues)
	*c = choice{made: true, ban: c.ban}
	best, gain := math.Inf(1), 0.0
	for _, enc := range w.candidates {
		s.trial = w.enc.append(s, s.trial[:0], enc, n)
		size, g := w.try(s, s.trial)
		if size/float64(n) < best {
			best, gain, c.enc = size/float64(n), g, enc
		}
	}
	if d := w.enc.dictionary(); d != nil && c.ban == 0 {
		size, g, ok := w.tryDictionary(s, n)
		if ok && size < best {
			c.dict, gain = true, g
		} else {
			d.reset()
		}
	}
	// Only encodings that adapt to their values go without compression: the
	// decision is for the whole file.
	adapts := c.enc == encDelta || c.dict && w.enc.dictionary().size() < dictLimit/64
	if !w.settled && gain > minGain && adapts && w.col.physical != physBytes {
		w.codec = uncompressed
	}
}

// try returns how large data is in the file and what part of it is left.
func (w *columnWriter) try(s *scratch, data []byte) (size, left float64) {
	if w.codec == uncompressed || len(data) == 0 {
		return float64(len(data)), 1
	}
	s.packed = s.codec.append(s.packed[:0], data, w.codec)
	left = float64(len(s.packed)) / float64(len(data))
	if left > minGain {
		return float64(len(data)), left
	}
	return float64(len(s.packed)) + workPrice*float64(len(data)), left
}

// tryDictionary returns the bytes per value that a dictionary would make.
func (w *columnWriter) tryDictionary(s *scratch, n int) (perValue, left float64, ok bool) {
	d := w.enc.dictionary()
	w.enc.lookup(s, n/2)
	half := d.len()
	w.enc.lookup(s, n)
	refs := s.refs[:n]
	values := float64(max(int64(n), w.expect))
	distinct := estimateDistinct(half, d.len(), n, values)
	entry := float64(d.size()) / float64(d.len())
	if distinct*entry > dictLimit {
		return 0, 0, false
	}
	s.trial = appendHybrid(s.trial[:0], refs, bitWidth(uint32(distinct)))
	refsRaw := float64(len(s.trial)) / float64(n)
	refsSize, refsLeft := w.try(s, s.trial)
	s.trial = d.append(s.trial[:0])
	_, dictLeft := w.try(s, s.trial)
	dictRaw := distinct * entry / values
	raw := refsRaw + dictRaw
	size := refsSize/float64(n) + dictRaw*min(1, dictLeft)
	return size, (refsRaw*refsLeft + dictRaw*dictLeft) / raw, true
}

// estimateDistinct guesses how many distinct values there are among total,
// from how many there are in a sample of n and in its first half.
func estimateDistinct(half, all, n int, total float64) float64 {
	if all >= n {
		return total
	}
	// Drawn at random from D values, n draws show D(1-exp(-n/D)) of them.
	seen := func(d, n float64) float64 { return d * -math.Expm1(-n/d) }
	lo, hi := float64(all), 1e12
	for range 100 {
		mid := math.Sqrt(lo * hi)
		if seen(mid, float64(n)) < float64(all) {
			lo = mid
		} else {
			hi = mid
		}
	}
	if float64(half) < 0.9*seen(lo, float64(n/2)) {
		return float64(all) * total / float64(n) // new ones keep coming, as in sorted columns
	}
	return min(total, seen(lo, total))
}
