package hand

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirflow/weir/bench/duck"
)

func TestEvents(t *testing.T) {
	got := converted(t, Events, `{"event_id":"a1","ts":"2025-01-01T00:00:01.310Z","user_id":42,"session_id":"s-1",`+
		`"event_type":"click","url":"/x","country":"US","price":12.50,"quantity":3,"score":0.250000,"coupon":null,`+
		`"device":{"os":"ios","browser":"edge","mobile":false},"tags":["vip","new"]}`+"\n")
	for column, want := range map[string]string{
		"event_id": "a1", "user_id": "42", "price": "12.5", "score": "0.25", "coupon": "<nil>",
		"micros": "1735689601310000", "browser": "edge", "tag": "new",
	} {
		if got[column] != want {
			t.Errorf("%s is %s, want %s", column, got[column], want)
		}
	}
}

func converted(t *testing.T, convert func(in, out string) error, text string) map[string]string {
	t.Helper()
	in, out := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "out.parquet")
	if err := errors.Join(os.WriteFile(in, []byte(text), 0o600), convert(in, out)); err != nil {
		t.Fatal(err)
	}
	more := ""
	if strings.HasPrefix(text, "{") {
		more = ", epoch_us(ts) AS micros, device.browser AS browser, tags[2] AS tag"
	}
	got, err := duck.Row(t.Context(), "SELECT *"+more+" FROM "+duck.Files(out))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestLineitem(t *testing.T) {
	got := converted(t, Lineitem, "header\n1,155190,7706,1,17.00,21168.23,0.04,0.02,N,O,1996-03-13,1996-02-12,1996-03-22,NONE,TRUCK,blithely\n")
	for column, want := range map[string]string{
		"l_orderkey": "1", "l_partkey": "155190", "l_extendedprice": "21168.23", "l_shipmode": "TRUCK", "l_comment": "blithely",
	} {
		if got[column] != want {
			t.Errorf("%s is %s, want %s", column, got[column], want)
		}
	}
	if !strings.HasPrefix(got["l_shipdate"], "1996-03-13") {
		t.Errorf("l_shipdate is %s", got["l_shipdate"])
	}
}

func TestBadLines(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.parquet")
	for text, convert := range map[string]func(in, out string) error{
		`{"ts":1}` + "\n": Events, `{"event_id":"a` + "\n": Events, "h\n1,2\n": Lineitem,
	} {
		in := filepath.Join(t.TempDir(), "in")
		if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := convert(in, out); err == nil {
			t.Errorf("%q was converted", text)
		}
	}
}
