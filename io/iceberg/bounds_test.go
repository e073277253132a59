package iceberg

import (
	"testing"

	"github.com/weirflow/weir/io/iceberg/internal/catalog"
)

// TestEmptyBounds writes partitions of empty strings, alone and beside others:
// the manifest list must say that they are there, or readers leave them out.
func TestEmptyBounds(t *testing.T) {
	for name, rows := range map[string][]string{
		"only":          {`[{"id":1,"name":""}]`},
		"beside":        {`[{"id":1,"name":""},{"id":2,"name":"zoë"}]`},
		"in two epochs": {`[{"id":1,"name":"b"}]`, `[{"id":2,"name":""},{"id":3,"name":null}]`},
	} {
		for _, partition := range []string{"name", "truncate(3, name)"} {
			t.Run(name+" "+partition, func(t *testing.T) {
				r := newRig(t, Config{Partition: []string{"bucket(4, id)", partition}})
				for _, text := range rows {
					r.epoch(batch(t, "id:long name:string", text))
				}
				tbl := r.load()
				files, err := catalog.FilesAt(t.Context(), tbl.Location(), nil)
				if err != nil {
					t.Fatal(err)
				}
				manifests, err := tbl.CurrentSnapshot().Manifests(files)
				if err != nil {
					t.Fatal(err)
				}
				if len(manifests) != len(rows) {
					t.Errorf("%d manifests, want %d", len(manifests), len(rows))
				}
				newest := manifests[0].Partitions()[1]
				if newest.LowerBound == nil || len(*newest.LowerBound) != 0 || newest.UpperBound == nil {
					t.Errorf("bounds are %v and %v", newest.LowerBound, newest.UpperBound)
				}
				if got := scan(t, tbl); len(got) == 0 {
					t.Error("no rows")
				}
			})
		}
	}
}
