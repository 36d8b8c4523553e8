/** What passes between this machine and the lab, each way for a few fixed addresses only. */
import { type Lab, servicesOf } from '../../model/lab';
import { kubernetesNetwork, netns, pageNodePort } from '../../model/local';
import { outsideHosts } from '../../model/outside';
import { localNodes } from '../meshes';
import type { Forward, Forwarder } from './forward';

/** The way in: the page and the Kubernetes API of the first Istio mesh, on this machine's loopback only. */
export function machineForwards(lab: Lab): readonly Forwarder[] {
  const host = '127.0.0.1';
  return localNodes(lab)
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

/**
 * The way out: from the node's address to the hosts that services have a key for, one port each. This machine dials
 * them by its own network and names; the TLS inside is between the service and the host.
 * @param variables names that are set in the environment of the person who raises the lab
 * @returns one forwarder for each Istio mesh; without forwards where no service has a key
 */
export function outsideForwards(lab: Lab, variables: readonly string[]): readonly Forwarder[] {
  return localNodes(lab).map((mesh) => {
    const forwards = new Map<number, Forward>();
    for (const service of servicesOf(lab, mesh)) {
      for (const { host, port, via } of outsideHosts(lab, service, variables)) {
        if (via === undefined) continue;
        forwards.set(via.port, { listen: { host: via.address, port: via.port }, dial: { host, port } });
      }
    }
    return {
      name: `${mesh.name}-outside`,
      listenNetns: netns(lab.name, mesh.name),
      forwards: [...forwards.values()],
    };
  });
}
