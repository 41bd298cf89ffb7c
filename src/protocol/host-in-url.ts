/** A host as it stands in URLs and before a port. */

/** @param host a name or an address; an IPv6 address without brackets gets them */
export function hostInUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
