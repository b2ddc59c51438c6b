//go:build unix

package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/access/oidc/oidctest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
)

// markedLabel is not a secret: it is told in the log, in the audit, and to others.
const markedLabel = "label-4Jd8Wq1Zx7"

const secretPolicy = `rules:
  - for: [watcher]
    locks: ["**"]
    allow: [acquire, list, steal, evict, clients]
  - for: ["**"]
    locks: ["**"]
    allow: [acquire, list]
`

// A secretStory is a broker with every kind of credential, and everything that it and its clients tell.
type secretStory struct {
	*daemon
	t         *testing.T
	dir       string
	told      *told
	secrets   secrets
	ca        *authority
	pair      testPair
	issuer    *oidctest.Issuer
	flags     []string
	brokerctl string
	tokens    string // the file of tokens
}

// TestSecrets does everything that a secret is used for, and everything that can go wrong with it, and searches for
// each secret in all that anybody is told: tokens, keys, certificates, and the hashes of tokens.
func TestSecrets(t *testing.T) {
	t.Parallel()
	brokerctl := filepath.Join(t.TempDir(), "brokerctl")
	build := exec.CommandContext(testContext(t), "go", "build", "-o", brokerctl, "../brokerctl")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for name, audit := range map[string]string{"file": "audit.log", "stdout": "-"} {
		t.Run(name, func(t *testing.T) {
			s := newSecretStory(t, brokerctl)
			s.start(audit)
			s.frames()
			s.requests()
			s.commands()
			s.reloads()
			s.startWrong()
			s.stop(t)
			s.collect(audit)
			if found := s.told.find(s.secrets); len(found) > 0 {
				t.Errorf("secrets are told:\n%s", strings.Join(found, "\n"))
			}
			s.checkLabel(audit)
		})
	}
}

// checkLabel checks that the search would have found something: the label is told.
func (s *secretStory) checkLabel(audit string) {
	found := strings.Join(s.told.find(secrets{"label": markedLabel}), "\n")
	for _, source := range []string{
		"brokerd's stderr", "audit " + audit, "frames to the watcher", "brokerctl clients",
	} {
		if !strings.Contains(found, source+": label, text") {
			s.t.Errorf("the label is not found in %s: the test tests nothing", source)
		}
	}
}

func newSecretStory(t *testing.T, brokerctl string) *secretStory {
	t.Helper()
	s := &secretStory{
		t: t, dir: t.TempDir(), told: newTold(), secrets: secrets{}, ca: newTestAuthority(t),
		issuer: oidctest.Start(t), brokerctl: brokerctl,
	}
	for _, name := range []string{"ann", "watcher", "revoked"} {
		token, line := newTestToken(t, name)
		s.secrets[name] = token
		s.tokens += line
	}
	for _, name := range []string{
		"wrong", "query", "basic", "bearer", "second", "header", "line", "value", "key", "word", "password",
	} {
		token, _ := newTestToken(t, name)
		s.secrets[name] = token
	}
	s.secrets["oidc"] = s.issuer.Token(oidctest.Claims{"aud": "locks", "sub": "job"}, time.Hour)
	s.secrets["oidc for others"] = s.issuer.Token(oidctest.Claims{"aud": "mail", "sub": "job"}, time.Hour)
	for _, name := range []string{"oidc", "oidc for others"} {
		parts := strings.Split(s.secrets[name], ".")
		s.secrets[name+", payload"], s.secrets[name+", signature"] = parts[1], parts[2]
	}
	s.pair = s.ca.issue(t, "spiffe://example/billing")
	s.addPEM("key", s.pair.key)
	s.addPEM("certificate", s.pair.text)
	s.secrets["fingerprint"] = string(s.pair.cert.Raw) // its hash is searched for
	return s
}

// addPEM makes each line of a PEM file a secret.
func (s *secretStory) addPEM(name string, text []byte) {
	block, _ := pem.Decode(text)
	if block == nil {
		s.t.Fatalf("%s: no PEM", name)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if !strings.HasPrefix(line, "-----") {
			s.secrets[fmt.Sprint(name, " line ", i)] = line
		}
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if private, ok := key.(interface{ Bytes() ([]byte, error) }); ok {
			if scalar, err := private.Bytes(); err == nil {
				s.secrets[name+" scalar"] = string(scalar)
			}
		}
	}
}

func (s *secretStory) write(name, text string) string { return write(s.t, s.dir, name, []byte(text)) }

// start starts the broker at debug level.
func (s *secretStory) start(audit string) {
	s.t.Helper()
	if audit != toStdout {
		audit = filepath.Join(s.dir, audit)
	}
	s.flags = append(s.pair.write(s.t, s.dir),
		"--tls-client-ca="+s.write("ca.pem", string(s.ca.pem())), "--tls-client-auth=optional",
		"--client-identity=uri", "--tokens="+s.write("tokens", s.tokens),
		"--policy="+s.write("policy.yaml", secretPolicy),
		"--oidc-issuer="+s.issuer.URL, "--oidc-audience=locks",
		"--log-level-file="+s.write("level", "debug"), "--state-dir="+filepath.Join(s.dir, "state"),
		"--listen=127.0.0.1:0", "--listen=unix:"+filepath.Join(s.dir, "s"))
	cmd := exec.CommandContext(testContext(s.t), "brokerd", append(s.flags, "--audit="+audit, "--drain=0s")...)
	cmd.Stdout = s.told.writer("audit -")
	s.daemon = &daemon{}
	s.process, s.log = startCommand(s.t, cmd, func(cmd *exec.Cmd) (io.ReadCloser, error) {
		out, err := cmd.StderrPipe()
		return struct {
			io.Reader
			io.Closer
		}{io.TeeReader(out, s.told.writer("brokerd's stderr")), out}, err
	})
	s.log.Buffer(nil, 1<<20)
	s.url = "wss://" + s.until(s.t, "listening").Address
	s.until(s.t, "listening")
}

// dial connects with a header and a query, and adds what the broker answers. The connection may be nil.
func (s *secretStory) dial(pair *testPair, header http.Header, query string) *websocket.Conn {
	s.t.Helper()
	dialer := s.ca.dialer(s.t, pair)
	dialer.Subprotocols = append([]string{wire.Subprotocol}, header["Offer"]...)
	header.Del("Offer")
	conn, response, err := dialer.DialContext(testContext(s.t), s.url+"/ws?client="+markedLabel+query, header)
	if response != nil {
		body, _ := io.ReadAll(response.Body)
		s.told.add("HTTP answers", fmt.Sprint(response.Status, response.Header, string(body)))
	}
	if err != nil {
		s.told.add("errors of dial", err.Error())
		return nil
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// bearer returns a header with a token.
func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// listen adds all frames to a client, until its connection ends.
func (s *secretStory) listen(source string, conn *websocket.Conn) (session string) {
	s.t.Helper()
	if conn == nil {
		s.t.Fatalf("%s: not connected", source)
	}
	_, text, err := conn.ReadMessage()
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), `"session":"`)
	session, _, _ = strings.Cut(rest, `"`)
	ended := make(chan struct{})
	s.t.Cleanup(func() {
		_ = conn.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		for {
			s.told.add(source, string(text))
			if _, text, err = conn.ReadMessage(); err != nil {
				s.told.add(source, err.Error())
				return
			}
		}
	}()
	return session
}

// frames sends good and bad frames with tokens in them, while another client watches.
func (s *secretStory) frames() {
	watcher := s.dial(nil, bearer(s.secrets["watcher"]), "")
	session := s.listen("frames to the watcher", watcher)
	for i, frame := range []string{`{"type":"watch","id":ID}`, `{"type":"whoami","id":ID}`} {
		s.send(watcher, strings.ReplaceAll(frame, "ID", fmt.Sprintf("%q", fmt.Sprint(session, "--", i))))
	}
	ann := s.dial(nil, bearer(s.secrets["ann"]), "")
	session = s.listen("frames to ann", ann)
	n := 0
	next := func(frame, token string) {
		frame = strings.ReplaceAll(frame, "ID", fmt.Sprintf("%q", fmt.Sprint(session, "--", n)))
		s.send(ann, strings.ReplaceAll(frame, "TOKEN", token))
		n++
	}
	next(`{"type":"acquire","id":ID,"locks":[{"name":"a"}]}`, "")
	for _, name := range []string{"wrong", "ann", "watcher", "oidc", "oidc for others"} {
		for _, frame := range badAuths {
			next(frame, s.secrets[name])
		}
		next(`{"type":"auth","id":ID,"token":"TOKEN"}`, s.secrets[name])
		long := strings.Repeat("TOKEN", 20_000/len(s.secrets[name]))
		next(`{"type":"auth","id":ID,"token":"`+long+`"}`, s.secrets[name])
		next(`{"type":"ping","id":ID}`, "") // so that not too many in a row are malformed
	}
	next(`{"type":"acquire","id":ID,"locks":[{"name":"last"}]}`, "")
	s.await("frames to the watcher", `"last"`)
	next(`{"type":"release","id":"`+session+`--0"}`, "")
	for i, frame := range []string{`{"type":"info","id":ID}`, `{"type":"clients","id":ID}`} {
		id := s.sessionOf("frames to the watcher")
		s.send(watcher, strings.ReplaceAll(frame, "ID", fmt.Sprintf("%q", fmt.Sprint(id, "--", i+2))))
	}
	s.await("frames to the watcher", `"type":"clients"`)
	revoked := s.dial(nil, bearer(s.secrets["revoked"]), "")
	s.listen("frames to the revoked", revoked)
}

// badAuths are frames that the broker refuses.
var badAuths = []string{
	`{"type":"auth","id":ID,"token":TOKEN}`, `{"type":"auth","id":ID,"token":"TOKEN`,
	`{"type":"auth","id":ID,"token":"TOKEN","token":"TOKEN"}`, `{"type":"auth","id":ID,"TOKEN":1,"TOKEN":2}`,
	`{"type":"auth","id":ID,"token":{"TOKEN":"TOKEN"}}`, `{"type":"auth","id":ID,"token":["TOKEN"]}`,
	`{"type":"auth","id":ID,"token":"TOKEN\x"}`, `{"type":"auth","id":ID,"token":"TOKEN"}TOKEN`,
	`{"type":"TOKEN","id":ID}`, `{"type":"auth","id":{"TOKEN":1},"token":"TOKEN"}`, `TOKEN`, `Bearer TOKEN`,
	`{"type":"acquire","id":ID,"locks":[{"name":"x","mode":"TOKEN"}]}`, `{"token":"TOKEN","type":"auth"}`,
	`{"type":"auth","id":"zzzzzzzz--0","token":"TOKEN"}`, `{"type":"info","id":ID,"match":"[TOKEN"}`,
	`{"type":"clients","id":ID,"remote":"TOKEN"}`, `{"type":"acquire","id":ID,"locks":"TOKEN"}`,
}

func (s *secretStory) send(conn *websocket.Conn, frame string) {
	s.t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		s.t.Fatal(err)
	}
}

// sessionOf returns the session in the hello that a source has told.
func (s *secretStory) sessionOf(source string) string {
	_, rest, _ := strings.Cut(s.told.text(source), `"session":"`)
	session, _, _ := strings.Cut(rest, `"`)
	return session
}

// await waits until a source has told some text.
func (s *secretStory) await(source, text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(testContext(s.t), 20*time.Second)
	defer cancel()
	for ; !strings.Contains(s.told.text(source), text); cmdtest.Pause(ctx) {
		if ctx.Err() != nil {
			s.t.Fatalf("%s: never %s, but\n%s", source, text, s.told.text(source))
		}
	}
}

// requests sends credentials in good and in wrong places of HTTP requests.
func (s *secretStory) requests() {
	for _, name := range []string{"ann", "wrong", "oidc", "oidc for others", "query"} {
		token := s.secrets[name]
		encoded := base64.RawURLEncoding.EncodeToString([]byte(token))
		offer := wire.BearerSubprotocol + encoded
		basic := base64.StdEncoding.EncodeToString([]byte("ann:" + token))
		s.dial(nil, bearer(token), "&token="+token)
		s.dial(nil, http.Header{}, "&access_token="+token)
		s.dial(nil, http.Header{}, "&alive="+token)
		s.dial(nil, http.Header{"Authorization": {"Bearer " + token + " " + token}}, "")
		s.dial(nil, http.Header{"Authorization": {token}}, "")
		s.dial(nil, http.Header{"Authorization": {"Token " + token}}, "")
		s.dial(nil, http.Header{"Authorization": {"Basic " + basic}}, "")
		s.dial(nil, http.Header{"Authorization": {"Bearer " + strings.Repeat(token, 300)}}, "")
		s.dial(nil, http.Header{"Authorization": {"Bearer " + token, "Bearer " + s.secrets["second"]}}, "")
		s.dial(nil, http.Header{"Offer": {offer}}, "")
		s.dial(nil, http.Header{"Offer": {offer + "="}}, "")
		s.dial(nil, http.Header{"Offer": {wire.BearerSubprotocol + token}}, "")
		s.dial(nil, http.Header{"Offer": {offer}, "Authorization": {"Bearer " + token}}, "")
		s.dial(nil, http.Header{"Cookie": {"token=" + token}, "X-Token": {token}}, "")
		s.dial(nil, http.Header{"Authorization": {"Bearer " + token}, "Origin": {"https://evil.example"}}, "")
	}
	if s.dial(&s.pair, http.Header{}, "") == nil {
		s.t.Error("the client certificate is not accepted")
	}
	other := newTestAuthority(s.t).issue(s.t, "spiffe://example/other")
	s.addPEM("certificate of another authority", other.text)
	s.dial(&other, http.Header{}, "")
	token := s.secrets["wrong"]
	for _, raw := range []string{
		"GET /ws?token=" + token + " HTTP/1.1\r\nHost: x\r\nAuthorization " + token + "\r\n\r\n",
		"GET /ws HTTP/1.1 " + token + "\r\n\r\n", token + "\r\n\r\n",
		"GET " + token + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /ws HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\x00\r\n\r\n",
		"POST /" + token + " HTTP/1.1\r\nHost: " + token + "\r\n\r\n",
		"GET /ws HTTP/1.1\r\nHost: x\r\n" + token + "\r\n\r\n",
	} {
		s.raw("unix", filepath.Join(s.dir, "s"), raw)
		s.raw("tcp", strings.TrimPrefix(s.url, "wss://"), raw) // no TLS
	}
}

// raw sends bytes, and adds what comes back.
func (s *secretStory) raw(network, address, text string) {
	s.t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	_, _ = io.WriteString(conn, text)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return
	}
	body, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	s.told.add("HTTP answers", fmt.Sprint(answer.Status, answer.Header, string(body)))
}
