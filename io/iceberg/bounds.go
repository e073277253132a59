package iceberg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/io/iceberg/internal/catalog"
)

// keepEmptyBounds mends the manifest list of a snapshot that is about to be
// committed. iceberg-go writes the partition bound of an empty string or of
// no bytes as null, by which readers leave manifests out that hold such rows.
// An empty value is a lower bound of all values, so a null one can only have
// meant it; and where both are null it costs no more than a look at a manifest.
// Tables of format 3 stay as they are: what numbers their rows can not be put
// into a list that is written again.
func keepEmptyBounds(meta table.Metadata, s *table.Snapshot, files catalog.Files) error {
	texts := textFields(meta)
	if len(texts) == 0 || meta.Version() > 2 {
		return nil
	}
	list, err := readWhole(files, s.ManifestList)
	if err != nil {
		return fmt.Errorf("read the manifest list: %w", err)
	}
	manifests, err := iceberg.ReadManifestList(bytes.NewReader(list))
	if err != nil {
		return fmt.Errorf("read the manifest list: %w", err)
	}
	mended := false
	for i, m := range manifests {
		parts := m.Partitions()
		if withEmptyBounds(parts, texts[int(m.PartitionSpecID())]) {
			manifests[i], mended = rebuilt(m, parts), true
		}
	}
	if !mended {
		return nil
	}
	var out bytes.Buffer
	err = iceberg.WriteManifestList(meta.Version(), &out, s.SnapshotID, s.ParentSnapshotID, &s.SequenceNumber, 0, manifests)
	if err != nil {
		return fmt.Errorf("write the manifest list: %w", err)
	}
	if err := files.Remove(s.ManifestList); err != nil { // nothing points to it yet
		return fmt.Errorf("write the manifest list: %w", err)
	}
	return files.WriteFile(s.ManifestList, out.Bytes())
}

// textFields lists, by partition spec, the fields whose values may be empty.
func textFields(meta table.Metadata) map[int][]int {
	texts := map[int][]int{}
	for _, spec := range meta.PartitionSpecs() {
		for i := range spec.NumFields() {
			f := spec.Field(i)
			column, ok := meta.CurrentSchema().FindTypeByID(f.SourceID())
			if !ok {
				continue
			}
			switch f.Transform.ResultType(column).(type) {
			case iceberg.StringType, iceberg.BinaryType:
				texts[spec.ID()] = append(texts[spec.ID()], i)
			}
		}
	}
	return texts
}

func withEmptyBounds(parts []iceberg.FieldSummary, texts []int) bool {
	mended := false
	for i := range parts {
		if !slices.Contains(texts, i) {
			continue
		}
		for _, bound := range []**[]byte{&parts[i].LowerBound, &parts[i].UpperBound} {
			if *bound == nil {
				*bound, mended = &[]byte{}, true
			}
		}
	}
	return mended
}

// rebuilt is m with other summaries of its partitions.
func rebuilt(m iceberg.ManifestFile, parts []iceberg.FieldSummary) iceberg.ManifestFile {
	b := iceberg.NewManifestFile(m.Version(), m.FilePath(), m.Length(), m.PartitionSpecID(), m.SnapshotID()).
		Content(m.ManifestContent()).SequenceNum(m.SequenceNum(), m.MinSequenceNum()).
		AddedFiles(m.AddedDataFiles()).ExistingFiles(m.ExistingDataFiles()).DeletedFiles(m.DeletedDataFiles()).
		AddedRows(m.AddedRows()).ExistingRows(m.ExistingRows()).DeletedRows(m.DeletedRows()).
		Partitions(parts)
	if key := m.KeyMetadata(); key != nil {
		b = b.KeyMetadata(key)
	}
	return b.Build()
}

func readWhole(files catalog.Files, path string) (text []byte, err error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(f)
}
