/** A tiny interpreter of the AuthorizationPolicy and Sidecar objects that we generate; an unknown field is an error. */
import * as z from 'zod';
import type { KubeObject } from '../../model/kube';

export interface Seen {
  /** Identity of the client's certificate without `spiffe://`; empty without a certificate. */
  readonly principal: string;
  readonly method: string;
  readonly path: string;
  /** Port of the pod that the connection was made to. */
  readonly port: number;
  /** Whether it asks to switch protocols. @default - no */
  readonly upgrade?: boolean;
  /** Server name that the client asked for. @default - none */
  readonly sni?: string;
}

/** Pods that a policy may select. */
export interface Pods {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

const texts = z.array(z.string().min(1)).min(1);
const labels = z.record(z.string(), z.string().min(1));
const rule = z.strictObject({
  // An empty list or object would mean "any".
  from: z
    .array(z.strictObject({ source: z.strictObject({ principals: texts }) }))
    .min(1)
    .optional(),
  to: z
    .array(
      z.strictObject({
        operation: z.strictObject({ methods: texts.optional(), paths: texts.optional(), ports: texts.optional() }),
      }),
    )
    .min(1)
    .optional(),
  when: z
    .array(
      z.union([
        z.strictObject({ key: z.literal('connection.sni'), values: texts }),
        z.strictObject({ key: z.literal('request.headers[upgrade]'), notValues: z.tuple([z.literal('*')]) }),
      ]),
    )
    .min(1)
    .optional(),
});
const spec = z.strictObject({
  selector: z.strictObject({ matchLabels: labels }).optional(),
  action: z.literal('ALLOW').optional(),
  rules: z.array(rule).optional(),
});

/** Reads an ALLOW policy; the answer says whether it lets a request through to the workload. */
export function policyDecision(policy: KubeObject): (seen: Seen) => boolean {
  const { rules = [] } = spec.parse(policy.spec);
  return ({ principal, method, path, port, upgrade = false, sni = '' }) => {
    const [plain = ''] = path.split('?');
    return rules.some(
      ({ from, to, when = [] }) =>
        when.every((one) => ('values' in one ? matches(one.values, sni) : !upgrade)) &&
        (from === undefined || from.some(({ source }) => matches(source.principals, principal))) &&
        (to === undefined ||
          to.some(
            ({ operation }) =>
              matches(operation.methods, method) &&
              matches(operation.paths, plain) &&
              // Istio takes ports as they are, without patterns.
              operation.ports?.includes(String(port)) !== false,
          )),
    );
  };
}

const rootNamespace = 'istio-system';

/**
 * Reads all policies of a mesh; the answer says what those that select some pods let through together. Where none
 * selects them, everything passes.
 */
export function policies(objects: readonly KubeObject[]): (pods: Pods) => (seen: Seen) => boolean {
  const read = objects
    .filter(({ kind }) => kind === 'AuthorizationPolicy')
    .map((policy) => ({
      namespace: policy.metadata.namespace ?? '',
      selector: Object.entries(spec.parse(policy.spec).selector?.matchLabels ?? {}),
      decide: policyDecision(policy),
    }));
  const byNamespace = grouped(read);
  return ({ namespace, labels: own }) => {
    const near = [...(byNamespace.get(rootNamespace) ?? []), ...(byNamespace.get(namespace) ?? [])];
    const selecting = near.filter(({ selector }) => selector.every(([key, value]) => own[key] === value));
    return (seen) => selecting.length === 0 || selecting.some(({ decide }) => decide(seen));
  };
}

function grouped<T extends { readonly namespace: string }>(list: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) groups.set(one.namespace, [...(groups.get(one.namespace) ?? []), one]);
  return groups;
}

const sidecar = z.strictObject({
  workloadSelector: z.strictObject({ labels }),
  egress: z.tuple([z.strictObject({ hosts: texts })]),
});

/** Reads all Sidecar objects; the answer says whether the proxy of some pods is told of a host of a namespace. */
export function egress(objects: readonly KubeObject[]): (pods: Pods) => (namespace: string, host: string) => boolean {
  const read = objects
    .filter(({ kind }) => kind === 'Sidecar')
    .map(({ metadata, spec: of }) => ({ namespace: metadata.namespace, ...sidecar.parse(of) }));
  return ({ namespace, labels: own }) => {
    const found = read.find(
      (one) =>
        one.namespace === namespace &&
        Object.entries(one.workloadSelector.labels).every(([key, value]) => own[key] === value),
    );
    // A proxy without one is told of everything.
    if (found === undefined) return () => true;
    const hosts = found.egress[0].hosts.map((host) => host.split('/', 2) as [string, string]);
    return (of, host) =>
      hosts.some(
        ([where, name]) =>
          (where === '*' || where === of || (where === '.' && of === namespace)) && [host, '*'].includes(name),
      );
  };
}

/** Istio's string match: exact, or a star at one end, or a star alone. No list matches everything. */
function matches(list: readonly string[] | undefined, value: string): boolean {
  if (list === undefined) return true;
  return list.some((pattern) => {
    if (pattern === '*') return value !== '';
    if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
    if (pattern.startsWith('*')) return value.endsWith(pattern.slice(1));
    return value === pattern;
  });
}
