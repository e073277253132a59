package catalog

import (
	"errors"
	"time"
)

// RESTOptions say how a REST catalog is reached.
type RESTOptions struct {
	URI, Warehouse, Prefix, Credential, Token, TokenURI, Scope string
	Headers                                                    map[string]string
	CA                                                         string
	Insecure                                                   bool
	Timeout                                                    time.Duration
}

// NewREST ...
func NewREST(o RESTOptions) (Catalog, error) { return nil, errors.New("todo") }
