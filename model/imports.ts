/** Imports of an Istio mesh with all the names and addresses that the plan needs. */
import { type Import, imports } from './access/table';
import { consulServiceIdentity, peeredServiceSni } from './identity';
import type { Lab, Mesh } from './lab';
import { importHost, importName } from './names';

export interface ResolvedImport extends Import {
  /** ServiceEntry name and value of the import label. */
  readonly name: string;
  /** Host by which pods call it. */
  readonly host: string;
  /** Address that the host resolves to inside pods; never routed. */
  readonly address: string;
  /** SNI and identity of the callee. */
  readonly sni: string;
  readonly identity: string;
}

/** Imports in the order of their names, each with an address of its own. */
export function resolvedImports(lab: Lab, own: Mesh): ResolvedImport[] {
  if (own.kind !== 'istio') return [];
  return imports(lab, own)
    .map((entry) => ({ ...entry, name: importName(entry.service.name, entry.peer.name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry, index) => ({
      ...entry,
      host: importHost(entry.service.name, entry.peer.name),
      address: `240.240.${Math.floor((index + 1) / 256)}.${(index + 1) % 256}`,
      sni: peeredServiceSni(entry.service.name, own.name, entry.peer.trustDomain),
      identity: consulServiceIdentity(entry.peer.trustDomain, entry.peer.datacenter ?? '', entry.service.name),
    }));
}
