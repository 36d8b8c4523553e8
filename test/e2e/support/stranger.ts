/** A workload that no rule knows: in the consumer's namespace, with Istio's proxy or without. */
import { type Lab, mesh } from '../../../model/lab';
import { address, type NetworkPolicy, networkPolicy, tcp } from '../../../model/network-policy/policy';
import { clusterOf } from '../../../scripts/cluster';
import { kubectl } from '../../../scripts/kubectl';
import { type Answer, ask } from './ask';

const namespace = 'backend';

export async function makeStranger(lab: Lab, name: string, injected: boolean): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name, 'sidecar.istio.io/inject': String(injected) } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'app',
          image: 'isthmus.invalid/node:lab',
          imagePullPolicy: 'Never',
          args: ['-e', 'setInterval(() => {}, 1e6)'],
        },
      ],
    },
  };
  const items = [letThrough(lab, name), pod];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await kubectl(clusterOf(lab, 'west'), ['apply', '-f', '-'], { input });
  await kubectl(clusterOf(lab, 'west'), [
    'wait',
    '--for=condition=Ready',
    `pod/${name}`,
    '-n',
    namespace,
    '--timeout=90s',
  ]);
}

export async function removeStranger(lab: Lab, name: string): Promise<void> {
  const objects = [`pod/${name}`, `networkpolicy/${name}`];
  await kubectl(clusterOf(lab, 'west'), ['delete', ...objects, '-n', namespace, '--ignore-not-found', '--force']);
}

/** Whatever the network's own policies say: these tests are about what stops a stranger whom they let through. */
function letThrough(lab: Lab, name: string): NetworkPolicy {
  const { gateway } = mesh(lab, 'east');
  if (gateway === undefined) throw new Error('east has no gateway');
  const neighbours = { peers: [{ podSelector: {} }], ports: tcp(8080) };
  const border = { peers: [address(gateway.address)], ports: tcp(gateway.port) };
  return networkPolicy({ name, namespace, from: [neighbours], to: [neighbours, border] });
}

/** Asks as the stranger. Status 0 with the reason when there was no answer. */
export async function askAsStranger(lab: Lab, name: string, url: string, host?: string): Promise<Omit<Answer, 'body'>> {
  const place = { namespace, pod: name, container: 'app' };
  const { body: _body, ...answer } = await ask(clusterOf(lab, 'west'), place, url, host);
  return answer;
}
