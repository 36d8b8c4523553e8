import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { accountOf, type Mesh, type Service } from '../../model/lab';
import { federationSecret } from '../../model/names';
import { Objects } from '../helm/objects';
import { emptySecret } from '../kube/secret';
import { grantRole } from '../kube/service-account';

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
    const at = { name: secret, namespace };
    const account = { name: accountOf(consumer), namespace };
    new Objects(this, 'Objects', {
      releaseName: secret,
      namespace,
      objects: [
        emptySecret(at),
        // istiod hands a Secret to a proxy only when the proxy's account may list Secrets there. The pod mounts no token.
        ...grantRole(at, [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }], account),
      ],
      ...(dependsOn === undefined ? {} : { dependsOn }),
    });
  }
}
