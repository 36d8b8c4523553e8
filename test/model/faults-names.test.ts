/** Names that a lab file must not take, or not twice. */
import { parseLab } from '../../model/parse';
import { at, backend, faultsAfter, info, right } from '../support/faults';

describe('names', () => {
  const first = (change: string, to: string) => faultsAfter(change, to)[0];

  test.each([
    ['west:\n', 'West:\n', ['meshes', 'West'], 4, 'is not a valid name'],
    ['west:\n', 'border:\n', ['meshes', 'border'], 4, 'is a name of the lab itself'],
    ['west:\n', 'longerthan11:\n', ['meshes', 'longerthan11'], 4, 'is too long for the names made of it'],
    ['west:\n', 'east-one:\n', ['meshes', 'east-one'], 4, 'reads like a part of mesh east'],
    ['west/backend: {', 'west/back_end: {', ['services', 'west/back_end'], 10, 'is not a valid service id'],
    ['west/backend: {', 'backend: {', ['services', 'backend'], 10, 'is not a valid service id'],
    ['west/backend: {', 'west/a/b/c: {', ['services', 'west/a/b/c'], 10, 'is not a valid service id'],
    ['west/backend: {', 'wset/backend: {', ['services', 'wset/backend'], 10, 'names no mesh of this file'],
    [
      'west/backend: {',
      'west/kube-system/b: {',
      ['services', 'west/kube-system/b'],
      10,
      'is in a namespace of the lab itself',
    ],
    [
      'west/backend: {',
      'west/federation/b: {',
      ['services', 'west/federation/b'],
      10,
      'is in a namespace of the lab itself',
    ],
    [
      'west/backend: {',
      'west/apps/default: {',
      ['services', 'west/apps/default'],
      10,
      'has a name that the lab itself uses',
    ],
    ['west/backend: {', 'west/import-x: {', ['services', 'west/import-x'], 10, 'has a name that the lab itself uses'],
    ['east/info: {', 'east/server: {', ['services', 'east/server'], 11, 'has a name that the lab itself uses'],
    ['a.js }', 'a.js, env: { HOST: 0.0.0.0 } }', at('env', 'HOST'), 10, 'is set by the lab itself'],
    ['a.js }', 'a.js, secrets: { K: a-federation } }', at('secrets', 'K'), 10, 'is a Secret of the trust exchange'],
  ])('%j as %j: %j line %d %s', (change, to, path, line, problem) => {
    expect(first(change, to)).toMatchObject({ path, line, problem, value: expect.anything(), fix: expect.any(String) });
  });

  test('a service under its short and its full name is one service twice', () => {
    expect(faultsAfter(backend, `west/backend/backend: { port: 8080, program: a.js }\n  ${backend}`)).toEqual([
      {
        path: at(),
        line: 11,
        value: 'west/backend',
        problem: 'is the same service as west/backend/backend',
        fix: 'rename one of the two',
      },
    ]);
  });

  test('a bare name is one service of a Consul mesh, whatever its namespace', () => {
    expect(faultsAfter(info, `east/x/info: { port: 8080, program: a.js }\n  ${info}`)).toMatchObject([
      { path: ['services', 'east/info'], line: 12, problem: 'is the same service as east/x/info' },
    ]);
  });

  test('two callers of one name must not become one identity outside their mesh', () => {
    const twin = right.replace(backend, `${backend}\n  west/apps/backend: { port: 8080, program: a.js }`);
    expect(parseLab(twin).faults).toEqual([]);
    expect(parseLab(`${twin}  - { from: west/apps/backend, to: east/info, methods: [GET] }\n`).faults).toEqual([
      {
        path: ['access', 2],
        line: 16,
        value: 'west/apps/backend',
        problem: 'is known in mesh east by the same identity as west/backend/backend',
        fix: 'rename one of the two services',
      },
    ]);
  });

  test('two callees of one name must not become one export, nor a callee the identity of a caller', () => {
    const twin = right.replace(backend, `${backend}\n  west/apps/backend: { port: 8080, program: a.js }`);
    const out = '  - { from: west/backend, to: east/info }\n';
    expect(twin).toContain(out);
    const back = (id: string) => `  - { from: east/info, to: ${id} }\n`;
    const shared = { path: ['access', 2], value: 'west/apps/backend', fix: 'rename one of the two services' };
    const fault = { ...shared, problem: 'is known in mesh east by the same identity as west/backend/backend' };
    expect(parseLab(twin.replace(out, out + back('west/backend'))).faults).toEqual([]);
    expect(parseLab(twin.replace(out, out + back('west/apps/backend'))).faults).toMatchObject([fault]);
    const both = twin.replace(out, back('west/backend') + back('west/apps/backend'));
    expect(parseLab(both).faults).toMatchObject([
      fault,
      // The caller would not know them apart either.
      { path: ['access', 2], problem: 'gives east/info the same variable BACKEND_URL as west/backend/backend' },
    ]);
  });

  test.each(['consul', 'mesh-gateway', 'a-sidecar-proxy'])('a service called %s can not be exported', (name) => {
    const named = right.replaceAll('west/backend', `west/${name}`);
    expect(parseLab(named).faults).toEqual([]);
    expect(parseLab(`${named}  - { from: east/info, to: west/${name} }\n`).faults).toMatchObject([
      {
        path: ['access', 2],
        value: `east/info → west/${name}`,
        problem: `can not be enforced: ${name} is a name of the federation plane's own, so Consul would not tell the two apart`,
        fix: 'rename the service',
      },
    ]);
  });

  test('a Consul service that calls another mesh may share its namespace', () => {
    const beside = right.replace(info, `${info}\n  east/info/other: { port: 8080, program: a.js }`);
    expect(parseLab(`${beside}  - { from: east/info, to: west/backend }\n`).faults).toEqual([]);
  });

  test('a service that calls another mesh has its namespace for itself', () => {
    const beside = right.replace(backend, `${backend}\n  west/backend/other: { port: 8080, program: a.js }`);
    expect(parseLab(beside).faults).toEqual([
      {
        path: ['services', 'west/backend'],
        line: 10,
        value: 'west/backend',
        problem: 'shares its namespace with west/backend/other although it calls another mesh',
        allowed: 'one service in the namespace',
        fix: 'give it a namespace of its own: mesh/namespace/service',
      },
    ]);
    const inside = beside.replace('  - { from: west/backend, to: east/info }\n', '');
    expect(parseLab(inside).faults).toEqual([]);
  });

  test('two callees of one caller must not share a variable', () => {
    const twin = `${right.replace(backend, `${backend}\n  west/info: { port: 8080, program: a.js }`)}  - { from: west/backend, to: west/info }\n`;
    expect(parseLab(twin).faults).toEqual([
      {
        path: ['access', 2],
        line: 16,
        value: 'west/info',
        problem: 'gives west/backend the same variable INFO_URL as east/info/info',
        fix: 'rename one of the two services',
      },
    ]);
  });
});
