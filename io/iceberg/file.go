package iceberg

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/codec"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/codecs/parquet"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
	"github.com/weirflow/weir/io/iceberg/internal/partition"
)

// file is one data file, being written or finished.
type file struct {
	path   string
	number int
	shape  *shape
	part   *partition.Partition
	files  catalog.Files

	out  io.WriteCloser
	buf  *bufio.Writer
	w    *parquet.Writer
	meta *metadata.FileMetaData // of a finished file
	rows int64
	size int64
}

// create begins the file of a partition.
func (w *writer) create(p *partition.Partition) (*file, error) {
	f := &file{shape: w.shape, part: p, files: w.files, number: w.count}
	w.count++
	f.path = w.shape.data + "/"
	if p.Path != "" {
		f.path += p.Path + "/"
	}
	f.path += w.fileName(f.number)
	var err error
	if f.out, err = w.files.Draft(f.path); err != nil {
		return nil, fmt.Errorf("create %s: %w", f.path, err)
	}
	f.buf = bufio.NewWriterSize(f.out, 64<<10)
	c := w.sink.cfg
	f.w, err = parquet.NewWriter(f.buf, w.shape.arrow, parquet.WriterOptions{
		Compression: c.Compression, Level: c.CompressionLevel, Encodings: c.Encodings,
		Bloom: c.Bloom, Alloc: w.task.Alloc,
		Workers: w.workers(), Encoders: &w.memory,
		RowGroupBytes: max(1<<20, min(parquet.DefaultRowGroupBytes, w.task.Memory/4)),
		KeyValue:      map[string]string{"iceberg.schema": string(w.shape.asSchema)},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create %s: %w", f.path, err), f.drop())
	}
	return f, nil
}

// workers is how many goroutines encode a file: a task among several has its
// own already.
func (w *writer) workers() int {
	if w.task.Of > 1 {
		return 1
	}
	return 0
}

// fileName says who wrote the file, so that foreign files are told apart, and
// ends in a random part, so that no two runs ever write the same name.
func (w *writer) fileName(number int) string {
	return fmt.Sprintf("%s-%s-e%d-%d-%d-%s.parquet", plainName(w.task.Pipeline), short(plainName(w.task.Incarnation)),
		w.epoch, w.task.Index, number, randomPart())
}

func randomPart() string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}

func short(s string) string { return s[:min(len(s), 8)] }

// plainName keeps what needs no escape in a path.
func plainName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, s)
	return s[:min(len(s), 64)]
}

// finish writes what is left of the file and closes it.
func (f *file) finish() error {
	if f.meta != nil {
		return nil
	}
	f.rows = f.w.Rows()
	meta, err := f.w.Close()
	if err == nil {
		err = f.buf.Flush()
	}
	f.size = f.w.Written()
	err = errors.Join(err, f.out.Close())
	f.out = nil
	if err != nil {
		return fmt.Errorf("finish %s: %w", f.path, err)
	}
	f.meta = meta
	return nil
}

// describe is the manifest entry of the finished file.
func (f *file) describe() ([]byte, error) {
	df, err := table.DataFileFromMetadata(table.DataFileArgs{
		Schema: f.shape.schema, Spec: f.shape.spec, Format: iceberg.ParquetFile, Metadata: f.meta,
		FilePath: f.path, FileSize: f.size, Content: iceberg.EntryContentData,
		PartitionValues: f.part.Values, Properties: f.shape.props, FormatVersion: f.shape.version,
	})
	if err != nil {
		return nil, err
	}
	return codec.EncodeDataFile(df, f.shape.spec, f.shape.schema, f.shape.version)
}

// drop gives the file up and removes it.
func (f *file) drop() error {
	var err error
	if f.out != nil {
		if f.w != nil {
			f.w.Abort()
		}
		err = f.out.Close()
	}
	return errors.Join(err, f.files.Remove(f.path))
}
