/* What goes wrong in the network and in the process of the client. The restart is in broker.pml. */

inline network_cut_up(s) {
	faults--;
	cut_up(s)
}

inline network_cut_down(s) {
	faults--;
	cut_down(s)
}

/* network_reset_client: only the client sees the connection end. */
inline network_reset_client(s) {
	faults--;
	cut_up(s);
	cut_down(s);
	down[s]!closing
}

/* network_reset_broker: only the broker sees the connection end, by an error that the client has not caused. */
inline network_reset_broker(s) {
	faults--;
	cut_up(s);
	cut_down(s);
	end_session(s, true)
}

/* network_forged_fin: a proxy ends the broker's side. */
inline network_forged_fin(s) {
	faults--;
	cut_up(s);
	cut_down(s);
	end_session(s, hasLockDelay)
}

inline process_crash() {
	crashes--;
	stopping = false;
	req = idle;
	pingAge = NO_PING;
	note_stopped();
	if :: link[0] != none -> close_link(0, fin) :: else -> skip fi;
	if :: link[1] != none -> close_link(1, fin) :: else -> skip fi
}

#if FREEZES > 0
inline process_freeze() {
	freezes--;
	isFrozen = true;
	excused = treatsAsHeld
}

inline process_thaw() {
	isFrozen = false
}

/* resource_write: a holder writes to the resource, which refuses a token that is less than one that it has seen. */
inline resource_write(s) {
	if
#ifndef NO_FENCE /* FAULT: the resource does not check tokens */
	:: token[s] < greatestSeen -> skip
#endif
	:: else ->
		holds(6, number[s] >= newestWriter);
		newestWriter = number[s];
		greatestSeen = token[s]
	fi
}
#endif

