/** The real Helm makes of a plan's values what the plan says, and of our chart the objects as they are. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../model/kube';
import { readPlan } from '../../scripts/plan/read';
import { testWith } from '../support/binaries';
import { temporaryFolder } from '../support/folder';
import { labOf, localLab, smallFile, trickyText } from '../support/labs';
import { programText } from '../support/programs';
import { kubeObjects, synthesise } from '../support/synth';

jest.mock('../../constructs/programs', () => jest.requireActual('../support/programs'));

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
    ['backend', 'backend', { 'main.js': programText }],
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
