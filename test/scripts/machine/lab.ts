/** A lab of two meshes for tests of the machine. */
import { parseCidr } from '../../../model/cidr';
import type { Lab } from '../../../model/lab';
import { localMesh } from '../../support/labs';

export function testLab(name = 'unit'): Lab {
  const service = { port: 8080, env: {}, secrets: {}, health: '/healthz', replicas: 1, containers: [], guard: [] };
  const workload = { kind: 'program', program: 'a.js' } as const;
  return {
    name,
    platform: 'local',
    meshes: [
      {
        ...localMesh,
        name: 'west',
        kind: 'istio',
        network: block('10.10.0.0/16'),
        trustDomain: 'cluster.local',
        gateway: { address: '10.10.0.2', port: 15443 },
      },
      {
        ...localMesh,
        name: 'east',
        kind: 'consul',
        network: block('10.20.0.0/16'),
        datacenter: 'dc1',
        trustDomain: 'x.consul',
        gateway: { address: '10.20.0.11', port: 8443 },
      },
    ],
    services: [
      { ...service, id: 'west/shop/shop', mesh: 'west', namespace: 'shop', name: 'shop', workload },
      { ...service, id: 'east/till/till', mesh: 'east', namespace: 'till', name: 'till', workload },
    ],
    access: [],
    settings: { drainSeconds: 10, pagePort: 8080, apiPort: 16443 },
  };
}

/** The same lab with a row that lets Consul call Istio. */
export function exportingLab(name?: string): Lab {
  return { ...testLab(name), access: [{ from: 'east/till/till', to: 'west/shop/shop', methods: [], paths: [] }] };
}

function block(text: string) {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`${text} is no network`);
  return cidr;
}
