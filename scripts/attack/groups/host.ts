/** The provider's host from beside it, in Consul's own network: no gateway and no border is in the attacker's way. */
import { sidecarPort } from '../../../model/hosts';
import { line } from '../asks';
import { type Attack, by, type Control, type Observation, type Stop } from '../attack';
import { consulIdentity, meshGatewayIdentity } from '../cast';
import type { Field } from '../field';
import { boundRoots, coordination } from '../references';
import { listens } from '../steps/border';
import { type CertificateRow, certificateAttack, type Verifier } from '../steps/certificates';
import { reachSidecar, rightLeafAtHost } from '../steps/host';
import { observe } from '../steps/observe';
import { hour } from '../vantage/certificates';

/** Names of the provider's own mesh; `other` is nobody's that has a row. */
const named = ({ cast }: Field, service: string) => consulIdentity(cast, service);
const other = (field: Field) => [named(field, `${field.cast.provider.name}-stranger`)];

const rows: readonly CertificateRow[] = [
  {
    name: 'self-signed',
    title: 'a CA that nobody trusts signs the name of a service of the same mesh',
    serves: ['M8', 'SP 800-204A SM-DR12'],
    ca: 'attacker',
    uris: other,
    how: ['tls-alert'],
  },
  {
    name: 'expired',
    title: 'the right CA, but the leaf ran out',
    serves: ['M8', 'SP 800-204A SM-DR13'],
    ca: 'consul',
    uris: other,
    options: { from: -2 * hour, until: -hour },
    how: ['tls-alert'],
  },
  {
    name: 'istio-ca',
    title: "Istio's own CA mints a service of Consul's mesh",
    serves: ['M10', boundRoots],
    ca: 'istio',
    uris: other,
    how: ['tls-alert'],
  },
  {
    name: 'other-service',
    title: 'the right CA, a name of the same mesh without a row: to get as far as a request',
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    ca: 'consul',
    uris: other,
    how: ['connection-rule'],
  },
  {
    name: 'itself',
    title: "the right CA, the provider's own name",
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    ca: 'consul',
    uris: (field) => [named(field, field.cast.provider.name)],
    how: ['connection-rule'],
  },
  {
    name: 'wildcard',
    title: 'the right CA, a star for a name, as intentions write all services',
    serves: ['M6', 'SP 800-207A'],
    ca: 'consul',
    uris: (field) => [named(field, '*')],
    how: ['connection-rule', 'tls-alert'],
  },
  {
    name: 'gateway-identity',
    title: 'the right CA, the mesh gateway, through which the consumer comes',
    serves: ['M6', 'https://github.com/hashicorp/consul/pull/13625'],
    ca: 'consul',
    uris: ({ cast }) => [meshGatewayIdentity(cast)],
    how: ['connection-rule'],
  },
];

const verifier: Verifier = {
  group: 'host',
  ask: ({ cast }) => cast.asked,
  reach: reachSidecar,
  control: rightLeafAtHost,
};

function without(name: string, title: string, how: 'not-tls' | 'tls-alert', plain: boolean): Attack<Field> {
  return {
    id: `host/${name}`,
    group: 'host',
    title,
    serves: ['M8', 'SP 800-204A SM-DR6'],
    attempt: (field) => reachSidecar(field, { tried: `${line(field.cast.asked)}, ${title}`, plain }),
    refusedWhen: by(how),
    control: rightLeafAtHost,
  };
}

/** Ports that agents, proxies and their like open somewhere: Consul's chart has proxies' own from 20300 on. */
const otherPorts: readonly number[] = [
  ...[22, 80, 443, 8080, 8300, 8302, 8443, 8500, 8501, 8502, 8503, 8600, 9102, 9191, 15000, 15020, 15090, 19000, 19001],
  ...[20100, 20200, 21000, 21500],
  ...Array.from({ length: 20 }, (_, index) => 20300 + index),
];

async function everyOtherPort(field: Field): Promise<Observation> {
  const { east, provider, providerAddress: host } = field.cast;
  const ports = [...new Set([...otherPorts, provider.port])];
  const before = await field.refusals(provider.name);
  const seen = await field.from('east', { kind: 'ports', host, ports });
  const refused = (await field.refusals(provider.name)) - before;
  const who = `the firewall of host ${east.name}/${provider.name}`;
  const shut = seen.end === 'scanned' && seen.open?.length === 0 && refused >= ports.length;
  const stop: Stop | undefined = shut
    ? { how: 'firewall', who, what: `refused ${refused} packets to ${ports.length} ports` }
    : undefined;
  const open = seen.open?.join(', ') || 'none';
  return observe(
    `TCP to ${ports.length} ports of ${host}, but its sidecar's`,
    { ...seen, end: `open: ${open}` },
    { stop },
  );
}

const sidecarListens = (field: Field): Promise<Control> =>
  listens(field, 'east', { name: "the provider's sidecar", host: field.cast.providerAddress, port: sidecarPort });

export const hostAttacks: readonly Attack<Field>[] = [
  without('plaintext', 'a request in clear', 'not-tls', true),
  without('no-certificate', 'TLS without a certificate', 'tls-alert', false),
  ...rows.map((row) => certificateAttack(verifier, row)),
  {
    id: 'host/ports',
    group: 'host',
    title: "every other port of the provider's host: its program's, its agent's, its proxy's, 20300 and up",
    serves: coordination,
    attempt: everyOtherPort,
    refusedWhen: by('firewall'),
    control: sidecarListens,
  },
];
