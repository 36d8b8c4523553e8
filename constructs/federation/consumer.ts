import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { KubeObject } from '../../model/kube';
import { accountOf, type Mesh, type Service } from '../../model/lab';
import { federationSecret } from '../../model/names';
import { Objects } from '../helm/objects';

export interface FederatedConsumerProps {
  readonly consumer: Service;
  readonly peer: Mesh;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** The place for a consumer's federation leaf: a Secret that the trust exchange fills, and istiod's leave to hand it out. */
export class FederatedConsumer extends Construct {
  constructor(scope: Construct, id: string, { consumer, peer, dependsOn }: FederatedConsumerProps) {
    super(scope, id);
    const { name, namespace } = consumer;
    const secret = federationSecret(name, peer.name);
    const role = { name: secret, namespace };
    const objects: KubeObject[] = [
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: secret, namespace }, type: 'Opaque' },
      // istiod hands a Secret to a proxy only when the proxy's account may list Secrets there. The pod mounts no token.
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: role,
        rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: role,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: secret },
        subjects: [{ kind: 'ServiceAccount', name: accountOf(consumer), namespace }],
      },
    ];
    new Objects(this, 'Objects', {
      releaseName: secret,
      namespace,
      objects,
      ...(dependsOn === undefined ? {} : { dependsOn }),
    });
  }
}
