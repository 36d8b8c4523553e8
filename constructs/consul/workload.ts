import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { ingressListener, serviceDefaults, serviceIntentions } from '../../model/access/consul';
import { programEnvironment, serviceHost } from '../../model/consul-hosts';
import type { Lab, Service } from '../../model/lab';
import type { Program } from '../program';
import { ConfigEntry } from './entry';
import { ConsulHost } from './host';

export interface ConsulWorkloadProps {
  readonly lab: Lab;
  readonly service: Service;
  /** The bundled program. */
  readonly program: Program;
  /** @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** A service of a Consul mesh on a host of its own, and who may call it. */
export class ConsulWorkload extends Construct {
  constructor(scope: Construct, id: string, { lab, service, program, dependsOn = [] }: ConsulWorkloadProps) {
    super(scope, id);
    // The protocol first: a change of it turns existing intentions with methods into denials.
    const defaults = new ConfigEntry(this, 'Defaults', serviceDefaults(service), dependsOn);
    const intentions = serviceIntentions(lab, service);
    if (intentions !== undefined) new ConfigEntry(this, 'Intentions', intentions, [defaults.resource]);
    if (service.expose === 'page') {
      new ConfigEntry(this, 'Ingress', ingressListener(service), [defaults.resource]);
    }
    new ConsulHost(this, 'Host', {
      spec: serviceHost(lab, service),
      program: { file: program.file, env: programEnvironment(lab, service) },
      dependsOn: [defaults.resource],
    });
  }
}
