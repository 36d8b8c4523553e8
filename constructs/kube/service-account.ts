/** Service accounts and what they may do. */
import type { KubeObject, ObjectName } from '../../model/kube';

/** An account whose pods get no token of the Kubernetes API unless they mount one themselves. */
export function serviceAccount({ name, namespace }: ObjectName): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace },
    automountServiceAccountToken: false,
  };
}

/** One rule of RBAC. */
export interface RbacRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** @default - all of the resource */
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A Role, and the binding of the same name that gives it to an account. */
export function grantRole({ name, namespace }: ObjectName, rules: readonly RbacRule[], to: ObjectName): KubeObject[] {
  return granted('Role', { name, namespace }, rules, to);
}

/** The same for the whole cluster. */
export function grantClusterRole(name: string, rules: readonly RbacRule[], to: ObjectName): KubeObject[] {
  return granted('ClusterRole', { name }, rules, to);
}

function granted(
  kind: 'Role' | 'ClusterRole',
  metadata: { readonly name: string; readonly namespace?: string },
  rules: readonly RbacRule[],
  { name, namespace }: ObjectName,
): KubeObject[] {
  const apiGroup = 'rbac.authorization.k8s.io';
  const apiVersion = `${apiGroup}/v1`;
  return [
    { apiVersion, kind, metadata, rules },
    {
      apiVersion,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup, kind, name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
}
