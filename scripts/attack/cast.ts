/** Who plays what: the services, names and addresses of a lab that attacks are aimed at. */
import { type Grant, grants, grantsTo, rowsBetween } from '../../model/access/table';
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
import { type Ask, allowedAsk, allows, beyondPath, forbiddenAsk, forbiddenPath, stemOf } from './asks';
import type { Asked, Attack, Need } from './attack';

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
  /** What the consumer may ask of the provider. */
  readonly asked: Ask;
  /** What it may not; absent when rows let it ask everything. */
  readonly refused?: Ask;
  /** Who calls the consumer within Istio; absent when no row lets anybody. */
  readonly inside?: Inside;
  /** The way back; absent when no row leads there. */
  readonly back?: Back;
  /** A service of Istio's mesh that no row lets call the provider; a made-up name when the lab has none such. */
  readonly stranger: { readonly namespace: string; readonly name: string };
}

/** The consumer's caller within Istio. */
export interface Inside {
  readonly service: Service;
  readonly identity: string;
  /** What it may ask of the consumer. */
  readonly asked: Ask;
  /** With a slash at its end: what stands before more of an allowed path. */
  readonly stem: string;
  /** A path that it may not ask for; absent when rows let it ask for all. */
  readonly forbidden?: string;
}

/** The export that attacks are about, and who may call it. */
export interface Back {
  readonly export: ResolvedExport;
  readonly caller: ExportCaller;
  readonly asked: Ask;
  readonly refused?: Ask;
  /** Path that it may not ask for; absent when rows let it ask for all. */
  readonly forbidden?: string;
  /** Like an allowed path, and more; absent when rows let it ask for all. */
  readonly beyond?: string;
}

/** Throws {@link UsageError} when the lab has no border to attack. */
export function castOf(lab: Lab): Cast {
  if (lab.meshes.some(({ place }) => place.platform !== 'local')) {
    throw new UsageError(
      `lab ${lab.name} has meshes outside this machine. Attacks are played on a lab that is on this machine whole (platform: local), where nothing is anybody else's`,
    );
  }
  const crossing = crossingOf(lab);
  const asked = crossing === undefined ? undefined : allowedAsk({ lab, ...crossing });
  if (crossing === undefined || asked === undefined) {
    throw new UsageError(
      'no row of the access table leads from an Istio mesh to a Consul mesh: there is no border to attack. Add a row under access',
    );
  }
  const { from: consumer, to: provider } = crossing;
  const [west, east] = [meshOf(lab, consumer.mesh), meshOf(lab, provider.mesh)];
  const entry = resolvedImports(lab, west).find(({ service }) => service.id === provider.id);
  if (entry === undefined) throw new UsageError(`${shortId(provider)} is not imported`);
  const index = lab.services.filter(({ mesh }) => mesh === east.name).findIndex(({ id }) => id === provider.id);
  const exports = resolvedExports(lab, west);
  const inside = insideOf(lab, consumer, provider);
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
    exports,
    asked,
    ...present('refused', forbiddenAsk({ lab, from: consumer, to: provider }, asked)),
    ...present('inside', inside),
    ...present('back', backOf(lab, exports, provider)),
    stranger: strangerOf(lab, consumer, provider, inside),
  };
}

/** The first row across the border; rather one whose consumer is called within its own mesh, which shows more. */
function crossingOf(lab: Lab): Grant | undefined {
  const all = grants(lab).filter(
    ({ from, to }) => meshOf(lab, from.mesh).kind === 'istio' && meshOf(lab, to.mesh).kind === 'consul',
  );
  return all.find(({ from, to }) => insideOf(lab, from, to) !== undefined) ?? all[0];
}

function insideOf(lab: Lab, consumer: Service, provider: Service): Inside | undefined {
  const callers = grantsTo(lab, consumer).filter(({ from }) => from.mesh === consumer.mesh);
  const all = callers.flatMap(({ from }) => {
    const between = { lab, from, to: consumer };
    const asked = allowedAsk(between);
    if (asked === undefined) return [];
    const { trustDomain } = meshOf(lab, from.mesh);
    const forbidden = forbiddenPath(between, asked.method);
    const identity = istioIdentity(trustDomain, from.namespace, from.name);
    return [
      { service: from, identity, asked, stem: stemOf(between, asked), ...present('forbidden', forbidden) } as const,
    ];
  });
  const outside = ({ service }: Inside) => rowsBetween(lab, service, provider).length === 0;
  return all.find((one) => outside(one) && one.forbidden !== undefined) ?? all.find(outside) ?? all[0];
}

/** Rather the provider's own call: it is the provider's proxy whose log attacks read. */
function backOf(lab: Lab, exports: readonly ResolvedExport[], provider: Service): Back | undefined {
  const ways = exports.flatMap((one) => one.callers.map((caller) => ({ export: one, caller })));
  const way = ways.find(({ caller }) => caller.service.id === provider.id) ?? ways[0];
  if (way === undefined) return undefined;
  const between = { lab, from: way.caller.service, to: way.export.service };
  const asked = allowedAsk(between);
  if (asked === undefined) return undefined;
  return {
    ...way,
    asked,
    ...present('refused', forbiddenAsk(between, asked)),
    ...present('forbidden', forbiddenPath(between, asked.method)),
    ...present('beyond', beyondPath(between, asked)),
  };
}

function strangerOf(lab: Lab, consumer: Service, provider: Service, preferred: Inside | undefined): Cast['stranger'] {
  const others = lab.services.filter(({ id, mesh }) => mesh === consumer.mesh && id !== consumer.id);
  const ordered = preferred === undefined ? others : [preferred.service, ...others];
  const found = ordered.find((one) => rowsBetween(lab, one, provider).length === 0);
  return found ?? { namespace: 'stranger', name: 'stranger' };
}

function present<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: T });
}

/** The consumer's caller; only attacks that need one may ask. */
export function insideIn({ inside, consumer }: Cast): Inside {
  if (inside === undefined) throw new Error(`no row lets a service of its own mesh call ${shortId(consumer)}`);
  return inside;
}

/** The way back; only attacks that need it may ask. */
export function backIn({ back }: Cast): Back {
  if (back === undefined) throw new Error('no row leads from Consul to Istio');
  return back;
}

/** What the consumer may not ask of the provider; only attacks that ask for it may ask. */
export function refusedIn({ refused, consumer, provider }: Cast): Ask {
  if (refused === undefined) throw new Error(`rows let ${shortId(consumer)} ask ${shortId(provider)} for everything`);
  return refused;
}

/** What the consumer may not ask of the provider, as what an attack asks for. */
export function refusedAtProvider({ lab, consumer, provider, refused }: Cast): Asked | undefined {
  return refused === undefined ? undefined : { lab, from: consumer, to: provider, ...refused };
}

/** A request of the consumer's own. */
export function atProvider({ lab, consumer, provider }: Cast, ask: Ask): Asked {
  return { lab, from: consumer, to: provider, ...ask };
}

/** A request of the consumer's caller, built from what it may ask and a path that it may not; undefined when it may all. */
export function atConsumer(
  { lab, inside, consumer }: Cast,
  ask: (inside: Inside & { readonly forbidden: string }) => Ask,
): Asked | undefined {
  if (inside?.forbidden === undefined) return undefined;
  return { lab, from: inside.service, to: consumer, ...ask({ ...inside, forbidden: inside.forbidden }) };
}

/** Identity inside Istio of a service that no row lets call the provider. */
export function strangerIdentity({ west, stranger }: Cast): string {
  return istioIdentity(west.trustDomain, stranger.namespace, stranger.name);
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

/** Why an attack can't be played on this lab; undefined when it can. */
export function lacks(cast: Cast, need: Need | undefined): string | undefined {
  const { lab, west, consumer, provider, inside, back } = cast;
  switch (need) {
    case undefined:
      return undefined;
    case 'export':
      return back === undefined ? 'no row of the access table leads from Consul to Istio' : undefined;
    case 'call-back':
      return (
        lacks(cast, 'export') ??
        (back?.caller.service.id === provider.id
          ? undefined
          : `no row of the access table leads from ${shortId(provider)} to Istio`)
      );
    case 'guard':
      return consumer.containers.length > 0 && consumer.guard.length > 0
        ? undefined
        : `${shortId(consumer)} has no second container with a declared pair (containers, guard)`;
    case 'inside':
      return inside === undefined ? `no row lets a service of its own mesh call ${shortId(consumer)}` : undefined;
    case 'stranger':
      return lacks(cast, 'inside') ?? (inside?.service.name === cast.stranger.name ? undefined : callsToo(cast));
    case 'page':
      return lab.services.some(({ mesh, expose }) => mesh === west.name && expose === 'page')
        ? undefined
        : `no service of mesh ${west.name} is a page (expose: page)`;
  }
}

function callsToo({ inside, provider }: Cast): string {
  return `a row lets ${inside === undefined ? 'its caller' : shortId(inside.service)} call ${shortId(provider)}, too`;
}

/** What a lab lacks for an attack; undefined when it can be played. */
export function unplayable(cast: Cast, { needs, asks }: Pick<Attack<never>, 'needs' | 'asks'>): string | undefined {
  const lacking = lacks(cast, needs);
  if (lacking !== undefined || asks === undefined) return lacking;
  const asked = asks(cast);
  if (asked === undefined) return 'rows let the caller ask for everything there: nothing is left to refuse';
  if (asked.passes === true || !allows(asked, asked)) return undefined;
  return `a row lets ${shortId(asked.from)} ask ${asked.method} ${asked.path} of ${shortId(asked.to)}: there is nothing to refuse`;
}
