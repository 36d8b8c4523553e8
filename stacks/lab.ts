import type { App, TerraformStack } from 'cdktf';
import { type IVpc, Vpc } from '../constructs/aws/network/vpc';
import { guardedNamespaces } from '../model/guard/namespaces';
import type { Lab, Mesh } from '../model/lab';
import { type BorderSide, BorderStack } from './border';
import { ClusterStack } from './cluster';
import { FederationStack } from './federation';
import { GuardStack } from './guard';
import { MeshStack } from './mesh';
import { NetworkStack } from './network';
import { PairingStack } from './pairing';
import type { Clusters } from './providers';
import { WeatherStack, type WeatherStackOptions } from './weather';

/** All stacks of a lab, each depending on the layers below it. Of an existing mesh only the federation is planned. */
export function addLabStacks(app: App, lab: Lab, options: WeatherStackOptions = {}): void {
  const networks = lab.meshes.flatMap((mesh) => addNetwork(app, lab, mesh));
  const sides = networks.map((network) => addCluster(app, lab, network, networks));
  const clusters: Clusters = new Map(sides.map(({ mesh, cluster }) => [mesh.name, cluster.cluster]));
  const pairingNeeds: TerraformStack[] = addBorder(app, lab, sides);
  for (const mesh of lab.meshes) {
    const below = sides.filter((side) => side.mesh === mesh).map(({ cluster }) => cluster);
    pairingNeeds.push(addMesh(app, lab, mesh, clusters, below, options));
  }
  const pairing = new PairingStack(app, lab);
  for (const stack of pairingNeeds) pairing.addDependency(stack);
}

interface Network {
  readonly mesh: Mesh;
  readonly vpc: IVpc;
  /** Undefined when the VPC is there already. */
  readonly stack?: NetworkStack;
}

/** Network of a mesh on AWS; the other platforms bring theirs. */
function addNetwork(app: App, lab: Lab, mesh: Mesh): Network[] {
  if (mesh.place.platform !== 'aws') return [];
  if (mesh.place.vpc !== undefined) return [{ mesh, vpc: Vpc.fromExisting(mesh.place.vpc, mesh.network) }];
  const stack = new NetworkStack(app, lab, mesh);
  return [{ mesh, vpc: stack.vpc, stack }];
}

function addCluster(app: App, lab: Lab, { mesh, vpc }: Network, all: readonly Network[]): BorderSide {
  const others = all.filter((other) => other.mesh !== mesh);
  const cluster = new ClusterStack(
    app,
    lab,
    mesh,
    vpc,
    others.map((other) => other.vpc),
  );
  // A public border lets in the addresses that the other network calls from.
  const needs = lab.aws?.border.mode === 'public' ? all : all.filter((network) => network.mesh === mesh);
  for (const { stack } of needs) if (stack !== undefined) cluster.addDependency(stack);
  return { mesh, vpc, cluster };
}

function addBorder(app: App, lab: Lab, sides: readonly BorderSide[]): TerraformStack[] {
  const [one, other] = sides;
  if (one === undefined || other === undefined) return [];
  const border = new BorderStack(app, lab, one, other);
  for (const { cluster } of sides) border.addDependency(cluster);
  return [border];
}

/** Returns the stack that pairing waits for. */
function addMesh(
  app: App,
  lab: Lab,
  mesh: Mesh,
  clusters: Clusters,
  below: readonly TerraformStack[],
  options: WeatherStackOptions,
): TerraformStack {
  const guarded = guardedNamespaces(lab, mesh).length > 0;
  const base: TerraformStack[] = [
    ...(mesh.existing ? [] : [new MeshStack(app, lab, mesh, clusters)]),
    ...(guarded ? [new GuardStack(app, lab, mesh, clusters)] : []),
  ];
  for (const stack of base) for (const lower of below) stack.addDependency(lower);
  const federation = new FederationStack(app, lab, mesh, clusters);
  for (const stack of [...base, ...(mesh.existing ? below : [])]) federation.addDependency(stack);
  if (!mesh.existing) new WeatherStack(app, lab, mesh, clusters, options).addDependency(federation);
  return federation;
}
