/** Every fault of a lab file: where it is, what is wrong with which value, what is allowed, how to mend it. The other
 * files named faults-* hold the parts. */
import { formatFaults, formatPath } from '../../model/fault';
import { parseLab } from '../../model/parse';
import {
  backend,
  type Case,
  info,
  invalid,
  last,
  other,
  range,
  right,
  testFaults,
  unknown,
  wrong,
} from '../support/faults';

const topKeys = 'name, platform, aws, images, meshes, services, access, settings';
const nameLabel = '1 to 20 of a-z, 0-9 and -, starting with a letter and not ending in -';
const top: Case[] = [
  ['a name with a capital', 'name: weather', 'name: Weather', invalid(['name'], 1, 'Weather', nameLabel)],
  [
    'a name of 21 characters',
    'name: weather',
    `name: a${'b'.repeat(20)}`,
    invalid(['name'], 1, `a${'b'.repeat(20)}`, nameLabel),
  ],
  ['a number as name', 'name: weather', 'name: 5', wrong(['name'], 1, 5, 'text')],
  [
    'a mistyped platform',
    'platform: local',
    'platform: locla',
    other(['platform'], 2, 'locla', 'local, aws, kubeconfig', 'did you mean local?'),
  ],
  [
    'an unknown platform',
    'platform: local',
    'platform: mars',
    other(['platform'], 2, 'mars', 'local, aws, kubeconfig', 'write one of: local, aws, kubeconfig'),
  ],
  [
    'a mistyped key',
    'platform: local',
    'platform: local\nservice: {}',
    unknown(['service'], 3, topKeys, 'did you mean services?'),
  ],
  ['an unknown key', 'platform: local', 'platform: local\ncolour: red', unknown(['colour'], 3, topKeys, 'remove it')],
  [
    'access as a mapping',
    `access:\n  - { from: west/frontend, to: west/backend }\n  ${last}`,
    'access: {}',
    wrong(['access'], 12, {}, 'a list'),
  ],
  [
    'a list of services',
    `services:\n  west/frontend: { port: 8080, program: a.js, expose: page }\n  ${backend}\n  ${info}\naccess:\n  - { from: west/frontend, to: west/backend }\n  ${last}`,
    'services: []',
    wrong(['services'], 8, [], 'a mapping of names to values'),
  ],
];

const settings: Case[] = [
  [
    'a page on a port that needs root',
    'access:',
    'settings: { pagePort: 80 }\naccess:',
    range(['settings', 'pagePort'], 12, 80, 'at least 1024'),
  ],
  [
    'two uses of one port',
    'access:',
    'settings: { apiPort: 8080 }\naccess:',
    {
      path: ['settings', 'apiPort'],
      line: 12,
      value: 8080,
      problem: 'is also settings.pagePort',
      fix: 'use two ports',
    },
  ],
  [
    'a drain of more than an hour',
    'access:',
    'settings: { drainSeconds: 4000 }\naccess:',
    range(['settings', 'drainSeconds'], 12, 4000, 'at most 3600'),
  ],
  [
    'a mistyped setting',
    'access:',
    'settings: { drainSecond: 8 }\naccess:',
    unknown(['settings', 'drainSecond'], 12, 'drainSeconds, pagePort, apiPort', 'did you mean drainSeconds?'),
  ],
];

test('the file that all cases start from is right', () => {
  expect(parseLab(right).faults).toEqual([]);
});

describe('faults of the file', () => {
  testFaults([...top, ...settings]);
});

describe('a file with many faults', () => {
  const file = `name: Weather
platform: local
meshes:
  west: { kind: istoi, network: 10.10.0.0/16 }
  east: { kind: consul, network: 10.20.0.1/16 }
services:
  west/frontend: { port: 80, program: a.js, exposed: page }
access:
  - { from: west/frontend, to: west/backend, methods: [GTE] }
`;

  test('shows them all at once, in the order of the file', () => {
    const { faults } = parseLab(file);
    expect(faults.map(({ line, path }) => [line, formatPath(path)])).toEqual([
      [1, 'name'],
      [4, 'meshes.west.kind'],
      [5, 'meshes.east.network'],
      [7, 'services["west/frontend"].port'],
      [7, 'services["west/frontend"].exposed'],
      [9, 'access[0].methods[0]'],
      [9, 'access[0].to'],
    ]);
  });

  test('reads as text for a person', () => {
    expect(formatFaults('labs/own.yaml', parseLab(file).faults.slice(3, 5))).toBe(
      `labs/own.yaml has 2 faults:
  labs/own.yaml:7  services["west/frontend"].port: is out of range
    value:   80
    allowed: at least 1024
    fix:     write at least 1024
  labs/own.yaml:7  services["west/frontend"].exposed: is not a known key
    value:   "exposed"
    allowed: port, program, image, expose, env, secrets, account, labels, health, replicas, containers, guard
    fix:     did you mean expose?`,
    );
  });

  test('one fault is counted as one, and the whole file has a name', () => {
    expect(formatFaults('a.yaml', [{ path: [], problem: 'is bad', fix: 'mend it' }])).toBe(
      'a.yaml has 1 fault:\n  a.yaml  the file: is bad\n    fix:     mend it',
    );
  });
});

describe('YAML that can not be read', () => {
  const mend = 'mend the syntax; labs/local.yaml shows the form';

  test.each([
    ['a: b: c', 1, 'is not YAML: Nested mappings are not allowed in compact mappings'],
    ['a: 1\na: 2', 2, 'is not YAML: Map keys must be unique'],
    ['a:\n\t- b', 2, 'is not YAML: Tabs are not allowed as indentation'],
    ['a: [1', 1, 'is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ])('%j: line %d %s', (text, line, problem) => {
    expect(parseLab(text).faults[0]).toEqual({ path: [], line, problem, fix: mend });
  });

  test.each([['a: &x 1\nb: *x'], ['a: &x\n  b: *x'], ['a: 1\nb: *nothing']])(
    'an alias is refused, whatever it stands for: %j',
    (text) => {
      expect(parseLab(text).faults).toEqual([
        expect.objectContaining({ line: 2, problem: 'holds a YAML alias, which lab files do not have' }),
      ]);
    },
  );

  test.each([
    ['', undefined],
    ['just text', 'just text'],
    ['[]', []],
  ])('%j is no mapping of keys', (text, value) => {
    const [fault] = parseLab(text).faults;
    expect(fault).toMatchObject(
      value === undefined
        ? { path: ['name'], problem: 'is missing' }
        : { path: [], value, problem: 'has the wrong type', fix: 'write a mapping of keys to values' },
    );
  });
});
