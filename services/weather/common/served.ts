/** Who answered a request, and whom it saw as its caller: what the page shows as provenance. */
import type { Served } from './answers';
import type { Environment } from './environment';
import { parseXfcc } from './xfcc';

/** Where a program runs, as far as it knows. */
export type Home = Pick<Environment, 'mesh' | 'meshKind'> & { readonly service: string };

/**
 * Reads what the proxy in front of this program verified. The last element is the nearest proxy's; anything before it
 * may have come from the client. For showing only: access is decided by the proxies, never by this header, because a
 * caller that reaches a program without a proxy can write anything there.
 */
export function servedBy(home: Home, xfcc: string | undefined): Served {
  const nearest = parseXfcc(xfcc ?? '').at(-1);
  return {
    service: home.service,
    mesh: home.mesh ?? null,
    kind: home.meshKind ?? null,
    identity: joined(nearest?.by),
    caller: joined(nearest?.uris),
  };
}

/** A certificate with several names is shown with all of them: hiding one would hide an impersonation. */
function joined(names: readonly string[] | undefined): string | null {
  return names === undefined || names.length === 0 ? null : names.join(', ');
}
