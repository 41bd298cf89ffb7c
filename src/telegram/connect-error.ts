/** Why there was no connection to be had. */

/**
 * No connection could be made. Nothing is written before there is one, so whatever was to be sent has not left this machine.
 * The message is for people; it names a proxy by its host and port, never by its user or password.
 */
export class ConnectError extends Error {}

/** A proxy wants a user and a password, or others than it was given. */
export class ProxyRefusesUserError extends ConnectError {}
