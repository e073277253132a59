package iceberg

import (
	"bufio"
	"context"
	"errors"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/codecs/parquet"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
	"github.com/weirflow/weir/io/iceberg/internal/schema"
)

// renumber copies files to others whose fields have the ids that the table
// needs. It happens when another writer added a column to the table between
// the moment that the files were begun and their commit, and both gave it the
// same id. The old files stay: the epoch may be committed again.
func (s *sink) renumber(ctx context.Context, base table.Metadata, g Group, files []iceberg.DataFile,
	ids map[int]int,
) ([]iceberg.DataFile, error) {
	sc, spec, err := g.parse()
	if err != nil {
		return nil, err
	}
	renamed := iceberg.NewSchemaWithIdentifiers(sc.ID, sc.IdentifierFieldIDs, schema.Renumber(sc.Fields(), ids)...)
	to, err := schema.Arrow(renamed)
	if err != nil {
		return nil, err
	}
	disk, err := catalog.FilesAt(ctx, base.Location(), base.Properties())
	if err != nil {
		return nil, err
	}
	out := make([]iceberg.DataFile, len(files))
	for i, f := range files {
		c := &copier{sink: s, disk: disk, to: to, schema: renamed, spec: spec, base: base}
		if out[i], err = c.copy(ctx, f); err != nil {
			return nil, s.place.errorf("copy %s for another schema: %w", f.FilePath(), err)
		}
	}
	return out, nil
}

type copier struct {
	sink   *sink
	disk   catalog.Files
	to     *arrow.Schema
	schema *iceberg.Schema
	spec   iceberg.PartitionSpec
	base   table.Metadata
}

func (c *copier) copy(ctx context.Context, f iceberg.DataFile) (_ iceberg.DataFile, err error) {
	in, err := c.disk.Open(f.FilePath())
	if err != nil {
		return nil, err
	}
	r, err := parquet.Open(in, parquet.ReaderOptions{})
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	path := strings.TrimSuffix(f.FilePath(), ".parquet") + "-" + randomPart() + ".parquet"
	dst, err := c.disk.Create(path)
	if err != nil {
		return nil, err
	}
	buf := bufio.NewWriterSize(dst, 64<<10)
	w, err := parquet.NewWriter(buf, c.to, parquet.WriterOptions{
		Compression: c.sink.cfg.Compression, Level: c.sink.cfg.CompressionLevel,
		Encodings: c.sink.cfg.Encodings, Bloom: c.sink.cfg.Bloom,
	})
	if err != nil {
		return nil, errors.Join(err, dst.Close())
	}
	err = r.Read(ctx, nil, nil, func(b arrow.RecordBatch) error {
		conv, err := schema.NewConverter(b.Schema(), c.to, sameOrder(c.to), memory.DefaultAllocator)
		if err != nil {
			return err
		}
		rows, err := conv.Convert(b)
		if err != nil {
			return err
		}
		defer rows.Release()
		return w.Write(rows)
	})
	if err != nil {
		w.Abort()
		return nil, errors.Join(err, dst.Close())
	}
	meta, err := w.Close()
	if err = errors.Join(err, buf.Flush(), dst.Close()); err != nil {
		return nil, err
	}
	return table.DataFileFromMetadata(table.DataFileArgs{
		Schema: c.schema, Spec: c.spec, Format: iceberg.ParquetFile, Metadata: meta,
		FilePath: path, FileSize: w.Written(), Content: iceberg.EntryContentData,
		PartitionValues: notNull(f.Partition()), Properties: c.base.Properties(), FormatVersion: c.base.Version(),
	})
}

func sameOrder(s *arrow.Schema) []int {
	columns := make([]int, s.NumFields())
	for i := range columns {
		columns[i] = i
	}
	return columns
}

func notNull(values map[int]any) map[int]any {
	out := map[int]any{}
	for id, v := range values {
		if v != nil {
			out[id] = v
		}
	}
	return out
}
