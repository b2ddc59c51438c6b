package broker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/internal/fence"
)

// A Broker grants locks to its clients. Create one with [New]. Its methods may be called
// concurrently.
type Broker struct {
	services
	upgrader   websocket.Upgrader
	origins    atomic.Pointer[origins]
	conns      *connLimit
	handshakes *handshakes
	client     staticFiles   // the JavaScript client, served to pages
	dashboard  staticFiles   // a page that shows the locks
	history    *history      // what the dashboard shows; nil: there is none
	asking     atomic.Int32  // requests for the history that are under way
	names      func() string // returns the name of the next session
	secrets    func(session string) string
	readers    floodSlots
	writers    floodSlots
	loop       *loop
	tokens     fence.Source

	running     atomic.Bool
	clusterHTTP *http.Client // for requests to the owner

	life lifecycle
	end  context.CancelFunc // ends over
}

// services are the parts of a broker that every connection uses.
type services struct {
	config   Config
	logs     *logLimits
	grants   grantStatus
	inbox    *inbox
	breather *breather

	authority *authority
	audits    *auditTrail // nil: nothing is recorded
	member    *member     // nil: the broker is alone
	refusals  *refusals
	counters  *counters
	memory    *memoryLimit

	largeFrames *largeFrames

	aside func(func())    // runs what may block on another goroutine
	over  context.Context // ends with the loop; sessions that are still ending then hurry
}

// ErrStarted is returned when [Broker.Run] is called a second time.
var ErrStarted = errors.New("broker: Run has already been called")

// New creates a broker. It returns an error if the config is invalid or its StateDir cannot be
// used. Clients may connect at once, but get no reply until Run is called. New locks StateDir; Run
// unlocks it when it returns.
func New(config Config) (*Broker, error) {
	config, err := config.WithDefaults()
	if err != nil {
		return nil, err
	}
	b := &Broker{
		services: services{
			config: config, logs: newLogLimits(newLog(config)), inbox: newInbox(), breather: newBreather(),
			refusals: new(refusals), counters: new(counters),
		},
		names: newSessionNames().next, secrets: newSecret,
		readers: newFloodSlots(), writers: newFloodSlots(), upgrader: newUpgrader(),
	}
	b.audits = newAuditTrail(config.Audit, b.logs)
	b.over, b.end = context.WithCancel(context.Background())
	if err := b.SetOrigins(config.AllowOrigins, config.AllowedHosts, config.PublicURLs); err != nil {
		return nil, err
	}
	b.conns, b.handshakes = newConnLimit(&config, b.refusals), newHandshakes(&config, b.logs)
	if b.client, err = readClient(config.ClientFiles); err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	if b.dashboard, err = readDashboard(config.Dashboard); err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	if config.Dashboard != nil {
		b.history = newHistory()
	}
	b.loop = newLoop(config, b.inbox)
	b.memory = &memoryLimit{most: config.MaxMemory, conns: b.conns, unsent: b.loop.unsent}
	b.largeFrames, b.loop.memory = newLargeFrames(&config), b.memory
	b.authority, b.aside = newAuthority(&config, b.refusals), b.life.goroutines.Go
	b.loop.over = b.over
	b.loop.refuse, b.loop.aside, b.loop.breather = b.refuse, b.aside, b.breather
	b.loop.grants, b.loop.logs, b.loop.refusals, b.loop.counters = &b.grants, b.logs, b.refusals, b.counters
	b.authority.audits = b.audits
	if config.Cluster != nil {
		b.member = newMember(config.Cluster, config.Timeout, b.loop.tokenRange, &b.services)
		b.clusterHTTP = &http.Client{Transport: config.Cluster.Transport}
		b.loop.member, b.tokens = b.member, clusterSource{b.member}
		return b, nil
	}
	if b.tokens, err = openTokens(config); err != nil {
		return nil, err
	}
	return b, nil
}

// Run serves until ctx ends. Then it drains: it grants nothing more, tells every client so, and
// accepts only new connections that ask for a broker that drains. When no request holds a lock any
// longer, or [Config].Drain is over, it closes every connection with code 1012, which releases every
// lock. With [Config].StateDir only clients that cannot take up their session must release: what the others hold and
// wait for goes on in the next run. It returns when all its goroutines have ended, which takes a few seconds at most.
//
// If the end of the run could not be recorded in StateDir, Run returns an error, and the next run
// treats this end as unclean. After the last fencing token, Run drains by itself and returns
// [ErrNoTokens]. A broker runs only once: a second call returns [ErrStarted].
//
// If the event loop is stuck for a minute, nobody would ever get a lock again. So Run then ends the
// process, with a panic that shows the stacks of all goroutines.
func (b *Broker) Run(ctx context.Context) error {
	if !b.running.CompareAndSwap(false, true) {
		return ErrStarted
	}
	if b.member != nil && !b.stand(ctx) {
		return b.stopStandby()
	}
	b.life.advance(phaseServing)
	b.audits.start()
	ended := make(chan struct{})
	b.life.goroutines.Go(func() { b.loop.watchdog.watch(ended, abort) })
	b.life.goroutines.Go(func() { (&longestLog{broker: b}).run(b.over) })
	if b.history != nil {
		b.life.goroutines.Go(func() { (&recorder{broker: b, history: b.history}).run(b.over) })
	}
	err := b.loop.run(ctx, b.tokens)
	close(ended)
	b.refuse()
	b.end()

	b.life.advance(phaseStopped)
	b.life.goroutines.Wait()
	b.breather.close()
	b.logs.flush()
	err = errors.Join(err, b.tokens.Close())
	b.audits.stop(recordOfStop(err))
	return err
}

// refuse makes the broker refuse new connections from now on, except those that inspect it.
func (b *Broker) refuse() { b.life.advance(phaseDraining) }
