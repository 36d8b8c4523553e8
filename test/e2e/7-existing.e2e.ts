/**
 * An Istio that is there already, in a cluster where people have more than that: `up` adds the federation and nothing
 * else, a call works, and `down` leaves every object of theirs as it was, to the byte.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { resolvedImports } from '../../model/imports';
import { type Lab, mesh } from '../../model/lab';
import { netns } from '../../model/local';
import { federationNamespace, planeNamespace, stateFolder } from '../../model/names';
import { outputs } from '../../model/output';
import { federationIdentity } from '../../model/planes';
import { kubectl } from '../../scripts/kubectl';
import { loadLab } from '../../scripts/load';
import { labNamespaces } from '../../scripts/machine/namespaces';
import { until } from '../../scripts/machine/until';
import { ask } from './support/ask';
import { linkToBorder } from './support/border';
import { capturing } from './support/capture';
import { isthmus, start, succeed } from './support/cli';
import {
  clusterNetwork,
  offerVolume,
  raiseCluster,
  razeCluster,
  removeVolume,
  someonesCluster,
} from './support/cluster';
import { folder } from './support/labs';
import { differences, everyObject, type Objects, settledObjects } from './support/objects';
import { installIstio, make, openShop, workloads } from './support/shop';

const site = someonesCluster('site', { pagePort: 18082, apiPort: 18445 });
const cluster = site.access;
const checkout = join(folder, 'site');
const { file, lab } = makeLab('fed.yaml', 'cluster.local');
const border = netns(lab.name, 'border');
const [info] = resolvedImports(lab, mesh(lab, 'west'));
const url = `http://${info?.host}/places/helsinki`;
const inShop = (name: 'shop' | 'till') => ({ namespace: 'shop', pod: `deployment/${name}`, container: 'app' });

/** What the people of the cluster have in it. */
let theirs: Objects;

beforeAll(async () => {
  await clear();
  await raiseCluster(site);
  await installIstio(cluster);
  await openShop(cluster);
  theirs = await settledObjects(cluster);
  // With uid, version and restarts: a pod that comes back is another one.
  expect([...theirs.keys()].filter((id) => id.startsWith('Pod shop/'))).toHaveLength(workloads.length);
});

afterAll(async () => {
  await clear();
  rmSync(checkout, { recursive: true, force: true });
});

/** Also after a run that was stopped anywhere: the cluster may be there or not. */
async function clear(): Promise<void> {
  await succeed('--config', file, 'down', '--forget');
  await razeCluster(site);
}

/** A lab file that takes the shop's mesh as it is, and brings the other one. */
function makeLab(name: string, trustDomain: string): { file: string; lab: Lab } {
  mkdirSync(checkout, { recursive: true });
  const place = { platform: 'kubeconfig', kubeconfig: cluster.file, context: cluster.context };
  const file = join(checkout, name);
  const text = stringify({
    name: 'fed',
    platform: 'local',
    meshes: {
      west: { kind: 'istio', network: clusterNetwork, ...place, existing: true, trustDomain },
      east: { kind: 'consul', network: '10.40.0.0/16', datacenter: 'dc1' },
    },
    services: {
      'west/shop': { port: 8080, account: 'shop', labels: { app: 'shop' } },
      'east/info': { port: 8080, program: 'weather/info' },
    },
    access: [{ from: 'west/shop', to: 'east/info', methods: ['GET'] }],
    images: { node: 'isthmus.invalid/node:lab', consul: 'isthmus.invalid/plane:lab' },
  });
  writeFileSync(file, text);
  return { file, lab: loadLab(file) };
}

/** What the cluster's own router would do. */
async function link(): Promise<void> {
  await linkToBorder(lab, 'west', 'east', netns(site.machine.name, 'border'));
}

async function expectUntouched(): Promise<void> {
  const found = differences(theirs, await everyObject(cluster));
  // The provisioner's, which goes after its claim is gone.
  expect(found.filter((line) => !line.startsWith('new: PersistentVolume '))).toEqual([]);
  await removeVolume(site);
  expect(existsSync(stateFolder(lab.name))).toBe(false);
  expect(labNamespaces(lab.name)).toEqual([]);
}

test('a trust domain that is not the mesh’s is found before anything is changed', async () => {
  const wrong = makeLab('wrong.yaml', 'other.local');
  await offerVolume(site);
  const { status, stderr } = await isthmus('--config', wrong.file, 'up');
  expect(stderr).toContain(
    "Istio's trust domain is cluster.local, the lab file says other.local; write trustDomain: cluster.local",
  );
  expect(status).toBe(1);
  await expectUntouched();
});

test('a namespace of others stays theirs, and keeps the lab out', async () => {
  await make(cluster, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: federationNamespace } }]);
  await offerVolume(site);
  const withNamespace = await settledObjects(cluster);
  const { status, stderr } = await isthmus('--config', file, 'up');
  expect(stderr).toContain(`namespace ${federationNamespace}, which this lab did not make, is in context`);
  expect(status).toBe(1);
  await succeed('--config', file, 'down');
  expect(differences(withNamespace, await everyObject(cluster))).toEqual([]);
  await kubectl(cluster, ['delete', 'namespace', federationNamespace]);
  await expectUntouched();
});

test('down after an up that was killed leaves all as it was', async () => {
  await offerVolume(site);
  // Before `up`: whoever does that makes the border's namespace, and `down` takes it away all the same.
  await link();
  const { child, ended } = start(['--config', file, 'up']);
  const plane = ['get', 'pod', 'plane-0', '--namespace', planeNamespace('east')];
  const begun = until(async () => (await kubectl(cluster, plane)).status === 0, { timeout: 120_000, interval: 100 });
  const first = await Promise.race([begun, ended]);
  if (first !== true) throw new Error(`up did not come to the plane: ${JSON.stringify(first)}`);
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  expect((await ended).status).not.toBe(0);
  await succeed('--config', file, 'down');
  await expectUntouched();
});

describe('federated', () => {
  beforeAll(async () => {
    // The control for what follows: without the lab nobody knows the host.
    expect(await ask(cluster, inShop('shop'), url)).toMatchObject({ status: 0, error: 'ENOTFOUND' });
    await offerVolume(site);
    const { status, stderr } = await isthmus('--config', file, 'up');
    expect(stderr).toContain(`link the network of west to the network namespace ${border}`);
    expect(status).toBe(1);
    await link();
    await succeed('--config', file, 'up');
  });

  test('the shop calls info, and each side sees who the other is', async () => {
    // The shop's proxy hears of the import a moment after the plan is applied; `up` does not wait for it.
    const answered = async () => (await ask(cluster, inShop('shop'), url)).status === 200;
    expect(await until(answered, { timeout: 30_000, interval: 1_000 })).toBe(true);
    expect(await ask(cluster, inShop('shop'), url)).toMatchObject({ body: expect.stringContaining('Suomenlinna') });
    const said = await succeed('--config', file, 'call', '--json', 'west/shop', 'east/info');
    const result = outputs.call.parse(JSON.parse(said));
    expect(result).toMatchObject({ ok: true, status: 200 });
    // The shop's own proxy logs what its people told it to.
    expect(result.hops).toEqual([
      expect.objectContaining({ at: 'east/mesh-gateway', identity: null, sni: info?.sni }),
      expect.objectContaining({ at: 'east/info', identity: federationIdentity(lab, 'west', 'east', 'shop') }),
    ]);
  });

  test('another workload beside it gets nothing, and says nothing in clear', async () => {
    const address = `http://${info?.address}/till-marker`;
    const call = () => ask(cluster, inShop('till'), address, info?.host);
    const { result, capture } = await capturing(border, 'any', call);
    expect(result.status).toBe(503);
    expect(capture.holds('till-marker')).toBe(false);
    // The control: the connection did cross, so that the capture would have shown the request.
    expect(await capture.count('tcp port 8443')).toBeGreaterThan(0);
  });

  test('status is healthy', async () => {
    const status = outputs.status.parse(JSON.parse(await succeed('--config', file, 'status', '--json')));
    expect(status.meshes).toEqual([
      expect.objectContaining({ name: 'west', trustDomain: 'cluster.local', healthy: true }),
      expect.objectContaining({ name: 'east', healthy: true }),
    ]);
    expect(status.imports).toEqual([
      expect.objectContaining({ service: 'east/info', consumer: 'west/shop', healthy: true }),
    ]);
  });

  test('nothing of theirs was changed, and up again changes nothing', async () => {
    const first = await settledObjects(cluster);
    expect(differences(theirs, first).filter((line) => !line.startsWith('new:'))).toEqual([]);
    await succeed('--config', file, 'up');
    expect(differences(first, await everyObject(cluster))).toEqual([]);
  });

  test('down leaves every object of theirs as it was', async () => {
    await succeed('--config', file, 'down');
    await expectUntouched();
    expect(await ask(cluster, inShop('shop'), url)).toMatchObject({ status: 0, error: 'ENOTFOUND' });
  });
});
