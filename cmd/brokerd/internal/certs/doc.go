// Package certs makes the TLS configuration of brokerd from files: the broker's certificate and its key, and the
// authorities of the clients' certificates. Start with [Files].
//
// To find out whether the files have changed, compare the Sum of their [Contents]. Times and inodes would miss a
// file that was replaced through a link.
//
// A configuration is made only if all files are good, and if the certificate fits the key. The package cannot see
// that a certificate is for another name, or that a client distrusts its authority.
package certs
