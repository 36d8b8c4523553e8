/** Brings one object in Kubernetes up to date with what was observed. Reads, lets the pure parts decide, writes. */
import type { ImportConfig, PlaneConfig } from '../../model/federation';
import { importLabel } from '../../model/names';
import type { NewAlarm } from './alarms';
import { ownTrustDomains, type Target } from './config';
import { type Endpoint, entryChanges, gatewaysOf, readWorkloadEntry, workloadEntry } from './endpoints';
import type { Kubernetes } from './kubernetes';
import { decideLeaf, type LeafFault } from './leaf';
import type { Observed } from './observed';
import { planSecret, readSecret, renderSecret, writeSecret } from './secrets';
import type { Sign } from './signer';

export interface Reconciler {
  readonly config: PlaneConfig;
  readonly kubernetes: Kubernetes;
  readonly sign: Sign;
  readonly observed: Observed;
}

/** How one Secret stands. */
export interface SecretState {
  /** Milliseconds since the epoch. */
  readonly leafNotAfter?: number;
  /** Why it has no usable content; absent when all is well. */
  readonly fault?: string;
  /** Nothing could be looked at yet. */
  readonly pending?: true;
}

export interface SecretOutcome {
  readonly alarms: readonly NewAlarm[];
  readonly state: SecretState;
  /** Why the Secret was written; absent when it was right. */
  readonly wrote?: LeafFault | 'roots';
}

export interface ImportOutcome {
  readonly alarms: readonly NewAlarm[];
  /** What Istio has now. */
  readonly endpoints: readonly Endpoint[];
  readonly wrote: boolean;
}

export async function reconcileSecret(reconciler: Reconciler, target: Target): Promise<SecretOutcome> {
  const { config, kubernetes, sign, observed } = reconciler;
  const { activeRoot, peering } = observed;
  if (activeRoot === undefined)
    return { alarms: [], state: { fault: 'the plane has told no root yet', pending: true } };
  const name = { namespace: target.namespace, name: target.secret };
  const situation = {
    target,
    content: readSecret(await kubernetes.getSecret(name)),
    activeRoot,
    peering,
    peerTrustDomain: config.peerTrustDomain,
    ownTrustDomains: ownTrustDomains(config),
    now: Date.now(),
  };
  const plan = planSecret(situation);
  const content = await renderSecret(situation, plan, sign);
  if (content !== undefined) await kubernetes.applySecret(name, writeSecret(content));
  if (plan.roots === '') {
    return { alarms: plan.alarms, state: { fault: `no roots of ${config.peer} yet (peering ${peering.state})` } };
  }
  const expected = { identity: target.identity, activeRoot, now: Date.now() };
  const leaf = decideLeaf(content ?? situation.content, expected);
  const state = leaf.action === 'keep' ? { leafNotAfter: leaf.notAfter } : { fault: leaf.reason };
  const why = plan.leaf.action === 'renew' ? plan.leaf.reason : 'roots';
  return { alarms: plan.alarms, state, ...(content === undefined ? {} : { wrote: why }) };
}

export async function reconcileImport(reconciler: Reconciler, item: ImportConfig): Promise<ImportOutcome> {
  const { config, kubernetes, observed } = reconciler;
  const { namespace, name } = item;
  const listed = await kubernetes.listWorkloadEntries(namespace, `${importLabel}=${name}`);
  const existing = listed.map((object) => readWorkloadEntry(item, object));
  const seen = observed.gateways.get(name);
  const { peerTrustDomain, peerNetwork } = config;
  const { endpoints, alarms } = gatewaysOf(seen ?? [], { item, peerTrustDomain, peerNetwork });
  const empty = endpoints.length === 0;
  const keepLast = seen === undefined || (empty && (alarms.length > 0 || !observed.believesEmpty(Date.now())));
  if (keepLast) return { alarms, endpoints: existing, wrote: false };
  const changes = entryChanges(name, endpoints, existing);
  for (const { name: entry, endpoint } of changes.apply) {
    await kubernetes.applyWorkloadEntry({ namespace, name: entry }, workloadEntry(item, entry, endpoint));
  }
  for (const entry of changes.remove) await kubernetes.deleteWorkloadEntry({ namespace, name: entry });
  return { alarms, endpoints, wrote: changes.apply.length + changes.remove.length > 0 };
}
