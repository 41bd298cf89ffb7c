/** Errors of connecting. */

/**
 * No connection could be made, so nothing has left this machine. The message is for people; it names a proxy by host and
 * port, never by user or password.
 */
export class ConnectError extends Error {}

/** A proxy wants a user and a password, or rejects those it was given. */
export class ProxyRefusesUserError extends ConnectError {}
