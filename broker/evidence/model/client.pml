/* The client. */

#define isUnused(s) (link[s] == none && session[s] == closed && upCut[s] && downCut[s])
#define isLive (link[NOW] == connecting || link[NOW] == connected)
#define treatsAsHeld (req == holding || stopping)

/* note_stopped updates what the promises know, once the client may have stopped treating a lock as held. */
inline note_stopped() {
#if BOOTS > 0
	lastRun = lastRun && treatsAsHeld;
#endif
#if EVICTIONS > 0 || FREEZES > 0
	excused = excused && treatsAsHeld;
#endif
	skip
}

inline close_link(s, how) {
	link[s] = none;
	age[s] = 0;
	send_up(s, how);
	cut_down(s)
}

/* lose_connection decides what becomes of the request when the connection has ended for the client. */
inline lose_connection() {
#if FREEZES > 0
	overslept = false;
#endif
	pingAge = NO_PING;
	req = ((req == waiting || req == pending) -> pending : idle);
	note_stopped()
}

inline submit() {
	req = waiting;
	send_up(NOW, acquire)
}

/* ---- its transitions ---- */

/* client_connect begins a connection. The present one has ended for the client, and becomes the earlier one. */
inline client_connect() {
	if
	:: !isUnused(NOW) ->
		link[EARLIER] = link[NOW];
		session[EARLIER] = session[NOW];
		table[EARLIER] = table[NOW];
		quiet[EARLIER] = quiet[NOW];
		upCut[EARLIER] = upCut[NOW];
		do :: len(up[NOW]) > 0 -> up[NOW]?m; up[EARLIER]!m :: else -> break od;
		m = 0;
		queue!NOBODY;
		do
		:: queue?g;
			if
			:: g == NOBODY -> break
			:: else -> queue!(g == NOW -> EARLIER : g)
			fi
		od;
		g = 0;
		session[NOW] = closed;
		table[NOW] = none;
		quiet[NOW] = 0
	:: else -> skip
	fi;
	upCut[NOW] = false;
	downCut[NOW] = false;
	link[NOW] = connecting;
	send_up(NOW, connect)
}

inline client_hello() {
	down[NOW]?hello;
	link[NOW] = connected;
	if
	:: req == pending ->
#ifdef FORGET_RESUBMIT /* FAULT: a waiting request is not resubmitted */
		req = waiting
#else
		submit()
#endif
	:: else -> skip
	fi
}

inline client_ping() {
	send_up(NOW, ping);
	pingAge = 0
}

inline client_pong() {
	down[NOW]?pong;
#ifdef LEASE_FROM_ANSWER /* FAULT: the lease counts from the answer, not from when the ping was sent */
	age[NOW] = 0;
#else
	age[NOW] = pingAge;
#endif
	pingAge = NO_PING
}

inline client_acquire() {
	if
	:: link[NOW] == connected -> submit()
	:: else -> req = pending
	fi
}

/* client_granted: a request is granted once. A cancel on its way wins. */
inline client_granted() {
	down[NOW]?granted;
	holds(11, req != idle && req != pending);
	holds(12, req == waiting || req == cancelling);
#ifdef LEASE_FROM_GRANT /* FAULT: a grant extends the lease, although it answers no ping */
	age[NOW] = 0;
#endif
#ifdef IGNORE_CANCEL_RACE /* FAULT: a grant that crosses a cancel counts */
	holds(11, req != cancelling);
#endif
	if
	:: req == waiting -> req = holding
	:: else -> skip
	fi
}

inline client_release() {
	req = releasing;
	note_stopped();
	send_up(NOW, release)
}

inline client_cancel() {
	if
	:: req == pending -> req = idle
	:: else ->
		req = cancelling;
		send_up(NOW, cancel)
	fi
}

inline client_ended() {
	down[NOW]?ended;
	holds(12, req == releasing || req == cancelling);
	req = idle
}

inline client_lost() {
	down[NOW]?lost;
	holds(12, req == holding || req == releasing || req == cancelling);
	req = idle;
	note_stopped()
}

/* client_closing: the broker has closed the connection. The client first gives up its lock, and then answers. */
inline client_closing() {
	down[NOW]?closing;
	lose_connection();
	close_link(NOW, fin)
}

/* client_answers_early: the library answers the broker's close frame before the client has read it. */
inline client_answers_early() {
	send_up(NOW, fin);
	upCut[NOW] = true
}

inline client_lease_end() {
	if
	:: req == idle || req == pending || req == waiting ->
		lose_connection();
		close_link(NOW, fin)
	:: else ->
		stopping = (req == holding);
		lose_connection();
#ifdef CLOSE_INSTEAD_OF_SILENCE /* FAULT: the client closes the connection while its holder stops */
		close_link(NOW, fin)
#else
		link[NOW] = silent;
		age[NOW] = 0;
		cut_down(NOW)
#endif
	fi
}

inline client_stopped() {
	stopping = false;
	note_stopped()
}

/* client_silence_end may come at any time after the holder has stopped. The real client waits for the session timeout,
   and so gives the holder at least a third of that to stop. */
inline client_silence_end(s) {
	close_link(s, fin)
}

/* client_goodbye: the client ends its request, and then says so. */
inline client_goodbye() {
	crashes--;
#ifdef GOODBYE_WHILE_HOLDING /* FAULT: the client says goodbye before its holder has been stopped */
	stopping = (req == holding);
#endif
	req = idle;
	pingAge = NO_PING;
	note_stopped();
	close_link(NOW, goodbye)
}

