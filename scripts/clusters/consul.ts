/** The Consul servers of a mesh, on hosts of this machine or on Kubernetes, with the right to everything. */
import type { ClusterAccess } from '../../model/cluster';
import { clusterAccess } from '../../model/cluster';
import type { Lab, Mesh } from '../../model/lab';
import { consulNamespace } from '../../model/names';
import { FailureError } from '../errors';
import { ConsulApi, managementApi } from '../hosts/consul-api';
import { kubectl } from '../kubectl';
import { withPortForward } from './port-forward';

/** What the chart names things, with `global.name: consul`. */
const chart = {
  server: { namespace: consulNamespace, service: 'consul-server', port: 8501 },
  ca: { secret: 'consul-ca-cert', key: 'tls.crt' },
  token: { secret: 'consul-bootstrap-acl-token', key: 'token' },
} as const;

/** Runs `work` with the management API of a lab's mesh. */
export async function withConsul<T>(lab: Lab, mesh: Mesh, work: (api: ConsulApi) => Promise<T>): Promise<T> {
  return withServers({ lab: lab.name, mesh: mesh.name, cluster: clusterAccess(lab, mesh) }, work);
}

/** Where Consul servers are. */
export interface Servers {
  readonly lab: string;
  readonly mesh: string;
  /** Undefined when they run on hosts of this machine. */
  readonly cluster: ClusterAccess | undefined;
}

/** The CA and the token are read for this work only: they are never in a file, an argument or a log. */
export async function withServers<T>(
  { lab, mesh, cluster }: Servers,
  work: (api: ConsulApi) => Promise<T>,
): Promise<T> {
  if (cluster === undefined) return work(managementApi(lab, mesh));
  const [ca, token] = await Promise.all([
    secretValue(cluster, mesh, chart.ca),
    secretValue(cluster, mesh, chart.token),
  ]);
  return withPortForward(cluster, chart.server, (port) => work(new ConsulApi({ port, ca }, token.trim())));
}

async function secretValue(
  cluster: ClusterAccess,
  mesh: string,
  { secret, key }: { readonly secret: string; readonly key: string },
): Promise<string> {
  const args = ['get', 'secret', secret, '--namespace', consulNamespace, '--ignore-not-found', '-o', 'json'];
  const { stdout } = await kubectl(cluster, args, { timeout: 30_000 });
  const data = stdout.trim() === '' ? {} : ((JSON.parse(stdout) as { data?: Record<string, string> }).data ?? {});
  const value = data[key];
  if (value !== undefined) return Buffer.from(value, 'base64').toString();
  throw new FailureError(
    `mesh ${mesh}: there is no key ${key} in Secret ${consulNamespace}/${secret}, which Consul's chart makes (global.name: consul, tls, acls.manageSystemACLs). What now: isthmus up, or install Consul with these values`,
  );
}

/** Key in a peering's metadata for the lab that made it. Consul takes letters, digits, - and _ only. */
export const peeringMark = 'isthmus-lab';

/** Where to see the access log of the mesh gateway on Kubernetes. */
export const meshGatewaySelector = 'component=mesh-gateway';
