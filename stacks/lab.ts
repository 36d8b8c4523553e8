import type { App, TerraformStack } from 'cdktf';
import type { Lab } from '../model/lab';
import { FederationStack } from './federation';
import { MeshStack } from './mesh';
import { PairingStack } from './pairing';
import { WeatherStack, type WeatherStackOptions } from './weather';

/** All stacks of a lab, each depending on the layers below it. */
export function addLabStacks(app: App, lab: Lab, options: WeatherStackOptions = {}): void {
  const federations: TerraformStack[] = [];
  for (const mesh of lab.meshes) {
    const base = new MeshStack(app, lab, mesh);
    const federation = new FederationStack(app, lab, mesh);
    federation.addDependency(base);
    const weather = new WeatherStack(app, lab, mesh, options);
    weather.addDependency(federation);
    federations.push(federation);
  }
  const pairing = new PairingStack(app, lab);
  for (const federation of federations) pairing.addDependency(federation);
}
