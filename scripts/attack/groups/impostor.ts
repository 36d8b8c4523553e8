/** Somebody in a callee's place: the caller checks who answers, not only the callee who asks. */
import { consulServiceIdentity, istioIdentity } from '../../../model/identity';
import { federationGateway, ingressGatewayService } from '../../../model/names';
import { type Attack, by, type Need } from '../attack';
import { consulIdentity, meshGatewayIdentity, outsideIdentity } from '../cast';
import type { Field } from '../field';
import { boundRoots } from '../references';
import { type CertificateRow, forged } from '../steps/certificates';
import { believed, type Deceived, deceive, toConsul, toIstio } from '../steps/impostor';
import { hour } from '../vantage/certificates';
import type { Whose } from '../vantage/thief';

interface Row extends Omit<CertificateRow, 'how'> {
  /** What the caller's proxy must say. @default - its CA is not the callee's */
  readonly reason?: RegExp;
}

const identified = ['M8', 'SP 800-204A SM-DR16'];

/** Envoy's words for a certificate of the right CA that names somebody else, of another CA, and out of its time. */
const otherName = /CERTIFICATE_VERIFY_FAILED.*SAN/;
const otherRoot = /CERTIFICATE_VERIFY_FAILED(?!.*SAN)(?!.*expired)/;
const expired = /CERTIFICATE_VERIFY_FAILED.*expired/;
const noTls = /WRONG_VERSION_NUMBER/;

const consulRows: readonly Row[] = [
  {
    name: 'other-service',
    title: 'the right CA, another service',
    serves: identified,
    ca: 'consul',
    uris: ({ cast }) => [consulIdentity(cast, ingressGatewayService)],
    reason: otherName,
  },
  {
    name: 'gateway-identity',
    title: 'the right CA, the mesh gateway on the way',
    serves: ['M5', 'SP 800-204A SM-DR16'],
    ca: 'consul',
    uris: ({ cast }) => [meshGatewayIdentity(cast)],
    reason: otherName,
  },
  {
    name: 'other-datacenter',
    title: "the right CA, the callee's name in another datacenter",
    serves: ['M10', 'SP 800-207A'],
    ca: 'consul',
    uris: ({ cast }) => [consulServiceIdentity(cast.east.trustDomain, 'elsewhere', cast.provider.name)],
    reason: otherName,
  },
  {
    name: 'local-identity',
    title: "the right CA mints an identity of the caller's own mesh",
    serves: ['M4', boundRoots],
    ca: 'consul',
    uris: ({ cast }) => [istioIdentity(cast.west.trustDomain, cast.consumer.namespace, cast.consumer.name)],
    reason: otherName,
  },
  {
    name: 'plane-ca',
    title: "the federation plane's CA, which signs the caller's own leaf, mints the callee",
    serves: ['M4', boundRoots],
    ca: 'plane',
    uris: (field) => [toConsul.identity(field)],
  },
  {
    name: 'istio-ca',
    title: "Istio's own CA mints the callee",
    serves: ['M10', boundRoots],
    ca: 'istio',
    uris: (field) => [toConsul.identity(field)],
  },
  ...worthless(toConsul, 'consul'),
];

const istioRows: readonly Row[] = [
  {
    name: 'other-service',
    title: 'the right CA, another federation identity',
    serves: identified,
    ca: 'plane',
    uris: ({ cast }) => [outsideIdentity(cast, cast.stranger.name)],
    reason: otherName,
  },
  {
    name: 'istio-workload',
    title: "the right CA mints the federation gateway's identity inside Istio",
    serves: ['M10', boundRoots],
    ca: 'plane',
    uris: ({ cast }) => [istioIdentity(cast.west.trustDomain, federationGateway, federationGateway)],
    reason: otherName,
  },
  {
    name: 'istio-ca',
    title: "Istio's own CA, which the other mesh must not trust, mints the callee",
    serves: ['M10', boundRoots],
    ca: 'istio',
    uris: (field) => [toIstio.identity(field)],
  },
  {
    name: 'consul-ca',
    title: "Consul's own CA mints the callee",
    serves: ['M4', boundRoots],
    ca: 'consul',
    uris: (field) => [toIstio.identity(field)],
  },
  ...worthless(toIstio, 'plane'),
];

/** The callee's own name, which is worth nothing by itself: from a CA that nobody trusts, and in a leaf that ran out. */
function worthless(deceived: Deceived, ca: Whose): Row[] {
  const uris = (field: Field) => [deceived.identity(field)];
  return [
    {
      name: 'self-signed',
      title: 'a CA that nobody trusts mints the callee',
      serves: ['M4', 'SP 800-204A SM-DR12'],
      ca: 'attacker',
      uris,
    },
    {
      name: 'expired',
      title: "the callee's own name, but the leaf ran out",
      serves: ['M8', 'SP 800-204A SM-DR13'],
      ca,
      uris,
      options: { from: -2 * hour, until: -hour },
      reason: expired,
    },
  ];
}

/** One direction: whose CA vouches for the callee, and how attacks are named. */
interface Direction {
  readonly prefix: string;
  readonly place: string;
  readonly deceived: Deceived;
  readonly ca: Whose;
  readonly needs?: Need;
}

const outward: Direction = { prefix: 'provider', place: "in the provider's place", deceived: toConsul, ca: 'consul' };
const inward: Direction = {
  prefix: 'export',
  place: "in the federation gateway's place",
  deceived: toIstio,
  ca: 'plane',
  needs: 'call-back',
};

function attack(
  { prefix, place, deceived, ca, needs }: Direction,
  row: Pick<Row, 'name' | 'title' | 'serves'>,
  attempt: Attack<Field>['attempt'],
): Attack<Field> {
  return {
    id: `impostor/${prefix}-${row.name}`,
    group: 'impostor',
    title: `${place}: ${row.title}`,
    serves: row.serves,
    ...(needs === undefined ? {} : { needs }),
    attempt,
    refusedWhen: by('not-the-callee'),
    control: async (field) => believed(field, deceived, await forged(field, ca, { uris: [deceived.identity(field)] })),
  };
}

function withCertificate(direction: Direction, row: Row): Attack<Field> {
  return attack(direction, row, async (field) => {
    const uris = row.uris(field);
    const leaf = await forged(field, row.ca, { uris, ...row.options });
    const tried = `answers on the border as ${uris.join(' and ')}, signed by the ${row.ca} CA`;
    return deceive(field, direction.deceived, tried, leaf, row.reason ?? otherRoot);
  });
}

function inClear(direction: Direction): Attack<Field> {
  const row = { name: 'plaintext', title: 'no TLS at all', serves: ['M8', 'SP 800-204A SM-DR6'] };
  return attack(direction, row, (field) =>
    deceive(field, direction.deceived, 'answers on the border in clear', undefined, noTls),
  );
}

export const impostorAttacks: readonly Attack<Field>[] = [
  ...consulRows.map((row) => withCertificate(outward, row)),
  inClear(outward),
  ...istioRows.map((row) => withCertificate(inward, row)),
  inClear(inward),
];
