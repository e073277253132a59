package iceberg

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/flow"
)

// readAll reads the splits in order; each is stopped after every batch and
// resumed from the position of it.
func readAll(t *testing.T, cfg SourceConfig) []string {
	t.Helper()
	rows, err := readSource(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func readSource(t *testing.T, cfg SourceConfig) ([]string, error) {
	t.Helper()
	s := Source(cfg)
	var rows []string
	for split, err := range s.Splits(t.Context()) {
		if err != nil {
			return nil, err
		}
		var from *Position
		for more := true; more; {
			more = false
			err := s.Run(t.Context(), split, from, flow.ForwardTo(func(bs []flow.Batch, next Position) error {
				if more {
					return errStop
				}
				rows, from, more = append(rows, texts(bs[0].RecordBatch)...), &next, true
				return nil
			}))
			if err != nil && !errors.Is(err, errStop) {
				return nil, err
			}
		}
	}
	slices.Sort(rows)
	return rows, nil
}

var errStop = errors.New("stop")

type flight struct {
	id     int64
	delay  *int64
	origin *string
	price  *float64
	day    *int64
}

// flights writes a table of flights in several files, with nulls.
func flights(t *testing.T) (*rig, []flight) {
	t.Helper()
	r := newRig(t, Config{Table: "air.flights", Partition: []string{"truncate(1, origin)"}})
	rng := rand.New(rand.NewPCG(5, 6))
	var all []flight
	for range 4 {
		var rows []string
		for range 60 {
			f := flight{id: int64(len(all))}
			cells := []string{fmt.Sprintf(`"id":%d`, f.id)}
			if rng.IntN(4) > 0 {
				v := rng.Int64N(60) - 20
				f.delay = &v
				cells = append(cells, fmt.Sprintf(`"delay":%d`, v))
			}
			if rng.IntN(5) > 0 {
				v := []string{"JFK", "LGA", "EWR", "it's", "Jo"}[rng.IntN(5)]
				f.origin = &v
				cells = append(cells, fmt.Sprintf(`"origin":%q`, v))
			}
			if rng.IntN(5) > 0 {
				v := float64(rng.IntN(100)) / 4
				f.price = &v
				cells = append(cells, fmt.Sprintf(`"price":%v`, v))
			}
			if rng.IntN(5) > 0 {
				v := 19700 + rng.Int64N(30)
				f.day = &v
				cells = append(cells, fmt.Sprintf(`"day":%q`, time.Unix(v*86400, 0).UTC().Format(time.DateOnly)))
			}
			all, rows = append(all, f), append(rows, "{"+strings.Join(cells, ",")+"}")
		}
		r.epoch(batch(t, "id:long delay:int origin:string price:double day:date", "["+strings.Join(rows, ",")+"]"))
	}
	return r, all
}

// TestFilter compares filters with plain Go over the same rows. A nil of and
// is unknown.
func TestFilter(t *testing.T) {
	r, all := flights(t)
	day := time.Date(2023, 12, 20, 0, 0, 0, 0, time.UTC).Unix() / 86400
	for text, want := range map[string]func(f flight) bool{
		"":                        func(flight) bool { return true },
		"delay > 10":              func(f flight) bool { return f.delay != nil && *f.delay > 10 },
		"DELAY >= -5 and delay<5": func(f flight) bool { return f.delay != nil && *f.delay >= -5 && *f.delay < 5 },
		"not delay > 10":          func(f flight) bool { return f.delay != nil && *f.delay <= 10 },
		"delay > 10 and origin = 'JFK'": func(f flight) bool {
			return f.delay != nil && *f.delay > 10 && f.origin != nil && *f.origin == "JFK"
		},
		"delay > 10 or origin = 'JFK'": func(f flight) bool {
			return f.delay != nil && *f.delay > 10 || f.origin != nil && *f.origin == "JFK"
		},
		"not (delay > 10 or origin = 'JFK')": func(f flight) bool {
			return f.delay != nil && *f.delay <= 10 && f.origin != nil && *f.origin != "JFK"
		},
		"not (delay > 10 and origin = 'JFK')": func(f flight) bool {
			return f.delay != nil && *f.delay <= 10 || f.origin != nil && *f.origin != "JFK"
		},
		"origin != 'JFK'":                func(f flight) bool { return f.origin != nil && *f.origin != "JFK" },
		"not origin != 'JFK'":            func(f flight) bool { return f.origin != nil && *f.origin == "JFK" },
		"not origin = 'JFK'":             func(f flight) bool { return f.origin != nil && *f.origin != "JFK" },
		"origin in ('LGA', 'it''s')":     func(f flight) bool { return f.origin != nil && (*f.origin == "LGA" || *f.origin == "it's") },
		"origin not in ('LGA','JFK')":    func(f flight) bool { return f.origin != nil && *f.origin != "LGA" && *f.origin != "JFK" },
		"not origin in ('LGA','JFK')":    func(f flight) bool { return f.origin != nil && *f.origin != "LGA" && *f.origin != "JFK" },
		"not origin not in ('LGA')":      func(f flight) bool { return f.origin != nil && *f.origin == "LGA" },
		"origin like 'J%'":               func(f flight) bool { return f.origin != nil && (*f.origin)[0] == 'J' },
		"origin not like 'J%'":           func(f flight) bool { return f.origin != nil && (*f.origin)[0] != 'J' },
		"not origin like 'J%'":           func(f flight) bool { return f.origin != nil && (*f.origin)[0] != 'J' },
		"delay is null":                  func(f flight) bool { return f.delay == nil },
		"delay is not null":              func(f flight) bool { return f.delay != nil },
		"not delay is null":              func(f flight) bool { return f.delay != nil },
		"delay is null or delay > 30":    func(f flight) bool { return f.delay == nil || *f.delay > 30 },
		"price between 5 and 12.25":      func(f flight) bool { return f.price != nil && *f.price >= 5 && *f.price <= 12.25 },
		"price not between 5 and 12":     func(f flight) bool { return f.price != nil && (*f.price < 5 || *f.price > 12) },
		"day >= '2023-12-20'":            func(f flight) bool { return f.day != nil && *f.day >= day },
		"day < date '2023-12-20'":        func(f flight) bool { return f.day != nil && *f.day < day },
		"delay > 5000000000":             func(flight) bool { return false },
		"delay < 5000000000":             func(f flight) bool { return f.delay != nil },
		"price > 1e1":                    func(f flight) bool { return f.price != nil && *f.price > 10 },
		`"id" = 7`:                       func(f flight) bool { return f.id == 7 },
		"price is nan":                   func(flight) bool { return false },
		"id in (1,2,3) and not (id = 2)": func(f flight) bool { return f.id == 1 || f.id == 3 },
	} {
		var expect []string
		for _, f := range all {
			if want(f) {
				expect = append(expect, fmt.Sprintf("id=%d", f.id))
			}
		}
		slices.Sort(expect)
		got, err := readSource(t, SourceConfig{Table: "air.flights", Warehouse: r.cfg.Warehouse, Columns: []string{"id"}, Filter: text, BatchRows: 7})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if d := cmp.Diff(expect, got); d != "" {
			t.Errorf("%s: %s", text, d)
		}
	}
}

func TestFilterPrunes(t *testing.T) {
	r, _ := flights(t)
	count := func(filter string) (n int) {
		for _, err := range Source(SourceConfig{Table: "air.flights", Warehouse: r.cfg.Warehouse, Filter: filter}).Splits(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	all, jfk, one := count(""), count("origin = 'LGA'"), count("id = 70")
	if jfk != 4 || one >= jfk*2 || all != 20 {
		t.Errorf("%d files, %d for one origin (want 4), %d for one id", all, jfk, one)
	}
}

func TestFilterMistakes(t *testing.T) {
	r, _ := flights(t)
	for _, text := range []string{"delay >", "delay > 'x'", "nope = 1", "delay > 1 origin = 'a'", "(delay > 1", "origin = 5", "delay like 'x%'", "origin like '%x'", "day > 'yesterday'"} {
		_, err := readSource(t, SourceConfig{Table: "air.flights", Warehouse: r.cfg.Warehouse, Filter: text})
		if flow.KindOf(err) != flow.BadConfig || !strings.Contains(err.Error(), "at byte") {
			t.Errorf("%s: %s, %v", text, flow.KindOf(err), err)
		}
	}
}

func TestTimeTravel(t *testing.T) {
	r := newRig(t, Config{})
	r.epoch(ids(t, 0, 10))
	first := r.load().CurrentSnapshot()
	r.epoch(ids(t, 10, 20))
	second := r.load().CurrentSnapshot().SnapshotID
	r.epoch(batch(t, "id:long name:string extra:long", `[{"id":99,"name":"z","extra":1}]`))
	at := SourceConfig{Table: "shop.orders", Warehouse: r.cfg.Warehouse}

	if got := readAll(t, at); len(got) != 21 || !strings.Contains(got[0], "extra") {
		t.Errorf("now: %d rows, %s", len(got), got[0])
	}
	old := at
	old.Snapshot = first.SnapshotID
	if got := readAll(t, old); len(got) != 10 || strings.Contains(got[0], "extra") {
		t.Errorf("snapshot: %d rows, %s", len(got), got[0])
	}
	asOf := at
	when := time.UnixMilli(first.TimestampMs)
	asOf.AsOf = &when
	if got := readAll(t, asOf); len(got) != 10 {
		t.Errorf("as of: %d rows", len(got))
	}
	part := at
	part.FromSnapshot, part.ToSnapshot = first.SnapshotID, second
	if got := readAll(t, part); len(got) != 10 || got[0] != "id=10 name=n3" {
		t.Errorf("range: %d rows, %s", len(got), got[0])
	}
	part.ToSnapshot = 0
	if got := readAll(t, part); len(got) != 11 {
		t.Errorf("open range: %d rows", len(got))
	}
	gone := at
	gone.Snapshot = 12345
	if _, err := readSource(t, gone); flow.KindOf(err) != flow.BadConfig {
		t.Errorf("%v", err)
	}
}

// TestDeletes reads a table with position deletes, equality deletes and
// rewritten files.
func TestDeletes(t *testing.T) {
	r := newRig(t, Config{Properties: map[string]string{table.WriteDeleteModeKey: table.WriteModeMergeOnRead}})
	for i := range 3 {
		r.epoch(ids(t, i*100, i*100+100))
	}
	r.admin(func(tx *table.Transaction) error {
		return tx.Delete(t.Context(), iceberg.EqualTo(iceberg.Reference("name"), "n3"), nil)
	})
	if got := len(readAll(t, SourceConfig{Table: "shop.orders", Warehouse: r.cfg.Warehouse, BatchRows: 16})); got != 300-43 {
		t.Errorf("%d rows, want %d", got, 300-43)
	}
	got := readAll(t, SourceConfig{Table: "shop.orders", Warehouse: r.cfg.Warehouse, Columns: []string{"id"}, Filter: "name in ('n3', 'n4') and id >= 100"})
	want := 0
	for i := 100; i < 300; i++ {
		if i%7 == 4 {
			want++
		}
	}
	if len(got) != want {
		t.Errorf("%d rows, want %d", len(got), want)
	}
}

// TestResumeAtItsSnapshot changes the table between two runs: the second goes
// on as if nothing had happened.
func TestResumeAtItsSnapshot(t *testing.T) {
	r := newRig(t, Config{Properties: map[string]string{table.WriteDeleteModeKey: table.WriteModeMergeOnRead}})
	r.epoch(ids(t, 0, 100))
	r.epoch(ids(t, 100, 200))
	cfg := SourceConfig{Table: "shop.orders", Warehouse: r.cfg.Warehouse, BatchRows: 30}
	var rows []string
	begun, ended := map[string]Position{}, []string{}
	run := func(cfg SourceConfig, batches int) error {
		s := Source(cfg)
		if err := s.(flow.Resumer).Resume(t.Context(), maps.Keys(begun), slices.Values(ended)); err != nil {
			return err
		}
		for split, err := range s.Splits(t.Context()) {
			if err != nil {
				return err
			}
			id := s.ID(split)
			if slices.Contains(ended, id) {
				continue
			}
			var from *Position
			if at, ok := begun[id]; ok {
				from = &at
			}
			err := s.Run(t.Context(), split, from, flow.ForwardTo(func(bs []flow.Batch, next Position) error {
				if batches--; batches < 0 {
					return errStop
				}
				rows = append(rows, texts(bs[0].RecordBatch)...)
				begun[id] = next
				return nil
			}))
			if errors.Is(err, errStop) {
				return nil
			}
			if err != nil {
				return err
			}
			delete(begun, id)
			ended = append(ended, id)
		}
		return nil
	}
	if err := run(cfg, 5); err != nil { // a file, and a batch of the next
		t.Fatal(err)
	}
	first := r.load().CurrentSnapshot().SnapshotID
	r.admin(func(tx *table.Transaction) error {
		return tx.Delete(t.Context(), iceberg.EqualTo(iceberg.Reference("name"), "n1"), nil)
	})
	r.epoch(ids(t, 200, 250))
	if err := run(cfg, 100); err != nil {
		t.Fatal(err)
	}
	slices.Sort(rows)
	if rows = slices.Compact(rows); len(rows) != 200 || len(ended) != 2 {
		t.Errorf("%d rows, %d splits", len(rows), len(ended))
	}
	other := cfg
	other.Snapshot = r.load().CurrentSnapshot().SnapshotID
	if err := run(other, 100); flow.KindOf(err) != flow.BadConfig {
		t.Errorf("another snapshot: kind %s, %v", flow.KindOf(err), err)
	}
	next := cfg
	next.FromSnapshot = first
	if err := run(next, 100); err != nil || len(rows) != 250 {
		t.Errorf("what was appended since: %d rows, %v", len(rows), err)
	}
}

func TestDiscover(t *testing.T) {
	r, _ := flights(t)
	newRig(t, Config{Warehouse: r.cfg.Warehouse, Table: "shop.more"}).epoch(ids(t, 0, 3))
	streams, err := Source(SourceConfig{Table: "x.y", Warehouse: r.cfg.Warehouse}).(*source).Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(streams) != 2 || streams[0].Name != "air.flights" || streams[0].Rows != 240 || streams[0].Bytes <= 0 || streams[0].Schema.NumFields() != 5 {
		t.Errorf("%+v", streams)
	}
}
