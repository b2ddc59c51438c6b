/*
 * A model of the lock broker's protocol: a broker, a client, a rival and one exclusive lock. doc.go beside this file
 * says what the model covers. correspondence.md names the functions that each transition stands for.
 *
 * The client has everything that a client has: connections, a lease, a clock of its own, and all the faults. The rival
 * stands for everybody else. Its requests and the broker's answers take no time, so that the model stays small.
 *
 * Each transition is an inline whose name begins with client_, rival_, broker_, network_, process_, resource_ or
 * clock_. It takes effect at once. The search tries all orders of the transitions.
 *
 * These defines say what is explored:
 *
 *   FAULTS=n       the network fails n times
 *   PROXY          such a fault may be a FIN that a proxy has made up
 *   LOCK_DELAY     the broker runs with lock delay
 *   CRASHES=n      the client crashes, or says goodbye, n times
 *   EVICTIONS=n    an operator evicts the client's request n times
 *   FREEZES=n      the client freezes and thaws n times; a resource checks tokens
 *   BOOTS=n        the broker crashes and restarts n times
 *   GRANTS=n       the broker grants n requests in all, and counts tokens; without it there is no end
 *   CANCELS        the client may cancel its requests
 *   PROMPT         the network is prompt: no message takes longer than a tick
 *   TIMELESS       time passes only while the client is frozen, and there is no grace period
 *   SKEW=n         how many ticks the client's clock may be wrong by during a lease
 *
 * Every other define plants a fault. Search for FAULT to find them.
 */

/* Time passes in ticks of the broker's clock. TIMEOUT is the session timeout. LEASE is two thirds of it. */
#ifndef TIMEOUT
#define TIMEOUT 6
#endif
#define HEARTBEAT 2
#ifdef NO_LEASE_MARGIN /* FAULT: the lease is as long as the session timeout */
#define LEASE TIMEOUT
#else
#define LEASE (TIMEOUT * 2 / 3)
#endif

/* One tick in a lease of four is more than the 10 % that the promise allows. */
#ifndef SKEW
#define SKEW 1
#endif

#ifndef FAULTS
#define FAULTS 0
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef EVICTIONS
#define EVICTIONS 0
#endif
#ifndef FREEZES
#define FREEZES 0
#endif
#ifndef BOOTS
#define BOOTS 0
#endif

/* holds(n, c) checks c, which follows from promise n of broker/evidence/promise. A failure prints the number. */
#define holds(n, c) assert(n > 0 && (c))

/* A transition is indivisible. With COVERAGE, the checker sees its statements, and reports those that it has not reached. */
#ifdef COVERAGE
#define transition atomic
#else
#define transition d_step
#endif

/* Slots are connections: the client's current one, its earlier one, which may not have ended yet, and the rival's. */
#define SLOTS 3
#define NOW 0
#define EARLIER 1
#define RIVAL 2
#define NOBODY 9
#define NO_PING 9

mtype = { hello, pong, granted, ended, lost, closing }             /* messages to the client */
mtype = { connect, acquire, release, cancel, ping, fin, goodbye }  /* messages to the broker */
mtype = { none, connecting, connected, silent }                    /* a connection, as the client sees it */
mtype = { closed, open, kept }                                     /* a session */
mtype = { idle, pending, waiting, holding, releasing, cancelling } /* a request, as the client sees it */

/* The network. A direction that is cut delivers nothing more. An unused slot is cut in both directions. */
chan up[2] = [4] of { mtype };
chan down[2] = [4] of { mtype };
bool upCut[2] = true;
bool downCut[2] = true;

/* The client. */
mtype link[2] = none;
byte age[2];            /* ticks since the client sent the latest message that the broker has answered */
byte pingAge = NO_PING; /* ticks since the client sent the ping that is not answered yet */
mtype req = idle;
bool stopping;          /* the lease has ended, and the holder may still be at work */

/* The broker. */
mtype session[2] = closed;
mtype table[SLOTS] = none; /* the slot's request in the lock table: none, waiting or holding */
byte quiet[2];             /* ticks since the last sign of life */
chan queue = [4] of { byte };

/* What may still go wrong. */
byte faults = FAULTS;
byte crashes = CRASHES;
byte evictions = EVICTIONS;
byte freezes = FREEZES;
byte boots = BOOTS;

#if BOOTS > 0
byte grace;   /* what is left of the grace period */
bool lastRun; /* the client treats a lock of an earlier run of the broker as held */
#else
#define grace 0
#define lastRun false
#endif

#if EVICTIONS > 0 || FREEZES > 0
bool excused; /* the client may be a stale holder, because it was evicted or frozen */
#else
#define excused false
#endif

#if FREEZES > 0
bool isFrozen;
bool overslept; /* the client was frozen for longer than its lease */
byte greatestSeen; /* the greatest token that the resource has seen */
byte newestWriter; /* the number of the newest grant whose holder has written to the resource */
byte number[SLOTS];
byte grants;
#else
#define isFrozen false
#define overslept false
#endif

#ifdef GRANTS
#define RANGE 2             /* how many tokens are reserved at a time */
byte grantsLeft = GRANTS;
byte next = 1;              /* the next token */
byte allowed = 1 + RANGE;   /* tokens below it may be granted */
byte onDisk = 1 + RANGE;    /* the limit in the state directory */
byte greatest;              /* the greatest token that was granted */
byte token[SLOTS];          /* the token of the slot's grant */
#ifdef GRANT_UNRESERVED     /* FAULT: tokens are granted that the state directory has not reserved */
#define mayGrant (grantsLeft > 0)
#else
#define mayGrant (grantsLeft > 0 && next < allowed)
#endif
#else
#define mayGrant true
#endif

byte g;  /* for use within a transition; 0 between transitions */
mtype m; /* the same */

#include "network.pml"
#include "client.pml"
#include "broker.pml"
#include "trouble.pml"
#include "time.pml"
#include "processes.pml"
