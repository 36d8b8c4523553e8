/** Whether services on hosts have the roots of those who call them from other meshes. */
import { grantsInto } from '../../model/access/table';
import { hostFiles } from '../../model/hosts';
import type { Lab, Service } from '../../model/lab';
import { federationTrustDomain } from '../../model/planes';
import { localMeshes } from '../meshes';
import { managementApi } from './consul-api';
import { envoyDaemon, listenerDump } from './envoy';
import { awaitDaemon } from './wait';

/** A service on a host, and a mesh whose services may call it. */
export interface CalledFromOutside {
  readonly callee: Service;
  /** Name of the callers' mesh, and of its peering. */
  readonly peer: string;
}

/** Services on hosts of this machine that a row lets another mesh call. */
export function calledFromOutside(lab: Lab): CalledFromOutside[] {
  const rows = localMeshes(lab)
    .filter(({ kind }) => kind === 'consul')
    .flatMap((own) => grantsInto(lab, own))
    .map(({ from, to }): [string, CalledFromOutside] => [`${from.mesh} ${to.id}`, { callee: to, peer: from.mesh }]);
  return [...new Map(rows).values()];
}

/** Resolves when each callee's proxy has its callers' roots: it hears of them a moment after the meshes are paired. */
export async function awaitRoots(lab: Lab, signal: AbortSignal): Promise<void> {
  for (const { callee, peer } of calledFromOutside(lab)) {
    const api = managementApi(lab.name, callee.mesh);
    const { envoyAdminSocket } = hostFiles(lab.name, callee.mesh, callee.name);
    const domain = federationTrustDomain(lab, peer, callee.mesh);
    const awaited = {
      lab: lab.name,
      daemon: envoyDaemon(callee),
      what: `it is told the root of ${peer}'s services`,
      timeout: 60_000,
      hints: () => [`What now: isthmus status tells whether ${callee.mesh} and ${peer} are paired; isthmus up goes on`],
      signal,
    };
    await awaitDaemon(awaited, async () => {
      const { PeerCAPems } = await api.get<Peering>(`/v1/peering/${peer}`);
      return hasAll(trustedRoots(await listenerDump(envoyAdminSocket), domain), PeerCAPems ?? []);
    });
  }
}

interface Peering {
  readonly PeerCAPems?: readonly string[] | null;
}

interface Dump {
  readonly configs?: readonly {
    readonly active_state?: { readonly listener: { readonly filter_chains?: readonly FilterChain[] } };
  }[];
}

interface FilterChain {
  readonly transport_socket?: {
    readonly typed_config?: {
      readonly common_tls_context?: {
        readonly validation_context?: {
          readonly custom_validator_config?: { readonly typed_config?: { readonly trust_domains?: readonly Trust[] } };
        };
      };
    };
  };
}

/** Envoy's SPIFFE validator has the roots of each trust domain by itself. */
interface Trust {
  readonly name: string;
  readonly trust_bundle: { readonly inline_string?: string };
}

/** Roots (PEM) of a trust domain by which listeners that are in force check callers. */
export function trustedRoots(dump: string, domain: string): string {
  const { configs = [] } = JSON.parse(dump) as Dump;
  return configs
    .flatMap(({ active_state }) => active_state?.listener.filter_chains ?? [])
    .flatMap(({ transport_socket }) => {
      const { validation_context } = transport_socket?.typed_config?.common_tls_context ?? {};
      return validation_context?.custom_validator_config?.typed_config?.trust_domains ?? [];
    })
    .filter(({ name }) => name === domain)
    .map(({ trust_bundle }) => trust_bundle.inline_string ?? '')
    .join('\n');
}

/** Whether a bundle has all of these roots; there must be one. */
function hasAll(bundle: string, roots: readonly string[]): boolean {
  return roots.length > 0 && roots.every((root) => bundle.includes(root.trim()));
}
