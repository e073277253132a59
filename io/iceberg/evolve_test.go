package iceberg

import (
	"strconv"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/weirflow/weir/flow"
)

// TestEvolution writes one batch, then another, under each policy.
func TestEvolution(t *testing.T) {
	const strict, add, widen, full = "strict", "add_columns", "type_widen", "full"
	for _, c := range []struct {
		name     string
		first    string
		second   string
		rows     string
		policies string // that allow it
		want     string // the schema then
		wantRow  string // of the second batch
	}{
		{
			"same, other order", "id:long name:string", "name:string id:long", `[{"id":2,"name":"b"}]`,
			"strict add_columns type_widen full", "id:long name:string", "id=2 name=b",
		},
		{
			"other case", "id:long name:string", "ID:long NAME:string", `[{"ID":2,"NAME":"b"}]`,
			"strict add_columns type_widen full", "id:long name:string", "id=2 name=b",
		},
		{
			"missing column", "id:long name:string", "id:long", `[{"id":2}]`,
			"strict add_columns type_widen full", "id:long name:string", "id=2 name=(null)",
		},
		{
			"narrower", "id:long v:double", "id:int v:float", `[{"id":2,"v":1.5}]`,
			"strict add_columns type_widen full", "id:long v:double", "id=2 v=1.5",
		},
		{
			"new column", "id:long", "id:long name:string", `[{"id":2,"name":"b"}]`,
			"add_columns full", "id:long name:string", "id=2 name=b",
		},
		{
			"new nested column", "id:long p:point", "id:long p:point3", `[{"id":2,"p":{"x":1,"z":3}}]`,
			"full", "id:long p:struct<3: x: optional long, 4: z: optional long>", `id=2 p={"x":1,"z":3}`,
		},
		{
			"new list", "id:long", "tags:tags id:long", `[{"id":2,"tags":["a","b"]}]`,
			"add_columns full", "id:long tags:list<string>", `id=2 tags=["a","b"]`,
		},
		{
			"int to long", "id:int", "id:long", `[{"id":2000000000000}]`,
			"type_widen full", "id:long", "id=2000000000000",
		},
		{
			"float to double, decimal", "v:float d:dec9", "v:double d:dec18", `[{"v":0.1,"d":"1234567890123.25"}]`,
			"type_widen full", "v:double d:decimal(18, 2)", "v=0.1 d=1234567890123.25",
		},
		{"long to string", "id:long", "id:string", `[{"id":"x"}]`, "", "", ""},
		{"long to double", "id:long", "id:double", `[{"id":1}]`, "", "", ""},
		{"date to ts", "id:date", "id:ts", `[{"id":1704067200000000}]`, "", "", ""},
		{"required missing", "id:long! v:long", "v:long", `[{"v":2}]`, "full", "id:long v:long", "id=(null) v=2"},
		{"null type", "id:long v:long", "id:long v:null new:null", `[{"id":2}]`, "strict add_columns type_widen full", "id:long v:long", "id=2 v=(null)"},
	} {
		for _, policy := range []string{strict, add, widen, full} {
			t.Run(c.name+"/"+policy, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, Config{Schema: policy})
				r.epoch(batch(t, c.first, "["+firstRow(c.first)+"]"))
				err := r.writer().Write(t.Context(), batch(t, c.second, c.rows))
				if !strings.Contains(" "+c.policies+" ", " "+policy+" ") {
					if flow.KindOf(err) != flow.BadConfig || !strings.Contains(err.Error(), "| batch") {
						t.Fatalf("want BadConfig with both schemas, got %s: %v", flow.KindOf(err), err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				r.epoch()
				tbl := r.load()
				if got := describe(tbl.Schema()); got != c.want {
					t.Errorf("schema %q, want %q", got, c.want)
				}
				rows := scan(t, tbl)
				if len(rows) != 2 || rows[0] != c.wantRow && rows[1] != c.wantRow {
					t.Errorf("rows %q, want one to be %q", rows, c.wantRow)
				}
				if n := len(tbl.Metadata().Snapshots()); n != 2 {
					t.Errorf("%d snapshots: the schema is changed in the commit of the rows", n)
				}
				r.restart()
				r.epoch(batch(t, c.second, c.rows))
				if n := len(scan(t, r.load())); n != 3 {
					t.Errorf("%d rows after a restart", n)
				}
			})
		}
	}
}

func firstRow(columns string) string {
	var cells []string
	for c := range strings.FieldsSeq(columns) {
		name, typ, _ := strings.Cut(c, ":")
		v := `1`
		switch typ {
		case "string":
			v = `"a"`
		case "date":
			v = `"2024-01-01"`
		case "dec9":
			v = `"1.00"`
		case "point":
			v = `{"x":1}`
		}
		cells = append(cells, `"`+name+`":`+v)
	}
	return "{" + strings.Join(cells, ",") + "}"
}

func describe(s *iceberg.Schema) string {
	var all []string
	for _, f := range s.Fields() {
		mark := ""
		if f.Required {
			mark = "!"
		}
		all = append(all, f.Name+":"+f.Type.String()+mark)
	}
	return strings.Join(all, " ")
}

func TestSchemaChangesInMidEpoch(t *testing.T) {
	r := newRig(t, Config{})
	r.epoch(batch(t, "id:long", `[{"id":1}]`),
		batch(t, "id:long a:string", `[{"id":2,"a":"x"}]`),
		batch(t, "id:long", `[{"id":3}]`),
		batch(t, "id:long b:long a:string", `[{"id":4,"a":"y","b":7}]`))
	want := []string{"id=1 a=(null) b=(null)", "id=2 a=x b=(null)", "id=3 a=(null) b=(null)", "id=4 a=y b=7"}
	if d := cmp.Diff(want, scan(t, r.load())); d != "" {
		t.Error(d)
	}
}

// TestEvolvedByTwo has two sinks add different columns at the same time: both
// give their first new column the same id.
func TestEvolvedByTwo(t *testing.T) {
	a := newRig(t, Config{})
	a.epoch(batch(t, "id:long", `[{"id":1}]`))
	b := newRig(t, Config{Warehouse: a.cfg.Warehouse})
	b.name = "other"
	pa := a.prepare(batch(t, "id:long left:string both:long", `[{"id":2,"left":"l","both":5}]`))
	pb := b.prepare(batch(t, "id:long right:long both:long l:tags", `[{"id":3,"right":9,"both":6,"l":["a"]}]`))
	a.commit(pa)
	b.commit(pb)
	b.commit(pb)
	b.epoch(batch(t, "id:long right:long both:long l:tags", `[{"id":4,"right":10,"both":7,"l":["b"]}]`))
	want := []string{
		`id=1 left=(null) both=(null) right=(null) l=(null)`,
		`id=2 left=l both=5 right=(null) l=(null)`,
		`id=3 left=(null) both=6 right=9 l=["a"]`,
		`id=4 left=(null) both=7 right=10 l=["b"]`,
	}
	if d := cmp.Diff(want, scan(t, a.load())); d != "" {
		t.Error(d)
	}
}

// TestForeignSchemaChanges has an admin change the table between the writing
// and the commit, and between two batches.
func TestForeignSchemaChanges(t *testing.T) {
	r := newRig(t, Config{})
	r.epoch(batch(t, "id:long name:string note:string", `[{"id":1,"name":"a","note":"n"}]`))
	parts := r.prepare(batch(t, "id:long name:string note:string", `[{"id":2,"name":"b","note":"n"}]`))
	r.admin(func(tx *table.Transaction) error {
		return tx.UpdateSchema(true, false).RenameColumn([]string{"name"}, "title").DeleteColumn([]string{"note"}).
			AddColumn([]string{"extra"}, iceberg.PrimitiveTypes.Int64, "", false, nil).Commit()
	})
	r.commit(parts)
	r.epoch(batch(t, "id:long title:string", `[{"id":3,"title":"c"}]`))
	want := []string{"id=1 title=a extra=(null)", "id=2 title=b extra=(null)", "id=3 title=c extra=(null)"}
	if d := cmp.Diff(want, scan(t, r.load())); d != "" {
		t.Error(d)
	}
}

// TestForeignSpec has an admin change the partitions of the table.
func TestForeignSpec(t *testing.T) {
	r := newRig(t, Config{Partition: []string{"name"}})
	r.epoch(ids(t, 0, 10))
	parts := r.prepare(ids(t, 10, 20))
	r.admin(func(tx *table.Transaction) error {
		return tx.UpdateSpec(true).RemoveField("name").AddField("id", iceberg.BucketTransform{NumBuckets: 4}, "id_bucket").Commit()
	})
	r.commit(parts)
	r.epoch(ids(t, 20, 30))
	tbl := r.load()
	if got := scan(t, tbl); len(got) != 30 {
		t.Errorf("%d rows", len(got))
	}
	tasks, err := tbl.Scan().PlanFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	specs := map[int32]int64{}
	for _, task := range tasks {
		specs[task.File.SpecID()] += task.File.Count()
	}
	if d := cmp.Diff(map[int32]int64{0: 20, 1: 10}, specs); d != "" {
		t.Errorf("rows by spec: %s", d)
	}
}

func TestChangelog(t *testing.T) {
	b := batch(t, "id:long", `[{"id":1},{"id":2},{"id":3},{"id":4}]`)
	b.Ops = []flow.OpKind{flow.Insert, flow.Before, flow.Update, flow.Delete}
	plain := newRig(t, Config{})
	if err := plain.writer().Write(t.Context(), b); flow.KindOf(err) != flow.BadConfig || !strings.Contains(err.Error(), "changelog") {
		t.Errorf("%v", err)
	}
	r := newRig(t, Config{Changelog: true})
	r.epoch(b, batch(t, "id:long", `[{"id":5}]`))
	want := []string{"id=1 _op=insert", "id=2 _op=before", "id=3 _op=update", "id=4 _op=delete", "id=5 _op=insert"}
	if d := cmp.Diff(want, scan(t, r.load())); d != "" {
		t.Error(d)
	}
}

func TestNullInRequired(t *testing.T) {
	r := newRig(t, Config{})
	r.epoch(batch(t, "id:long!", `[{"id":1}]`))
	err := r.writer().Write(t.Context(), batch(t, "id:long", `[{"id":1},{"id":null}]`))
	if flow.KindOf(err) != flow.BadRow || !strings.Contains(err.Error(), "column id") {
		t.Errorf("kind %s: %v", flow.KindOf(err), err)
	}
}

// TestWidenedPartition widens a column that the table is partitioned by.
func TestWidenedPartition(t *testing.T) {
	for _, field := range []string{"id", "truncate(10, id)", "bucket(4, id)"} {
		t.Run(field, func(t *testing.T) {
			r := newRig(t, Config{
				Schema: "full", Partition: []string{field},
				Properties: map[string]string{table.ManifestMinMergeCountKey: "2"},
			})
			r.epoch(batch(t, "id:int", `[{"id":1},{"id":22}]`))
			r.epoch(batch(t, "id:int", `[{"id":1}]`), batch(t, "id:long", `[{"id":5000000000},{"id":1}]`))
			r.epoch(batch(t, "id:int", `[{"id":22}]`))
			want := []string{"id=1", "id=1", "id=1", "id=22", "id=22", "id=5000000000"}
			if d := cmp.Diff(want, scan(t, r.load())); d != "" {
				t.Error(d)
			}
			got := readAll(t, SourceConfig{Table: "shop.orders", Warehouse: r.cfg.Warehouse, Filter: "id = 22"})
			if len(got) != 2 {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestFormats appends to tables of the other format versions.
func TestFormats(t *testing.T) {
	for _, v := range []string{"1", "2", "3"} {
		t.Run("v"+v, func(t *testing.T) {
			r := newRig(t, Config{Partition: []string{"name"}, Properties: map[string]string{table.PropertyFormatVersion: v}})
			r.epoch(ids(t, 0, 10))
			parts := r.prepare(ids(t, 10, 30))
			r.commit(parts)
			r.commit(parts)
			r.epoch(batch(t, "id:long name:string x:long", `[{"id":99,"name":"n1","x":5}]`))
			tbl := r.load()
			if got := scan(t, tbl); len(got) != 31 || got[30] != "id=99 name=n1 x=5" {
				t.Errorf("%d rows, %s", len(got), got[len(got)-1])
			}
			if got := tbl.Metadata().Version(); strconv.Itoa(got) != v {
				t.Errorf("version %d", got)
			}
		})
	}
}
