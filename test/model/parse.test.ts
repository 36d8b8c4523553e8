/** Lab files: what is right is read whole, what is wrong is said with place, value, what is allowed and the fix. */
import * as fc from 'fast-check';
import { stringify as write } from 'yaml';
import { formatCidr, overlaps, parseCidr } from '../../model/cidr';
import { formatFaults } from '../../model/fault';
import { canonicalId } from '../../model/lab';
import { parseLab } from '../../model/parse';
import { labFiles, labOf, localMesh, localText } from '../support/labs';

const network = (text: string) => parseCidr(text);
// Blocks of white space do not read back.
const stringify = (value: unknown) => write(value, { blockQuote: false });

describe('a right lab file', () => {
  test('labs/local.yaml is the lab that the documents describe', () => {
    const rest = { health: '/healthz', replicas: 1, env: {}, port: 8080, containers: [], guard: [] };
    expect(parseLab(localText)).toEqual({
      faults: [],
      lab: {
        name: 'weather',
        platform: 'local',
        meshes: [
          {
            ...localMesh,
            gateway: { address: '10.10.0.2', port: 15443 },
            name: 'west',
            kind: 'istio',
            network: network('10.10.0.0/16'),
            trustDomain: 'cluster.local',
          },
          {
            ...localMesh,
            gateway: { address: '10.20.0.11', port: 8443 },
            name: 'east',
            kind: 'consul',
            network: network('10.20.0.0/16'),
            datacenter: 'dc1',
            trustDomain: '4cdd9ee1-6c38-5064-9d6a-66a1b7d0def2.consul',
          },
        ],
        services: [
          {
            ...rest,
            id: 'west/frontend/frontend',
            mesh: 'west',
            namespace: 'frontend',
            name: 'frontend',
            workload: { kind: 'program', program: 'weather/frontend' },
            expose: 'page',
            secrets: {},
          },
          {
            ...rest,
            id: 'west/backend/backend',
            mesh: 'west',
            namespace: 'backend',
            name: 'backend',
            workload: { kind: 'program', program: 'weather/backend' },
            secrets: { OPENWEATHER_API_KEY: 'openweather' },
            containers: [
              { name: 'cache', port: 9000, workload: { kind: 'program', program: 'weather/cache' }, env: {} },
            ],
            guard: [{ from: 'backend', to: 'cache', port: 9000 }],
          },
          {
            ...rest,
            id: 'east/info/info',
            mesh: 'east',
            namespace: 'info',
            name: 'info',
            workload: { kind: 'program', program: 'weather/info' },
            secrets: {},
          },
        ],
        access: [
          { from: 'west/frontend/frontend', to: 'west/backend/backend', methods: ['GET'], paths: ['/api/'] },
          { from: 'west/backend/backend', to: 'east/info/info', methods: ['GET'], paths: [] },
          { from: 'east/info/info', to: 'west/backend/backend', methods: ['GET'], paths: ['/healthz'] },
        ],
        settings: { drainSeconds: 10, pagePort: 8080, apiPort: 16443 },
      },
    });
  });

  test('the defaults that labs/local.yaml shows in its comments are the real ones', () => {
    const shown = localText.replaceAll(/^# (settings:| {2}\w+:)/gm, '$1');
    expect(shown).toContain('\nsettings:\n');
    expect(labOf(shown)).toEqual(labOf(localText));
  });

  test('may leave out everything but its meshes', () => {
    const lab = labOf(
      '{ name: a, platform: local, meshes: { w: { kind: istio, network: 10.10.0.0/16 }, e: { kind: consul, network: 10.20.0.0/16 } } }',
    );
    expect(lab).toMatchObject({ services: [], access: [] });
    expect(lab.meshes[1]?.datacenter).toBe('dc1');
    expect(lab.meshes[0]).not.toHaveProperty('datacenter');
  });

  test('is read whole, whatever it holds', () => {
    fc.assert(
      fc.property(labFiles, (file) => {
        const { lab, faults } = parseLab(stringify(file));
        expect(faults).toEqual([]);
        expect(lab?.services.map(({ id }) => id)).toEqual(Object.keys(file.services).map(canonicalId));
        expect(lab?.services.map(({ env }) => env)).toEqual(
          Object.values(file.services).map((service) => (service as { env: object }).env),
        );
        expect(lab?.access.length).toBe(file.access.length);
        const [first, second] = lab?.meshes ?? [];
        expect(first !== undefined && second !== undefined && overlaps(first.network, second.network)).toBe(false);
      }),
    );
  });

  test('may be written as JSON', () => {
    fc.assert(
      fc.property(labFiles, (file) => expect(parseLab(JSON.stringify(file))).toEqual(parseLab(stringify(file)))),
      { numRuns: 20 },
    );
  });
});

describe('any text', () => {
  test('is answered with a lab or with faults, never with a crash', () => {
    const keys = fc.constantFrom(
      'name',
      'meshes',
      'services',
      'access',
      'west',
      'settings',
      'env',
      '__proto__',
      'toString',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), fc.constant(null), tie('map'), tie('list')),
      map: fc.dictionary(fc.oneof(keys, fc.string()), tie('tree'), { maxKeys: 5 }),
      list: fc.array(tie('tree'), { maxLength: 3 }),
    }));
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'a:-[]{}&*!|>\n ') }),
      tree.map((x) => stringify(x)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const { faults } = parseLab(text);
        expect(faults.length).toBeGreaterThan(0);
        expect(formatFaults('lab.yaml', faults)).toContain('fix:');
      }),
    );
  });

  test('that takes one thing from a right file is never read as if it were complete', () => {
    fc.assert(
      fc.property(labFiles, fc.constantFrom('name', 'platform', 'meshes'), (file, key) => {
        const { [key]: _gone, ...rest } = file;
        const { faults } = parseLab(stringify(rest));
        expect(faults).toContainEqual(
          expect.objectContaining({ path: [key], problem: 'is missing', fix: `add ${key}` }),
        );
      }),
      { numRuns: 20 },
    );
  });
});

test('a network that is accepted is private and aligned', () => {
  const prefixes = fc.integer({ min: 12, max: 20 });
  const bases = fc
    .oneof(fc.constantFrom(10, 172, 192), fc.nat(255))
    .chain((first) =>
      fc.tuple(fc.constant(first), fc.constantFrom(0, 15, 16, 31, 32, 160, 168, 169), fc.constantFrom(0, 16, 240)),
    );
  const inside = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((text) => network(text));
  fc.assert(
    fc.property(bases, prefixes, ([a, b, c], prefix) => {
      const text = `${a}.${b}.${c}.0/${prefix}`;
      const meshes = { w: { kind: 'istio', network: text }, e: { kind: 'consul', network: '10.255.0.0/16' } };
      const faults = parseLab(stringify({ name: 'a', platform: 'local', meshes })).faults.filter(
        ({ path }) => path[2] === 'network',
      );
      const block = network(text);
      const ok = inside.some(
        (range) => block !== undefined && range !== undefined && overlaps(range, block) && range.prefix <= block.prefix,
      );
      const free = block !== undefined && !overlaps(block, { base: 0x0aff0000, prefix: 16 });
      expect({ text, ok: faults.length === 0 }).toEqual({ text, ok: ok && free });
      if (ok && free && block !== undefined) expect(formatCidr(block)).toBe(text);
    }),
    { numRuns: 300 },
  );
});
