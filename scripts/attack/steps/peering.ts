/** Consul's gRPC port, as it is reachable through the mesh gateway for peering streams. */
import { meshGatewayPort } from '../../../model/gateways';
import { type ConsulApi, managementApi } from '../../hosts/consul-api';
import { until } from '../../machine/until';
import type { Control, Observation } from '../attack';
import type { Field } from '../field';
import type { Seen } from '../vantage/agent';
import { framed, grpcAnswer, grpcStatus, grpcStop, requestHeaders, texts } from './grpc';
import { observe } from './observe';

export const peerStream = 'hashicorp.consul.internal.peerstream.PeerStreamService';
/** Name of the peering that the attacks make and remove. */
const attackPeering = 'isthmus-attack';

/** Calls a method of the server under the server name that peering streams use. */
async function callServer(field: Field, method: string, message: Uint8Array = new Uint8Array()): Promise<Seen> {
  const { east, datacenter, eastNetwork } = field.cast;
  return field.from('west', {
    kind: 'ask2',
    host: eastNetwork.meshGateway,
    port: meshGatewayPort,
    secure: { servername: `server.${datacenter}.peering.${east.trustDomain}` },
    headers: requestHeaders(`/${method}`),
    body: framed(message),
  });
}

export async function tryServer(
  field: Field,
  tried: string,
  method: string,
  message?: Uint8Array,
): Promise<Observation> {
  const seen = await callServer(field, method, message);
  return observe(tried, grpcAnswer(seen), { stop: grpcStop(`${field.cast.east.name}'s server`, seen) });
}

/** Both ends of the real peering say that it is active, over this same port. */
export async function peeringActive(field: Field): Promise<Control> {
  const { east, west } = field.cast;
  const { State } = await consul(field).get<{ State: string }>(`/v1/peering/${west.name}`);
  return {
    ok: State === 'ACTIVE',
    evidence: `the peering of ${west.name} and ${east.name} over the same port: ${State}`,
  };
}

export async function peerId(field: Field): Promise<string> {
  return (await consul(field).get<{ ID: string }>(`/v1/peering/${field.cast.west.name}`)).ID;
}

export interface Token {
  readonly peerId: string;
  readonly secret: string;
}

/** A new pairing token, for a peering of the attacks' own. It is removed when the field is left, or by {@link forget}. */
export async function newToken(field: Field, name: string): Promise<Token> {
  field.willUndo(() => forget(field, name));
  const peer = `${attackPeering}-${name}`;
  const { PeeringToken } = await consul(field).post<{ PeeringToken: string }>('/v1/peering/token', { PeerName: peer });
  const { PeerID, EstablishmentSecret } = JSON.parse(Buffer.from(PeeringToken, 'base64').toString()) as Record<
    string,
    string
  >;
  return { peerId: PeerID ?? '', secret: EstablishmentSecret ?? '' };
}

async function forget(field: Field, name: string): Promise<void> {
  const path = `/v1/peering/${attackPeering}-${name}`;
  const api = consul(field);
  if ((await api.find(path)) === undefined) return;
  await api.delete(path);
  await until(async () => (await api.find(path)) === undefined, { timeout: 15_000 });
}

/** What a plane says first: the token's one-time secret for one of the stream's. */
export async function exchange(field: Field, token: Token): Promise<Seen> {
  return callServer(field, `${peerStream}/ExchangeSecret`, texts({ 1: token.peerId, 2: token.secret }));
}

export function accepted(seen: Seen): boolean {
  return grpcStatus(seen)?.code === 0;
}

export function consul({ lab, cast }: Field): ConsulApi {
  return managementApi(lab.name, cast.east.name);
}
