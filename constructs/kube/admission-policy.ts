/** A rule of admission in Kubernetes' own expression language (CEL): no webhook that could be away. */
import type { KubeObject } from '../../model/kube';

export interface AdmissionPolicyOptions {
  readonly name: string;
  /** Requests that it judges. */
  readonly requests: {
    /** API group; the empty text is Kubernetes' core. */
    readonly group: string;
    readonly versions: readonly string[];
    readonly resource: string;
    readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  };
  /** Namespace in which they are made. @default - any */
  readonly namespace?: string;
  /** Which of them it judges: name and CEL expression. */
  readonly when: { readonly name: string; readonly expression: string };
  readonly rules: readonly AdmissionRule[];
}

/** What must hold, in CEL, and what is said when it does not. */
export interface AdmissionRule {
  readonly expression: string;
  readonly message: string;
}

/** A ValidatingAdmissionPolicy and its binding. What breaks a rule, or can not be judged, is denied. */
export function admissionPolicy({ name, requests, namespace, when, rules }: AdmissionPolicyOptions): KubeObject[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const { group, versions, resource, operations } = requests;
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          ...(namespace === undefined
            ? {}
            : { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }),
          resourceRules: [{ apiGroups: [group], apiVersions: versions, resources: [resource], operations }],
        },
        matchConditions: [when],
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
