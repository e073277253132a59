package catalog

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/weirflow/weir/flow"
)

// RESTOptions say how a REST catalog is reached.
type RESTOptions struct {
	URI        string
	Warehouse  string // as the catalog knows it; "" for its default
	Prefix     string // of paths, when the catalog does not say its own
	Credential string // client id and secret, as id:secret
	Token      string // a bearer token
	TokenURI   string // where tokens are fetched; "" for the catalog
	Scope      string
	Headers    map[string]string
	CA         string // a PEM file
	Insecure   bool   // do not check certificates
	Timeout    time.Duration
}

// REST is a client of a REST catalog.
type REST struct {
	o      RESTOptions
	client *http.Client

	mu      sync.Mutex
	base    *url.URL // with the prefix; nil until the catalog has told it
	props   iceberg.Properties
	between string // levels of a namespace, in paths
	token   string
	expires time.Time
}

// NewREST makes the client. It connects with the first call.
func NewREST(o RESTOptions) (*REST, error) {
	u, err := url.Parse(o.URI)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, flow.Markf(flow.BadConfig, "catalog %q: want a URI as in https://host/path", o.URI)
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, flow.Markf(flow.BadConfig, "catalog %s: read ca: %w", o.URI, err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, flow.Markf(flow.BadConfig, "catalog %s: there is no certificate in %s", o.URI, o.CA)
		}
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, ForceAttemptHTTP2: true,
		IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 4, TLSHandshakeTimeout: 10 * time.Second,
	}
	return &REST{o: o, client: &http.Client{Transport: transport}}, nil
}

// maxAnswer bounds an answer: table metadata grows with the snapshots.
const maxAnswer = 512 << 20

// StatusError is an answer that is no success.
type StatusError struct {
	Status  int
	Type    string // the catalog's word for it
	Message string
}

// Error says what the catalog said.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("the catalog answered %d %s", e.Status, http.StatusText(e.Status))
	if e.Type != "" {
		text += ", " + e.Type
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Is gives answers their kind.
func (e *StatusError) Is(target error) bool {
	switch target {
	case ErrDenied:
		return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
	case ErrConflict:
		return e.Status == http.StatusConflict
	case ErrNoTable:
		return e.Status == http.StatusNotFound && e.Type != "NoSuchNamespaceException"
	}
	return false
}

// call sends one request and decodes the answer into out. An expired token
// is fetched again once; nothing else is repeated.
func (c *REST) call(ctx context.Context, method string, path []string, query url.Values, in, out any) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	u := c.base.JoinPath(path...)
	c.mu.Unlock()
	u.RawQuery = query.Encode()
	err := c.send(ctx, method, u, in, out)
	var status *StatusError
	expired := errors.As(err, &status) && (status.Status == http.StatusUnauthorized || status.Status == 419)
	if expired && c.o.Credential != "" {
		c.mu.Lock()
		c.token = ""
		c.mu.Unlock()
		err = c.send(ctx, method, u, in, out)
	}
	return err
}

func (c *REST) send(ctx context.Context, method string, u *url.URL, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	for k, v := range c.o.Headers {
		req.Header.Set(k, v)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
		req.GetBody = nil // never sent twice without us knowing
	}
	if err := c.authorize(ctx, req); err != nil {
		return err
	}
	return c.do(req, out)
}

func (c *REST) do(req *http.Request, out any) (err error) {
	resp, err := c.client.Do(req)
	if err != nil {
		return flow.Mark(flow.Transient, &lostError{err})
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode/100 != 2 {
		return c.failure(resp, text)
	}
	if err != nil {
		return flow.Mark(flow.Transient, &lostError{err})
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return &lostError{fmt.Errorf("read the answer of %s %s: %w", req.Method, req.URL.Path, err)}
	}
	return nil
}

// lostError is a request that may have been carried out.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

func (c *REST) failure(resp *http.Response, text []byte) error {
	e := &StatusError{Status: resp.StatusCode}
	var answer struct {
		Error struct {
			Message string `json:"message"`
			Type    string `json:"type"`
		} `json:"error"`
	}
	if json.Unmarshal(text, &answer) == nil {
		e.Type, e.Message = answer.Error.Type, answer.Error.Message
	}
	if e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout {
		return flow.Mark(flow.Transient, e)
	}
	return e
}

// connect asks the catalog for its settings, once.
func (c *REST) connect(ctx context.Context) error {
	c.mu.Lock()
	done := c.base != nil
	c.mu.Unlock()
	if done {
		return nil
	}
	root, err := url.Parse(strings.TrimSuffix(c.o.URI, "/"))
	if err != nil {
		return flow.Mark(flow.BadConfig, err)
	}
	u := root.JoinPath("v1", "config")
	if c.o.Warehouse != "" {
		u.RawQuery = url.Values{"warehouse": {c.o.Warehouse}}.Encode()
	}
	var answer struct {
		Defaults  iceberg.Properties `json:"defaults"`
		Overrides iceberg.Properties `json:"overrides"`
	}
	if err := c.send(ctx, http.MethodGet, u, nil, &answer); err != nil {
		return fmt.Errorf("connect to catalog %s: %w", c.o.URI, err)
	}
	props := iceberg.Properties{}
	for _, layer := range []iceberg.Properties{answer.Defaults, {"prefix": c.o.Prefix}, answer.Overrides} {
		for k, v := range layer {
			if v != "" {
				props[k] = v
			}
		}
	}
	if at := props["uri"]; at != "" {
		if root, err = url.Parse(strings.TrimSuffix(at, "/")); err != nil {
			return fmt.Errorf("connect to catalog %s: it names another uri: %w", c.o.URI, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.props, c.between = props, "%1F"
	if s := props["namespace-separator"]; s != "" {
		c.between = s
	}
	c.base = root.JoinPath("v1")
	if p := props["prefix"]; p != "" {
		c.base = c.base.JoinPath(p)
	}
	return nil
}
