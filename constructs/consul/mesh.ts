import { Construct } from 'constructs';
import { connectionLogFields } from '../../model/access-log';
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
      // Control and data of a peering share one port, so that one hole in the border is enough.
      new ConfigEntry(this, 'MeshEntry', { Kind: 'mesh', Name: 'mesh', Peering: { PeerThroughMeshGateways: true } }, [
        first.resource,
      ]),
      new ConfigEntry(
        this,
        'ProxyDefaults',
        {
          Kind: 'proxy-defaults',
          Name: 'global',
          AccessLogs: { Enabled: true, Type: 'stdout', JSONFormat: JSON.stringify(connectionLogFields) },
        },
        [first.resource],
      ),
    ];
    for (const spec of gateways) {
      new ConsulHost(this, spec.name, {
        spec,
        dependsOn: [first.resource, ...entries.map(({ resource }) => resource)],
      });
    }
  }
}
