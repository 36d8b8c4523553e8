/** Lab files and labs for tests: the default one, small variants of it, and generated ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { covers } from '../../model/access/table';
import { voidRows } from '../../model/access/void';
import { formatFaults } from '../../model/fault';
import { type Lab, methods } from '../../model/lab';
import { parseLab } from '../../model/parse';
import {
  isReservedExport,
  isReservedMesh,
  isReservedNamespace,
  isReservedService,
  isReservedVariable,
} from '../../model/reserved';
import { plainText } from '../../model/schema';

export const root = join(__dirname, '../..');

// A generated lab is read and checked each time; forty different ones in every run go a long way.
fc.configureGlobal({ numRuns: 40 });

/** A lab file as the data that its YAML stands for. */
export interface LabFile {
  readonly name: string;
  readonly platform: string;
  readonly meshes: Readonly<Record<string, unknown>>;
  readonly services: Readonly<Record<string, unknown>>;
  readonly access: readonly unknown[];
  readonly settings?: Readonly<Record<string, number>>;
}

export const localText = readFileSync(join(root, 'labs/local.yaml'), 'utf8');

/** Reads a lab that must be right. */
export function labOf(file: string | Partial<LabFile>): Lab {
  const text = typeof file === 'string' ? file : JSON.stringify({ ...smallFile, ...file });
  const { lab, faults } = parseLab(text);
  if (lab === undefined) throw new Error(formatFaults('lab.yaml', faults));
  return lab;
}

/** A lab file that comes with the product. */
export function labFile(name: string): Lab {
  return labOf(readFileSync(join(root, 'labs', `${name}.yaml`), 'utf8'));
}

/** The default lab. */
export function localLab(): Lab {
  return labOf(localText);
}

/** What every mesh on this machine has. */
export const localMesh = {
  place: { platform: 'local' },
  existing: false,
  servers: 1,
  charts: { values: {} },
  images: {
    node: 'isthmus.invalid/node:lab',
    consul: 'isthmus.invalid/plane:lab',
    guard: 'isthmus.invalid/node:lab',
    proxies: [],
  },
} as const;

/** Two meshes, three services, and one row inside a mesh and one across the border. */
export const smallFile: LabFile = {
  name: 'weather',
  platform: 'local',
  meshes: {
    west: { kind: 'istio', network: '10.10.0.0/16' },
    east: { kind: 'consul', network: '10.20.0.0/16', datacenter: 'dc1' },
  },
  services: {
    'west/frontend': { port: 8080, program: 'weather/frontend', expose: 'page' },
    'west/backend': { port: 8080, program: 'weather/backend' },
    'east/info': { port: 8080, program: 'weather/info' },
  },
  access: [
    { from: 'west/frontend', to: 'west/backend', methods: ['GET'], paths: ['/api/'] },
    { from: 'west/backend', to: 'east/info', methods: ['GET'] },
  ],
};

const letters = 'abcdefghijklmnopqrstuvwxyz';
const characters = (of: string) => fc.constantFrom(...of);

/** A name of the given length at most: letters, digits and dashes. */
export function names(longest: number): fc.Arbitrary<string> {
  const middle = fc.string({ unit: characters(`${letters}0123456789-`), maxLength: longest - 2 });
  const more = fc.tuple(middle, characters(`${letters}0123456789`)).map(([text, last]) => text + last);
  return fc.tuple(characters(letters), fc.oneof(fc.constant(''), more)).map(([first, rest]) => first + rest);
}

const segments = fc
  .string({ unit: characters('aZ0_~-.'), minLength: 1, maxLength: 4 })
  .filter((s) => !s.startsWith('.'));

/** A path as access rows have it. */
export const rowPaths = fc
  .tuple(fc.array(segments, { maxLength: 3 }), fc.boolean())
  .map(([parts, slash]) => (parts.length === 0 ? '/' : `/${parts.join('/')}${slash ? '/' : ''}`));

const all = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(fc.uniqueArray(arbitrary, { minLength: 1, maxLength: 3 }));

/** What a row allows; an absent part means all. */
const rules = fc
  .record({ methods: all(fc.constantFrom(...methods)), paths: all(rowPaths) })
  .map(({ methods: some, paths }) => ({
    ...(some !== null && { methods: some }),
    ...(paths !== null && { paths: paths.filter((path) => !paths.some((one) => one !== path && covers(one, path))) }),
  }));

const meshes = fc
  .tuple(names(11), names(11), fc.integer({ min: 12, max: 20 }), fc.boolean(), fc.option(names(30), { nil: undefined }))
  .filter(([istio, consul]) => !isReservedMesh(istio) && !isReservedMesh(consul))
  .filter(([istio, consul]) => istio !== consul && !istio.startsWith(`${consul}-`) && !consul.startsWith(`${istio}-`))
  .map(([istio, consul, prefix, first, datacenter]) => {
    const own = { kind: 'istio', network: `${first ? '10.16.0.0' : '172.16.0.0'}/${prefix}` };
    const other = { kind: 'consul', network: `10.32.0.0/${prefix}`, ...(datacenter !== undefined && { datacenter }) };
    // In either order of the file.
    const entries = [
      [istio, own],
      [consul, other],
    ] as const;
    return { istio, consul, entries: Object.fromEntries(first ? entries : entries.toReversed()) };
  });

/** Text that somebody's reader could take for something else. */
export const trickyText = fc.oneof(
  fc.string({ unit: 'grapheme' }).filter((text) => plainText.safeParse(text).success),
  fc.string({ unit: characters('${}%"\'\\:#\n -a') }),
  fc.constantFrom(
    ' \n',
    '\n ',
    'a\n b\n',
    'yes',
    'on',
    'n',
    '~',
    'null',
    '0777',
    '1_000',
    '1e3',
    '0x1F',
    '12:30:45',
    '2026-01-01',
    '.',
    '=',
    '<<',
    '${a}',
    '%{b}',
  ),
);

const environment = fc.dictionary(
  fc
    .string({ unit: characters('ABC_abc0'), minLength: 1, maxLength: 6 })
    .filter((name) => /^[A-Za-z_]/.test(name) && !isReservedVariable(name)),
  trickyText,
  { maxKeys: 3 },
);

/** Lab files that are right, with everything that such a file may hold. */
export const labFiles: fc.Arbitrary<LabFile> = meshes.chain(({ istio, consul, entries }) => {
  const service = (kind: 'istio' | 'consul') =>
    names(30).filter(
      (name) => !isReservedService(name, kind) && !(kind === 'istio' && isReservedNamespace(name, kind)),
    );
  const body = fc.record({
    port: fc.constantFrom(1024, 8080, 65535),
    program: fc.constant('weather/info'),
    env: environment,
  });
  const entry = (mesh: string, kind: 'istio' | 'consul') =>
    fc
      .tuple(service(kind), fc.option(service(kind), { nil: undefined, freq: 3 }), body)
      .map(([name, namespace, value]) => ({
        mesh,
        name,
        namespace: namespace ?? name,
        id: namespace === undefined || namespace === name ? `${mesh}/${name}` : `${mesh}/${namespace}/${name}`,
        value,
      }));
  const some = (mesh: string, kind: 'istio' | 'consul') =>
    // One name, one service, and one namespace in Istio: what the checks are for is tested apart.
    fc.uniqueArray(entry(mesh, kind), {
      comparator: (a, b) => a.name === b.name || (kind === 'istio' && a.namespace === b.namespace),
      maxLength: 4,
    });
  return fc
    .record({ name: names(20), own: some(istio, 'istio'), other: some(consul, 'consul'), page: fc.nat(7) })
    .chain(({ name, own, other, page }) => {
      // A caller knows its callees by their bare names, so those are distinct in the whole file.
      const foreign = other.filter((one) => !own.some((two) => two.name === one.name));
      const list = [...own, ...foreign];
      const services = Object.fromEntries(
        list.map(({ id, value }, index) => [id, { ...value, ...(index === page && { expose: 'page' }) }]),
      );
      return fc.record({
        name: fc.constant(name),
        platform: fc.constant('local'),
        meshes: fc.constant(entries),
        services: fc.constant(services),
        access: list.length < 2 ? fc.constant([]) : accessRows(list, consul),
        settings: fc.record({ drainSeconds: fc.integer({ min: 1, max: 3600 }) }),
      });
    });
});

interface Listed {
  readonly mesh: string;
  readonly name: string;
  readonly namespace: string;
  readonly id: string;
}

function accessRows(list: readonly Listed[], consul: string): fc.Arbitrary<unknown[]> {
  // An Istio consumer of another mesh has its namespace for itself.
  const alone = (one: Listed) =>
    list.every((two) => two === one || two.mesh !== one.mesh || two.namespace !== one.namespace);
  const isExportable = ({ name }: Listed) => !isReservedExport(name);
  const pairs = list.flatMap((from) =>
    list
      .filter((to) => to !== from && (to.mesh === from.mesh || (from.mesh === consul ? isExportable(to) : alone(from))))
      .map((to) => [from, to] as const),
  );
  const key = (row: { from: string; to: string; methods?: string[]; paths?: string[] }) =>
    JSON.stringify([row.from, row.to, (row.methods ?? []).toSorted(), (row.paths ?? []).toSorted()]);
  if (pairs.length === 0) return fc.constant([]);
  const row = fc
    .tuple(fc.constantFrom(...pairs), rules)
    .map(([[from, to], rule]) => ({ from: from.id, to: to.id, ...rule }));
  return fc.uniqueArray(row, { selector: key, maxLength: 6 }).map((list) => {
    const empty = voidRows(list.map((one) => ({ methods: [], paths: [], ...one })));
    return list.filter((_, index) => !empty.has(index));
  });
}

/** Generated labs, read. */
export const labs: fc.Arbitrary<Lab> = labFiles.map((file) => labOf(JSON.stringify(file)));
