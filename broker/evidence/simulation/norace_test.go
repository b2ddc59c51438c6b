//go:build !race

package simulation

// usualSchedules is how many schedules the short form runs.
const usualSchedules = 3000
