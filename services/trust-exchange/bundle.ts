/** Decides whether a bundle of roots that the peer sent may replace the one that we trust. Pure. */
import { type Certificate, readCertificates, trustDomainOf } from './certificate';

export type BundleAlarm =
  | 'bundle-empty'
  | 'bundle-unreadable'
  | 'bundle-claims-ours'
  | 'bundle-foreign-domain'
  | 'bundle-replaced';

export type BundleDecision =
  | { readonly action: 'accept'; readonly pem: string; readonly roots: readonly Certificate[] }
  | { readonly action: 'alarm'; readonly kind: BundleAlarm; readonly message: string };

export interface BundleExpectation {
  /** The one trust domain that the peer may speak for. */
  readonly trustDomain: string;
  /** Trust domains that it must never speak for. */
  readonly own: readonly string[];
}

/**
 * @param trusted the bundle (PEM) that was accepted last in the same pairing; empty when there is none, and then any
 *   bundle of the right trust domain is taken: the pairing itself is the consent
 * @param offered the peer's roots as Consul lists them
 */
export function decideBundle(trusted: string, offered: readonly string[], expected: BundleExpectation): BundleDecision {
  const roots = readCertificates(offered.join('\n'));
  if (roots === undefined) return alarm('bundle-unreadable', 'the peer sent roots that are no certificates');
  if (roots.length === 0) return alarm('bundle-empty', 'the peer withdrew all of its roots');
  for (const root of roots) {
    const fault = rootFault(root, expected);
    if (fault !== undefined) return fault;
  }
  const distinct = [...new Map(roots.map((root) => [root.sha256, root])).values()].sort(byFingerprint);
  const before = readCertificates(trusted) ?? [];
  const kept = distinct.filter((root) => before.some((old) => old.sha256 === root.sha256));
  if (before.length > 0 && kept.length === 0) {
    return alarm(
      'bundle-replaced',
      `the peer replaced all roots at once: ${names(before)} by ${names(distinct)}; a rotation keeps the old root for hours. ` +
        'If the peer was really built anew, take the lab down and raise it again (isthmus down, isthmus up)',
    );
  }
  return { action: 'accept', pem: distinct.map((root) => root.pem).join(''), roots: distinct };
}

function rootFault(root: Certificate, expected: BundleExpectation): BundleDecision | undefined {
  if (!root.isCa) return alarm('bundle-unreadable', `certificate ${names([root])} of the peer's bundle is not a CA`);
  const claimed = root.uris.find((uri) => expected.own.some((own) => speaksFor(uri, own)));
  if (claimed !== undefined) {
    return alarm('bundle-claims-ours', `root ${names([root])} of the peer speaks for our own trust domain: ${claimed}`);
  }
  const domain = trustDomainOf(root);
  if (domain !== expected.trustDomain) {
    return alarm(
      'bundle-foreign-domain',
      `root ${names([root])} of the peer speaks for ${domain ?? 'no single trust domain'}, expected ${expected.trustDomain}`,
    );
  }
  return undefined;
}

/** Compares as careless parsers do: scheme and host of a URI don't depend on case. */
function speaksFor(uri: string, trustDomain: string): boolean {
  const prefix = `spiffe://${trustDomain}`.toLowerCase();
  const text = uri.toLowerCase();
  return text === prefix || text.startsWith(`${prefix}/`);
}

function alarm(kind: BundleAlarm, message: string): BundleDecision {
  return { action: 'alarm', kind, message };
}

function byFingerprint(a: Certificate, b: Certificate): number {
  return a.sha256 < b.sha256 ? -1 : a.sha256 > b.sha256 ? 1 : 0;
}

function names(roots: readonly Certificate[]): string {
  return roots.map((root) => root.sha256.slice(0, 16)).join(', ');
}
