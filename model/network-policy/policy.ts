/** Kubernetes NetworkPolicies as plain data. */
import type { KubeObject } from '../kube';

export interface PolicyPort {
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

/** Pods by their labels; all of them when it is empty. */
export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

/** Pods, or addresses. Both selectors together mean pods with these labels in namespaces with those. */
export interface Peer {
  /** @default - every pod of the namespaces */
  readonly podSelector?: Selector;
  /** @default - the policy's own namespace */
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

/** Where connections may come from, or go to, and at which ports. */
export interface Opening {
  /** @default - from or to anywhere */
  readonly peers?: readonly Peer[];
  readonly ports: readonly PolicyPort[];
}

export interface PolicySpec {
  readonly podSelector: Selector;
  readonly policyTypes: readonly ('Ingress' | 'Egress')[];
  readonly ingress: readonly { readonly from?: readonly Peer[]; readonly ports: readonly PolicyPort[] }[];
  readonly egress: readonly { readonly to?: readonly Peer[]; readonly ports: readonly PolicyPort[] }[];
}

export interface NetworkPolicy extends KubeObject {
  readonly kind: 'NetworkPolicy';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: PolicySpec;
}

export interface PolicyOptions {
  readonly name: string;
  readonly namespace: string;
  /** Labels of the pods that it is about. @default - every pod of the namespace */
  readonly pods?: Readonly<Record<string, string>>;
  /** @default - nothing comes in */
  readonly from?: readonly Opening[];
  /** @default - nothing goes out */
  readonly to?: readonly Opening[];
}

/** A policy in both directions: what it does not open is closed for its pods, unless another policy opens it. */
export function networkPolicy({ name, namespace, pods, from = [], to = [] }: PolicyOptions): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: {
      podSelector: pods === undefined ? {} : { matchLabels: pods },
      policyTypes: ['Ingress', 'Egress'],
      ingress: from.map(({ peers, ports }) => ({ ...(peers === undefined ? {} : { from: peers }), ports })),
      egress: to.map(({ peers, ports }) => ({ ...(peers === undefined ? {} : { to: peers }), ports })),
    },
  };
}

/**
 * Closes a namespace: for every pod in it only what this and other policies open is open.
 * @param to what every pod there may reach
 */
export function closed(namespace: string, to: readonly Opening[] = []): NetworkPolicy {
  return networkPolicy({ name: 'default', namespace, to });
}

export function tcp(...ports: readonly number[]): PolicyPort[] {
  return ports.map((port) => ({ protocol: 'TCP', port }));
}

/** Label that Kubernetes gives every namespace. */
const nameLabel = 'kubernetes.io/metadata.name';

/** Pods of one namespace. */
export function podsOf(namespace: string, labels?: Readonly<Record<string, string>>): Peer {
  return {
    namespaceSelector: { matchLabels: { [nameLabel]: namespace } },
    ...(labels === undefined ? {} : { podSelector: { matchLabels: labels } }),
  };
}

export function address(text: string): Peer {
  return { ipBlock: { cidr: `${text}/32` } };
}
