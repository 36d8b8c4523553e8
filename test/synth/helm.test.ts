/** The real Helm makes of a plan's values what the plan says, and of our chart the objects as they are. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../model/kube';
import { istioCharts, locate } from '../../scripts/machine/binaries';
import { readPlan } from '../../scripts/plan/read';
import { testWith } from '../support/binaries';
import { temporaryFolder } from '../support/folder';
import { labOf, localLab, root, smallFile, trickyText } from '../support/labs';
import { programText } from '../support/programs';
import { kubeObjects, synthesise } from '../support/synth';

jest.mock('../../constructs/program', () => jest.requireActual('../support/programs'));

const folder = temporaryFolder();
const template = (helm: string, ...args: string[]) =>
  execFileSync(helm, ['template', 'test', ...args], { cwd: folder, encoding: 'utf8', env: { HOME: folder } });

testWith('helm', 'texts of any kind reach it as they were', (helm) => {
  const texts = fc.sample(trickyText, { numRuns: 400, seed: 3 });
  const env = Object.fromEntries(texts.map((text, index) => [`T${index}`, text]));
  const services = { ...smallFile.services, 'west/backend': { port: 8080, program: 'a.js', env } };
  const plan = synthesise(labOf({ services }));
  const release = readPlan(plan.folder).find(({ id }) => id.startsWith('weather-west/helm_release.Service-backend'));
  writeFileSync(join(folder, 'values.yaml'), ((release?.values.values ?? []) as string[])[0] ?? '');
  mkdirSync(join(folder, 'show/templates'), { recursive: true });
  writeFileSync(join(folder, 'show/Chart.yaml'), 'apiVersion: v2\nname: show\nversion: 0.1.0\n');
  // Helm reads a rendered chart as YAML once more; base64 tells what it held in between.
  writeFileSync(
    join(folder, 'show/templates/a.yaml'),
    'a: {{ toJson .Values.objects | b64enc }}\nb: {{ toYaml .Values.objects | fromYamlArray | toJson | b64enc }}\n',
  );
  const said = template(helm, 'show', '--values', 'values.yaml');
  for (const key of ['a', 'b']) {
    const encoded = new RegExp(`^${key}: (\\S+)$`, 'm').exec(said)?.[1] ?? '';
    const objects = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as KubeObject[];
    const deployment = JSON.stringify(objects.find(({ kind }) => kind === 'Deployment'));
    for (const [name, value] of Object.entries(env))
      expect(deployment).toContain(`{"name":"${name}","value":${JSON.stringify(value)}}`);
  }
});

testWith('helm', 'every release of our chart becomes its objects, and its program one of them', (helm) => {
  const plan = synthesise(localLab());
  const releases = readPlan(plan.folder).filter(
    ({ type, values }) => type === 'helm_release' && String(values.chart).startsWith('assets/'),
  );
  const found = releases.flatMap(({ values, folder: of }) => {
    const file = join(folder, 'values.yaml');
    writeFileSync(file, (values.values as string[])[0] ?? '');
    const rendered = parseAllDocuments(template(helm, join(of, String(values.chart)), '--values', file));
    return rendered.map((document) => (document as { toJS(): unknown }).toJS() as KubeObject);
  });
  const programs = found.filter(({ kind, data }) => kind === 'ConfigMap' && Object.hasOwn(data as object, 'main.js'));
  expect(programs.map(({ metadata, data }) => [metadata.namespace, metadata.name, data])).toEqual([
    ['plane-east', 'plane', { 'main.js': programText }],
    ['guard', 'guard-webhook', { 'main.js': programText }],
    ['backend', 'backend', { 'main.js': programText, 'cache.js': programText }],
    ['frontend', 'frontend', { 'main.js': programText }],
  ]);
  const name = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.namespace}/${metadata.name}`;
  expect(
    found
      .filter((object) => !programs.includes(object))
      .map(name)
      .toSorted(),
  ).toEqual(kubeObjects(plan).map(name).toSorted());
});

// The charts come with this program.
testWith('pilot-discovery', "istiod's chart is changed as the plan says: health over TLS, no port in clear", () => {
  const release = readPlan(synthesise(localLab()).folder).find(({ values }) => values.name === 'istiod');
  const chart = join(istioCharts(), 'istiod');
  if (release === undefined || !existsSync(chart)) throw new Error(`no istiod in the plan, or no chart at ${chart}`);
  const files = (release.values.values as string[]).map((text, index) => {
    const file = join(folder, `istiod-${index}.yaml`);
    writeFileSync(file, text);
    return `--values=${file}`;
  });
  const { args } = release.values.postrender as { args: string[] };
  const program = join(root, (args[0] ?? '').replace('../../../', ''));
  const rendered = template(locate('helm'), chart, '--namespace=istio-system', ...files);
  const after = execFileSync('node', [program], { input: rendered, encoding: 'utf8' });
  const read = (text: string) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject | null);
  const of = (text: string, kind: string) =>
    read(text).find((object) => object?.kind === kind && object.metadata.name === 'istiod') as unknown as Istiod;
  const [container] = of(after, 'Deployment').spec.template.spec.containers;
  expect(container?.readinessProbe.httpGet).toEqual({ path: '/ready', port: 15017, scheme: 'HTTPS' });
  expect(container?.args.filter((text) => /Addr=/.test(text)).slice(1)).toEqual([
    '--grpcAddr=127.0.0.1:15010',
    '--monitoringAddr=127.0.0.1:15014',
    '--httpAddr=127.0.0.1:8080',
  ]);
  expect(container?.ports.map(({ containerPort }) => containerPort)).toEqual([15012, 15017]);
  expect(of(after, 'Service').spec.ports.map(({ port }) => port)).toEqual([15012, 443]);
  // All else is as the chart has it.
  const others = (text: string) =>
    read(text).filter((object) => !['Deployment', 'Service'].includes(object?.kind ?? ''));
  expect(others(after)).toEqual(others(rendered));
  expect(() => execFileSync('node', [program], { input: 'kind: Service\n', stdio: 'pipe' })).toThrow(
    '0 of its Deployment and Service found',
  );
});

interface Istiod {
  readonly spec: {
    readonly ports: readonly { readonly port: number }[];
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly args: readonly string[];
          readonly ports: readonly { readonly containerPort: number }[];
          readonly readinessProbe: { readonly httpGet: object };
        }[];
      };
    };
  };
}
