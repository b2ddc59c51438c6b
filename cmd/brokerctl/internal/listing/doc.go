// Package listing puts what a broker says about locks, requests and changes into
// words for a terminal. No name in it can forge a line or reach the terminal: see
// [printable.Text].
package listing
