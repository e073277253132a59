package iceberg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/failpoint"
	"github.com/weirflow/weir/internal/mutant"
	"github.com/weirflow/weir/io/iceberg/internal/catalog"
)

// attempts bounds how often one Commit tries before it leaves the decision to
// its caller.
const attempts = 25

// Commit makes the files of an epoch a snapshot of the table. It is done when
// the marker of t is in the table, whoever put it there.
//
// Every attempt loads the table, reads the marker, and commits on the
// condition that the table is still at the snapshot that the marker was read
// from. So an attempt whose answer was lost and the one after it can not both
// be applied, in whatever order they arrive.
func (s *sink) Commit(ctx context.Context, t flow.Txn, parts []Part) error {
	if s.err != nil {
		return s.err
	}
	var sent []*change
	for n := 0; ; n++ {
		made, err := s.attempt(ctx, t, parts, &sent)
		if err == nil {
			return dropOthers(ctx, sent, made)
		}
		retry := flow.KindOf(err) == flow.Transient ||
			isAny(err, catalog.ErrConflict, catalog.ErrUnknown, catalog.ErrNoTable)
		if ctx.Err() != nil && errors.Is(err, catalog.ErrUnknown) {
			return s.look(ctx, t, parts, err)
		}
		if !retry {
			return mark(err)
		}
		if n+1 >= attempts {
			return flow.Mark(flow.Transient, fmt.Errorf("after %d attempts: %w", attempts, err))
		}
		if err := pause(ctx, n); err != nil {
			return err
		}
	}
}

func isAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(t error) bool { return errors.Is(err, t) })
}

// pause waits before attempt n+1, longer each time.
func pause(ctx context.Context, n int) error {
	longest := min(5*time.Millisecond<<n, 2*time.Second)
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// look decides a commit that was under way when ctx ended.
func (s *sink) look(ctx context.Context, t flow.Txn, parts []Part, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	tbl, err := s.place.Load(ctx, s.place.id)
	if err == nil {
		var m *marker
		if m, err = committed(tbl.Metadata(), s.place.String(), t, parts, s.cfg.Takeover); err == nil && m != nil {
			return nil
		}
	}
	return flow.Mark(flow.Transient, errors.Join(cause, err))
}

// attempt tries once, and adds what it sends to sent. The error is nil only if
// t is committed; made is then the snapshot of t, 0 for none.
func (s *sink) attempt(ctx context.Context, t flow.Txn, parts []Part, sent *[]*change) (made int64, err error) {
	tbl, err := s.place.Load(ctx, s.place.id)
	if errors.Is(err, catalog.ErrNoTable) {
		return 0, flow.Mark(flow.Conflict, s.place.errorf("it was dropped while epoch %d was written: restore it, "+
			"or give the pipeline a new state directory to write everything again", t.Epoch))
	}
	if err != nil {
		return 0, err
	}
	failpoint.Hit("iceberg/commit/loaded")
	uuid := tbl.Metadata().TableUUID().String()
	for _, p := range parts {
		if p.Table != "" && p.Table != uuid {
			return 0, replaced(s.place, p.Table, uuid)
		}
	}
	if !mutant.NoMarker {
		m, err := committed(tbl.Metadata(), s.place.String(), t, parts, s.cfg.Takeover)
		if err != nil {
			return 0, err
		}
		if m != nil {
			return m.Snapshot, nil
		}
	}
	failpoint.Hit("iceberg/commit/verified")
	c, err := s.plan(ctx, tbl, t, parts)
	if err != nil {
		return 0, errors.Join(err, c.drop(ctx))
	}
	*sent = append(*sent, c)
	failpoint.Hit("iceberg/commit/before")
	meta, err := s.place.Commit(ctx, s.place.id, c.requirements, c.updates)
	if err != nil {
		return 0, err
	}
	failpoint.Hit("iceberg/commit/after")
	s.committed(meta)
	s.tidy(ctx, tbl.Metadata(), meta)
	return c.snapshot, nil
}

// change is a commit that is ready to be sent.
type change struct {
	requirements []table.Requirement
	updates      []table.Update
	snapshot     int64 // that it makes
	drafts       *drafts
}

// plan makes the commit of the parts on top of tbl.
func (s *sink) plan(ctx context.Context, tbl *table.Table, t flow.Txn, parts []Part) (*change, error) {
	base := tbl.Metadata()
	c := &change{drafts: newDrafts(base)}
	ev, err := s.evolve(ctx, base, parts)
	if err != nil {
		return c, err
	}
	if ev.schema != nil {
		c.requirements = append(c.requirements, table.AssertCurrentSchemaID(base.CurrentSchema().ID),
			table.AssertLastAssignedFieldID(base.LastColumnID()))
		c.updates = append(c.updates, table.NewAddSchemaUpdate(ev.schema), table.NewSetCurrentSchemaUpdate(-1))
		if base, err = table.UpdateTableMetadata(base, c.updates, tbl.MetadataLocation()); err != nil {
			return c, s.place.errorf("evolve the schema: %w", err)
		}
	}
	sum, err := sumOf(parts)
	if err != nil {
		return c, err
	}
	m := marker{Incarnation: t.Incarnation, Epoch: t.Epoch, Parts: sum}
	if len(ev.files) > 0 {
		tx := table.New(s.place.id, base, tbl.MetadataLocation(), c.drafts.open, nil).NewTransaction()
		if err := addFiles(ctx, tx, base, ev.files, summary(t)); err != nil {
			return c, s.place.errorf("append %d files: %w", len(ev.files), err)
		}
		staged, err := tx.StagedTable()
		if err != nil {
			return c, s.place.errorf("append %d files: %w", len(ev.files), err)
		}
		files, err := c.drafts.open(ctx)
		if err != nil {
			return c, err
		}
		if err := keepEmptyBounds(base, staged.CurrentSnapshot(), files.(catalog.Files)); err != nil {
			return c, s.place.errorf("append %d files: %w", len(ev.files), err)
		}
		m.Snapshot = staged.CurrentSnapshot().SnapshotID
		c.snapshot = m.Snapshot
		tc, err := tx.TableCommit()
		if err != nil {
			return c, s.place.errorf("append %d files: %w", len(ev.files), err)
		}
		c.updates = append(c.updates, tc.Updates...)
		c.requirements = append(c.requirements, tc.Requirements...)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return c, err
	}
	c.updates = append(c.updates, table.NewSetPropertiesUpdate(iceberg.Properties{property(t): string(text)}))
	c.fence(tbl.Metadata())
	return c, nil
}

// fence adds the condition that the table is the one that was verified, at
// the snapshot that was verified.
func (c *change) fence(verified table.Metadata) {
	var at *int64
	if s := verified.CurrentSnapshot(); s != nil {
		at = &s.SnapshotID
	}
	c.requirements = append(c.requirements, table.AssertTableUUID(verified.TableUUID()),
		table.AssertRefSnapshotID(table.MainBranch, at))
}

func addFiles(ctx context.Context, tx *table.Transaction, base table.Metadata, files []iceberg.DataFile,
	props iceberg.Properties,
) error {
	if base.Version() < 3 {
		return tx.AddDataFiles(ctx, files, props, table.WithoutDuplicateCheck(), table.WithoutAutoNameMapping())
	}
	// The ids of rows are given at the commit only this way.
	return tx.NewRowDelta(props).AddRows(files...).Commit(ctx)
}

// tidy follows a commit that is made: what it leaves undone the next one, or
// table maintenance, does.
func (s *sink) tidy(ctx context.Context, base, now table.Metadata) {
	_ = catalog.DeleteOld(ctx, base, now) // the table does not need these files; orphan removal takes them
	if keep := s.cfg.KeepSnapshots; keep > 0 && len(now.Snapshots()) >= 2*keep {
		_ = s.expire(ctx, keep) // the next commit tries again
	}
}

// expire leaves the newest snapshots.
func (s *sink) expire(ctx context.Context, keep int) error {
	tbl, err := s.place.Load(ctx, s.place.id)
	if err != nil {
		return err
	}
	tx := tbl.NewTransaction()
	if err := tx.ExpireSnapshots(table.WithRetainLast(keep), table.WithOlderThan(0)); err != nil {
		return err
	}
	tc, err := tx.TableCommit()
	if err != nil || len(tc.Updates) == 0 {
		return err
	}
	meta, err := s.place.Commit(ctx, s.place.id, tc.Requirements, tc.Updates)
	if err != nil {
		return err
	}
	after := table.New(s.place.id, meta, tbl.MetadataLocation(), tbl.FS, nil)
	for _, u := range tc.Updates {
		err = errors.Join(err, u.PostCommit(ctx, tbl, after))
	}
	return errors.Join(err, catalog.DeleteOld(ctx, tbl.Metadata(), meta))
}
