/** Who plays what: the services, names and addresses of a lab that attacks are aimed at. */
import { grants } from '../../model/access/table';
import { type ExportCaller, type ResolvedExport, resolvedExports } from '../../model/exports';
import { consulGatewayIdentity, consulServiceIdentity, istioIdentity } from '../../model/identity';
import { type ResolvedImport, resolvedImports } from '../../model/imports';
import { type Lab, type Mesh, mesh as meshOf, type Service, shortId } from '../../model/lab';
import {
  type HostsNetwork,
  hostsNetwork,
  type KubernetesNetwork,
  kubernetesNetwork,
  serviceHostAddress,
} from '../../model/local';
import { federationSecret } from '../../model/names';
import { federationIdentity } from '../../model/planes';
import { UsageError } from '../errors';
import type { Need } from './attack';

/** The people of the play, by what they do in the lab. */
export interface Cast {
  readonly lab: Lab;
  /** The Istio mesh and the Consul mesh. */
  readonly west: Mesh;
  readonly east: Mesh;
  /** Of the Consul mesh. */
  readonly datacenter: string;
  readonly westNetwork: KubernetesNetwork;
  readonly eastNetwork: HostsNetwork;
  /** Calls the provider across the border. */
  readonly consumer: Service;
  readonly provider: Service;
  readonly providerAddress: string;
  readonly entry: ResolvedImport;
  /** Identity by which the consumer is known in Consul, and the Secret with its leaf. */
  readonly consumerOutside: string;
  readonly consumerSecret: string;
  /** What Consul may call of the consumer's mesh; empty when no row leads there. */
  readonly exports: readonly ResolvedExport[];
  /** Calls the consumer within Istio. */
  readonly caller: Service;
  readonly callerIdentity: string;
  /** Prefix that the caller may GET at the consumer. */
  readonly allowedPrefix: string;
  /** Paths that the caller may not ask for, but that the program has. */
  readonly forbiddenPath: string;
}

/** Throws {@link UsageError} when the lab lacks what the attacks are about. */
export function castOf(lab: Lab): Cast {
  if (lab.meshes.some(({ place }) => place.platform !== 'local')) {
    throw new UsageError(
      `lab ${lab.name} has meshes outside this machine. Attacks are played on a lab that is on this machine whole (platform: local), where nothing is anybody else's`,
    );
  }
  const crossing = grants(lab).find(
    ({ from, to }) => meshOf(lab, from.mesh).kind === 'istio' && meshOf(lab, to.mesh).kind === 'consul',
  );
  if (crossing === undefined) {
    throw new UsageError(
      'no row of the access table leads from an Istio mesh to a Consul mesh: there is no border to attack. Add a row under access',
    );
  }
  const { from: consumer, to: provider } = crossing;
  const inside = grants(lab).find(({ from, to }) => to.id === consumer.id && from.mesh === consumer.mesh);
  const allowedPrefix = inside?.rules.flatMap(({ paths }) => paths).find((path) => path.endsWith('/'));
  if (inside === undefined || allowedPrefix === undefined) {
    throw new UsageError(
      `no row lets a service of its own mesh call ${shortId(consumer)} under a path such as /api/: attacks on methods and paths need one. Add it under access`,
    );
  }
  const [west, east] = [meshOf(lab, consumer.mesh), meshOf(lab, provider.mesh)];
  const entry = resolvedImports(lab, west).find(({ service }) => service.id === provider.id);
  if (entry === undefined) throw new UsageError(`${shortId(provider)} is not imported`);
  const index = lab.services.filter(({ mesh }) => mesh === east.name).findIndex(({ id }) => id === provider.id);
  return {
    lab,
    west,
    east,
    datacenter: east.datacenter ?? '',
    westNetwork: kubernetesNetwork(west),
    eastNetwork: hostsNetwork(east),
    consumer,
    provider,
    providerAddress: serviceHostAddress(east, index),
    entry,
    consumerOutside: federationIdentity(lab, west.name, east.name, consumer.name),
    consumerSecret: federationSecret(consumer.name, east.name),
    exports: resolvedExports(lab, west),
    caller: inside.from,
    callerIdentity: istioIdentity(west.trustDomain, inside.from.namespace, inside.from.name),
    allowedPrefix,
    forbiddenPath: consumer.health,
  };
}

/** Identity of a service of the Consul mesh, whose CA is the mesh's own. */
export function consulIdentity({ east, datacenter }: Cast, service: string): string {
  return consulServiceIdentity(east.trustDomain, datacenter, service);
}

/** Identity of the Consul mesh's own mesh gateway. */
export function meshGatewayIdentity({ east, datacenter }: Cast): string {
  return consulGatewayIdentity(east.trustDomain, datacenter);
}

/** Identity by which another service of the consumer's mesh would be known in Consul. */
export function outsideIdentity({ lab, west, east }: Cast, service: string): string {
  return federationIdentity(lab, west.name, east.name, service);
}

/** What the provider itself may call in the consumer's mesh, and how it is known there; undefined when nothing. */
export function calledBack({
  exports,
  provider,
}: Pick<Cast, 'exports' | 'provider'>): (ResolvedExport & { readonly caller: ExportCaller }) | undefined {
  return exports
    .flatMap((entry) => entry.callers.map((caller) => ({ ...entry, caller })))
    .find(({ caller }) => caller.service.id === provider.id);
}

/** Why an attack can't be played on this lab; undefined when it can. */
export function lacks(
  cast: Pick<Cast, 'exports' | 'consumer' | 'provider'>,
  need: Need | undefined,
): string | undefined {
  const { exports, consumer, provider } = cast;
  switch (need) {
    case undefined:
      return undefined;
    case 'export':
      return exports.length > 0 ? undefined : 'no row of the access table leads from Consul to Istio';
    case 'call-back':
      return calledBack(cast) === undefined
        ? `no row of the access table leads from ${shortId(provider)} to Istio`
        : undefined;
    case 'guard':
      return consumer.containers.length > 0 && consumer.guard.length > 0
        ? undefined
        : `${shortId(consumer)} has no second container with a declared pair (containers, guard)`;
  }
}
