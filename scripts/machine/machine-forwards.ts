/** What of the lab is reachable from this machine: the page and the Kubernetes API, on its loopback only. */
import type { Lab } from '../../model/lab';
import { kubernetesNetwork, netns, pageNodePort } from '../../model/local';
import type { Forwarder } from './forward';

/** One forwarder for the first Istio mesh, the one whose ports the settings name. */
export function machineForwards(lab: Lab): readonly Forwarder[] {
  const host = '127.0.0.1';
  return lab.meshes
    .filter((mesh) => mesh.kind === 'istio')
    .slice(0, 1)
    .map((mesh) => {
      const { node } = kubernetesNetwork(mesh);
      return {
        name: `${mesh.name}-forwarder`,
        dialNetns: netns(lab.name, mesh.name),
        forwards: [
          {
            listen: { host, port: lab.settings.pagePort },
            dial: { host: node, port: pageNodePort },
            setting: 'settings.pagePort',
          },
          {
            listen: { host, port: lab.settings.apiPort },
            dial: { host: node, port: 6443 },
            setting: 'settings.apiPort',
          },
        ],
      };
    });
}
