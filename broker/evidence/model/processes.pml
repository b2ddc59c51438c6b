/* The processes: which transition may happen when. */

/* What is due comes first: a client whose lease is over reads nothing more. */
#define mayRead (!isFrozen && !mustEndLease)

active proctype Reader() {
	do
	:: transition { mayRead && down[NOW]?[hello] -> client_hello() }
	:: transition { mayRead && down[NOW]?[pong] -> client_pong() }
	:: transition { mayRead && down[NOW]?[granted] -> client_granted() }
	:: transition { mayRead && down[NOW]?[ended] -> client_ended() }
	:: transition { mayRead && down[NOW]?[lost] -> client_lost() }
	:: transition { mayRead && down[NOW]?[closing] -> client_closing() }
	od
}

active proctype Caller() {
	do
	:: transition { !isFrozen && req == idle && !stopping -> client_acquire() }
	:: transition { !isFrozen && req == holding -> client_release() }
#ifdef CANCELS
	:: transition { !isFrozen && (req == waiting || req == pending) -> client_cancel() }
#endif
	:: transition { !isFrozen && stopping -> client_stopped() }
#if FREEZES > 0
	:: transition { !isFrozen && req == holding -> resource_write(NOW) }
#endif
	od
}

active proctype Supervisor() {
	do
	:: transition { !isFrozen && req == pending && !isLive && (isUnused(NOW) || isUnused(EARLIER)) -> client_connect() }
	:: transition { !isFrozen && mayPing -> client_ping() }
	:: transition { !isFrozen && mayEndLease -> client_lease_end() }
	:: transition { !isFrozen && link[0] == silent && !stopping -> client_silence_end(0) }
	:: transition { !isFrozen && link[1] == silent && !stopping -> client_silence_end(1) }
#ifdef ANSWER_BEFORE_GIVING_UP /* FAULT: the client's library answers a close frame before the client gives up */
	:: transition { down[NOW]?[closing] && !upCut[NOW] -> client_answers_early() }
#endif
	od
}

#ifdef TIMELESS
#define isSilent(s) isFrozen
#else
#define isSilent(s) (quiet[s] == TIMEOUT)
#endif

proctype Session(bit s) {
	do
	:: transition { up[s]?[connect] -> broker_connect(s) }
	:: transition { session[s] == open && up[s]?[ping] -> broker_ping(s) }
	:: transition { session[s] == open && up[s]?[acquire] -> broker_acquire(s) }
	:: transition { session[s] == open && up[s]?[release] -> broker_release(s) }
	:: transition { session[s] == open && up[s]?[cancel] -> broker_cancel(s) }
	:: transition { session[s] == open && up[s]?[fin] -> broker_fin(s) }
	:: transition { session[s] == open && up[s]?[goodbye] -> broker_goodbye(s) }
	:: transition { session[s] == kept && len(up[s]) > 0 -> broker_answer(s) }
#ifndef SILENCE_UNNOTICED /* FAULT: a silent session is not ended */
	:: transition { session[s] == open && isSilent(s) -> broker_silent(s) }
#endif
	:: transition { session[s] == kept && isSilent(s) -> broker_unkeep(s) }
	od
}

active proctype Rival() {
	do
	:: transition { table[RIVAL] == none -> rival_acquire() }
	:: transition { table[RIVAL] == holding -> rival_release() }
#if FREEZES > 0
	:: transition { table[RIVAL] == holding -> resource_write(RIVAL) }
#endif
	od
}

active proctype Clock() {
	do
#ifdef TIMELESS
	:: transition { nothingOnItsWay -> check_views() }
#else
	:: transition { !isUrgent && isPrompt -> clock_tick() }
#endif
	od
}

#ifdef GRANTS
active proctype Disk() {
	do
	:: transition { grantsLeft > 0 && allowed - next < RANGE -> broker_reserve() }
	od
}
#endif

#define isUsed(s) (faults > 0 && (link[s] != none || session[s] != closed))

/* Network(s) is what goes wrong with the connection of slot s. */
#if FAULTS > 0
proctype Network(bit s) {
	do
	:: transition { isUsed(s) && !upCut[s] -> network_cut_up(s) }
	:: transition { isUsed(s) && !downCut[s] -> network_cut_down(s) }
	:: transition { isUsed(s) && s == NOW && isLive -> network_reset_client(s) }
	:: transition { isUsed(s) && session[s] == open -> network_reset_broker(s) }
	:: transition { isUsed(s) && session[s] == open -> broker_closes(s) }
#ifdef PROXY
	:: transition { isUsed(s) && session[s] == open -> network_forged_fin(s) }
#endif
	od
}
#endif

/* Trouble is everything else that goes wrong. */
#if CRASHES > 0 || EVICTIONS > 0 || FREEZES > 0 || BOOTS > 0
active proctype Trouble() {
	do
#if CRASHES > 0
	:: transition { crashes > 0 -> process_crash() }
	:: transition { crashes > 0 && link[NOW] == connected -> client_goodbye() }
#endif
#if EVICTIONS > 0
	:: transition { evictions > 0 && table[0] == holding && session[0] == open -> broker_evict(0) }
	:: transition { evictions > 0 && table[1] == holding && session[1] == open -> broker_evict(1) }
#endif
#if FREEZES > 0
	:: transition { freezes > 0 && !isFrozen -> process_freeze() }
	:: transition { isFrozen -> process_thaw() }
#endif
#if BOOTS > 0
	:: transition { boots > 0 -> broker_restart(true) }
	:: transition { boots > 0 -> broker_restart(false) }
#endif
	od
}
#endif

init {
	atomic {
		run Session(0);
		run Session(1);
#if FAULTS > 0
		run Network(0);
		run Network(1);
#endif
		skip
	}
}

/* ---- liveness, under weak fairness ---- */

#ifdef LIVENESS
#define isDeadHolder (table[EARLIER] == holding || (table[NOW] == holding && !isLive))

/* P7: if a client no longer holds, the lock becomes free for others. */
ltl P7 { [] (isDeadHolder -> <> !isDeadHolder) }

/* P17: every waiter is granted its lock, or ends. */
ltl P17 { [] ((table[RIVAL] == waiting) -> <> (table[RIVAL] != waiting)) }
ltl P17client { [] ((req == waiting || req == pending) -> <> (req != waiting && req != pending)) }
#endif
