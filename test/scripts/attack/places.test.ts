/** Attackers get no right but that of whom they broke into, and are where they say they are. */
import { hostUsers } from '../../../model/host-users';
import { castOf } from '../../../scripts/attack/cast';
import { Agent } from '../../../scripts/attack/vantage/agent';
import { type Place, startAgent } from '../../../scripts/attack/vantage/places';
import { localLab } from '../../support/labs';

jest.mock('../../../scripts/attack/vantage/agent');
jest.mock('../../../scripts/hosts/runnable', () => ({ runnable: () => 'NODE' }));
jest.mock('../../../scripts/machine/binaries', () => ({ locate: (name: string) => name }));
jest.mock('../../../scripts/cluster', () => ({
  ...jest.requireActual<object>('../../../scripts/cluster'),
  kubeconfigOf: async () => ({ file: 'KUBECONFIG' }),
}));
jest.mock('../../../scripts/call/proxies', () => ({
  podOf: async (_lab: unknown, { name }: { name: string }) => ({ pod: `${name}-1`, container: name }),
}));

const cast = castOf(localLab());
const { lab, east, eastNetwork, providerAddress, consumer } = cast;

/** The command line that starts an agent there. */
async function commandOf(place: Place): Promise<string> {
  jest.mocked(Agent.start).mockClear();
  await startAgent(place, cast);
  const [, file, args] = jest.mocked(Agent.start).mock.calls[0] ?? [];
  return [file, ...(args ?? [])].join(' ');
}

const usersAt = (address: string) => hostUsers({ lab: lab.name, mesh: east.name, address });
const [ofProvider, ofGateway] = [usersAt(providerAddress), usersAt(eastNetwork.meshGateway)];
const nobody = 65534;

test.each<[Place, string, number]>([
  ['provider', 'east-info', ofProvider.program],
  ['sidecar', 'east-info', ofProvider.envoy],
  ['agent', 'east-info', ofProvider.consul],
  ['gateway', 'east-mesh-gateway', ofGateway.envoy],
  ['gateway-agent', 'east-mesh-gateway', ofGateway.consul],
  ['east', 'east-isthmus-attack', nobody],
  ['west', 'west', nobody],
  ['border', 'border', nobody],
])('%s is in the network of %s as user %i, without any capability', async (place, part, uid) => {
  expect(uid).toBeGreaterThan(0);
  const command = await commandOf(place);
  expect(command).toContain(`--net=/run/netns/isthmus-${lab.name}-${part} -- setpriv --reuid=${uid} --regid=${uid} `);
  expect(command).toContain(' --no-new-privs --bounding-set=-all --inh-caps=-all -- NODE -e ');
});

test.each<[Place, string, string, string]>([
  ['consumer', 'backend', 'backend-1', 'backend'],
  ['companion', 'backend', 'backend-1', consumer.containers[0]?.name ?? ''],
  ['caller', 'frontend', 'frontend-1', 'frontend'],
  ['neighbour', 'isthmus-attack', 'neighbour', 'app'],
  ['plain', 'isthmus-attack', 'plain', 'app'],
  ['exchange', 'plane-east', 'plane-0', 'trust-exchange'],
])('%s is in %s/%s, container %s', async (place, namespace, pod, container) => {
  const at = `exec --stdin ${pod} --namespace ${namespace} --container ${container} -- node -e `;
  expect(await commandOf(place)).toContain(`kubectl --kubeconfig=KUBECONFIG ${at}`);
});
