/** What the federation plane's CA signs for the trust exchange: its rows' own names, and no other. */
import { consulGatewayIdentity, consulServiceIdentity, istioIdentity, planeDatacenter } from '../../../model/identity';
import { planeNamespace } from '../../../model/names';
import { federationTrustDomain } from '../../../model/planes';
import { until } from '../../machine/until';
import { type Attack, by, type Control, type Observation, type Stop } from '../attack';
import { outsideIdentity } from '../cast';
import type { Field } from '../field';
import { boundRoots, leastPrivilege, secondUri } from '../references';
import { framed, grpcAnswer, grpcStatus, grpcStop, requestHeaders, texts } from '../steps/grpc';
import { observe } from '../steps/observe';
import type { Seen } from '../vantage/agent';
import { requestFor } from '../vantage/certificates';
import { tokens } from './plane';

interface Row {
  readonly name: string;
  readonly title: string;
  readonly serves: readonly string[];
  readonly uris: (field: Field) => readonly string[];
  /** @default - the one for signing */
  readonly token?: keyof typeof tokens | 'none';
}

const socketPath = '/plane/sockets/grpc.sock';
const signPath = '/hashicorp.consul.connectca.ConnectCAService/Sign';
const domain = ({ cast }: Field) => federationTrustDomain(cast.lab, cast.west.name, cast.east.name);
const own = ({ cast }: Field) => [cast.consumerOutside];

const rows: readonly Row[] = [
  {
    name: 'without-token',
    title: "the consumer's federation identity, without a token",
    serves: ['M4', 'SP 800-204A SM-DR16'],
    uris: own,
    token: 'none',
  },
  {
    name: 'reading-token',
    title: "the consumer's federation identity, with the token for reading",
    serves: leastPrivilege,
    uris: own,
    token: 'reading',
  },
  {
    name: 'other-service',
    title: 'the federation identity of a service without a row',
    serves: leastPrivilege,
    uris: ({ cast }) => [outsideIdentity(cast, cast.stranger.name)],
  },
  {
    name: 'gateway',
    title: "the plane's own mesh gateway, which Consul's sidecars take for any export",
    serves: ['M10', 'https://github.com/hashicorp/consul/pull/13625'],
    uris: (field) => [consulGatewayIdentity(domain(field), planeDatacenter)],
  },
  {
    name: 'server',
    title: "the plane's server",
    serves: ['M15', 'SP 800-204A SM-DR16'],
    uris: (field) => [`spiffe://${domain(field)}/agent/server/dc/${planeDatacenter}`],
  },
  {
    name: 'two-uris',
    title: "a second name behind the consumer's",
    serves: ['M11', secondUri],
    uris: ({ cast }) => [cast.consumerOutside, outsideIdentity(cast, cast.stranger.name)],
  },
  {
    name: 'consul-identity',
    title: "an identity of Consul's mesh, in the plane's own datacenter",
    serves: ['M4', boundRoots],
    uris: ({ cast }) => [consulServiceIdentity(cast.east.trustDomain, planeDatacenter, cast.consumer.name)],
  },
  {
    name: 'istio-identity',
    title: "an identity of Istio's mesh",
    serves: ['M4', boundRoots],
    uris: ({ cast }) => [istioIdentity(cast.west.trustDomain, cast.consumer.namespace, cast.consumer.name)],
  },
];

async function sign(field: Field, uris: readonly string[], token: Row['token'] = 'signing'): Promise<Seen> {
  return field.from('exchange', {
    kind: 'ask2',
    socketPath,
    headers: requestHeaders(signPath),
    ...(token === 'none' ? {} : { headerFiles: { 'x-consul-token': tokens[token] } }),
    body: framed(texts({ 1: await requestFor(...uris) })),
    needles: ['BEGIN CERTIFICATE'],
  });
}

const who = "the plane's CA";

async function asked(field: Field, { uris, token = 'signing' }: Row): Promise<Observation> {
  const names = uris(field);
  const seen = await sign(field, names, token);
  const whose = token === 'none' ? 'without a token' : `with the token for ${token}`;
  const signed = seen.found?.includes('BEGIN CERTIFICATE') === true;
  const end = signed ? 'a certificate' : grpcAnswer(seen).end;
  const stop = signed ? undefined : (grpcStop(who, seen) ?? notSigned(seen) ?? (await logged(field, names)));
  return observe(`has ${names.join(' and ')} signed ${whose}`, { ...grpcAnswer(seen), end }, { stop });
}

/** Consul says why it does not sign a name; any other fault of its own is no refusal. */
function notSigned(seen: Seen): Stop | undefined {
  const status = grpcStatus(seen);
  if (status === undefined || !/SPIFFE|URI|trust domain|CSR/i.test(status.message)) return undefined;
  return { how: 'unauthorized', who, what: `gRPC status ${status.code}, ${status.message}` };
}

/** For a name that it can not even read Consul keeps the reason to its own log. */
async function logged(field: Field, names: readonly string[]): Promise<Stop | undefined> {
  const at = ['plane-0', '--namespace', planeNamespace(field.cast.east.name), '--container', 'consul'];
  let line: string | undefined;
  const look = async () => {
    const said = await field.kubectl('logs', ...at, '--since=15s');
    line = said.split('\n').find((one) => one.includes('connect-ca.sign') && names.every((name) => one.includes(name)));
    return line !== undefined;
  };
  await until(look, { timeout: 5_000, interval: 250 });
  const [, reason] = /error="(.*)"/.exec(line ?? '') ?? [];
  return reason === undefined ? undefined : { how: 'unauthorized', who, what: `did not sign, and noted: ${reason}` };
}

/** What the token is for: the consumer's own leaf. It is thrown away. */
async function signsOwn(field: Field): Promise<Control> {
  const seen = await sign(field, own(field));
  const ok = seen.found?.includes('BEGIN CERTIFICATE') === true;
  const said = ok ? 'signed' : (grpcAnswer(seen).end ?? 'nothing');
  return { ok, evidence: `${own(field).join()} with the token for signing: ${said}` };
}

export const planeSignAttacks: readonly Attack<Field>[] = rows.map((row) => ({
  id: `plane/sign-${row.name}`,
  group: 'plane',
  title: `from the trust exchange: has the plane's CA sign ${row.title}`,
  serves: row.serves,
  attempt: (field) => asked(field, row),
  refusedWhen: by('unauthorized'),
  control: signsOwn,
}));
