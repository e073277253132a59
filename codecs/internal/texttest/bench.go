//go:build unix

package texttest

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/weirflow/weir/codecs"
)

// Events is rows of JSON such as a web shop logs: strings, numbers, a
// timestamp, a struct and a list, about 330 bytes each.
func Events(rows int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var b []byte
	for i := range rows {
		coupon := `"C00417"`
		if r.IntN(10) == 0 {
			coupon = "null"
		}
		tags := pick("", `"promo"`, `"promo","organic"`, `"new","vip","beta"`)
		b = fmt.Appendf(b, `{"event_id":"%016x%016x","ts":"%s","user_id":%d,"session_id":"s-%08x",`+
			`"event_type":"%s","url":"/shop/c%d/item/%d","country":"%s","price":%d.%02d,"quantity":%d,`+
			`"score":%.6f,"coupon":%s,"device":{"os":"%s","browser":"%s","mobile":%t},"tags":[%s]}`+"\n",
			r.Uint64(), r.Uint64(), at.Add(time.Duration(i)*37*time.Millisecond).Format("2006-01-02T15:04:05.000Z"),
			r.IntN(500000), r.Uint32(), pick("page_view", "click", "add_to_cart", "search", "scroll"),
			r.IntN(40), r.IntN(100000), pick("US", "DE", "IN", "BR"), r.IntN(1000), r.IntN(100), 1+r.IntN(9),
			r.Float64(), coupon, pick("ios", "android", "linux"), pick("chrome", "safari", "edge"),
			r.IntN(2) == 0, tags)
	}
	return b
}

// EventSchema is the schema of [Events].
const EventSchema = "event_id:utf8 ts:timestamp(us,UTC) user_id:int64 session_id:utf8 event_type:utf8" +
	" url:utf8 country:utf8 price:float64 quantity:int64 score:float64 coupon:utf8" +
	" device:struct<os:utf8,browser:utf8,mobile:bool> tags:list<utf8>"

// Lines is rows of CSV such as the lineitem table of TPC-H: whole numbers,
// decimals, dates and strings, about 120 bytes each, without a header.
func Lines(rows int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	first := time.Date(1992, 1, 1, 0, 0, 0, 0, time.UTC)
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var b []byte
	for i := range rows {
		ship := first.AddDate(0, 0, r.IntN(2400))
		b = fmt.Appendf(b, "%d,%d,%d,%d,%d.00,%d.%02d,0.%02d,0.%02d,%s,%s,%s,%s,%s,%s,%s,%s\n",
			1+i/4, 1+r.IntN(200000), 1+r.IntN(10000), 1+i%4, 1+r.IntN(50), 900+r.IntN(100000), r.IntN(100),
			r.IntN(11), r.IntN(9), pick("A", "N", "R"), pick("O", "F"), ship.Format(time.DateOnly),
			ship.AddDate(0, 0, r.IntN(60)).Format(time.DateOnly), ship.AddDate(0, 0, 30).Format(time.DateOnly),
			pick("COLLECT COD", "DELIVER IN PERSON", "NONE", "TAKE BACK RETURN"),
			pick("AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"),
			pick("furiously sleep quickly", "final deposits", "carefully ironic requests among the", "slyly"))
	}
	return b
}

// LineSchema is the schema of [Lines].
const LineSchema = "l_orderkey:int64! l_partkey:int32! l_suppkey:int32! l_linenumber:int32!" +
	" l_quantity:decimal(15,2)! l_extendedprice:decimal(15,2)! l_discount:decimal(15,2)! l_tax:decimal(15,2)!" +
	" l_returnflag:utf8! l_linestatus:utf8! l_shipdate:date32! l_commitdate:date32! l_receiptdate:date32!" +
	" l_shipinstruct:utf8! l_shipmode:utf8! l_comment:utf8!"

// Bench runs rows, which works through text and returns how many rows it
// had, and reports the rows per second of processor time and the allocations
// per row.
func Bench(b *testing.B, text []byte, rows func() int) {
	b.Helper()
	b.SetBytes(int64(len(text)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := processor(b)
	total := 0
	for b.Loop() {
		total += rows()
	}
	seconds := (processor(b) - start).Seconds()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(total)/seconds, "rows/cpu-s")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(total), "allocs/row")
}

// Drain decodes text as a whole.
func Drain(b *testing.B, d codecs.TextDecoder, text []byte) (rows int) {
	b.Helper()
	for len(text) > 0 {
		n, err := d.Decode(text, true)
		if err != nil {
			b.Fatal(err)
		}
		text = text[n:]
		if batch := d.Flush(); batch != nil {
			rows += int(batch.NumRows())
			batch.Release()
		}
	}
	return rows
}

func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
