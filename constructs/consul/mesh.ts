import { Construct } from 'constructs';
import { meshEntries } from '../../model/access/mesh-entries';
import { meshHosts } from '../../model/consul-hosts';
import type { Lab, Mesh } from '../../model/lab';
import { ConfigEntry } from './entry';
import { ConsulHost } from './host';

export interface ConsulMeshProps {
  readonly lab: Lab;
  readonly mesh: Mesh;
}

/** Consul on hosts: server, mesh gateway, ingress gateway, with nothing allowed yet. */
export class ConsulMesh extends Construct {
  constructor(scope: Construct, id: string, { lab, mesh }: ConsulMeshProps) {
    super(scope, id);
    const [server, ...gateways] = meshHosts(lab, mesh);
    if (server === undefined) return;
    const first = new ConsulHost(this, server.name, { spec: server });
    const entries = [
      new ConfigEntry(this, 'MeshEntry', meshEntries.mesh, [first.resource]),
      new ConfigEntry(this, 'ProxyDefaults', meshEntries.proxyDefaults, [first.resource]),
    ];
    for (const spec of gateways) {
      new ConsulHost(this, spec.name, {
        spec,
        dependsOn: [first.resource, ...entries.map(({ resource }) => resource)],
      });
    }
  }
}
