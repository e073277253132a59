package gen

import (
	"bufio"
	"math/rand/v2"
	"strconv"
	"time"
)

// vocabulary of the events.
type vocabulary struct{ types, countries, systems, browsers, tags []string }

func words() vocabulary {
	return vocabulary{
		types: []string{
			"page_view", "click", "add_to_cart", "remove_from_cart", "checkout", "purchase",
			"search", "login", "logout", "signup", "share", "scroll",
		},
		countries: []string{
			"US", "DE", "IN", "BR", "GB", "FR", "JP", "CN", "CA", "AU",
			"ES", "IT", "NL", "PL", "SE", "TR", "MX", "KR", "ID", "ZA",
		},
		systems:  []string{"ios", "android", "windows", "macos", "linux"},
		browsers: []string{"chrome", "safari", "firefox", "edge"},
		tags:     []string{"promo", "organic", "paid", "email", "beta", "returning", "new", "vip"},
	}
}

func writeEvents(w *bufio.Writer, rows int) {
	r, v := random(1), words()
	base := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	var b []byte
	for i := range rows {
		at := base.Add(time.Duration(i)*37*time.Millisecond + time.Duration(r.IntN(5000))*time.Millisecond)
		b = appendEvent(b[:0], r, v, at)
		if _, err := w.Write(b); err != nil {
			return // w keeps it
		}
	}
}

func appendEvent(b []byte, r *rand.Rand, v vocabulary, at time.Time) []byte {
	b = append(b, `{"event_id":"`...)
	b = appendHex(b, r.Uint64(), 16)
	b = appendHex(b, r.Uint64(), 16)
	b = append(b, `","ts":"`...)
	b = at.AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, `","user_id":`...)
	b = strconv.AppendInt(b, int64(r.IntN(500000)), 10)
	b = append(b, `,"session_id":"s-`...)
	b = appendHex(b, uint64(r.Uint32()), 8)
	b = append(b, `","event_type":"`...)
	b = append(b, pick(r, v.types)...)
	b = append(b, `","url":"/shop/c`...)
	b = strconv.AppendInt(b, int64(r.IntN(40)), 10)
	b = append(b, "/item/"...)
	b = strconv.AppendInt(b, int64(r.IntN(100000)), 10)
	b = append(b, `","country":"`...)
	b = append(b, pick(r, v.countries)...)
	b = append(b, `","price":`...)
	b = appendCents(b, int64(r.IntN(100000)))
	b = append(b, `,"quantity":`...)
	b = strconv.AppendInt(b, int64(1+r.IntN(9)), 10)
	b = append(b, `,"score":`...)
	b = strconv.AppendFloat(b, float64(r.IntN(1000000))/1000000, 'f', 6, 64)
	if r.IntN(10) == 0 {
		b = append(b, `,"coupon":null`...)
	} else {
		b = append(b, `,"coupon":"C`...)
		b = appendPadded(b, r.IntN(5000), 5)
		b = append(b, '"')
	}
	return appendDevice(b, r, v)
}

// appendDevice writes the nested end of an event.
func appendDevice(b []byte, r *rand.Rand, v vocabulary) []byte {
	system, browser, mobile := pick(r, v.systems), pick(r, v.browsers), r.IntN(2) == 0
	b = append(b, `,"device":{"os":"`...)
	b = append(b, system...)
	b = append(b, `","browser":"`...)
	b = append(b, browser...)
	b = append(b, `","mobile":`...)
	b = strconv.AppendBool(b, mobile)
	b = append(b, `},"tags":[`...)
	for k := range r.IntN(4) {
		if k > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, pick(r, v.tags)...)
		b = append(b, '"')
	}
	return append(b, "]}\n"...)
}
