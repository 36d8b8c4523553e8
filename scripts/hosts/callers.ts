/** Whether callees on hosts trust those who call them from other meshes. */
import { type Grant, grantsInto } from '../../model/access/table';
import { hostFiles } from '../../model/hosts';
import type { Lab } from '../../model/lab';
import { federationTrustDomain } from '../../model/planes';
import { localMeshes } from '../meshes';
import { envoyAdmin, envoyDaemon } from './envoy';
import { awaitDaemon } from './wait';

/** Rows that lead from another mesh to a service on a host of this machine. */
export function foreignCallers(lab: Lab): Grant[] {
  return localMeshes(lab)
    .filter(({ kind }) => kind === 'consul')
    .flatMap((own) => grantsInto(lab, own));
}

/** Resolves when each callee's proxy has its callers' roots: a proxy hears of them some time after the meshes are paired. */
export async function awaitCallers(lab: Lab): Promise<void> {
  await Promise.all(
    foreignCallers(lab).map(({ from, to }) => {
      const { envoyAdminSocket } = hostFiles(lab.name, to.mesh, to.name);
      const domain = federationTrustDomain(lab, from.mesh, to.mesh);
      const daemon = envoyDaemon(to);
      return awaitDaemon({ lab: lab.name, daemon, what: `it is told the root of ${from.mesh}`, timeout: 60_000 }, () =>
        trusts(envoyAdminSocket, domain),
      );
    }),
  );
}

async function trusts(adminSocket: string, domain: string): Promise<boolean> {
  const dump = await envoyAdmin(adminSocket, '/config_dump?resource=dynamic_listeners');
  return domains(JSON.parse(dump)).has(domain);
}

/** Trust domains whose roots a proxy has, anywhere in its configuration. */
export function domains(config: unknown): Set<string> {
  const found = new Set<string>();
  JSON.stringify(config, (key, value: unknown) => {
    if (key === 'trust_domains' && Array.isArray(value)) {
      for (const { name } of value as { readonly name: string }[]) found.add(name);
    }
    return value;
  });
  return found;
}
