package history

import (
	"syscall"

	"github.com/lockbroker/lockbroker/broker/evidence/faultproxy"
)

// acts carry out faults.
var acts = map[Kind]func(r *recording, w *worker, f Fault) error{
	resetClient: onNetwork(func(p *faultproxy.Proxy, _ Fault) { p.Reset(faultproxy.Client) }),
	closeClient: onNetwork(func(p *faultproxy.Proxy, _ Fault) { p.CloseWrite(faultproxy.Client) }),
	resetBroker: onNetwork(func(p *faultproxy.Proxy, _ Fault) { p.Reset(faultproxy.Broker) }),
	closeBroker: onNetwork(func(p *faultproxy.Proxy, _ Fault) { p.CloseWrite(faultproxy.Broker) }),
	resetBoth:   onNetwork(func(p *faultproxy.Proxy, _ Fault) { p.Reset(faultproxy.Both) }),
	outage:      onNetwork(func(p *faultproxy.Proxy, f Fault) { p.Set(f.To, faultproxy.Faults{Hold: true}) }),
	halfOpen:    onNetwork(func(p *faultproxy.Proxy, f Fault) { breakConns(p, f.To) }),
	delay: onNetwork(func(p *faultproxy.Proxy, f Fault) {
		p.Set(f.To, faultproxy.Faults{Delay: milliseconds(f.Value)})
	}),
	lateAnswers: onNetwork(func(p *faultproxy.Proxy, _ Fault) {
		p.Set(faultproxy.Client, faultproxy.Faults{Hold: true})
	}),
	slow: onNetwork(func(p *faultproxy.Proxy, f Fault) { p.Set(f.To, faultproxy.Faults{Rate: f.Value}) }),
	refuse: onNetwork(func(p *faultproxy.Proxy, _ Fault) {
		p.Refuse()
		p.Reset(faultproxy.Client)
	}),
	heal: onNetwork(func(p *faultproxy.Proxy, _ Fault) { p.Heal() }),

	kill: func(r *recording, w *worker, _ Fault) error {
		w.process.kill()
		return r.startWorker(w)
	},
	stop: func(r *recording, w *worker, _ Fault) error {
		// Without a broker, the worker would have to wait for its lease to end.
		r.broker.signal(syscall.SIGCONT)
		w.proxy.Heal()
		if err := r.stopWorker(w); err != nil {
			return err
		}
		return r.startWorker(w)
	},
	freeze: onWorker(syscall.SIGSTOP),
	thaw:   onWorker(syscall.SIGCONT),

	failBroker: func(r *recording, w *worker, f Fault) error {
		// The other workers learn of it at once. They compete with clients that do not know it yet.
		breakConns(w.proxy, faultproxy.Both)
		breakConns(r.workers[(f.Worker+1)%len(r.workers)].proxy, faultproxy.Both)
		return r.killBroker(milliseconds(f.Value))
	},
	killBroker:   func(r *recording, _ *worker, f Fault) error { return r.killBroker(milliseconds(f.Value)) },
	drainBroker:  func(r *recording, _ *worker, f Fault) error { return r.drainBroker(milliseconds(f.Value)) },
	freezeBroker: onBroker(syscall.SIGSTOP),
	thawBroker:   onBroker(syscall.SIGCONT),
}

func onNetwork(act func(*faultproxy.Proxy, Fault)) func(*recording, *worker, Fault) error {
	return func(_ *recording, w *worker, f Fault) error {
		act(w.proxy, f)
		return nil
	}
}

// breakConns makes connections half-open. New ones work.
func breakConns(p *faultproxy.Proxy, to faultproxy.Side) {
	for _, c := range p.Conns() {
		c.Set(to, faultproxy.Faults{Swallow: true})
	}
}

func onWorker(s syscall.Signal) func(*recording, *worker, Fault) error {
	return func(_ *recording, w *worker, _ Fault) error {
		w.process.signal(s)
		return nil
	}
}

func onBroker(s syscall.Signal) func(*recording, *worker, Fault) error {
	return func(r *recording, _ *worker, _ Fault) error {
		r.broker.signal(s)
		return nil
	}
}
