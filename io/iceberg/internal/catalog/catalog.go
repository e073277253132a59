// Package catalog finds, creates and commits Iceberg tables: in a SQLite file
// of the warehouse, or through a REST catalog.
//
// It exists beside the catalogs of iceberg-go for three reasons. A commit must
// say whether a failure means "not applied" or "not known"; what a commit
// refers to must be on the disk before the catalog points to it; and the REST
// catalog of iceberg-go links the AWS SDK. The tables of the SQLite file are
// those of iceberg-go's and PyIceberg's SQL catalogs.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// Errors that callers ask for. Of a Commit, ErrConflict means that nothing
// was applied because the table has moved on, ErrUnknown that it may have been
// applied or still be, and every other error that it was not.
var (
	ErrNoTable  = errors.New("no such table")
	ErrConflict = errors.New("the table was changed by somebody else")
	ErrUnknown  = errors.New("it is not known whether the commit was applied")
	ErrDenied   = errors.New("access denied")
)

// New is what a table is created from.
type New struct {
	Schema     *iceberg.Schema
	Spec       *iceberg.PartitionSpec
	Properties iceberg.Properties
}

// Catalog is where tables are found. Its methods may be called by several
// goroutines.
type Catalog interface {
	// Ping reports whether the catalog can be reached and used. It changes
	// nothing.
	Ping(ctx context.Context) error

	// Tables lists the tables there are.
	Tables(ctx context.Context) ([]table.Identifier, error)

	// Load returns the table as it is now. The error is ErrNoTable if there
	// is none.
	Load(ctx context.Context, id table.Identifier) (*table.Table, error)

	// Create makes the table, and its namespace when that is missing. If
	// somebody else made the table first, it returns theirs.
	Create(ctx context.Context, id table.Identifier, n New) (*table.Table, error)

	// Commit applies the updates if the requirements hold, in one atomic
	// step. It tries once.
	Commit(ctx context.Context, id table.Identifier, reqs []table.Requirement,
		updates []table.Update) (table.Metadata, error)
}

// ParseName splits "namespace.table"; namespaces may be nested.
func ParseName(name string) (table.Identifier, error) {
	id := strings.Split(name, ".")
	for _, part := range id {
		if strings.TrimSpace(part) == "" || strings.ContainsAny(part, "/\\\x00\x1f") || part == ".." {
			return nil, fmt.Errorf("table %q: want namespace.table", name)
		}
	}
	if len(id) < 2 {
		return nil, fmt.Errorf("table %q: the namespace is missing; write namespace.table, as in shop.orders", name)
	}
	return id, nil
}

// String is the name that [ParseName] splits.
func String(id table.Identifier) string { return strings.Join(id, ".") }
