// Package live shows a text on the whole terminal that is made anew again and again.
// Keys move through what does not fit. Start with [Run].
package live
