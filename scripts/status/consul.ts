/** The Consul side of `isthmus status`, from Consul's HTTP API. */
import { type Lab, type Mesh, servicesOf } from '../../model/lab';
import { federationTrustDomain, planes } from '../../model/planes';
import { withConsul } from '../clusters/consul';
import { rootsOf } from './certificates';
import { listenerProblems } from './listeners';
import type { MeshStatus, PeeringStatus } from './model';

interface Check {
  readonly Node: string;
  readonly Name: string;
  /** Empty for a check of the node. */
  readonly ServiceName: string;
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
    const [checks, { TrustDomain, Roots }, listeners] = await withConsul(lab, mesh, (api) =>
      Promise.all([
        api.get<Check[]>('/v1/health/state/any'),
        api.get<Roots>('/v1/connect/ca/roots'),
        listenerProblems(lab, mesh, api),
      ]),
    );
    // In an existing mesh the services of others are none of our business.
    const ours = new Set(servicesOf(lab, mesh).map(({ name }) => name));
    const counts = ({ ServiceName }: Check) =>
      !mesh.existing || ServiceName === '' || ServiceName === 'mesh-gateway' || ours.has(ServiceName);
    const problems = [
      ...checks
        .filter((check) => check.Status !== 'passing' && counts(check))
        .map(({ Node, Name, Output }) => `${Node}: ${Name}: ${Output.trim().split('\n')[0]}`),
      ...(TrustDomain === mesh.trustDomain
        ? []
        : [`the trust domain is ${TrustDomain}, the plan says ${mesh.trustDomain}`]),
      ...listeners,
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
    return await withConsul(lab, mesh, (api) => api.find<Peering>(`/v1/peering/${name}`));
  } catch {
    return undefined;
  }
}
