package datagen

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

var (
	timestamp = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	decimal   = &arrow.Decimal128Type{Precision: 12, Scale: 2}
	date      = arrow.FixedWidthTypes.Date32
)

// column is one column of a pattern.
type column struct {
	name  string
	typ   arrow.DataType
	null  bool
	build build
}

// pattern makes columns. What belongs to the key of a row is drawn by
// b.keys, so that an update keeps it, the rest by b.writes.
type pattern struct {
	*lists
	seed   uint64
	lanes  int
	origin int64 // of time, in microseconds since 1970
	step   int64 // of time per row, in microseconds
}

func newPattern(cfg Config) *pattern {
	return &pattern{
		lists:  wordLists(),
		seed:   cfg.Seed,
		origin: cfg.StartTime.UnixMicro(),
		step:   time.Duration(cfg.TimeStep).Microseconds(),
	}
}

// lane gives the next column its random numbers.
func (p *pattern) lane() lane {
	p.lanes++
	return newLane(p.seed, p.lanes)
}

// at is the time of a row or change.
func (p *pattern) at(n int64) arrow.Timestamp { return arrow.Timestamp(p.origin + n*p.step) }

// timeOf is the time of what by gives for a row.
func (p *pattern) timeOf(by func(b *block, i int) int64) func(b *block, i int) arrow.Timestamp {
	return func(b *block, i int) arrow.Timestamp { return p.at(by(b, i)) }
}

// columns of the pattern that has that name, the key first.
func (p *pattern) columns(name string) ([]column, error) {
	switch name {
	case "sequence":
		return []column{{"value", arrow.PrimitiveTypes.Int64, false, int64s(byKey)}}, nil
	case "random":
		return p.random(), nil
	case "users":
		return p.users(), nil
	case "orders":
		return p.orders(), nil
	case "events":
		return p.events(), nil
	case "metrics":
		return p.metrics(), nil
	case "key_value":
		return p.keyValue(), nil
	default:
		return nil, fmt.Errorf("no pattern is called %s", name)
	}
}

func (p *pattern) random() []column {
	id, value, ratio, active, category := p.lane(), p.lane(), p.lane(), p.lane(), p.lane()
	return []column{
		textColumn("id", 16, func(dst []byte, b *block, i int) []byte {
			return appendHex(dst, id.bits(b.keys[i]))
		}),
		{"value", arrow.PrimitiveTypes.Int32, true, int32s(func(b *block, i int) int32 {
			return int32(value.below(b.writes[i], 1000))
		})},
		{"ratio", arrow.PrimitiveTypes.Float64, true, float64s(func(b *block, i int) float64 {
			return ratio.ratio(b.writes[i])
		})},
		{"active", arrow.FixedWidthTypes.Boolean, true, bools(func(b *block, i int) bool {
			return active.bits(b.writes[i])&1 == 1
		})},
		wordColumn("category", []string{"A", "B", "C", "D"}, category, byWrite),
	}
}

func (p *pattern) users() []column {
	first, last, age, country := p.lane(), p.lane(), p.lane(), p.lane()
	premium, signup := p.lane(), p.lane()
	mail := make([][]byte, 0, len(p.first)*len(p.last))
	for _, f := range p.first {
		for _, l := range p.last {
			mail = append(mail, fmt.Appendf(nil, "%s.%s.", strings.ToLower(f), strings.ToLower(l)))
		}
	}
	return []column{
		idColumn("user_id", "user_"),
		wordColumn("first_name", p.first, first, byKey),
		wordColumn("last_name", p.last, last, byKey),
		textColumn("email", 32, func(dst []byte, b *block, i int) []byte {
			k := b.keys[i]
			f, l := first.below(k, uint64(len(p.first))), last.below(k, uint64(len(p.last)))
			dst = append(dst, mail[int(f)*len(p.last)+int(l)]...)
			return append(strconv.AppendInt(dst, k, 10), "@example.com"...)
		}),
		{"age", arrow.PrimitiveTypes.Int32, true, int32s(func(b *block, i int) int32 {
			return 18 + int32(age.below(b.writes[i], 63))
		})},
		wordColumn("country", p.country, country, byWrite),
		{"premium", arrow.FixedWidthTypes.Boolean, true, bools(func(b *block, i int) bool {
			return premium.below(b.writes[i], 5) == 0
		})},
		{"signup_date", date, true, fixed(date, func(b *block, i int) arrow.Date32 {
			days := p.origin / (24 * time.Hour).Microseconds()
			return arrow.Date32(days - int64(signup.below(b.keys[i], 1000)))
		})},
	}
}

func (p *pattern) orders() []column {
	customer, product, currency := p.lane(), p.lane(), p.lane()
	quantity, price, status := p.lane(), p.lane(), p.lane()
	many := func(b *block, i int) int64 { return 1 + int64(quantity.below(b.writes[i], 9)) }
	cents := func(b *block, i int) int64 { return 199 + int64(price.below(b.keys[i], 99_800)) }
	return []column{
		idColumn("order_id", "ORD-"),
		textColumn("customer_id", 11, func(dst []byte, b *block, i int) []byte {
			return appendPadded(append(dst, "CUST-"...), customer.below(b.keys[i], 100_000), 6)
		}),
		wordColumn("product", p.product, product, byKey),
		{"quantity", arrow.PrimitiveTypes.Int32, true, int32s(func(b *block, i int) int32 {
			return int32(many(b, i))
		})},
		{"unit_price", decimal, true, money(cents)},
		{"total_amount", decimal, true, money(func(b *block, i int) int64 {
			return many(b, i) * cents(b, i)
		})},
		wordColumn("currency", p.currency, currency, byKey),
		wordColumn("status", p.status, status, byWrite),
		{"created_at", timestamp, true, timestamps(p.timeOf(byKey))},
	}
}

func (p *pattern) events() []column {
	kind, origin, user, session := p.lane(), p.lane(), p.lane(), p.lane()
	page, referrer, duration := p.lane(), p.lane(), p.lane()
	payload := arrow.StructOf(
		arrow.Field{Name: "page", Type: arrow.BinaryTypes.String, Nullable: true},
		arrow.Field{Name: "referrer", Type: arrow.BinaryTypes.String, Nullable: true},
		arrow.Field{Name: "duration_ms", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	)
	return []column{
		idColumn("event_id", "evt_"),
		wordColumn("event_type", p.kind, kind, byWrite),
		{"sequence", arrow.PrimitiveTypes.Int64, true, int64s(func(b *block, i int) int64 { return b.writes[i] })},
		wordColumn("source", p.lists.origin, origin, byKey),
		textColumn("user_id", 13, func(dst []byte, b *block, i int) []byte {
			return appendPadded(append(dst, "user_"...), user.below(b.keys[i], 10_000), 8)
		}),
		textColumn("session_id", 16, func(dst []byte, b *block, i int) []byte {
			return appendHex(dst, session.bits(int64(user.below(b.keys[i], 10_000))<<8|b.keys[i]>>10))
		}),
		{"payload", payload, true, structs(payload,
			wordColumn("", p.page, page, byWrite).build,
			nullable(wordColumn("", p.referrer, referrer, byWrite).build, func(b *block, i int) bool {
				return referrer.bits(b.writes[i])&1 == 1
			}),
			int32s(func(b *block, i int) int32 { return int32(duration.below(b.writes[i], 30_000)) }),
		)},
	}
}

func (p *pattern) metrics() []column {
	metric, value, host, tags := p.lane(), p.lane(), p.lane(), p.lane()
	return []column{
		idColumn("metric_id", "metric_"),
		wordColumn("name", p.metric, metric, byKey),
		{"value", arrow.PrimitiveTypes.Float64, true, float64s(func(b *block, i int) float64 {
			return 100 * value.ratio(b.writes[i])
		})},
		wordColumn("unit", p.unit, metric, byKey), // of the metric: the same lane
		wordColumn("host", p.host, host, byKey),
		{"tags", tagType(), true, labels([]string{"env", "region"}, func(b *block, i, k int) string {
			h := tags.bits(b.keys[i])
			if k == 0 {
				return p.env[h%uint64(len(p.env))]
			}
			return p.region[(h>>32)%uint64(len(p.region))]
		})},
		{"timestamp", timestamp, true, timestamps(p.timeOf(byWrite))},
	}
}

func tagType() *arrow.MapType {
	return arrow.MapOf(arrow.BinaryTypes.String, arrow.BinaryTypes.String)
}

func (p *pattern) keyValue() []column {
	value := p.lane()
	return []column{
		idColumn("key", "key_"),
		textColumn("value", 22, func(dst []byte, b *block, i int) []byte {
			return appendHex(append(dst, "value_"...), value.bits(b.writes[i]))
		}),
	}
}

func byKey(b *block, i int) int64   { return b.keys[i] }
func byWrite(b *block, i int) int64 { return b.writes[i] }

func textColumn(name string, width int, f func(dst []byte, b *block, i int) []byte) column {
	return column{name, arrow.BinaryTypes.String, true, texts(width, f)}
}

// idColumn numbers the keys: prefix_00000042.
func idColumn(name, prefix string) column {
	values := texts(len(prefix)+8, func(dst []byte, b *block, i int) []byte {
		return appendPadded(append(dst, prefix...), uint64(b.keys[i]), 8)
	})
	return column{name, arrow.BinaryTypes.String, false, values}
}

// wordColumn draws one of list for each row.
func wordColumn(name string, list []string, l lane, by func(b *block, i int) int64) column {
	return column{name, arrow.BinaryTypes.String, true, words(list, func(b *block, i int) uint64 {
		return l.below(by(b, i), uint64(len(list)))
	})}
}
