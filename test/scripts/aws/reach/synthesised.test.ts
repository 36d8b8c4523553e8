jest.mock('../../../../constructs/program', () => jest.requireActual('../../../support/programs'));

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { type Cidr, formatCidr } from '../../../../model/cidr';
import type { Lab } from '../../../../model/lab';
import { type Network, networkOf } from '../../../../scripts/aws/reach/network';
import { meshesOf } from '../../../../scripts/aws/reach/places';
import { readStackPlans } from '../../../../scripts/aws/reach/plan';
import { canReach, crossings, openToInternet } from '../../../../scripts/aws/reach/questions';
import { labOf, root } from '../../../support/labs';
import { synthesise } from '../../../support/synth';

interface AwsFile {
  readonly meshes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const text = readFileSync(join(root, 'labs/aws.yaml'), 'utf8');
const file = parse(text) as AwsFile;

function plan(lab: Lab) {
  return networkOf(readStackPlans(synthesise(lab).folder));
}

/** What a lab must expose, whatever its settings; said without the model under test. */
function holds(lab: Lab): void {
  const network = plan(lab);
  if (lab.aws === undefined) throw new Error('no section aws');
  const { apiFrom, pageFrom, border } = lab.aws;
  expect(network.unmodelled).toEqual([]);
  expect(meshesOf(network).toSorted()).toEqual(['east', 'west']);
  for (const mesh of ['west', 'east']) {
    const images = canReach(network, { kind: 'nodes', mesh }, { kind: 'registries' }, 443);
    expect(images).toMatchObject({ reaches: 'all', stops: [] });
    expect(canReach(network, { kind: 'pods', mesh }, { kind: 'api', mesh }, 443).reaches).toBe('all');
  }
  const over = border.mode === 'public' ? 'internet' : border.mode;
  expect(across(network, 'west', 'east')).toEqual([`border 8443 all ${over}`]);
  expect(across(network, 'east', 'west')).toEqual([`border 15443 all ${over}`]);
  const api = ranges(apiFrom);
  const open = openToInternet(network).map(({ place, from, to, answer }) => {
    const role = place.kind === 'balancer' ? place.role : place.kind;
    return `${role} of ${'mesh' in place ? place.mesh : ''} ${from}-${to} from ${ranges(answer.sources)}`;
  });
  const wanted = [
    ...(apiFrom.length > 0 ? ['west', 'east'].map((mesh) => `api of ${mesh} 443-443 from ${api}`) : []),
    ...(pageFrom.length > 0 ? [`page of west 80-80 from ${ranges(pageFrom)}`] : []),
    ...(border.mode === 'public'
      ? [
          `border of west 15443-15443 from ${ranges(border.from)}`,
          `border of east 8443-8443 from ${ranges(border.from)}`,
        ]
      : []),
  ];
  expect(open.toSorted()).toEqual(wanted.toSorted());
}

/** What one mesh reaches of the other, on any port. */
function across(network: Network, from: string, to: string): string[] {
  return crossings(network, from, to).map(({ place, from: first, to: last, answer }) => {
    const what = place.kind === 'balancer' ? place.role : place.kind;
    return `${what} ${first === last ? first : `${first}-${last}`} ${answer.reaches} ${answer.over.join(' ')}`;
  });
}

function ranges(list: readonly Cidr[]): string {
  return list.map(formatCidr).toSorted().join(' ');
}

test('the lab of labs/aws.yaml lets in what it says and nothing else', () => {
  holds(labOf(text));
});

/** A lab of the default file with these AWS settings, and an Elastic IP in each mesh where the border needs one. */
function labWith(aws: Readonly<Record<string, unknown>>, meshes = file.meshes): Lab {
  const entries = Object.entries(meshes).map(([name, mesh], index) => {
    const elasticIp = { allocation: `eipalloc-0000000${index}`, address: `198.18.0.${index}` };
    return [name, typeof aws.border === 'object' ? { ...mesh, aws: { elasticIp } } : mesh] as const;
  });
  return labOf(JSON.stringify({ ...file, meshes: Object.fromEntries(entries), aws }));
}

test.each(['peering', 'privatelink', { public: ['203.0.113.0/24'] }])('so does one with border %j', (border) => {
  holds(labWith({ region: 'eu-north-1', apiFrom: ['198.51.100.7/32'], border, endpoints: ['ecr.api', 'ecr.dkr'] }));
});

/** Public ranges, none in another. */
const sources = (minLength: number) =>
  fc.uniqueArray(
    fc.tuple(fc.integer({ min: 24, max: 32 }), fc.nat(255)).map(([prefix, at]) => `203.0.${at}.0/${prefix}`),
    { minLength, maxLength: 3, selector: (text) => text.split('/')[0] ?? '' },
  );

const regions = fc.constantFrom('eu-north-1', 'us-east-1', 'ap-southeast-2', 'us-gov-west-1');

const labs: fc.Arbitrary<Lab> = fc
  .record({
    region: regions,
    zones: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 3, maxLength: 6 }),
    nat: fc.constantFrom('one', 'per-zone'),
    endpoints: fc.uniqueArray(fc.constantFrom('ecr.api', 'ecr.dkr', 'sts', 'ec2')),
    flowLogDays: fc.constantFrom(0, 7),
    apiFrom: sources(0),
    pageFrom: sources(0),
    border: fc.oneof(fc.constantFrom('peering', 'privatelink'), fc.record({ public: sources(1) })),
    prefixes: fc.tuple(fc.integer({ min: 16, max: 20 }), fc.integer({ min: 16, max: 20 })),
    swapped: fc.boolean(),
  })
  .map(({ prefixes, swapped, zones, ...aws }) => {
    const networks = swapped ? ['172.16.0.0', '192.168.0.0'] : ['10.10.0.0', '10.20.0.0'];
    const west = { ...file.meshes.west, network: `${networks[0]}/${prefixes[0]}` };
    const east = { ...file.meshes.east, network: `${networks[1]}/${prefixes[1]}` };
    const settings = { ...aws, zones: zones.map((zone) => `${aws.region}${zone}`) };
    return labWith(settings, swapped ? { east, west } : { west, east });
  });

test('so does every lab that a person can write', () => {
  fc.assert(fc.property(labs, holds), { numRuns: 10 });
}, 120_000);

test('a range that is not on the internet opens nothing to it', () => {
  const network = plan(labWith({ region: 'eu-north-1', apiFrom: ['10.0.0.0/8'], pageFrom: ['10.0.0.0/8'] }));
  expect(openToInternet(network)).toEqual([]);
  expect(across(network, 'east', 'west')).toEqual(['border 15443 all peering']);
});
