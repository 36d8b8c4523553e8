/** The Consul side of `isthmus status`, from Consul's HTTP API. */
import type { Lab, Mesh } from '../../model/lab';
import { federationTrustDomain, planes } from '../../model/planes';
import { type ConsulApi, managementApi } from '../hosts/consul-api';
import { rootsOf } from './certificates';
import type { MeshStatus, PeeringStatus } from './model';

interface Check {
  readonly Node: string;
  readonly Name: string;
  readonly Status: string;
  readonly Output: string;
}

interface Roots {
  readonly TrustDomain: string;
  readonly Roots: readonly { readonly RootCert: string; readonly Active: boolean }[];
}

export async function consulStatus(lab: Lab, mesh: Mesh): Promise<MeshStatus> {
  const common = { name: mesh.name, kind: mesh.kind, trustDomain: mesh.trustDomain };
  try {
    const api = managementApi(lab.name, mesh.name);
    const [checks, { TrustDomain, Roots }] = await Promise.all([
      api.get<Check[]>('/v1/health/state/any'),
      api.get<Roots>('/v1/connect/ca/roots'),
    ]);
    const problems = [
      ...checks
        .filter(({ Status }) => Status !== 'passing')
        .map(({ Node, Name, Output }) => `${Node}: ${Name}: ${Output.trim().split('\n')[0]}`),
      ...(TrustDomain === mesh.trustDomain
        ? []
        : [`the trust domain is ${TrustDomain}, the plan says ${mesh.trustDomain}`]),
    ];
    return {
      ...common,
      roots: rootsOf(Roots.map(({ RootCert }) => RootCert).join('\n')),
      healthy: problems.length === 0,
      problems,
    };
  } catch (error) {
    return { ...common, roots: [], healthy: false, problems: [(error as Error).message] };
  }
}

interface Peering {
  readonly State: string;
  readonly PeerCAPems?: readonly string[] | null;
}

/** What a Consul mesh says of its peers. */
export async function peeringStatus(lab: Lab, mesh: Mesh): Promise<PeeringStatus[]> {
  const pairs = planes(lab).filter(({ peer }) => peer.name === mesh.name);
  return Promise.all(
    pairs.map(async ({ own }) => {
      const found = await findPeering(lab, mesh, own.name);
      return {
        mesh: mesh.name,
        peer: own.name,
        state: found?.State ?? 'NONE',
        trustDomain: federationTrustDomain(lab, own.name, mesh.name),
        roots: rootsOf((found?.PeerCAPems ?? []).join('\n')),
      };
    }),
  );
}

async function findPeering(lab: Lab, mesh: Mesh, name: string): Promise<Peering | undefined> {
  try {
    const api: ConsulApi = managementApi(lab.name, mesh.name);
    return await api.find<Peering>(`/v1/peering/${name}`);
  } catch {
    return undefined;
  }
}
