package serve

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/internal/live"
)

// Server answers /status, /healthz, /readyz and /metrics.
type Server struct {
	routes  *http.ServeMux
	servers []*http.Server
	ended   chan error
}

// NewServer returns a server that listens nowhere yet. reports is called for
// every answer.
func NewServer(reports func() []live.Report, m *Metrics) *Server {
	s := &Server{routes: http.NewServeMux(), ended: make(chan error)}
	s.routes.Handle("GET /metrics", m.Handler())
	s.routes.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, reports())
	})
	s.routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		health(w, reports(), func(state string) bool { return state != "failed" })
	})
	s.routes.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		health(w, reports(), func(state string) bool { return state == "running" })
	})
	return s
}

// health answers 200 when all pipelines are well, and 503 otherwise, with the
// state of each.
func health(w http.ResponseWriter, reports []live.Report, well func(state string) bool) {
	code, states := http.StatusOK, map[string]string{}
	for _, r := range reports {
		states[r.Pipeline] = r.State
		if !well(r.State) {
			code = http.StatusServiceUnavailable
		}
	}
	answer(w, code, states)
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the reader has gone; there is nobody to tell
}

// Listen serves on a TCP address and returns it with its port. An address
// that other machines reach wants a token.
func (s *Server) Listen(ctx context.Context, address, token string) (string, error) {
	if token == "" && !isLoopback(address) {
		return "", flow.Markf(flow.BadConfig, "listen on %s: other machines can reach this address; "+
			"set metrics.token, or listen on 127.0.0.1", address)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return "", flow.Mark(flow.BadConfig, fmt.Errorf("listen on %s: %w", address, err))
	}
	s.serve(l, guard(s.routes, token))
	return l.Addr().String(), nil
}

// serve answers on l until Close.
func (s *Server) serve(l net.Listener, routes http.Handler) {
	server := &http.Server{
		Handler:           routes,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	s.servers = append(s.servers, server)
	go func() { s.ended <- server.Serve(l) }()
}

// Close stops listening, and waits for answers that are on their way.
func (s *Server) Close(ctx context.Context) error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Shutdown(ctx))
	}
	for range s.servers {
		if err := <-s.ended; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, err)
		}
	}
	s.servers = nil
	return errors.Join(errs...)
}

// guard asks for the token, if there is one.
func guard(next http.Handler, token string) http.Handler {
	if token == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "send the token: Authorization: Bearer TOKEN", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopback reports whether only this machine reaches address.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
