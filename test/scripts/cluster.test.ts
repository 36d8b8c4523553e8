/** How clusters are reached, and where a lab's state lies. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import {
  clusterOf,
  describeCluster,
  eksKubeconfigText,
  helmFlags,
  isOwnNode,
  kubeconfigOf,
  kubectlFlags,
} from '../../scripts/cluster';
import { FailureError, UsageError } from '../../scripts/errors';
import { expandHome } from '../../scripts/home';
import { labLock, machineLock } from '../../scripts/machine/locks';
import { recordFile, recordFiles, userState } from '../../scripts/state';
import { temporaryFolder } from '../support/folder';
import { labOf, localLab } from '../support/labs';
import { kubeconfigFile as kubeconfigLab } from './clusters/labs';

const send = jest.fn();
jest.mock('@aws-sdk/client-eks', () => ({
  EKSClient: class {
    send = send;
    destroy() {}
  },
  DescribeClusterCommand: class {
    constructor(readonly input: unknown) {}
  },
}));

const folder = temporaryFolder();
const file = join(folder, 'config');
writeFileSync(file, '');
const before = process.env.XDG_STATE_HOME;
beforeEach(() => {
  process.env.XDG_STATE_HOME = folder;
});
afterAll(() => {
  if (before === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = before;
});

describe('a kubeconfig', () => {
  test.each([
    [{}, [`--kubeconfig=${file}`], [`--kubeconfig=${file}`]],
    [{ context: '' }, [`--kubeconfig=${file}`], [`--kubeconfig=${file}`]],
    [
      { context: 'kind-west' },
      [`--kubeconfig=${file}`, '--context=kind-west'],
      [`--kubeconfig=${file}`, '--kube-context=kind-west'],
    ],
  ])('with %j', async (more, forKubectl, forHelm) => {
    const found = await kubeconfigOf({ kind: 'kubeconfig', file, ...more });
    expect(kubectlFlags(found)).toEqual(forKubectl);
    expect(helmFlags(found)).toEqual(forHelm);
  });

  test.each([
    ['~', homedir()],
    ['~/.kube/config', join(homedir(), '.kube/config')],
    ['/a/~/b', '/a/~/b'],
    ['~other/config', '~other/config'],
  ])('%s is %s', (path, expanded) => {
    expect(expandHome(path)).toBe(expanded);
  });

  test('that is not there is told', async () => {
    const missing = kubeconfigOf({ kind: 'kubeconfig', file: join(folder, 'none') });
    await expect(missing).rejects.toThrow(FailureError);
    await expect(missing).rejects.toThrow(`there is no kubeconfig ${join(folder, 'none')}. Mend the path`);
  });

  test("of a lab's node that is not there means that the lab is down", async () => {
    const missing = kubeconfigOf(clusterOf(labOf({ name: 'nowhere' }), 'west'));
    await expect(missing).rejects.toThrow('lab nowhere is not up on this machine. What now: isthmus up');
  });
});

test('a mesh on hosts has no cluster', () => {
  expect(() => clusterOf(localLab(), 'east')).toThrow(UsageError);
  expect(() => clusterOf(localLab(), 'east')).toThrow('isthmus exec east -- consul members');
});

test("only a lab's own node is its own: that of another lab is somebody's cluster", () => {
  const node = clusterOf(localLab(), 'west');
  expect(isOwnNode(node, localLab().name)).toBe(true);
  expect(isOwnNode(node, 'other')).toBe(false);
  expect(isOwnNode(node, localLab().name.slice(0, -1))).toBe(false);
  expect(isOwnNode({ kind: 'kubeconfig', file: '~/.kube/config' }, localLab().name)).toBe(false);
});

describe('an EKS cluster', () => {
  const access = { kind: 'eks', cluster: 'weather-west', region: 'eu-north-1' } as const;

  test('gets a kubeconfig without a secret that asks AWS for each token, for this person only', async () => {
    send.mockResolvedValue({ cluster: { endpoint: 'https://x', certificateAuthority: { data: 'Q0E=' } } });
    const found = await kubeconfigOf(access);
    expect(found).toEqual({ file: join(folder, 'isthmus/.clusters/eu-north-1-weather-west.kubeconfig') });
    expect(statSync(found.file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(found.file)).mode & 0o777).toBe(0o700);
    const text = readFileSync(found.file, 'utf8');
    expect(text).toBe(
      eksKubeconfigText('eu-north-1', 'weather-west', { endpoint: 'https://x', certificateAuthority: 'Q0E=' }),
    );
    expect(parse(text)).toMatchObject({
      clusters: [{ cluster: { server: 'https://x', 'certificate-authority-data': 'Q0E=' } }],
      users: [
        {
          user: { exec: { command: 'aws', args: expect.arrayContaining(['get-token', 'weather-west', 'eu-north-1']) } },
        },
      ],
      'current-context': 'weather-west.eu-north-1',
    });
  });

  test('is asked for once in the life of a command', async () => {
    send.mockClear();
    await Promise.all([kubeconfigOf(access), kubeconfigOf(access)]);
    expect(send).not.toHaveBeenCalled();
  });

  test.each([
    [Promise.reject(new Error('ExpiredToken')), 'ExpiredToken'],
    [Promise.resolve({ cluster: { status: 'CREATING' } }), 'it is CREATING and has no endpoint yet'],
  ])('that can not be reached says why', async (answer, why) => {
    answer.catch(() => {});
    send.mockReturnValue(answer);
    const cluster = `lost-${why.length}`;
    await expect(kubeconfigOf({ ...access, cluster })).rejects.toThrow(
      `EKS cluster ${cluster} in eu-north-1 can not be reached: ${why}. What now: check the AWS credentials`,
    );
  });

  test('has a name for people', () => {
    expect(describeCluster(access)).toBe('EKS cluster weather-west in eu-north-1');
    expect(describeCluster({ kind: 'kubeconfig', file: '/a', context: 'b' })).toBe('context b of /a');
  });
});

describe('state', () => {
  test('of a lab with a mesh on this machine is in its state folder; of another, in that of the person', () => {
    const [machine, user] = recordFiles('weather');
    expect(recordFile(localLab())).toBe(machine);
    expect(recordFile(labOf(kubeconfigLab))).toBe(user);
    expect(recordFile(labOf({ ...kubeconfigLab, meshes: { ...kubeconfigLab.meshes, east: local } }))).toBe(machine);
    expect(machine).toBe('/var/lib/isthmus/weather/plan/applied.json');
    expect(user).toBe(join(folder, 'isthmus/weather/applied.json'));
  });

  test('is below the home without XDG_STATE_HOME', () => {
    process.env.XDG_STATE_HOME = '';
    expect(userState('weather')).toBe(join(homedir(), '.local/state/isthmus/weather'));
  });

  const local = { kind: 'consul', network: '10.20.0.0/16', platform: 'local' };
});

describe('the lock', () => {
  const uid = jest.spyOn(process, 'getuid');
  afterAll(() => uid.mockRestore());

  test.each([
    [0, true, '\0isthmus'],
    [0, false, '\0isthmus'],
    [1000, true, '\0isthmus'],
    [1000, false, '\0isthmus-1000'],
  ])('of user %d, on this machine %s', (id, onMachine, address) => {
    uid.mockReturnValue(id);
    if (process.platform === 'linux') expect(machineLock(onMachine)).toBe(address);
    else expect(machineLock(onMachine)).toBe(join(folder, 'isthmus/.lock'));
  });

  test.each([
    [0, '\0isthmus-lab-0-weather'],
    [1000, '\0isthmus-lab-1000-weather'],
  ])('of one lab, of user %d', (id, address) => {
    uid.mockReturnValue(id);
    if (process.platform === 'linux') expect(labLock('weather')).toBe(address);
    else expect(labLock('weather')).toBe(join(folder, 'isthmus/.lock-weather'));
  });
});

mkdirSync(join(folder, 'isthmus'), { recursive: true });
