/** istiod, asked by whoever holds a service account's token: for certificates, and for other services' keys. */

import { randomUUID, X509Certificate } from 'node:crypto';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { istioIdentity } from '../../../model/identity';
import type { Service } from '../../../model/lab';
import { again } from '../again';
import type { Control, Observation, Stop } from '../attack';
import type { Field } from '../field';
import type { Seen } from '../vantage/agent';
import { requestFor } from '../vantage/certificates';
import { listens } from './border';
import { framed, grpcAnswer, grpcStatus, grpcStop, requestHeaders, texts, textsOf, wrapped } from './grpc';
import { observe } from './observe';

export const xdsPort = 15012;
/** Audience of the tokens that proxies show to istiod. */
const istiodAudience = 'istio-ca';
const secretType = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

export async function istiodAddress(field: Field): Promise<string> {
  return field.addressOf('istio-system', { app: 'istiod' });
}

interface Asking {
  /** Whose token. @default - none */
  readonly as?: Service;
  /** @default - the one that istiod wants */
  readonly audience?: string;
}

async function call(
  field: Field,
  path: string,
  message: Uint8Array,
  asking: Asking,
  stream: object = {},
): Promise<Seen> {
  const { as, audience = istiodAudience } = asking;
  const token = as === undefined ? undefined : await field.token(as.namespace, as.name, audience);
  return field.from('plain', {
    kind: 'ask2',
    host: await istiodAddress(field),
    port: xdsPort,
    secure: {},
    headers: requestHeaders(path, token === undefined ? {} : { authorization: `Bearer ${token}` }),
    body: framed(message),
    ...stream,
  });
}

const createCertificate = '/istio.v1.auth.IstioCertificateService/CreateCertificate';

/** Asks for a certificate with any name. istiod takes the name from who asks, never from the request. */
export async function certificate(
  field: Field,
  name: string,
  asking: Asking & { readonly impersonates?: string },
): Promise<Observation> {
  const message = [
    texts({ 1: await requestFor(name) }),
    ...(asking.impersonates === undefined ? [] : [impersonation(asking.impersonates)]),
  ];
  const seen = await call(field, createCertificate, Buffer.concat(message), asking);
  const issued = textsOf(seen.text ?? '').find(({ field: number }) => number === 1)?.text;
  const got = issued === undefined ? undefined : namesOf(issued);
  const tried = `a certificate for ${name} ${asking.as === undefined ? 'without a token' : `with the token of ${asking.as.name}`}`;
  const stop = got === undefined ? grpcStop('istiod', seen) : otherName(got, name);
  return {
    ...observe(tried, grpcAnswer(seen), { stop }),
    ...(got === undefined ? {} : { answered: `a certificate for ${got}` }),
  };
}

function otherName(got: string, wanted: string): Stop | undefined {
  if (got.includes(wanted)) return undefined;
  return { how: 'not-believed', who: 'istiod', what: `signed for ${got}, whose token it was` };
}

function namesOf(pem: string): string {
  try {
    return new X509Certificate(pem).subjectAltName ?? 'nobody';
  } catch {
    return 'nobody';
  }
}

function impersonation(identity: string): Uint8Array {
  return wrapped(4, struct({ ImpersonatedIdentity: identity }));
}

/** A google.protobuf.Struct of texts. */
function struct(fields: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(fields).map(([key, text]) => {
    const value = new BinaryWriter().tag(3, WireType.LengthDelimited).string(text).finish();
    return wrapped(1, Buffer.concat([texts({ 1: key }), wrapped(2, value)]));
  });
  return Buffer.concat(entries);
}

/** Asks over xDS for a Secret, as a proxy of `node` would. Of an answer only whether it holds a key is told. */
export async function secret(
  field: Field,
  name: string,
  node: Service,
  asking: Asking,
): Promise<{ readonly seen: Seen; readonly observation: Observation }> {
  // A name that nobody else has, by which istiod's log tells of this very request.
  const host = `${node.name}-${randomUUID().slice(0, 8)}.${node.namespace}`;
  const id = `sidecar~${await field.podAddress(node)}~${host}~${node.namespace}.svc.cluster.local`;
  // Without its cluster a proxy gets no Secret at all.
  const metadata = struct({ CLUSTER_ID: 'Kubernetes', NAMESPACE: node.namespace });
  const request = Buffer.concat([
    wrapped(2, Buffer.concat([texts({ 1: id, 2: node.name }), wrapped(3, metadata)])),
    texts({ 3: `kubernetes://${name}`, 4: secretType }),
  ]);
  const seen = await call(
    field,
    '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
    request,
    asking,
    {
      keep: true,
      needles: ['PRIVATE KEY', 'BEGIN CERTIFICATE', secretType],
      timeout: 3_000,
    },
  );
  const tried = `Secret ${name} over xDS as a proxy of ${node.name} ${asking.as === undefined ? 'without a token' : `with the token of ${asking.as.name}`}`;
  const held = seen.found ?? [];
  const end = held.includes('PRIVATE KEY') ? `a certificate and key (${seen.bytes} bytes)` : grpcAnswer(seen).end;
  const line = held.length > 0 || grpcStatus(seen) !== undefined ? undefined : await complaint(field, host);
  const stop: Stop | undefined =
    line === undefined
      ? grpcStop('istiod', seen)
      : {
          how: 'unauthorized',
          who: 'istiod',
          what: `gave nothing, and noted: ${line.replace(/^.*attempted to/, 'attempted to')}`,
        };
  const notes = line === undefined ? [] : [`istiod: ${line}`];
  return { seen, observation: observe(tried, { ...grpcAnswer(seen), end }, { stop, notes }) };
}

/** What istiod's log says of a proxy that asked for what is not its own. */
async function complaint(field: Field, proxy: string): Promise<string | undefined> {
  const look = async () => {
    const said = await field.kubectl('logs', 'deploy/istiod', '--namespace', 'istio-system', '--since=60s');
    const lines = said.split('\n').filter((line) => line.includes(`proxy ${proxy} `));
    return lines.find((line) => line.includes('unauthorized certificates'));
  };
  return again(look, (line) => line !== undefined, { timeout: 5_000, interval: 500 });
}

/** The consumer's own proxy gets the consumer's own Secret. */
export async function ownSecret(field: Field): Promise<Control> {
  const { consumer, consumerSecret } = field.cast;
  const { seen, observation } = await secret(field, consumerSecret, consumer, { as: consumer });
  return {
    ok: seen.found?.includes('PRIVATE KEY') === true,
    evidence: `${observation.tried}: ${observation.answered}`,
  };
}

/** The consumer's own token gets the consumer's own certificate. */
export async function ownCertificate(field: Field): Promise<Control> {
  const { consumer, west } = field.cast;
  const own = istioIdentity(west.trustDomain, consumer.namespace, consumer.name);
  const { tried, answered } = await certificate(field, own, { as: consumer });
  return { ok: answered === `a certificate for URI:${own}`, evidence: `${tried}: ${answered}` };
}

/** istiod's own port for proxies is open to a pod of a namespace with injection. */
export async function reachesIstiod(field: Field): Promise<Control> {
  return listens(field, 'plain', {
    name: "istiod's port for proxies",
    host: await istiodAddress(field),
    port: xdsPort,
  });
}
