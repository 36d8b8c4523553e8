/** A rule of admission in Kubernetes' own expression language (CEL): no webhook that could be away. */
import type { KubeObject } from '../../model/kube';

export interface AdmissionPolicyOptions {
  readonly name: string;
  /** Requests that it judges. */
  readonly requests: {
    /** API group; the empty text is Kubernetes' core. */
    readonly group: string;
    readonly versions: readonly string[];
    /** With subresources by name, as `pods/status`. */
    readonly resources: readonly string[];
    readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  };
  /** Labels of the namespaces in which they are made; {@link namespaceNamed} for one. @default - any namespace */
  readonly namespaces?: Readonly<Record<string, string>>;
  /** Which of them it judges: name and CEL expression. @default - all */
  readonly when?: { readonly name: string; readonly expression: string };
  readonly rules: readonly AdmissionRule[];
}

/** What must hold, in CEL, and what is said when it does not. */
export interface AdmissionRule {
  readonly expression: string;
  readonly message: string;
}

type Requests = AdmissionPolicyOptions['requests'];

/** Where a pod's metadata is written but on its creation: its status' writer may change annotations, too. */
export const podUpdates = {
  group: '',
  versions: ['v1'],
  resources: ['pods', 'pods/status'],
  operations: ['UPDATE'],
} as const satisfies Requests;

/** A pod gets the annotations of its binding to a node. */
export const podBindings = {
  group: '',
  versions: ['v1'],
  resources: ['pods/binding', 'bindings'],
  operations: ['CREATE'],
} as const satisfies Requests;

/** The label that only this namespace has. */
export function namespaceNamed(name: string): Readonly<Record<string, string>> {
  return { 'kubernetes.io/metadata.name': name };
}

/** Metadata that need not be there, before or after a request; before the creation of an object there is none. */
export function metadataIn(of: 'object' | 'oldObject', field: string, otherwise: '[]' | '{}'): string {
  const at = `${of}.metadata.${field}`;
  return `(${of} != null && has(${at}) ? ${at} : ${otherwise})`;
}

/** A ValidatingAdmissionPolicy and its binding. What breaks a rule, or can not be judged, is denied. */
export function admissionPolicy({ name, requests, namespaces, when, rules }: AdmissionPolicyOptions): KubeObject[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const { group, versions, resources, operations } = requests;
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          ...(namespaces === undefined ? {} : { namespaceSelector: { matchLabels: namespaces } }),
          resourceRules: [{ apiGroups: [group], apiVersions: versions, resources, operations }],
        },
        ...(when === undefined ? {} : { matchConditions: [when] }),
        validations: rules,
      },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    },
  ];
}
