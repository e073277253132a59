package jsonl_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/weirflow/weir/codecs"
	"github.com/weirflow/weir/codecs/internal/texttest"
	"github.com/weirflow/weir/codecs/jsonl"
)

// seeds adds the inputs of the tables.
func seeds(f *testing.F, add func(text []byte)) {
	f.Helper()
	files, err := filepath.Glob("testdata/tables/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal("no tables", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for block := range strings.SplitSeq(string(text), "\n\n") {
			in, _, _ := strings.Cut(block, "----")
			var rows []string
			for line := range strings.Lines(in) {
				if s := strings.TrimSpace(line); strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
					rows = append(rows, line)
				}
			}
			add([]byte(strings.Join(rows, "")))
		}
	}
}

// FuzzDecode checks what holds for every text: the pieces that it comes in
// change nothing, every line is a row or a bad row, rows written and read
// again are the same, and nothing leaks.
func FuzzDecode(f *testing.F) {
	seeds(f, func(text []byte) { f.Add(text, uint8(3), uint16(0), false) })
	schema := texttest.Schema("a:int64 b:uint64 c:int8 d:decimal(20,3) e:decimal(5,2) f:float64 g:float32" +
		" l:list<int64> m:map<utf8,int64> n:timestamp(ns) o:struct<x:int64!,y:utf8> ok:bool" +
		" r:raw s:utf8 t:time64(us) u:timestamp(us,UTC) v:date32 w:binary z:uuid")
	encoder, err := jsonl.NewEncoder(schema)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte, step uint8, most uint16, lines bool) {
		open := func(alloc memory.Allocator) (codecs.TextDecoder, error) {
			return jsonl.NewDecoder(schema, jsonl.Options{
				Alloc: alloc, BatchRows: 3, MaxRowBytes: int(most), Lines: lines,
			})
		}
		var written []byte
		whole := texttest.Run(t, open, text, max(1, len(text)), func(b arrow.RecordBatch) {
			var err error
			if written, err = encoder.Append(written, b); err != nil {
				t.Fatalf("write %v: %v", b, err)
			}
		})
		parts := texttest.Run(t, open, text, int(step)+1, nil)
		if whole.String() != parts.String() {
			t.Fatalf("as a whole:\n%s\nin steps of %d:\n%s", whole, step+1, parts)
		}
		if lines {
			want := 0
			for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) {
				if len(bytes.Trim(line, " \t\r\n")) > 0 {
					want++
				}
			}
			if got := whole.Rows() + len(whole.Errors); got != want {
				t.Fatalf("%d rows and errors of %d lines:\n%s", got, want, whole)
			}
		}
		again := texttest.Run(t, func(alloc memory.Allocator) (codecs.TextDecoder, error) {
			return jsonl.NewDecoder(schema, jsonl.Options{Alloc: alloc, BatchRows: 3})
		}, written, len(written)+1, nil)
		whole.Errors = nil
		if whole.String() != again.String() {
			t.Fatalf("read:\n%s\nwritten:\n%s\nread again:\n%s", whole, written, again)
		}
	})
}

// FuzzInfer checks that a schema guessed from a text holds all of it: what
// goes wrong are rows that are no proper JSON, never the types of values.
func FuzzInfer(f *testing.F) {
	seeds(f, func(text []byte) { f.Add(text) })
	f.Fuzz(func(t *testing.T, text []byte) {
		schema, err := jsonl.Infer(text, jsonl.Options{})
		if err != nil || schema.NumFields() > 100 {
			t.Skip("no rows")
		}
		open := func(alloc memory.Allocator) (codecs.TextDecoder, error) {
			return jsonl.NewDecoder(schema, jsonl.Options{Alloc: alloc})
		}
		for _, bad := range texttest.Run(t, open, text, max(1, len(text)), nil).Errors {
			switch {
			case !json.Valid(bad.Text), !utf8.Valid(bad.Text), surrogate.Match(bad.Text),
				strings.Contains(bad.Error(), "twice"), strings.Contains(bad.Error(), "want an object"),
				strings.Contains(bad.Error(), "array"), strings.Contains(bad.Error(), "or ]"):
			default:
				t.Fatalf("%v\n%s", bad, schema)
			}
		}
	})
}

// FuzzRow compares one row with what encoding/json makes of it.
func FuzzRow(f *testing.F) {
	seeds(f, func(text []byte) {
		for line := range bytes.Lines(text) {
			f.Add(bytes.TrimRight(line, "\n"))
		}
	})
	schema := texttest.Schema("a:int64 f:float64 s:utf8 ok:bool l:list<int64> o:struct<x:int64,y:utf8> r:raw")
	f.Fuzz(func(t *testing.T, row []byte) {
		if bytes.IndexByte(row, '\n') >= 0 || len(bytes.Trim(row, " \t\r")) == 0 ||
			bytes.HasPrefix(row, []byte("\xef\xbb\xbf")) {
			t.Skip("not one row")
		}
		open := func(alloc memory.Allocator) (codecs.TextDecoder, error) {
			return jsonl.NewDecoder(schema, jsonl.Options{Alloc: alloc, Lines: true})
		}
		want, wantErr := oracleRow(schema.Fields(), row)
		got := texttest.Run(t, open, row, len(row), nil)
		if (len(got.Errors) > 0) != (wantErr != nil) {
			t.Fatalf("%q: %s\nencoding/json: %q, %v", row, got, want, wantErr)
		}
		if wantErr == nil && got.Batches[0][0] != want {
			t.Fatalf("%q:\n%s\nencoding/json:\n%s", row, got.Batches[0][0], want)
		}
	})
}

var surrogate = regexp.MustCompile(`\\u[dD][89abcdefABCDEF]`)

// oracleRow is what a row holds, as texttest prints it.
func oracleRow(fields []arrow.Field, row []byte) (string, error) {
	switch {
	case !json.Valid(row):
		return "", fmt.Errorf("not valid")
	case !utf8.Valid(row):
		return "", fmt.Errorf("not UTF-8")
	case surrogate.Match(row):
		// encoding/json puts U+FFFD for halves.
		var v any
		if err := json.Unmarshal(row, &v); err != nil {
			return "", err
		}
		if bytes.Count(fmt.Append(nil, v), []byte("\ufffd")) >
			bytes.Count(bytes.ToLower(row), []byte(`\ufffd`))+bytes.Count(row, []byte("\ufffd")) {
			return "", fmt.Errorf("half of a surrogate")
		}
	}
	if strings.Count(string(row), "[")+strings.Count(string(row), "{") > 100 {
		return "", fmt.Errorf("deep")
	}
	cells, err := oracleObject(fields, row)
	return strings.Join(cells, " | "), err
}

func oracleObject(fields []arrow.Field, text []byte) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("want an object: %w", err)
	}
	cells := make([]string, len(fields))
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		i := slices.IndexFunc(fields, func(f arrow.Field) bool { return f.Name == name })
		if i < 0 {
			continue
		}
		if cells[i] != "" {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		if cells[i], err = oracleValue(fields[i], value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for i := range cells {
		if cells[i] == "" {
			cells[i] = "-"
		}
	}
	return cells, nil
}

func oracleValue(f arrow.Field, value json.RawMessage) (string, error) {
	if string(value) == "null" {
		return "-", nil
	}
	number := string(value)
	var s string
	isString := json.Unmarshal(value, &s) == nil
	if isString {
		number = s
	}
	switch t := f.Type.(type) {
	case *arrow.StringType:
		if isString {
			return strconv.Quote(s), nil
		}
		if f.Metadata.FindKey(jsonl.RawKey) < 0 {
			return "", fmt.Errorf("not a string")
		}
		return strconv.Quote(string(value)), nil
	case *arrow.Int64Type:
		v, err := oracleInt(number)
		return fmt.Sprintf("%q", strconv.FormatInt(v, 10)), err
	case *arrow.Float64Type:
		if strings.ContainsAny(number, "xX_pP") {
			return "", fmt.Errorf("not decimal")
		}
		v, err := strconv.ParseFloat(number, 64)
		return fmt.Sprintf("%q", fmt.Sprint(v)), err
	case *arrow.BooleanType:
		if isString {
			var ok bool
			if ok, err := strconv.ParseBool(s); err == nil {
				return fmt.Sprintf("%q", fmt.Sprint(ok)), nil
			}
			ok, err := strconv.ParseBool(strings.ToLower(s))
			return fmt.Sprintf("%q", fmt.Sprint(ok)), err
		}
		var ok bool
		err := json.Unmarshal(value, &ok)
		return fmt.Sprintf("%q", fmt.Sprint(ok)), err
	case *arrow.ListType:
		var values []json.RawMessage
		if err := json.Unmarshal(value, &values); err != nil {
			return "", err
		}
		var cells []string
		for _, v := range values {
			cell, err := oracleValue(t.ElemField(), v)
			if err != nil {
				return "", err
			}
			cells = append(cells, strings.Trim(strings.Replace(cell, "-", "null", b2i(cell == "-")), `"`))
		}
		return strconv.Quote("[" + strings.Join(cells, ",") + "]"), nil
	case *arrow.StructType:
		cells, err := oracleObject(t.Fields(), value)
		if err != nil {
			return "", err
		}
		x := strings.Trim(cells[0], `"`)
		if cells[0] == "-" {
			x = "null"
		}
		y := []byte("null")
		if cells[1] != "-" {
			var s string
			if s, err = strconv.Unquote(cells[1]); err == nil {
				y, err = json.Marshal(s)
			}
		}
		return strconv.Quote(fmt.Sprintf(`{"x":%s,"y":%s}`, x, y)), err
	}
	return "", fmt.Errorf("%s: no oracle", f.Type)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

var plainNumber = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)

func oracleInt(text string) (int64, error) {
	if !plainNumber.MatchString(text) {
		return 0, fmt.Errorf("not a number")
	}
	if _, exp, ok := strings.Cut(strings.ToLower(text), "e"); ok && len(strings.TrimLeft(exp, "+-0")) > 3 {
		if strings.Trim(text[:strings.IndexAny(text, "eE")], "+-0.") == "" {
			return 0, nil
		}
		return 0, fmt.Errorf("out of range")
	}
	v, ok := new(big.Rat).SetString(text)
	if !ok || !v.IsInt() || !v.Num().IsInt64() {
		return 0, fmt.Errorf("not an int64")
	}
	return v.Num().Int64(), nil
}
