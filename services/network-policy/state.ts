/** What the enforcer knows of the cluster: only the fields that it reads. */
import type { NetworkPolicy } from '../../model/network-policy/policy';

type Labels = Readonly<Record<string, string>>;

export interface PodObject {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels?: Labels };
  readonly spec: { readonly hostNetwork?: boolean };
  readonly status?: { readonly podIP?: string; readonly phase?: string };
}

export interface NamespaceObject {
  readonly metadata: { readonly name: string; readonly labels?: Labels };
}

export interface ClusterState {
  readonly pods: readonly PodObject[];
  readonly namespaces: readonly NamespaceObject[];
  readonly policies: readonly NetworkPolicy[];
}

/** A pod that has an address of its own and may use it. */
export interface LivePod {
  readonly namespace: string;
  readonly labels: Labels;
  readonly address: string;
}

export function livePods({ pods }: ClusterState): LivePod[] {
  return pods.flatMap(({ metadata: { namespace, labels = {} }, spec, status = {} }) => {
    const { podIP, phase } = status;
    // The address of a pod that ended may be another's by now.
    const ended = phase === 'Succeeded' || phase === 'Failed';
    return podIP === undefined || spec.hostNetwork === true || ended ? [] : [{ namespace, labels, address: podIP }];
  });
}
