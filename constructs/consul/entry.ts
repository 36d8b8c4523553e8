import { ConfigEntry as Resource } from '@cdktf/provider-consul/lib/config-entry';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { ConfigEntry as Entry } from '../../model/access/consul';
import { literal } from '../helm/text';

/** A Consul config entry: on hosts through the HTTP API, the same data that a CRD carries on Kubernetes. */
export class ConfigEntry extends Construct {
  readonly resource: Resource;

  constructor(
    scope: Construct,
    id: string,
    { Kind, Name, ...data }: Entry,
    dependsOn: readonly ITerraformDependable[] = [],
  ) {
    super(scope, id);
    this.resource = new Resource(this, 'Resource', {
      kind: Kind,
      name: Name,
      configJson: literal(JSON.stringify(data)),
      dependsOn: [...dependsOn],
    });
  }
}
