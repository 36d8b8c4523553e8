/** A tiny interpreter of the AuthorizationPolicy objects that we generate; a field that it does not know is an error. */
import * as z from 'zod';
import type { KubeObject } from '../../model/kube';

export interface Seen {
  /** Identity of the client's certificate without `spiffe://`. */
  readonly principal: string;
  readonly method: string;
  readonly path: string;
  /** Server name that the client asked for. @default - none */
  readonly sni?: string;
}

const texts = z.array(z.string().min(1)).min(1);
const spec = z.strictObject({
  selector: z.strictObject({ matchLabels: z.partialRecord(z.enum(['app', 'istio']), z.string().min(1)) }),
  action: z.literal('ALLOW'),
  rules: z.array(
    z.strictObject({
      // An empty list or object would mean "any".
      from: z.array(z.strictObject({ source: z.strictObject({ principals: texts }) })).min(1),
      to: z
        .array(z.strictObject({ operation: z.strictObject({ methods: texts.optional(), paths: texts.optional() }) }))
        .min(1)
        .optional(),
      when: z
        .array(z.strictObject({ key: z.literal('connection.sni'), values: texts }))
        .min(1)
        .optional(),
    }),
  ),
});

/** Reads an ALLOW policy; the answer says whether it lets a request through to the workload. */
export function policyDecision(policy: KubeObject): (seen: Seen) => boolean {
  const { rules } = spec.parse(policy.spec);
  return ({ principal, method, path, sni = '' }) => {
    const [plain = ''] = path.split('?');
    return rules.some(
      ({ from, to, when = [] }) =>
        when.every(({ values }) => matches(values, sni)) &&
        from.some(({ source }) => matches(source.principals, principal)) &&
        (to === undefined ||
          to.some(({ operation }) => matches(operation.methods, method) && matches(operation.paths, plain))),
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
