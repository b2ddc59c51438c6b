package main

import (
	"net/http"
	"strconv"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/quiet"
)

// checkCertificates refuses a request if the authorities in force do not accept the certificate of its connection. The
// connection may have been made before they were replaced. It then ends.
func (r *reloader) checkCertificates(next http.Handler) http.Handler {
	line := quiet.NewLine(r.log)
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if err := r.checkCertificate(request); err != nil {
			line.Warn("refused a request: --tls-client-ca does not accept the client certificate",
				func(e *zerolog.Event) { e.Err(err).Str("remote", request.RemoteAddr) })
			const help = "not authenticated: the client certificate is not accepted"
			r.broker.Audit(broker.AuditRecord{
				Event: broker.AuditAuthentication, Outcome: broker.AuditRefused,
				Remote: request.RemoteAddr, Code: strconv.Itoa(http.StatusUnauthorized), Reason: help,
			})
			w.Header().Set("Connection", "close")
			http.Error(w, help, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, request)
	})
}

func (r *reloader) checkCertificate(request *http.Request) error {
	now := r.server()
	if request.TLS == nil || now == nil {
		return nil
	}
	return now.Accepts(request.TLS)
}
