/** Faults of where meshes run. */
import { formatPath } from '../../model/fault';
import { parseLab } from '../../model/parse';

const services = {
  'west/frontend': { port: 8080, program: 'a.js', expose: 'page' },
  'west/backend': { port: 8080, program: 'a.js' },
  'east/info': { port: 8080, program: 'a.js' },
};
const access = [
  { from: 'west/frontend', to: 'west/backend' },
  { from: 'west/backend', to: 'east/info' },
];
const west = { kind: 'istio', network: '10.10.0.0/16' };
const east = { kind: 'consul', network: '10.20.0.0/16' };
const aws = { region: 'eu-north-1', apiFrom: ['203.0.113.7/32'] };
const vpc = {
  id: 'vpc-0123456789abcdef0',
  privateSubnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  publicSubnets: ['subnet-0123456789abcdef2', 'subnet-0123456789abcdef3'],
  routeTables: ['rtb-0123456789abcdef0'],
};

interface File {
  readonly name?: string;
  readonly platform?: string;
  readonly west?: object;
  readonly east?: object;
  readonly aws?: object | undefined;
  readonly services?: object;
  readonly access?: readonly object[];
}

/** Faults of a file, each as `path: problem`. */
function faults({ west: one, east: other, ...rest }: File): string[] {
  const meshes = { west: { ...west, ...one }, east: { ...east, ...other } };
  const file = { name: 'weather', services, access, meshes, ...rest };
  return parseLab(JSON.stringify(file)).faults.map(({ path, problem }) => `${formatPath(path)}: ${problem}`);
}

const onAws = (more: File = {}): string[] => faults({ platform: 'aws', aws, ...more });
const onClusters = (more: File = {}): string[] => {
  const { west: one, east: other, ...rest } = more;
  return faults({
    platform: 'kubeconfig',
    west: { context: 'w', ...one },
    east: { context: 'e', gateway: '10.20.0.2', ...other },
    ...rest,
  });
};

test('the files that all cases start from are right', () => {
  expect(onAws()).toEqual([]);
  expect(onClusters()).toEqual([]);
});

describe('on platform kubeconfig', () => {
  test.each([
    ['consul', 'consul', {}, 1],
    ['consul', 'isthmus-attack', {}, 1],
    ['consul', 'kube-system', {}, 1],
    ['consul', 'shop', {}, 0],
    ['consul', 'consul', { platform: 'local' }, 0],
    ['istio', 'isthmus-attack', {}, 1],
    ['istio', 'consul', {}, 0],
  ])('in a mesh of kind %s, namespace %s of %j has %d faults', (kind, namespace, more, count) => {
    const mesh = kind === 'istio' ? 'west' : 'east';
    const found = faults({
      platform: 'kubeconfig',
      services: { [`${mesh}/${namespace}/x`]: { port: 1024, program: 'a.js' } },
      ...more,
    });
    const refusals = found.filter((fault) => fault.endsWith(': is in a namespace of the lab itself'));
    expect(refusals).toHaveLength(count);
  });

  test.each<[string, File, string]>([
    ['no context', { west: { context: undefined } }, 'meshes.west.context: is missing'],
    ['no gateway of Consul', { east: { gateway: undefined } }, 'meshes.east.gateway: is missing'],
    ['a gateway that is a name', { east: { gateway: 'lb.example' } }, 'meshes.east.gateway: is not valid'],
    [
      'no gateway of an Istio mesh that Consul calls',
      { access: [{ from: 'east/info', to: 'west/backend' }] },
      'meshes.west.gateway: is missing',
    ],
    [
      'a trust domain of a mesh that is installed',
      { west: { trustDomain: 'a.example' } },
      'meshes.west.trustDomain: belongs to meshes with existing: true only',
    ],
    ['AWS choices', { west: { aws: {} } }, 'meshes.west.aws: belongs to meshes on platform aws only'],
    ['one cluster for both', { east: { context: 'w' } }, 'meshes.east.context: is the cluster of mesh west'],
    ['an AWS section', { aws }, 'aws: is of no use: no mesh is on platform aws'],
    ['two servers', { east: { servers: 2 } }, 'meshes.east.servers: is not valid'],
  ])('%s', (_what, file, fault) => expect(onClusters(file)).toEqual([fault]));

  test('an image is fine', () => {
    expect(onClusters({ services: { ...services, 'east/info': { port: 8080, image: 'a/b:1' } } })).toEqual([]);
  });
});

describe('an existing mesh', () => {
  const there = { ...services, 'west/frontend': { port: 8080 }, 'west/backend': { port: 8080, account: 'shop' } };
  const crossing = [{ from: 'west/backend', to: 'east/info' }];

  test('is described by what is there', () => {
    expect(onClusters({ west: { existing: true }, services: there, access: crossing })).toEqual([]);
  });

  test.each<[string, File, string[]]>([
    [
      'gets no program',
      { services: { ...there, 'west/backend': { port: 8080, program: 'a.js' } } },
      ['services["west/backend"]: is in an existing mesh, in which nothing is installed'],
    ],
    [
      'gets no rows inside',
      { services: there, access },
      ['access[0]: is inside west, an existing mesh that stays as it is'],
    ],
    [
      'needs no charts',
      { services: there, west: { existing: true, charts: {} } },
      ['meshes.west.charts: belongs to meshes that are installed on Kubernetes only'],
    ],
  ])('%s', (_what, file, found) => {
    expect(onClusters({ west: { existing: true }, access: crossing, ...file })).toEqual(found);
  });

  test('of Consul tells its trust domain', () => {
    const foreign = { ...services, 'east/info': { port: 8080 } };
    expect(onClusters({ east: { existing: true }, services: foreign })).toEqual([
      'meshes.east.trustDomain: is missing',
    ]);
  });

  test('is no mesh that the lab makes', () => {
    expect(faults({ platform: 'local', west: { existing: true }, services: there, access: crossing })).toEqual([
      'meshes.west.existing: belongs to meshes on platform kubeconfig only',
    ]);
  });

  test('account and labels are of pods that are there', () => {
    const own = { port: 8080, program: 'a.js', account: 'a', labels: { app: 'a' } };
    expect(onClusters({ services: { ...services, 'west/backend': own } })).toEqual([
      'services["west/backend"].account: belongs to services of existing meshes only',
      'services["west/backend"].labels: belongs to services of existing meshes only',
    ]);
  });
});

describe('on platform aws', () => {
  test.each<[string, File, string]>([
    ['no section', { aws: undefined }, 'aws: is missing'],
    ['no region', { aws: { apiFrom: [] } }, 'aws.region: is missing'],
    ['nobody said who reaches the API', { aws: { region: 'eu-north-1' } }, 'aws.apiFrom: is missing'],
    ['an API open to all', { aws: { ...aws, apiFrom: ['0.0.0.0/0'] } }, 'aws.apiFrom[0]: is not valid'],
    ['a page open to all', { aws: { ...aws, pageFrom: ['0.0.0.0/0'] } }, 'aws.pageFrom[0]: is not valid'],
    ['host bits in a range', { aws: { ...aws, pageFrom: ['203.0.113.7/24'] } }, 'aws.pageFrom[0]: is not valid'],
    ['two zones', { aws: { ...aws, zones: ['eu-north-1a', 'eu-north-1b'] } }, 'aws.zones: is out of range'],
    [
      'a zone of another region',
      { aws: { ...aws, zones: ['eu-north-1a', 'eu-north-1b', 'eu-west-1c'] } },
      'aws.zones: is no zone of the region',
    ],
    [
      'a zone twice',
      { aws: { ...aws, zones: ['eu-north-1a', 'eu-north-1b', 'eu-north-1b'] } },
      'aws.zones: is listed twice',
    ],
    ['a region that is none', { aws: { ...aws, region: 'mars' } }, 'aws.region: is not valid'],
    [
      'fewer nodes than the least',
      { aws: { ...aws, nodes: { min: 3, desired: 2, max: 3 } } },
      'aws.nodes: is not valid',
    ],
    ['an instance type that is none', { aws: { ...aws, nodes: { type: 'big' } } }, 'aws.nodes.type: is not valid'],
    ['days that no log is kept', { aws: { ...aws, logs: { days: 8 } } }, 'aws.logs.days: is not valid'],
    ['a version as a number', { aws: { ...aws, kubernetes: 1.35 } }, 'aws.kubernetes: has the wrong type'],
    [
      'a tag of ours',
      { aws: { ...aws, tags: { 'isthmus.dev/lab': 'x' } } },
      'aws.tags["isthmus.dev/lab"]: is not a valid name',
    ],
    [
      'a tag that the volume driver refuses',
      { aws: { ...aws, tags: { 'kubernetes.io/cluster/x': 'owned' } } },
      'aws.tags["kubernetes.io/cluster/x"]: is not a valid name',
    ],
    ['two tags that are one to IAM', { aws: { ...aws, tags: { team: 'a', Team: 'b' } } }, 'aws.tags: is not valid'],
    [
      'more tags than a thing can carry',
      { aws: { ...aws, tags: Object.fromEntries(Array.from({ length: 31 }, (_, i) => [`k${i}`, 'v'])) } },
      'aws.tags: is not valid',
    ],
    ['an endpoint twice', { aws: { ...aws, endpoints: ['sts', 'sts'] } }, 'aws.endpoints: is not valid'],
    [
      'a route table twice',
      { west: { aws: { vpc: { ...vpc, routeTables: [...vpc.routeTables, ...vpc.routeTables] } } } },
      'meshes.west.aws.vpc.routeTables: is not valid',
    ],
    ['a border that is none', { aws: { ...aws, border: 'vpn' } }, 'aws.border: is not valid'],
    ['an admin that is no ARN', { aws: { ...aws, admins: ['me'] } }, 'aws.admins[0]: is not valid'],
    [
      'a state under a key that Terraform refuses',
      { aws: { ...aws, state: { bucket: 'mine', region: 'eu-north-1', prefix: '/labs/' } } },
      'aws.state: is not valid',
    ],
    ['a state that is nowhere', { aws: { ...aws, state: 'gcs' } }, 'aws.state: is not valid'],
    [
      'a network larger than a VPC',
      { west: { network: '10.0.0.0/12' } },
      'meshes.west.network: is larger than a VPC can be',
    ],
    [
      'a cluster without its VPC',
      { west: { aws: { cluster: 'prod' } } },
      'meshes.west.aws.cluster: needs the VPC that the cluster is in',
    ],
    ['Consul in a VPC of the person', { east: { aws: { vpc } } }, 'meshes.east.gateway: is missing'],
    [
      'a mesh that is on this machine',
      { east: { platform: 'local' } },
      'meshes.east: is on this machine, which mesh west on AWS can not reach',
    ],
    [
      'more Consul servers than nodes',
      { east: { servers: 3 } },
      'meshes.east.servers: are more than there are nodes, and each Consul server wants a node of its own',
    ],
    [
      'a mesh on a cluster that is there',
      { east: { platform: 'kubeconfig', context: 'e', gateway: '10.20.0.2' } },
      'meshes.east: is on a cluster that is there already, which mesh west on AWS can not reach',
    ],
    ['a context', { west: { context: 'w' } }, 'meshes.west.context: belongs to meshes on platform kubeconfig only'],
  ])('%s', (_what, file, fault) => expect(onAws(file)).toEqual([fault]));

  test('a public border needs addresses that the plan knows', () => {
    const open = { ...aws, border: { public: ['203.0.113.0/24'] } };
    const problem = 'has no Elastic IP, which border {public} needs so that its address is in the plan';
    expect(onAws({ aws: open })).toEqual([`meshes.west: ${problem}`, `meshes.east: ${problem}`]);
  });

  test('a gateway address is asked for where the plan can not choose one', () => {
    const link = { ...aws, border: 'privatelink' };
    expect(onAws({ aws: link, east: { aws: { vpc } } })).toEqual([]);
    expect(onAws({ aws: link, west: { aws: { vpc } } })).toEqual(['meshes.east.gateway: is missing']);
    expect(onAws({ aws: link, west: { aws: { vpc } }, east: { gateway: '10.10.0.9' } })).toEqual([]);
    expect(onAws({ east: { aws: { vpc }, gateway: '10.20.0.9' } })).toEqual([]);
    expect(onAws({ east: { gateway: '10.20.0.9' } })).toHaveLength(1);
  });

  test('names that AWS keeps for itself', () => {
    expect(onAws({ name: 'internal' })).toContain('name: begins names that AWS keeps for itself');
  });

  test('names too long for a load balancer', () => {
    expect(onAws({ name: 'a-very-long-lab-name' })).toEqual([]);
    const meshes = { longestname: west, east };
    const rows = { services: { 'longestname/a': { port: 8080, program: 'a.js' } }, access: [] };
    const file = { name: 'a-very-long-lab-name', platform: 'aws', aws, meshes, ...rows };
    expect(parseLab(JSON.stringify(file)).faults).toEqual([
      {
        path: ['meshes', 'longestname'],
        line: 1,
        value: 'longestname',
        problem: 'makes the name a-very-long-lab-name-longestname, which is too long for its load balancers',
        allowed: 'lab name and mesh name of at most 24 characters together',
        fix: 'shorten one of the two',
      },
    ]);
  });
});

test('an unknown key below another one lists the keys of that place', () => {
  const text = JSON.stringify({
    name: 'weather',
    platform: 'aws',
    aws: { ...aws, nodes: { desird: 2 } },
    meshes: { west, east },
    services,
    access,
  });
  expect(parseLab(text).faults).toMatchObject([
    { path: ['aws', 'nodes', 'desird'], allowed: 'type, min, desired, max, disk, spot', fix: 'did you mean desired?' },
  ]);
});

test('all faults of a file are found at once, those of AWS among them', () => {
  const file = { west: { kind: 'isto' }, east: { gateway: 'x' }, aws: { ...aws, region: 'mars', nat: 'none' } };
  expect(onAws(file)).toHaveLength(4);
});
