/** Config entries of a whole Consul mesh: the same on hosts and on Kubernetes. */
import { connectionLogFields } from '../access-log';
import type { ConfigEntry } from './consul';

export const meshEntries = {
  // Control and data of a peering share one port, so that one hole in the border is enough.
  mesh: { Kind: 'mesh', Name: 'mesh', Peering: { PeerThroughMeshGateways: true } },
  proxyDefaults: {
    Kind: 'proxy-defaults',
    Name: 'global',
    AccessLogs: { Enabled: true, Type: 'stdout', JSONFormat: JSON.stringify(connectionLogFields) },
  },
} as const satisfies Readonly<Record<string, ConfigEntry>>;
