/**
 * The beginning of a transaction of several messages. A machine may vanish between two of them: its power fails, its network is cut, it is
 * stopped. Nothing tells the database, and what the transaction has locked would stay locked for hours, for all machines. So the database ends
 * a transaction that waits too long for its next message. A machine that was only slow does it again.
 *
 * A message counts as waited for until all of it is there. The repetition has a new connection, which prepares its statements by short messages of
 * their own: so a link that is too slow for much data holds up a transaction once, not for ever.
 *
 * The statements take a lock, and then look: they have to see what was committed while they waited for it. So the isolation is that one in which
 * each statement does, also where a role or a database has another default.
 */

/** Less than a lease lives, so that nobody waits for a dead server's locks; enough for some lost packets: ms. */
const IDLE = 2000;

/** The same where no server works, and a file is read or written between two messages: ms. */
const IDLE_ALONE = 60_000;

/** SQL of two statements. */
export const BEGIN = begin(IDLE);

/** SQL that begins a transaction in which no server takes a shard, and none appends. */
export function beginAlone(schema: string): string {
  return `${begin(IDLE_ALONE)}; LOCK TABLE ${schema}.lease IN EXCLUSIVE MODE`;
}

function begin(idle: number): string {
  return `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = ${idle}`;
}
