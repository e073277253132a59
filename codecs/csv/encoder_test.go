package csv_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs/csv"
	"github.com/weirflow/weir/codecs/internal/texttest"
)

func names(t *testing.T, values ...string) arrow.RecordBatch {
	t.Helper()
	b := array.NewRecordBuilder(memory.NewGoAllocator(), texttest.Schema("name:utf8"))
	b.Field(0).(*array.StringBuilder).AppendValues(values, nil)
	rows := b.NewRecordBatch()
	t.Cleanup(rows.Release)
	return rows
}

// TestEncodeErrors checks what cannot be written, and that nothing of it is.
func TestEncodeErrors(t *testing.T) {
	rows := names(t, "plain", "a,b")
	e, err := csv.NewEncoder(rows.Schema(), csv.Options{NoQuotes: true})
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.Append([]byte("before"), rows)
	const want = "append csv: row 2: column name: the value needs quotes, and there are none"
	if fmt.Sprint(err) != want || string(out) != "before" {
		t.Errorf("got %q, %v\nwant %s", out, err, want)
	}
	rows = names(t, "\xff")
	if e, err = csv.NewEncoder(rows.Schema(), csv.Options{}); err != nil {
		t.Fatal(err)
	}
	_, err = e.Append(nil, rows)
	if want := "append csv: row 1: column name: not valid UTF-8"; fmt.Sprint(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	e, err = csv.NewEncoder(texttest.Schema("id:int64"), csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Append(nil, rows); !errors.Is(err, csv.ErrSchema) {
		t.Errorf("got %v", err)
	}
	if _, err := csv.NewEncoder(rows.Schema(), csv.Options{Null: []string{"a,b"}}); err == nil {
		t.Error("a null text that needs quotes is taken")
	}
}

func ExampleEncoder() {
	b := array.NewRecordBuilder(memory.NewGoAllocator(), texttest.Schema("id:int64 name:utf8"))
	b.Field(0).(*array.Int64Builder).AppendValues([]int64{1, 2, 3}, nil)
	b.Field(1).(*array.StringBuilder).AppendValues([]string{"ann", "", ""}, []bool{true, true, false})
	rows := b.NewRecordBatch()
	defer rows.Release()
	e, err := csv.NewEncoder(rows.Schema(), csv.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := e.Header(nil)
	if err == nil {
		text, err = e.Append(text, rows)
	}
	fmt.Printf("%s%v\n", text, err)
	// Output:
	// id,name
	// 1,ann
	// 2,""
	// 3,
	// <nil>
}
