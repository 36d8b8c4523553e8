/** Decides whether the leaf in a Secret may stay. Pure: the same inputs give the same answer after a restart, too. */
import { createHash } from 'node:crypto';
import { type Certificate, chainsTo, isCurrent, isKeyOf, readCertificates } from './certificate';

/** What is wrong with a leaf. `age` is none of the leaf's faults: half of its life is over. */
export type LeafFault = 'missing' | 'unreadable' | 'identity' | 'usage' | 'validity' | 'key' | 'chain' | 'age';

export type LeafDecision =
  | { readonly action: 'keep'; readonly notAfter: number; readonly renewAt: number }
  | { readonly action: 'renew'; readonly reason: LeafFault };

export interface LeafMaterial {
  /** tls.crt: the whole chain, leaf first. */
  readonly chain: string;
  /** tls.key: PKCS#8 PEM. */
  readonly key: string;
}

export interface LeafExpectation {
  readonly identity: string;
  /** The plane's active root, PEM. */
  readonly activeRoot: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Checks a chain and key, from a Secret or fresh from the signer. A leaf that leads to a root that is not active any
 * more has the fault `chain`: a rotated root renews every leaf.
 */
export function leafFault(material: LeafMaterial, expected: LeafExpectation): LeafFault | undefined {
  if (material.chain.trim() === '' || material.key.trim() === '') return 'missing';
  const chain = readCertificates(material.chain);
  const root = readCertificates(expected.activeRoot)?.[0];
  const leaf = chain?.[0];
  if (chain === undefined || leaf === undefined || root === undefined) return 'unreadable';
  if (leaf.uris.length !== 1 || leaf.uris[0] !== expected.identity || leaf.otherNames > 0) return 'identity';
  if (!leaf.isPeerLeaf) return 'usage';
  if (!isCurrent(leaf, expected.now)) return 'validity';
  if (!isKeyOf(material.key, leaf)) return 'key';
  return chainsTo(chain, root, expected.now) ? undefined : 'chain';
}

/** Keeps a faultless leaf until about half of its life. */
export function decideLeaf(material: LeafMaterial, expected: LeafExpectation): LeafDecision {
  const reason = leafFault(material, expected);
  if (reason !== undefined) return { action: 'renew', reason };
  const leaf = readCertificates(material.chain)?.[0];
  if (leaf === undefined) return { action: 'renew', reason: 'unreadable' };
  const renewAt = renewalTime(leaf);
  return expected.now >= renewAt
    ? { action: 'renew', reason: 'age' }
    : { action: 'keep', notAfter: leaf.notAfter, renewAt };
}

/**
 * Between 45 and 55 per cent of a leaf's life. The spread keeps leaves that were made together from being renewed
 * together; it comes from the certificate itself, so that it is the same after a restart.
 */
export function renewalTime(leaf: Pick<Certificate, 'sha256' | 'notBefore' | 'notAfter'>): number {
  const spread = createHash('sha256').update(leaf.sha256).digest().readUInt32BE(0) / 2 ** 32;
  return Math.round(leaf.notBefore + (leaf.notAfter - leaf.notBefore) * (0.45 + 0.1 * spread));
}
