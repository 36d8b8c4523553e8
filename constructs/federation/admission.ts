/**
 * What the trust exchange may write, beyond what RBAC can say: exact names, labels, ports, address range and keys. A
 * stolen exchange can not pose as another service's endpoint or turn its Secret into something else.
 */
import { type PlaneConfig, pairingAnnotation } from '../../model/federation';
import type { KubeObject } from '../../model/kube';
import { importLabel, planeNamespace } from '../../model/names';
import { type AdmissionRule, admissionPolicy, metadataIn } from '../kube/admission-policy';

export function exchangeAdmission(config: PlaneConfig, account: string): KubeObject[] {
  const name = planeNamespace(config.peer);
  const user = `system:serviceaccount:${name}:${account}`;
  const when = { name: 'exchange', expression: `request.userInfo.username == '${user}'` };
  const writes = ['CREATE', 'UPDATE'] as const;
  const entries = {
    group: 'networking.istio.io',
    versions: ['v1', 'v1beta1', 'v1alpha3'],
    resources: ['workloadentries'],
  };
  const secrets = { group: '', versions: ['v1'], resources: ['secrets'] };
  return [
    ...admissionPolicy({
      name: `${name}-entries`,
      requests: { ...entries, operations: writes },
      when,
      rules: entryRules(config),
    }),
    ...admissionPolicy({
      name: `${name}-entry-deletions`,
      requests: { ...entries, operations: ['DELETE'] },
      when,
      rules: deletionRules(config),
    }),
    ...admissionPolicy({
      name: `${name}-secrets`,
      requests: { ...secrets, operations: writes },
      when,
      rules: secretRules(config),
    }),
  ];
}

function entryRules({ imports, peerNetwork, peerPort }: PlaneConfig): AdmissionRule[] {
  const names = celList(imports.map(({ name }) => name));
  const label = `'${importLabel}'`;
  return [
    {
      expression: `${names}.exists(n, object.metadata.name.matches('^' + n + '-[0-9]+$') && object.spec.labels == {${label}: n} && has(object.metadata.labels) && object.metadata.labels == {${label}: n})`,
      message: 'a WorkloadEntry of the trust exchange is named and labelled after one of its imports',
    },
    {
      expression: `isIP(object.spec.address) && cidr('${peerNetwork}').containsIP(object.spec.address)`,
      message: `a WorkloadEntry of the trust exchange has an address inside ${peerNetwork}`,
    },
    {
      expression: `object.spec.ports == {'http': ${peerPort}}`,
      message: `a WorkloadEntry of the trust exchange leads to the peer's mesh gateway, port ${peerPort}`,
    },
    {
      expression: `!has(object.spec.serviceAccount) && !has(object.spec.network) && !has(object.spec.locality)`,
      message: 'a WorkloadEntry of the trust exchange has address, ports and labels only',
    },
    ...lifeRules('a WorkloadEntry'),
    {
      expression: `${metadataIn('object', 'annotations', '{}')} == ${metadataIn('oldObject', 'annotations', '{}')}`,
      message: 'the trust exchange changes no annotation of a WorkloadEntry',
    },
  ];
}

/** Whatever stands beside its own endpoints goes; those of other peers, in the same namespace, stay. */
function deletionRules({ imports }: PlaneConfig): AdmissionRule[] {
  const names = celList(imports.map(({ name }) => name));
  return [
    {
      expression: `has(oldObject.metadata.labels) && '${importLabel}' in oldObject.metadata.labels && oldObject.metadata.labels['${importLabel}'] in ${names}`,
      message: 'the trust exchange deletes WorkloadEntries of its own imports only',
    },
  ];
}

function secretRules({ imports, exports: exported }: PlaneConfig): AdmissionRule[] {
  const leaves = [...imports.flatMap(({ consumers }) => consumers), ...exported];
  const secrets = leaves.map(({ namespace, secret }) => `${namespace}/${secret}`);
  const [after, before] = [metadataIn('object', 'annotations', '{}'), metadataIn('oldObject', 'annotations', '{}')];
  const free = `k == '${pairingAnnotation}'`;
  return [
    {
      expression: `(object.metadata.namespace + '/' + object.metadata.name) in ${celList([...new Set(secrets)])}`,
      message: 'the trust exchange writes the Secrets of its consumers and exports only',
    },
    {
      expression: `object.type == oldObject.type && has(object.data) && object.data.size() == 3 && ['tls.crt', 'tls.key', 'ca.crt'].all(k, k in object.data)`,
      message: 'a Secret of the trust exchange keeps its type and holds tls.crt, tls.key and ca.crt',
    },
    {
      expression: `${metadataIn('object', 'labels', '{}')} == ${metadataIn('oldObject', 'labels', '{}')}`,
      message: 'the trust exchange changes no label of a Secret',
    },
    ...lifeRules('a Secret'),
    {
      expression: `${after}.all(k, ${free} || (k in ${before} && ${after}[k] == ${before}[k])) && ${before}.all(k, ${free} || k in ${after})`,
      message: `the trust exchange changes no annotation of a Secret but ${pairingAnnotation}`,
    },
  ];
}

/** An owner that does not exist has Kubernetes collect the object; a finalizer has it stay for ever. */
function lifeRules(what: string): AdmissionRule[] {
  return ['ownerReferences', 'finalizers'].map((field) => ({
    expression: `${metadataIn('object', field, '[]')} == ${metadataIn('oldObject', field, '[]')}`,
    message: `the trust exchange changes no ${field} of ${what}`,
  }));
}

function celList(values: readonly string[]): string {
  return `[${values.map((value) => `'${value}'`).join(', ')}]`;
}
