package main

import (
	"net/http"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/cmd/brokerd/internal/quiet"
)

// checkCertificates refuses a request if the authorities in force do not accept the certificate of its connection. The
// connection may have been made before they were replaced. It then ends.
func (r *reloader) checkCertificates(next http.Handler) http.Handler {
	refused := quiet.NewLine(r.log)
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if now := r.server(); request.TLS != nil && now != nil {
			if err := now.Accepts(request.TLS); err != nil {
				refused.Warn("refused a request: --tls-client-ca does not accept the client certificate",
					func(e *zerolog.Event) { e.Err(err).Str("remote", request.RemoteAddr) })
				w.Header().Set("Connection", "close")
				http.Error(w, "not authenticated: the client certificate is not accepted", http.StatusUnauthorized)
				return
			}
		}
		next.ServeHTTP(w, request)
	})
}
