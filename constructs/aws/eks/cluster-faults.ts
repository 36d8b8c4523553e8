import { formatCidr, overlaps, privateNetworks } from '../../../model/cidr';
import type { Fault } from '../../../model/fault';
import type { ClusterProps } from './cluster';

/** Every reason why EKS would refuse a cluster, as far as it can be told without asking it. */
export function clusterFaults(props: ClusterProps): readonly Fault[] {
  return [...nameFaults(props), ...subnetFaults(props), ...serviceFaults(props), ...nodeFaults(props)];
}

function nameFaults({ clusterName, version }: ClusterProps): Fault[] {
  const faults: Fault[] = [];
  // The prefix of a role's name has 38 characters, and `-cluster-` follows.
  if (!/^[a-z0-9][a-z0-9-]{0,28}$/.test(clusterName)) {
    const allowed = 'up to 29 lower-case letters, digits and hyphens';
    faults.push({
      path: ['clusterName'],
      problem: 'is no name that every resource can begin with',
      value: clusterName,
      allowed,
      fix: 'choose a shorter or simpler name',
    });
  }
  if (!/^1\.\d{2}$/.test(version)) {
    const allowed = 'a minor version such as 1.35';
    faults.push({ path: ['version'], problem: 'is no Kubernetes version', value: version, allowed, fix: 'name one' });
  }
  return faults;
}

function subnetFaults({ vpc }: ClusterProps): Fault[] {
  if (vpc.privateSubnetIds.length >= 2) return [];
  return [
    {
      path: ['vpc', 'privateSubnetIds'],
      problem: 'are too few for a control plane',
      value: vpc.privateSubnetIds,
      allowed: 'at least 2, in different zones',
      fix: 'add a private subnet in another zone',
    },
  ];
}

function serviceFaults({ serviceCidr, vpc }: ClusterProps): Fault[] {
  const faults: Fault[] = [];
  const fault = (problem: string, allowed: string): Fault => ({
    path: ['serviceCidr'],
    problem,
    value: formatCidr(serviceCidr),
    allowed,
    fix: 'choose another network for Kubernetes services',
  });
  if (overlaps(serviceCidr, vpc.cidr)) {
    faults.push(fault(`overlaps the network ${formatCidr(vpc.cidr)}`, 'a network that shares no address with it'));
  }
  if (serviceCidr.prefix < 12 || serviceCidr.prefix > 24) faults.push(fault('is of a wrong size', '/12 to /24'));
  if (!privateNetworks.some((block) => block.prefix <= serviceCidr.prefix && overlaps(block, serviceCidr))) {
    faults.push(fault('is not private', 'a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16'));
  }
  return faults;
}

function nodeFaults({ nodes }: ClusterProps): Fault[] {
  const faults: Fault[] = [];
  const { min, desired, max, disk } = nodes;
  if (!(min >= 0 && min <= desired && desired <= max && max >= 1)) {
    faults.push({
      path: ['nodes'],
      problem: 'are of sizes that contradict each other',
      value: { min, desired, max },
      allowed: '0 ≤ min ≤ desired ≤ max, and max at least 1',
      fix: 'put them in order',
    });
  }
  if (disk < 20) {
    const allowed = 'at least 20 GiB, the size of the image';
    faults.push({ path: ['nodes', 'disk'], problem: 'is too small', value: disk, allowed, fix: 'make it larger' });
  }
  return faults;
}
