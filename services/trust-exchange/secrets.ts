/** What one Secret must hold: decides on leaf and roots, and renders all three values at once or none. */
import { pairingAnnotation } from '../../model/federation';
import type { Secret } from '../common/kubernetes';
import type { NewAlarm } from './alarms';
import { decideBundle } from './bundle';
import { readCertificates } from './certificate';
import type { Target } from './config';
import { PlaneError } from './errors';
import { requestLeaf } from './issue';
import { decideLeaf, type LeafDecision, type LeafMaterial, leafFault } from './leaf';
import type { Peering } from './observed';
import type { Sign } from './signer';

export interface SecretContent extends LeafMaterial {
  /** ca.crt: the peer's roots. */
  readonly roots: string;
  /** Consul's id of the peering that `roots` came over; empty when unknown. */
  readonly pairing: string;
}

export interface SecretSituation {
  readonly target: Pick<Target, 'identity'>;
  readonly content: SecretContent;
  readonly activeRoot: string;
  readonly peering: Peering;
  readonly peerTrustDomain: string;
  readonly ownTrustDomains: readonly string[];
  readonly now: number;
}

export interface SecretPlan {
  readonly alarms: readonly NewAlarm[];
  /** Roots to trust; empty while no bundle was ever accepted: then nothing is written. */
  readonly roots: string;
  readonly pairing: string;
  readonly leaf: LeafDecision;
}

/** Pure. An alarm, or a peering that is down, leaves the roots that are trusted now. */
export function planSecret(situation: SecretSituation): SecretPlan {
  const { target, content, activeRoot, peering, now } = situation;
  const leaf = decideLeaf(content, { identity: target.identity, activeRoot, now });
  const known = (readCertificates(content.roots) ?? []).length > 0;
  const samePairing = content.pairing === peering.id;
  const unchanged = { leaf, roots: known ? content.roots : '', pairing: known ? content.pairing : '' };
  // An empty list is the peer's word only over a working stream on which roots came before.
  const withdrawn = peering.state === 'ACTIVE' && known && samePairing;
  if (peering.roots.length === 0 && !withdrawn) return { ...unchanged, alarms: [] };
  const decision = decideBundle(samePairing ? content.roots : '', peering.roots, {
    trustDomain: situation.peerTrustDomain,
    own: situation.ownTrustDomains,
  });
  return decision.action === 'accept'
    ? { alarms: [], leaf, roots: decision.pem, pairing: peering.id }
    : { ...unchanged, alarms: [{ kind: decision.kind, message: decision.message }] };
}

/**
 * What to write, with a new leaf where the plan asks for one; `undefined` when the Secret is right already or when
 * there are no roots yet. Throws {@link PlaneError} when what the plane signed is not what was asked for.
 */
export async function renderSecret(
  situation: SecretSituation,
  plan: SecretPlan,
  sign: Sign,
): Promise<SecretContent | undefined> {
  const { content, activeRoot } = situation;
  if (plan.roots === '') return undefined;
  if (plan.leaf.action === 'keep') {
    const right = plan.roots === content.roots && plan.pairing === content.pairing;
    return right ? undefined : { ...content, roots: plan.roots, pairing: plan.pairing };
  }
  const { identity } = situation.target;
  const { key, request } = await requestLeaf(identity);
  const chain = await sign(request);
  // Signing takes time, and the leaf's life starts after the situation was looked at.
  const now = Math.max(situation.now, Date.now());
  const fault = leafFault({ chain, key }, { identity, activeRoot, now });
  if (fault !== undefined) {
    throw new PlaneError(`the plane signed a leaf for ${identity} that is unusable (${fault}); it is not written`);
  }
  return { chain, key, roots: plan.roots, pairing: plan.pairing };
}

export function readSecret(secret: Secret): SecretContent {
  const text = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
  return {
    chain: text('tls.crt'),
    key: text('tls.key'),
    roots: text('ca.crt'),
    pairing: secret.metadata.annotations?.[pairingAnnotation] ?? '',
  };
}

export function writeSecret(content: SecretContent): Secret {
  const value = (text: string) => Buffer.from(text, 'utf8').toString('base64');
  return {
    metadata: { annotations: { [pairingAnnotation]: content.pairing } },
    data: { 'tls.crt': value(content.chain), 'tls.key': value(content.key), 'ca.crt': value(content.roots) },
  };
}
