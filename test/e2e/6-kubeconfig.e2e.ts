/**
 * The plan for existing clusters, its Istio half, on a cluster that somebody has: by the runner, and by Terraform itself
 * where its providers can be had.
 */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadLab } from '../../scripts/load';
import { istioCharts } from '../../scripts/machine/binaries';
import { run } from '../../scripts/machine/exec';
import { until } from '../../scripts/machine/until';
import { applyPlan } from '../../scripts/plan/apply';
import { readPlan } from '../../scripts/plan/read';
import { Record } from '../../scripts/plan/record';
import { silentProgress } from '../../scripts/progress';
import { recordFile } from '../../scripts/state';
import { applyStacks, destroyStacks } from '../../scripts/terraform/drive';
import { findTerraform } from '../../scripts/terraform/program';
import { readStacks } from '../../scripts/terraform/stacks';
import { pinnedProviders, runTerraform, testWithProviders } from '../support/providers';
import { root, succeed } from './support/cli';
import {
  cluster,
  clusterNetwork,
  clusterPage,
  offerVolume,
  raiseCluster,
  razeCluster,
  removeVolume,
} from './support/cluster';
import { folder } from './support/labs';
import { differences, everyObject, type Objects, settledObjects } from './support/objects';

const lab = 'someones';
/** As a checkout is: the plan is in it, and Terraform's states; and here the runner's record, too. */
const checkout = join(folder, lab);
const file = join(checkout, 'lab.yaml');
const outdir = join(checkout, 'cdktf.out');
const western = /^(mesh|federation|weather)-west$/;

let before: Objects;
const { XDG_STATE_HOME: stateHome } = process.env;

beforeAll(async () => {
  process.env.XDG_STATE_HOME = join(checkout, 'states');
  await razeCluster();
  rmSync(checkout, { recursive: true, force: true });
  await raiseCluster();
  await writePlan();
});
afterAll(async () => {
  await razeCluster();
  if (stateHome === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = stateHome;
});
beforeEach(async () => {
  before = await settledObjects(cluster);
  await offerVolume();
});
afterEach(() => removeVolume());

/** The lab file of a person whose cluster can pull nothing: charts and images are this machine's own. */
async function writePlan(): Promise<void> {
  const local = (chart: string) => join(root, `charts-values/istio/${chart}.local.yaml`);
  const place = { kubeconfig: cluster.file, context: cluster.context };
  const charts = { source: istioCharts(), values: { istiod: local('istiod'), gateway: local('gateway') } };
  const text = stringify({
    name: lab,
    platform: 'kubeconfig',
    meshes: {
      west: { kind: 'istio', network: clusterNetwork, ...place, charts },
      east: { kind: 'consul', network: '10.40.0.0/16', datacenter: 'dc1', context: 'none', gateway: '10.40.0.2' },
    },
    images: { node: 'isthmus.invalid/node:lab', consul: 'isthmus.invalid/plane:lab' },
    services: {
      'west/frontend': { port: 8080, program: 'weather/frontend', expose: 'page' },
      'west/backend': { port: 8080, program: 'weather/backend' },
      'east/info': { port: 8080, program: 'weather/info' },
    },
    access: [
      { from: 'west/frontend', to: 'west/backend', methods: ['GET'], paths: ['/api/'] },
      { from: 'west/backend', to: 'east/info', methods: ['GET'] },
    ],
  });
  mkdirSync(checkout, { recursive: true });
  symlinkSync(join(root, 'charts-values'), join(checkout, 'charts-values'));
  writeFileSync(file, text);
  await succeedWith('scripts/bundle.ts');
  await succeedWith('main.ts');
}

async function succeedWith(program: string): Promise<void> {
  const env = { ISTHMUS_CONFIG: file, CDKTF_OUTDIR: outdir };
  await run(process.execPath, ['--import', 'tsx', join(root, program)], { cwd: root, env });
}

/** The page comes through the gateway, and frontend calls backend: mutual TLS and the access table are in force. */
async function expectWeather(): Promise<void> {
  const ask = async (path: string) => {
    const answer = fetch(new URL(path, clusterPage), { signal: AbortSignal.timeout(5_000) });
    return (await answer.catch(() => undefined))?.status;
  };
  const answers = async () => (await ask('')) === 200 && (await ask('api/weather?place=Helsinki')) === 200;
  expect(await until(answers, { timeout: 60_000 })).toBe(true);
}

/**
 * What a lab left, but for what is kept on purpose. Objects that Kubernetes deletes behind the one that was deleted are
 * given time.
 */
async function leavings(kept?: RegExp): Promise<string[]> {
  let left: string[] = [];
  const nothing = async () => {
    left = differences(before, await everyObject(cluster)).filter((line) => kept?.test(line) !== true);
    return left.length === 0;
  };
  await until(nothing, { timeout: 10_000, interval: 1_000 });
  return left;
}

/**
 * Istio's chart tells Helm to keep its custom resource definitions, with the API that follows from them, and istiod puts
 * its root certificate into every namespace. `isthmus down` removes both; Terraform knows of neither.
 */
const keptByIstio =
  /^new: (CustomResourceDefinition\S* \/|APIService\S* \/v\w+\.)[a-z.]+\.istio\.io$|^new: ConfigMap [\w-]+\/istio-ca-(root-cert|crl)$/;

test('the runner installs it, finds nothing to change then, and takes it away', async () => {
  const plan = readPlan(outdir).filter(({ stack }) => western.test(stack));
  const record = new Record(recordFile(loadLab(file)));
  const options = { lab, progress: silentProgress };
  const first = await applyPlan(plan, record, options);
  expect(first.applied).toHaveLength(plan.length);
  await expectWeather();
  const second = await applyPlan(plan, record, options);
  expect(second).toEqual({ applied: [], deleted: [], unchanged: expect.anything() });
  // By its name: the lab file would want the other cluster to answer.
  await succeed('down', lab);
  await removeVolume();
  expect(await leavings()).toEqual([]);
});

testWithProviders(
  'Terraform installs it, finds nothing to change then, and destroys it',
  pinnedProviders('helm', 'kubernetes'),
  async () => {
    const stacks = readStacks(outdir).filter(({ name }) => western.test(name));
    const options = { checkout, owner: { lab }, program: await findTerraform(), progress: silentProgress };
    const changes = await applyStacks(stacks, options);
    expect([...changes.keys()].toSorted()).toEqual(stacks.map(({ name }) => name).toSorted());
    await expectWeather();
    for (const { name, folder } of stacks) {
      const { status, stdout, stderr } = runTerraform(
        folder,
        'plan',
        '-input=false',
        '-detailed-exitcode',
        '-no-color',
      );
      expect([name, status, status === 0 ? '' : stdout + stderr]).toEqual([name, 0, '']);
    }
    await destroyStacks(stacks, options);
    await removeVolume();
    expect(await leavings(keptByIstio)).toEqual([]);
  },
);
