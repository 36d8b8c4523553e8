/** Who is paired with whom, and that nobody else's peering is ended. */
import type { ClusterAccess } from '../../../model/cluster';
import type { Pair } from '../../../model/pair';
import { withServers } from '../../../scripts/clusters/consul';
import { FailureError, ProgramError, UsageError } from '../../../scripts/errors';
import { ConsulApi } from '../../../scripts/hosts/consul-api';
import { kubectl } from '../../../scripts/kubectl';
import { pair, pairFromEnvironment, unpair } from '../../../scripts/pairing/pair';

jest.mock('../../../scripts/clusters/consul');
jest.mock('../../../scripts/kubectl');

const west: ClusterAccess = { kind: 'kubeconfig', file: '/west', context: 'kind-west' };
const east: ClusterAccess = { kind: 'eks', cluster: 'weather-east', region: 'eu-north-1' };
const onHosts: Pair = { lab: 'weather', dialer: { mesh: 'west', cluster: west }, acceptor: { mesh: 'east' } };
const onClusters: Pair = { ...onHosts, acceptor: { mesh: 'east', cluster: east } };

interface Peering {
  readonly State: string;
  readonly Meta?: Readonly<Record<string, string>>;
}

let events: string[];
let peering: Peering | undefined;
let consulNamespace: Readonly<Record<string, string>> | undefined;
let plane: string;
let broken: Error | undefined;

beforeEach(() => {
  events = [];
  peering = undefined;
  plane = 'NONE';
  broken = undefined;
  consulNamespace = {};
  const api = new ConsulApi('/nowhere');
  jest.spyOn(api, 'find').mockImplementation(async () => peering as never);
  jest.spyOn(api, 'post').mockImplementation(async (path, body) => {
    const { Meta } = body as { Meta: Readonly<Record<string, string>> };
    // As Consul does (run): a key with a dot or a slash is refused.
    for (const key of Object.keys(Meta)) expect(key).toMatch(/^[A-Za-z0-9_-]+$/);
    events.push(`post ${path} ${JSON.stringify(body)}`);
    return { PeeringToken: 'the-token' } as never;
  });
  jest.spyOn(api, 'delete').mockImplementation(async (path) => {
    events.push(`delete ${path}`);
    peering = undefined;
  });
  jest.mocked(withServers).mockImplementation(async ({ cluster }, work) => {
    if (broken !== undefined) throw broken;
    events.push(`servers ${cluster?.kind ?? 'hosts'}`);
    return work(api);
  });
  jest.mocked(kubectl).mockImplementation(async (_cluster, args, options) => {
    if (args[0] === 'get') {
      const found = consulNamespace === undefined ? '' : JSON.stringify({ metadata: { labels: consulNamespace } });
      return { stdout: found, stderr: '', status: 0 };
    }
    events.push(`plane ${args.at(-1)}${options?.input === undefined ? '' : ` <${options.input}`}`);
    return { stdout: JSON.stringify({ peering: { state: plane } }), stderr: '', status: 0 };
  });
});

const ours = { 'isthmus-lab': 'weather' };
const say = () => {};

test.each([
  [onHosts, 'hosts'],
  [onClusters, 'eks'],
])(
  'the token goes from the acceptor to the plane over standard input, the peering marked as the lab’s',
  async (wanted, kind) => {
    await pair(wanted, say);
    expect(events).toEqual([
      `servers ${kind}`,
      'post /v1/peering/token {"PeerName":"west","Meta":{"isthmus-lab":"weather"}}',
      'plane establish <the-token',
    ]);
  },
);

describe('a plane without a way to the other side', () => {
  const silent = new ProgramError('kubectl', 1, 'consul: POST /v1/peering/establish: no answer within 10000 ms');
  const node: ClusterAccess = { kind: 'kubeconfig', file: '/var/lib/isthmus/weather/west/admin.kubeconfig' };

  test.each([
    ['in a cluster, to hosts of this machine', onHosts, true],
    ['in a cluster, to another', onClusters, false],
    ['on this machine', { ...onHosts, dialer: { mesh: 'west', cluster: node } }, false],
  ])('%s', async (_where, wanted, link) => {
    jest.mocked(kubectl).mockRejectedValue(silent);
    const refused = pair(wanted, say);
    await expect(refused).rejects.toThrow('plane of mesh west gets no answer from the mesh gateway of east');
    const message = await refused.then(String, String);
    expect(message.includes('the network namespace isthmus-weather-border')).toBe(link);
  });

  test('fails as it says for any other reason', async () => {
    const other = new ProgramError('kubectl', 1, 'consul: 403');
    jest.mocked(kubectl).mockRejectedValue(other);
    await expect(pair(onHosts, say)).rejects.toBe(other);
  });
});

test('who is paired is let be', async () => {
  peering = { State: 'ACTIVE', Meta: ours };
  plane = 'ACTIVE';
  await pair(onClusters, say);
  expect(events).toEqual(['servers eks', 'plane state']);
});

test.each([[undefined], [{ 'isthmus-lab': 'other' }]])(
  'a peering marked %j in a cluster is somebody else’s',
  async (meta) => {
    peering = { State: 'ACTIVE', ...(meta === undefined ? {} : { Meta: meta }) };
    const refused = pair(onClusters, say);
    await expect(refused).rejects.toThrow(FailureError);
    await expect(refused).rejects.toThrow('mesh east has a peering west (ACTIVE) that lab weather did not make');
    await unpair(onClusters);
    expect(events.filter((event) => /post|delete|establish/.test(event))).toEqual([]);
  },
);

test('on hosts of this machine every peering is the lab’s, one from before marks as well', async () => {
  peering = { State: 'PENDING' };
  await pair(onHosts, say);
  await unpair(onHosts);
  expect(events).toContain('plane establish <the-token');
  expect(events).toContain('delete /v1/peering/west');
});

test('the end of a peering is on both sides', async () => {
  peering = { State: 'ACTIVE', Meta: ours };
  await unpair(onClusters);
  expect(events).toEqual(['plane unpair', 'servers eks', 'delete /v1/peering/west']);
});

describe('servers that do not answer at the end', () => {
  test('are told when they are somebody else’s: the peering would stay', async () => {
    broken = new FailureError('connection refused');
    await expect(unpair(onClusters)).rejects.toThrow('connection refused');
  });

  test.each([['gone'], ['the lab’s own'], ['on this machine']])('are fine when they are %s', async (whose) => {
    broken = new FailureError('connection refused');
    consulNamespace = whose === 'gone' ? undefined : { 'isthmus.dev/lab': 'weather' };
    await unpair(whose === 'on this machine' ? onHosts : onClusters);
  });
});

describe('ISTHMUS_PAIR', () => {
  test.each([[onHosts], [onClusters]])('is what the plan says: %j', (wanted) => {
    expect(pairFromEnvironment({ ISTHMUS_PAIR: JSON.stringify(wanted) })).toEqual(wanted);
  });

  test('is set by the plan only', () => {
    expect(() => pairFromEnvironment({})).toThrow(UsageError);
  });

  test('without a cluster of the dialer is refused', async () => {
    await expect(pair({ ...onHosts, dialer: { mesh: 'west' } }, say)).rejects.toThrow('the dialer west has no cluster');
  });
});
