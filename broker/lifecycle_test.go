package broker

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A broker enters each phase once, and never goes back. A session may start until the broker has
// stopped.
func TestPhasesOnlyAdvance(t *testing.T) {
	var life lifecycle
	for _, to := range []phase{phaseServing, phaseDraining, phaseStopped} {
		if !life.startSession(func() {}) {
			t.Errorf("no session may start in phase %d", life.now())
		}
		if !life.advance(to) || life.advance(to) || life.advance(to-1) || life.now() != to {
			t.Errorf("in phase %d, want %d", life.now(), to)
		}
	}
	if life.startSession(func() { t.Error("a session ran") }) {
		t.Error("a session may start after the end")
	}
	life.goroutines.Wait()
}

// A broker that drains is not ready, even if the grant status does not say so yet.
func TestNotReadyOnceDraining(t *testing.T) {
	b, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	b.life.advance(phaseServing)
	b.grants.set("")
	for _, want := range []int{http.StatusOK, http.StatusServiceUnavailable} {
		response := httptest.NewRecorder()
		b.serveReady(response, nil)
		if response.Code != want {
			t.Errorf("phase %d: got %d, want %d", b.life.now(), response.Code, want)
		}
		b.refuse()
	}
}

// Once Run has returned, no session may begin: nobody would wait for its goroutines.
func TestNoSessionAfterRun(t *testing.T) {
	b, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if b.life.startSession(func() { t.Error("a session ran") }) {
		t.Error("a session may begin after Run has returned")
	}
	b.life.goroutines.Wait()
}
