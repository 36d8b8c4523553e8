import type { Construct } from 'constructs';
import { ConsulWorkload } from '../constructs/consul/workload';
import { IstioWorkload } from '../constructs/istio/workload';
import { programOf } from '../constructs/programs';
import type { Lab, Mesh, Service } from '../model/lab';
import type { OutsideHost } from '../model/outside';
import { addMeshProviders, LabStack } from './lab-stack';

export interface WeatherStackOptions {
  /** Hosts outside both meshes that a service may reach. @default - none */
  readonly outside?: (service: Service) => readonly OutsideHost[];
}

/** The services of one mesh, with what each may call and be called by. */
export class WeatherStack extends LabStack {
  constructor(scope: Construct, lab: Lab, mesh: Mesh, options: WeatherStackOptions = {}) {
    super(scope, `weather-${mesh.name}`);
    addMeshProviders(this, lab, mesh);
    for (const service of lab.services.filter((entry) => entry.mesh === mesh.name)) {
      const { file: program, hash: programHash } = programOf(service);
      // A dash may be part of either name, an underscore of none.
      const id = `Service-${service.namespace}_${service.name}`;
      switch (mesh.kind) {
        case 'istio':
          new IstioWorkload(this, id, {
            lab,
            service,
            program,
            programHash,
            outside: options.outside?.(service) ?? [],
          });
          break;
        case 'consul':
          new ConsulWorkload(this, id, { lab, service, program });
          break;
      }
    }
  }
}
