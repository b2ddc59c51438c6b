package fence

// LogStart tells the log what to expect of the tokens of this run. dir is the state directory; "":
// there is none.
func (s *Supply) LogStart(dir string) {
	b := s.beginning
	if b.Warning != "" {
		s.logger.Warn().Str("state_dir", dir).Int64("token", b.First).Msg(b.Warning)
	}
	switch {
	case dir == "":
		s.logger.Info().Msg("no state directory: fencing tokens start from the clock of this machine, " +
			"and rise over a restart only if it is not set back; " +
			"after a crash locks are granted at once, although there may be stale holders")
	case b.Restored:
		s.logger.Warn().Str("state_dir", dir).Int64("token", b.First).Stringer("grace", b.Grace).
			Msg("the state directory was restored from a copy, or moved: " +
				"later runs may be missing from it. " +
				"Tokens continue from the clock of this machine if that is more, " +
				"and nothing is granted until the clients of such runs have given up their locks")
	case b.Grace == 0:
		s.logger.Info().Str("state_dir", dir).Int64("token", b.First).
			Msg("fencing tokens go on from the state directory")
	default:
		s.logger.Warn().Str("state_dir", dir).Int64("token", b.First).Stringer("grace", b.Grace).
			Msg("the last run did not stop cleanly: " +
				"nothing is granted until its clients have given up their locks")
	}
}
