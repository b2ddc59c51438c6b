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
	halfOpen: onNetwork(func(p *faultproxy.Proxy, f Fault) {
		for _, c := range p.Conns() { // new connections work
			c.Set(f.To, faultproxy.Faults{Swallow: true})
		}
	}),
	delay: onNetwork(func(p *faultproxy.Proxy, f Fault) {
		p.Set(f.To, faultproxy.Faults{Delay: milliseconds(f.Value)})
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
