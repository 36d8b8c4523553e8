/** Checks of where meshes run: that each says all that its platform needs, and nothing that another one has. */
import { clusterName, longestBalancerName, nodePorts } from './aws';
import type { Entry, LooseLab } from './check';
import { formatCidr } from './cidr';
import type { Fault } from './fault';
import { canonicalId, type Platform } from './lab';

type LooseMesh = NonNullable<LooseLab['meshes'][number]['value']>;

/** The platform of a mesh; undefined when the file does not say. */
export function platformOf(lab: LooseLab, mesh: LooseMesh | undefined): Platform | undefined {
  return mesh?.platform ?? lab.platform;
}

export function checkPlatforms(lab: LooseLab): Fault[] {
  const known = lab.meshes.filter((mesh): mesh is Entry<LooseMesh> & { value: LooseMesh } => mesh.value !== undefined);
  return [
    ...known.flatMap(({ id, value }) => {
      const platform = platformOf(lab, value);
      return platform === undefined ? [] : [...strayKeys(lab, id, value, platform), ...needs(lab, id, value, platform)];
    }),
    ...awsSection(lab),
    ...mixture(lab),
    ...oneCluster(lab),
    ...existingServices(lab),
    ...existingRows(lab),
  ];
}

/** Keys that mean something on some platforms, or for some meshes, only. */
function strayKeys(lab: LooseLab, id: string, mesh: LooseMesh, platform: Platform): Fault[] {
  const existing = mesh.existing === true;
  const consul = mesh.kind === 'consul';
  const rules: readonly (readonly [key: keyof LooseMesh, fits: boolean, where: string])[] = [
    ['kubeconfig', platform === 'kubeconfig', 'meshes on platform kubeconfig'],
    ['context', platform === 'kubeconfig', 'meshes on platform kubeconfig'],
    ['existing', platform === 'kubeconfig', 'meshes on platform kubeconfig'],
    ['trustDomain', existing, 'meshes with existing: true'],
    [
      'gateway',
      platform === 'kubeconfig' || freeAddressOf(lab, mesh) !== undefined,
      'meshes on platform kubeconfig or in a VPC of your own',
    ],
    ['servers', consul && platform !== 'local' && !existing, 'Consul meshes that are installed on Kubernetes'],
    ['charts', platform !== 'local' && !existing, 'meshes that are installed on Kubernetes'],
    ['aws', platform === 'aws', 'meshes on platform aws'],
  ];
  return rules.flatMap(([key, fits, where]): Fault[] =>
    fits || mesh[key] === undefined || mesh[key] === false
      ? []
      : [{ path: ['meshes', id, key], value: mesh[key], problem: `belongs to ${where} only`, fix: 'remove it' }],
  );
}

function needs(lab: LooseLab, id: string, mesh: LooseMesh, platform: Platform): Fault[] {
  const missing = (key: string, allowed: string): Fault => ({
    path: ['meshes', id, key],
    problem: 'is missing',
    allowed,
    fix: `add ${key}`,
  });
  const consul = mesh.kind === 'consul';
  const faults: Fault[] = [];
  if (platform === 'kubeconfig') {
    if (mesh.context === undefined)
      faults.push(missing('context', 'the name of a context, as kubectl config get-contexts lists it'));
    if (mesh.gateway === undefined && isCalled(lab, id, mesh)) {
      const which = consul
        ? 'its mesh gateway'
        : `its federation gateway: a node's, port ${nodePorts.federationGateway}`;
      faults.push(missing('gateway', `the IPv4 address at which the other meshes reach ${which}`));
    }
    if (consul && mesh.existing === true && mesh.trustDomain === undefined) {
      faults.push(missing('trustDomain', 'its trust domain, as /v1/connect/ca/roots tells it'));
    }
  }
  if (platform === 'aws') faults.push(...awsNeeds(lab, id, mesh, missing));
  return faults;
}

function awsNeeds(
  lab: LooseLab,
  id: string,
  mesh: LooseMesh,
  missing: (key: string, allowed: string) => Fault,
): Fault[] {
  const faults: Fault[] = [];
  const longest = longestBalancerName - '-border'.length;
  const name = clusterName(lab.name, id);
  if (name.length > longest) {
    const problem = `makes the name ${name}, which is too long for its load balancers`;
    const allowed = `lab name and mesh name of at most ${longest - 1} characters together`;
    faults.push({ path: ['meshes', id], value: id, problem, allowed, fix: 'shorten one of the two' });
  }
  if (mesh.network.prefix < 16) {
    const value = formatCidr(mesh.network);
    const problem = 'is larger than a VPC can be';
    faults.push({
      path: ['meshes', id, 'network'],
      value,
      problem,
      allowed: '/16 to /20',
      fix: 'choose a smaller one',
    });
  }
  const nodes = lab.aws?.nodes.desired;
  if (mesh.servers !== undefined && mesh.aws?.cluster === undefined && nodes !== undefined && nodes < mesh.servers) {
    const problem = 'are more than there are nodes, and each Consul server wants a node of its own';
    const fix = `set aws.nodes.desired to ${mesh.servers}`;
    faults.push({ path: ['meshes', id, 'servers'], value: mesh.servers, problem, allowed: `at most ${nodes}`, fix });
  }
  if (mesh.aws?.cluster !== undefined && mesh.aws.vpc === undefined) {
    const problem = 'needs the VPC that the cluster is in';
    faults.push({ path: ['meshes', id, 'aws', 'cluster'], value: mesh.aws.cluster, problem, fix: 'add vpc beside it' });
  }
  const free = mesh.gateway === undefined && isCalled(lab, id, mesh) ? freeAddressOf(lab, mesh) : undefined;
  if (free !== undefined) faults.push(missing('gateway', free));
  if (['sg', 'internal'].includes(lab.name)) {
    const problem = 'begins names that AWS keeps for itself';
    faults.push({ path: ['name'], value: lab.name, problem, fix: 'choose another name' });
  }
  if (lab.aws?.border.mode === 'public' && mesh.aws?.elasticIp === undefined) {
    faults.push({
      path: ['meshes', id],
      problem: 'has no Elastic IP, which border {public} needs so that its address is in the plan',
      allowed: 'aws: {elasticIp: {allocation, address}}',
      fix: 'allocate one and add it, or use border: peering',
    });
  }
  return faults;
}

/** Whether the other meshes connect to this one. All pair with a Consul mesh; with Istio who has a row for it. */
function isCalled({ access }: LooseLab, id: string, { kind }: LooseMesh): boolean {
  const meshOf = (service: string | undefined) => service?.split('/')[0];
  return kind === 'consul' || access.some(({ from, to }) => meshOf(to) === id && meshOf(from) !== id);
}

/** Which address the person must name, because the subnet that it lies in is not the plan's; undefined when it is. */
function freeAddressOf(lab: LooseLab, mesh: LooseMesh): string | undefined {
  const caller = lab.meshes.find(({ value }) => value !== undefined && value.kind !== mesh.kind)?.value;
  switch (lab.aws?.border.mode) {
    case 'peering':
      return mesh.aws?.vpc && 'a free IPv4 address of its first private subnet';
    case 'privatelink':
      return caller?.aws?.vpc && "a free IPv4 address of the other mesh's first private subnet";
    default:
      return undefined;
  }
}

function awsSection(lab: LooseLab): Fault[] {
  const first = lab.meshes.find(({ value }) => platformOf(lab, value) === 'aws');
  if (first !== undefined && !lab.hasAws) {
    return [{ path: ['aws'], problem: 'is missing', allowed: 'a section with at least the region', fix: 'add aws' }];
  }
  if (first === undefined && lab.hasAws && lab.meshes.every(({ value }) => value !== undefined)) {
    return [{ path: ['aws'], problem: 'is of no use: no mesh is on platform aws', fix: 'remove it' }];
  }
  const stray = (lab.aws?.zones ?? []).filter((zone) => zone.slice(0, -1) !== lab.aws?.region);
  const zones = stray.map(
    (zone): Fault => ({
      path: ['aws', 'zones'],
      value: zone,
      problem: 'is no zone of the region',
      allowed: `zones of ${lab.aws?.region}`,
      fix: 'name zones of the region',
    }),
  );
  const twice = (lab.aws?.zones ?? []).filter((zone, index, all) => all.indexOf(zone) !== index);
  return [
    ...zones,
    ...twice.map(
      (zone): Fault => ({
        path: ['aws', 'zones'],
        value: zone,
        problem: 'is listed twice',
        allowed: 'three to six different zones',
        fix: 'remove one',
      }),
    ),
  ];
}

/** No border joins a VPC that the plan makes to a network that it does not. */
function mixture(lab: LooseLab): Fault[] {
  const known = lab.meshes.flatMap(({ id, value }) => {
    const platform = value === undefined ? undefined : platformOf(lab, value);
    return platform === undefined ? [] : [{ id, platform }];
  });
  const aws = known.find(({ platform }) => platform === 'aws');
  const other = known.find(({ platform }) => platform !== 'aws');
  if (aws === undefined || other === undefined) return [];
  const where = other.platform === 'local' ? 'is on this machine' : 'is on a cluster that is there already';
  const problem = `${where}, which mesh ${aws.id} on AWS can not reach`;
  const allowed = 'both meshes on aws, or none';
  return [{ path: ['meshes', other.id], value: other.id, problem, allowed, fix: 'use one platform' }];
}

/** Two meshes in one cluster would fight for its pods. */
function oneCluster(lab: LooseLab): Fault[] {
  const seen = new Map<string, string>();
  return lab.meshes.flatMap(({ id, value }): Fault[] => {
    if (value === undefined || platformOf(lab, value) !== 'kubeconfig' || value.context === undefined) return [];
    const key = JSON.stringify([value.kubeconfig, value.context]);
    const other = seen.get(key);
    seen.set(key, id);
    if (other === undefined) return [];
    const problem = `is the cluster of mesh ${other}`;
    return [{ path: ['meshes', id, 'context'], value: value.context, problem, fix: 'name a cluster for each mesh' }];
  });
}

function existingServices(lab: LooseLab): Fault[] {
  return lab.services.flatMap(({ id, value }): Fault[] => {
    if (value === undefined) return [];
    const path = ['services', id];
    const runs = value.program !== undefined || value.image !== undefined;
    const mesh = lab.meshes.find((entry) => entry.id === id.split('/')[0])?.value;
    if (mesh === undefined) return [];
    if (!(mesh.existing === true)) {
      return (['account', 'labels'] as const)
        .filter((key) => value[key] !== undefined)
        .map((key) => ({
          path: [...path, key],
          value: value[key],
          problem: 'belongs to services of existing meshes only',
          fix: 'remove it',
        }));
    }
    const own = Object.keys(value.env).length + Object.keys(value.secrets).length > 0 || value.expose !== undefined;
    if (!runs && !own) return [];
    const problem = 'is in an existing mesh, in which nothing is installed';
    return [
      {
        path,
        value: id,
        problem,
        allowed: 'port, account and labels of pods that are there',
        fix: 'remove program, image, env, secrets and expose',
      },
    ];
  });
}

/** Who may call whom inside an existing mesh is its own affair. */
function existingRows(lab: LooseLab): Fault[] {
  return lab.access.flatMap(({ from, to }, index): Fault[] => {
    if (from === undefined || to === undefined) return [];
    const [mesh] = canonicalId(from).split('/');
    if (mesh !== canonicalId(to).split('/')[0]) return [];
    if (lab.meshes.find(({ id }) => id === mesh)?.value?.existing !== true) return [];
    const problem = `is inside ${mesh}, an existing mesh that stays as it is`;
    return [
      {
        path: ['access', index],
        value: `${from} → ${to}`,
        problem,
        allowed: 'rows across the border',
        fix: 'remove the row',
      },
    ];
  });
}
