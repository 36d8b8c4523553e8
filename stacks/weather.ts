import type { Construct } from 'constructs';
import { ConsulPod } from '../constructs/consul/pod';
import { ConsulWorkload } from '../constructs/consul/workload';
import { IstioWorkload } from '../constructs/istio/workload';
import { programsOf } from '../constructs/programs';
import { type Lab, type Mesh, type Service, servicesOf } from '../model/lab';
import type { OutsideHost } from '../model/outside';
import { LabStack } from './lab-stack';
import { addMeshProviders, type Clusters } from './providers';

export interface WeatherStackOptions {
  /** Hosts outside both meshes that a service may reach. @default - none */
  readonly outside?: (service: Service) => readonly OutsideHost[];
}

/** The services of one mesh, with what each may call and be called by. */
export class WeatherStack extends LabStack {
  constructor(scope: Construct, lab: Lab, mesh: Mesh, clusters: Clusters, options: WeatherStackOptions = {}) {
    super(scope, lab, `weather-${mesh.name}`);
    addMeshProviders(this, lab, mesh, clusters);
    for (const service of servicesOf(lab, mesh)) {
      this.service(lab, mesh, service, options.outside?.(service) ?? []);
    }
  }

  private service(lab: Lab, mesh: Mesh, service: Service, outside: readonly OutsideHost[]): void {
    // A dash may be part of either name, an underscore of none.
    const id = `Service-${service.namespace}_${service.name}`;
    const programs = programsOf(service);
    if (mesh.kind === 'istio') new IstioWorkload(this, id, { lab, service, outside, programs });
    else if (mesh.place.platform !== 'local') new ConsulPod(this, id, { lab, service, programs });
    else if (programs.own !== undefined) new ConsulWorkload(this, id, { lab, service, program: programs.own });
  }
}
