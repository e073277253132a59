package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/weirflow/weir/internal/live"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// Ask asks a running process for its reports. address is the path of a Unix
// socket, or an HTTP address. token may be empty.
func Ask(ctx context.Context, address, token string) (reports []live.Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	client, url := &http.Client{}, strings.TrimSuffix(address, "/")
	switch {
	case strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://"):
	case strings.Contains(url, "/"):
		socket := strings.TrimPrefix(url, "unix:")
		client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		}, DisableKeepAlives: true}
		url = "http://weir"
	default:
		url = "http://" + url
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/status", nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", address, err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", address, err)
	}
	defer resp.Body.Close() //nolint:errcheck // it is read to the end or given up
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read answer of %s: %w", address, err)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("ask %s: %s: %s", address, resp.Status, strings.TrimSpace(string(body)))
	}
	if err := json.Unmarshal(body, &reports); err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", address, err)
	}
	return reports, nil
}
