import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { mesh } from '../../model/lab';
import { UsageError } from '../../scripts/errors';
import { defaultConfig, loadLab, readableLab, readLabName } from '../../scripts/load';
import { temporaryFolder } from '../support/folder';
import { localText, root, smallFile } from '../support/labs';
import { kubeconfigFile } from './clusters/labs';

const folder = temporaryFolder();

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** What a person reads. */
function messageOf(path: string): string {
  try {
    loadLab(path);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).exitCode).toBe(2);
    return (error as UsageError).message;
  }
  throw new Error('no fault was found');
}

test('without a file it is the local lab of the checkout, from any folder', () => {
  expect(defaultConfig).toBe(join(root, 'labs/local.yaml'));
  expect(loadLab()).toEqual(loadLab(file('copy.yaml', localText)));
});

test('a file that is not there', () => {
  expect(messageOf(join(folder, 'none.yaml'))).toBe(
    `${join(folder, 'none.yaml')} does not exist. Give the path of a lab file with --config or ISTHMUS_CONFIG; labs/local.yaml shows the form.`,
  );
});

test('a folder instead of a file', () => {
  expect(messageOf(folder)).toContain(`${folder} can not be read. Give the path of a lab file`);
});

test('a file below the working folder is shown as people type it', () => {
  const below = relative(process.cwd(), join(root, 'labs/none.yaml'));
  expect(messageOf(join(root, 'labs/none.yaml')).startsWith(`${below} does not exist`)).toBe(true);
});

test('every fault of a wrong file, with file and line', () => {
  const wrong = file(
    'wrong.yaml',
    localText.replace('10.10.0.0/16', '10.10.0.1/16').replace('methods: [GET], paths', 'methods: [GTE], paths'),
  );
  const lines = messageOf(wrong).split('\n');
  expect(lines[0]).toBe(`${wrong} has 2 faults:`);
  expect(lines[1]).toBe(`  ${wrong}:6  meshes.west.network: is not valid`);
  expect(lines).toContain('    fix:     did you mean GET?');
});

describe('programs', () => {
  const withProgram = (program: string) =>
    JSON.stringify({ ...smallFile, services: { ...smallFile.services, 'east/info': { port: 8080, program } } });

  test('of ours need no path; one of your own must be there', () => {
    expect(messageOf(file('own.yaml', withProgram('mine.js')))).toBe(
      `${join(folder, 'own.yaml')} has 1 fault:
  ${join(folder, 'own.yaml')}:1  services["east/info"].program: is not there
    value:   "mine.js"
    allowed: weather/frontend, weather/backend, weather/info, weather/cache, or the path of a bundled JavaScript file
    fix:     bundle the program first, or mend the path (it starts from the folder of the lab file)`,
    );
  });

  test('that are mistyped are told with what was meant, and beside every other fault', () => {
    const services = {
      ...smallFile.services,
      'east/info': { port: 8080, program: 'weather/inof' },
      'west/backend': { port: 8080, program: 'weather/backend', containers: { side: { program: 'nope.js' } } },
      'west/lost': { port: 8080 },
    };
    const message = messageOf(file('typo.yaml', JSON.stringify({ ...smallFile, services }, null, 1)));
    expect(message).toContain('has 3 faults');
    expect(message).toMatch(/typo\.yaml:\d+ {2}services\["east\/info"\]\.program[\s\S]*did you mean weather\/info\?/);
    expect(message).toMatch(/typo\.yaml:\d+ {2}services\["west\/backend"\]\.containers\.side\.program: is not there/);
  });

  test('of your own are found from the folder of the lab file, wherever the command runs', () => {
    mkdirSync(join(folder, 'programs'));
    const program = file('programs/mine.js', '');
    for (const path of ['programs/mine.js', './programs/../programs/mine.js', program]) {
      const { workload } = loadLab(file('own.yaml', withProgram(path))).services.at(-1) ?? {};
      expect(workload).toEqual({ kind: 'program', program });
    }
  });
});

describe('paths of clusters and charts', () => {
  const write = (name: string, west: object) =>
    file(
      name,
      JSON.stringify({
        ...kubeconfigFile,
        meshes: { ...kubeconfigFile.meshes, west: { ...(kubeconfigFile.meshes.west as object), ...west } },
      }),
    );
  const west = (path: string) => mesh(loadLab(path), 'west');

  test('start from the folder of the lab file; addresses and the home stay', () => {
    mkdirSync(join(folder, 'charts'), { recursive: true });
    file('istiod.yaml', '');
    const charts = { source: 'charts', values: { istiod: './istiod.yaml' } };
    const found = west(write('paths.yaml', { kubeconfig: 'clusters/west', charts }));
    expect(found.place).toMatchObject({ kubeconfig: join(folder, 'clusters/west') });
    expect(found.charts).toEqual({ source: join(folder, 'charts'), values: { istiod: join(folder, 'istiod.yaml') } });
    expect(west(write('home.yaml', {})).place).toMatchObject({ kubeconfig: '~/.kube/config' });
    expect(west(write('absolute.yaml', { kubeconfig: '/a/b' })).place).toMatchObject({ kubeconfig: '/a/b' });
    const source = 'oci://registry.example/charts';
    expect(west(write('oci.yaml', { charts: { source } })).charts.source).toBe(source);
    expect(messageOf(write('http.yaml', { charts: { source: 'http://charts.example' } }))).toContain(
      'allowed: a folder of charts, or the address of a repository (https:, oci:)',
    );
  });

  test('that lead to nothing are told, but for a kubeconfig, which the cluster may bring', () => {
    const charts = { source: 'no-charts', values: { istiod: 'none.yaml' } };
    const message = messageOf(write('nothing.yaml', { kubeconfig: 'later', charts }));
    expect(message).toContain('meshes.west.charts.source: is not there');
    expect(message).toContain('meshes.west.charts.values.istiod: is not there');
    expect(message).not.toContain('later');
  });

  test('a lab of a file with faults is none', () => {
    expect(readableLab(file('faulty.yaml', 'name: weather'))).toBeUndefined();
    expect(readableLab(join(folder, 'none.yaml'))).toBeUndefined();
    expect(readableLab(defaultConfig)?.name).toBe('weather');
  });
});

describe('the name of a lab whose file is wrong', () => {
  test.each([
    ['name: weather\nmeshes: [', 'weather'],
    ['# name: no\nname: "a-b" # mine\n', 'a-b'],
    ["platform: x\nname: 'c'", 'c'],
  ])('%j is %s', (text, name) => {
    expect(readLabName(file('broken.yaml', text))).toBe(name);
  });

  test.each(['', 'name:', 'name: Weather', 'name: ../x', '  name: inner', `name: ${'a'.repeat(21)}`])(
    '%j has none',
    (text) => {
      expect(() => readLabName(file('broken.yaml', text))).toThrow(UsageError);
    },
  );

  test('a file that is not there has none', () => {
    expect(() => readLabName(join(folder, 'none.yaml'))).toThrow('names no lab. Give the lab');
  });
});
