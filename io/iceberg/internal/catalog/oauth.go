package catalog

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// authorize adds the bearer token, which it fetches when there is none or it
// is about to expire.
func (c *REST) authorize(ctx context.Context, req *http.Request) error {
	if c.o.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.o.Token)
		return nil
	}
	if c.o.Credential == "" {
		return nil
	}
	c.mu.Lock()
	token, valid := c.token, time.Now().Before(c.expires)
	c.mu.Unlock()
	if token == "" || !valid {
		var err error
		if token, err = c.fetchToken(ctx); err != nil {
			return fmt.Errorf("fetch a token: %w", err)
		}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return nil
}

func (c *REST) fetchToken(ctx context.Context) (string, error) {
	id, secret, ok := strings.Cut(c.o.Credential, ":")
	if !ok {
		id, secret = "", c.o.Credential
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_secret": {secret}, "scope": {"catalog"}}
	if id != "" {
		form.Set("client_id", id)
	}
	if c.o.Scope != "" {
		form.Set("scope", c.o.Scope)
	}
	at := c.o.TokenURI
	if at == "" {
		at = strings.TrimSuffix(c.o.URI, "/") + "/v1/oauth/tokens"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
	}
	if err := c.do(req, &answer); err != nil {
		return "", err
	}
	if answer.Token == "" {
		return "", fmt.Errorf("the answer of %s has no access_token", at)
	}
	life := time.Hour
	if answer.Seconds > 0 {
		life = time.Duration(answer.Seconds) * time.Second
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.expires = answer.Token, time.Now().Add(life*9/10)
	return c.token, nil
}
