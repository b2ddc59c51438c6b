package oidc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"golang.org/x/time/rate"
)

const (
	// fetchEvery is how often the keys are fetched at most, after the first fetchBurst fetches.
	fetchEvery = 10 * time.Second
	fetchBurst = 2
	// fetchWait is how long a fetch may take.
	fetchWait = 10 * time.Second
	// maxAge is how old keys may become before they are fetched again.
	maxAge = time.Hour
)

// failedKey is the key of the error in a context, where VerifySignature leaves why no key fits.
type failedKey struct{}

var (
	errNoKey   = errors.New("no key of the issuer fits the signature of the token")
	errTooSoon = errors.New("the issuer was asked for its keys a moment ago")
)

// A keySet has the keys of an issuer. It is a KeySet of go-oidc. That package has one too, which fetches
// the keys for each token that fits none, however many there are.
type keySet struct {
	algorithms []jose.SignatureAlgorithm
	fetch      func(context.Context) ([]jose.JSONWebKey, error) // nil: the keys are from a file
	now        func() time.Time
	limit      *rate.Limiter
	wait       time.Duration // how long a fetch may take

	mu      sync.Mutex // guards what follows
	keys    []jose.JSONWebKey
	fetched time.Time
	failed  error         // why the last fetch has failed
	running chan struct{} // closed when the fetch that is under way has ended; nil: none is
}

func newKeySet(config *Config) *keySet {
	s := &keySet{now: time.Now, limit: rate.NewLimiter(rate.Every(fetchEvery), fetchBurst), wait: fetchWait}
	for _, name := range config.Algorithms {
		s.algorithms = append(s.algorithms, jose.SignatureAlgorithm(name))
	}
	if config.KeysFile == "" {
		s.fetch = newSource(config).fetch
	}
	return s
}

// VerifySignature returns the payload of a token if a key of the issuer has signed it. Its error quotes
// nothing of the token. It is also left in the context.
func (s *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := s.payload(ctx, token)
	if failed, ok := ctx.Value(failedKey{}).(*error); ok {
		*failed = err
	}
	return payload, err
}

func (s *keySet) payload(ctx context.Context, token string) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(token, s.algorithms)
	if err != nil {
		return nil, errNoKey
	}
	keys, old := s.current()
	if payload, ok := verify(signed, keys); ok {
		if old {
			_, _ = s.start() // for later tokens; this one need not wait
		}
		return payload, nil
	}
	if s.fetch == nil {
		return nil, errNoKey
	}
	failed := s.refresh(ctx)
	keys, _ = s.current()
	if payload, ok := verify(signed, keys); ok {
		return payload, nil
	}
	if len(keys) == 0 && failed != nil {
		return nil, failed
	}
	return nil, errNoKey
}

// current returns the keys, and whether they are old.
func (s *keySet) current() (keys []jose.JSONWebKey, old bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys, s.fetch != nil && s.now().Sub(s.fetched) >= maxAge
}

// verify returns the payload of a token if one of the keys has signed it.
func verify(signed *jose.JSONWebSignature, keys []jose.JSONWebKey) (payload []byte, ok bool) {
	if len(signed.Signatures) != 1 {
		return nil, false
	}
	header := &signed.Signatures[0].Header
	for i := range keys {
		key := &keys[i]
		fits := (header.KeyID == "" || key.KeyID == header.KeyID) &&
			(key.Algorithm == "" || key.Algorithm == header.Algorithm)
		if !fits {
			continue
		}
		if payload, err := signed.Verify(key); err == nil {
			return payload, true
		}
	}
	return nil, false
}

// refresh fetches the keys, or waits for the fetch that is under way. It returns why there are no newer
// keys.
func (s *keySet) refresh(ctx context.Context) error {
	running, err := s.start()
	if err != nil {
		return err
	}
	select {
	case <-running:
	case <-ctx.Done():
		return fmt.Errorf("cannot wait for the keys of the issuer: %w", ctx.Err())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// start starts a fetch if none is under way, and returns a channel that is closed at its end. The fetch
// does not end with the client that needs it. Otherwise clients that go away could keep it from others.
func (s *keySet) start() (running <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return s.running, nil
	}
	if !s.limit.AllowN(s.now(), 1) {
		if s.failed != nil {
			return nil, s.failed
		}
		return nil, errTooSoon
	}
	s.running = make(chan struct{})
	go s.run()
	return s.running, nil
}

// run fetches the keys once.
func (s *keySet) run() {
	ctx, cancel := context.WithTimeout(context.Background(), s.wait)
	defer cancel()
	keys, err := s.fetch(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.keys, s.fetched, s.failed = keys, s.now(), nil
	} else {
		s.failed = fmt.Errorf("cannot get the keys of the issuer: %w", err)
	}
	close(s.running)
	s.running = nil
}
