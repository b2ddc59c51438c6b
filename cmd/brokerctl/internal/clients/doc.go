// Package clients sorts the clients of a broker, and formats them in columns for people. [Table] and [Order] are for
// whole listings, and the functions are for views that draw one line at a time.
package clients
