/** Brings the plane's catalog up to date with the plan's exports and with how they really stand. */
import type { ExportConfig, PlaneConfig } from '../../model/federation';
import { federationGateway } from '../../model/names';
import {
  catalogChanges,
  type ExportHealth,
  exportNode,
  type NodeCheck,
  type NodeServices,
  wantedEntries,
} from './catalog';
import { targetKey } from './config';
import type { ConsulClient } from './consul';
import type { Kubernetes } from './kubernetes';
import type { SecretState } from './reconcile';

export interface ExportReconciler {
  readonly config: PlaneConfig;
  readonly kubernetes: Pick<Kubernetes, 'readyReplicas'>;
  /** With the right to read. */
  readonly consul: Pick<ConsulClient, 'get'>;
  /** With the right to keep the entries. */
  readonly catalog: Pick<ConsulClient, 'put'>;
}

export interface ExportOutcome {
  /** Undefined while not every Secret was looked at: then nothing is written. */
  readonly health: ExportHealth | undefined;
  readonly wrote: boolean;
}

/** @param secrets how each Secret stands, by target key */
export async function reconcileExports(
  { config, kubernetes, consul, catalog }: ExportReconciler,
  secrets: ReadonlyMap<string, SecretState>,
  now: number,
): Promise<ExportOutcome> {
  // Right after a start nothing is known yet, and what the catalog says from before still holds.
  const isPending = (item: ExportConfig) => secrets.get(targetKey(item))?.pending ?? !secrets.has(targetKey(item));
  if (config.exports.some(isPending)) return { health: undefined, wrote: false };
  const health = await exportHealth(config, kubernetes, secrets, now);
  const node = await consul.get<NodeServices>(`/v1/catalog/node-services/${exportNode}`);
  const checks = node.Node === null ? [] : await consul.get<readonly NodeCheck[]>(`/v1/health/node/${exportNode}`);
  const changes = catalogChanges(wantedEntries(config, health), node, checks);
  for (const entry of changes.register) await catalog.put('/v1/catalog/register', entry);
  for (const entry of changes.deregister) await catalog.put('/v1/catalog/deregister', entry);
  return { health, wrote: changes.register.length + changes.deregister.length > 0 };
}

async function exportHealth(
  config: PlaneConfig,
  kubernetes: Pick<Kubernetes, 'readyReplicas'>,
  secrets: ReadonlyMap<string, SecretState>,
  now: number,
): Promise<ExportHealth> {
  const [first] = config.exports;
  if (first === undefined) return { gateway: undefined, faults: new Map() };
  const ready = await kubernetes.readyReplicas({ namespace: first.namespace, name: federationGateway });
  const faults = config.exports.flatMap((item) => {
    const { leafNotAfter, fault } = secrets.get(targetKey(item)) ?? {};
    // A leaf that could not be renewed serves until it ends.
    if (leafNotAfter !== undefined && leafNotAfter > now) return [];
    return [[item.name, fault ?? 'the leaf ended'] as const];
  });
  return { gateway: ready > 0 ? undefined : 'the federation gateway has no ready pod', faults: new Map(faults) };
}
