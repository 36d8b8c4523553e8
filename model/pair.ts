/** What the plan tells `isthmus pair`: who is introduced to whom, and how each side is reached. */
import { type ClusterAccess, clusterAccess } from './cluster';
import type { Lab, Mesh } from './lab';

export interface PairSide {
  readonly mesh: string;
  /** Kubernetes cluster of the mesh. @default - it runs on hosts of this machine */
  readonly cluster?: ClusterAccess;
}

export interface Pair {
  readonly lab: string;
  /** The Istio mesh, whose plane dials. */
  readonly dialer: PairSide;
  /** The Consul mesh, which makes the one-time token. */
  readonly acceptor: PairSide;
}

export function pairOf(lab: Lab, dialer: Mesh, acceptor: Mesh): Pair {
  return { lab: lab.name, dialer: sideOf(lab, dialer), acceptor: sideOf(lab, acceptor) };
}

function sideOf(lab: Lab, mesh: Mesh): PairSide {
  const cluster = clusterAccess(lab, mesh);
  return cluster === undefined ? { mesh: mesh.name } : { mesh: mesh.name, cluster };
}
