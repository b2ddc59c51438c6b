package fence

// LogStart logs what to expect of this run's fencing tokens. dir is the state directory, or "" if
// there is none.
func (s *Supply) LogStart(dir string) {
	b := s.beginning
	if b.Warning != "" {
		s.logger.Warn().Str("state_dir", dir).Int64("token", b.First).Msg(b.Warning)
	}
	switch {
	case dir == "":
		s.logger.Info().Msg("no state directory: fencing tokens start from this machine's clock, " +
			"and rise across a restart only if it is not set back; " +
			"after a crash locks are granted at once, although there may be stale holders")
	case b.Restored:
		s.logger.Warn().Str("state_dir", dir).Int64("token", b.First).Stringer("grace", b.Grace).
			Msg("the state directory was restored from a copy, or moved: " +
				"it may know nothing of later runs. " +
				"Tokens continue from this machine's clock if that is ahead, " +
				"and nothing is granted until the clients of those runs have given up their locks")
	case b.Grace == 0:
		s.logger.Info().Str("state_dir", dir).Int64("token", b.First).
			Msg("fencing tokens continue from the state directory")
	default:
		s.logger.Warn().Str("state_dir", dir).Int64("token", b.First).Stringer("grace", b.Grace).
			Msg("the last run did not stop cleanly: " +
				"nothing is granted until its clients have given up their locks")
	}
}
