//go:build !unix

package screen

import tea "charm.land/bubbletea/v2"

// HeedStops does nothing: the system has no SIGTSTP.
func HeedStops(*tea.Program) (end func()) { return func() {} }

// Stop does nothing: the system has no SIGTSTP.
func Stop() tea.Msg { return nil }
