/** Labs on AWS: the one that comes with the product, and what a person may make of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { controlPlaneLogTypes } from '../../model/aws';
import type { Lab } from '../../model/lab';
import { labFile, labOf, root } from './labs';

type Section = Readonly<Record<string, unknown>>;

/** The lab file that comes with the product, with other settings. */
function changed(aws: Section, meshes: Readonly<Record<string, Section>> = {}): Lab {
  const file = parse(readFileSync(join(root, 'labs/aws.yaml'), 'utf8')) as {
    readonly aws: Section;
    readonly meshes: Readonly<Record<string, Section>>;
  };
  const merged = Object.entries(file.meshes).map(([name, mesh]) => [name, { ...mesh, ...meshes[name] }]);
  return labOf(JSON.stringify({ ...file, aws: { ...file.aws, ...aws }, meshes: Object.fromEntries(merged) }));
}

const elasticIp = (end: string) => ({
  aws: { elasticIp: { allocation: `eipalloc-0123456789abcde0${end}`, address: `198.51.100.${end}` } },
});

const admin = 'arn:aws:iam::123456789012:role/admin';

/** By name. Together they make a resource of every type that the product knows. */
export const awsLabs: Readonly<Record<string, () => Lab>> = {
  aws: () => labFile('aws'),
  /** All that guards and records is on, and nothing is on the internet. */
  guarded: () =>
    changed({
      nat: 'per-zone',
      endpoints: ['ecr.api', 'ecr.dkr', 'sts'],
      flowLogDays: 365,
      logs: { types: controlPlaneLogTypes, days: 365 },
      apiFrom: [],
      pageFrom: [],
      admins: [admin],
      border: 'privatelink',
      state: { bucket: 'example-state', region: 'eu-north-1' },
    }),
  /** The border lies on the internet. */
  public: () => changed({ border: { public: ['198.51.100.0/24'] } }, { west: elasticIp('1'), east: elasticIp('2') }),
  /** Networks and clusters are there already. */
  existing: () =>
    changed(
      {},
      { west: { gateway: '10.10.0.10', aws: existing('1') }, east: { gateway: '10.20.0.10', aws: existing('2') } },
    ),
};

function existing(end: string): Section {
  const id = (prefix: string, part: string) => `${prefix}-0123456789abcd${part}0${end}`;
  return {
    vpc: {
      id: id('vpc', 'a'),
      privateSubnets: [id('subnet', 'a'), id('subnet', 'b')],
      publicSubnets: [id('subnet', 'c'), id('subnet', 'd')],
      routeTables: [id('rtb', 'a')],
    },
    cluster: `own-${end}`,
  };
}
