package iceberg

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/codec"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/io/iceberg/internal/schema"
)

// evolution is what the parts of an epoch bring to the table.
type evolution struct {
	schema *iceberg.Schema // that the table must get; nil when its own will do
	files  []iceberg.DataFile
}

// evolve merges the schemas of the parts into the table's.
func (s *sink) evolve(ctx context.Context, base table.Metadata, parts []Part) (ev evolution, err error) {
	now := base.CurrentSchema()
	merged := schema.NewMerger(now, base.LastColumnID(), base.Schemas())
	for _, p := range parts {
		for _, g := range p.Groups {
			ids, err := merged.Add(g.Schema, g.Base)
			if err != nil {
				return ev, flow.Mark(flow.Conflict, s.place.errorf("its schema was changed while rows were written: %w", err))
			}
			files, err := g.decode(p.Format)
			if err != nil {
				return ev, s.place.errorf("read a part of the epoch: %w", err)
			}
			if len(ids) > 0 {
				if files, err = s.renumber(ctx, base, g, files, ids); err != nil {
					return ev, err
				}
			}
			ev.files = append(ev.files, files...)
		}
	}
	if merged.Changed() {
		ev.schema = merged.Schema()
	}
	return ev, nil
}

// decode returns the files of the group as they were described.
func (g Group) decode(format int) ([]iceberg.DataFile, error) {
	sc, spec, err := g.parse()
	if err != nil {
		return nil, err
	}
	files := make([]iceberg.DataFile, len(g.Files))
	for i, f := range g.Files {
		if files[i], err = codec.DecodeDataFile(f, spec, sc, format); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (g Group) parse() (*iceberg.Schema, iceberg.PartitionSpec, error) {
	sc, spec := &iceberg.Schema{}, iceberg.PartitionSpec{}
	if err := json.Unmarshal(g.Schema, sc); err != nil {
		return nil, spec, fmt.Errorf("schema: %w", err)
	}
	if err := json.Unmarshal(g.Spec, &spec); err != nil {
		return nil, spec, fmt.Errorf("partition spec: %w", err)
	}
	return sc, spec, nil
}
