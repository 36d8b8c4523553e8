/** A lab of two meshes for tests of the machine. */
import { parseCidr } from '../../../model/cidr';
import type { Lab } from '../../../model/lab';
import { localMesh } from '../../support/labs';

export function testLab(name = 'unit'): Lab {
  return {
    name,
    platform: 'local',
    meshes: [
      { ...localMesh, name: 'west', kind: 'istio', network: block('10.10.0.0/16'), trustDomain: 'cluster.local' },
      {
        ...localMesh,
        name: 'east',
        kind: 'consul',
        network: block('10.20.0.0/16'),
        datacenter: 'dc1',
        trustDomain: 'x.consul',
      },
    ],
    services: [],
    access: [],
    settings: { drainSeconds: 10, pagePort: 8080, apiPort: 16443 },
  };
}

function block(text: string) {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`${text} is no network`);
  return cidr;
}
