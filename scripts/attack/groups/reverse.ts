/** Certificates, names and requests at Istio's federation gateway: Consul's services call only what a row exports. */
import { istioIdentity } from '../../../model/identity';
import { ingressGatewayService } from '../../../model/names';
import { type Ask, line } from '../asks';
import { type Asked, type Attack, type AttackRow, by, type How, type Observation } from '../attack';
import { type Back, backIn, type Cast, consulIdentity, meshGatewayIdentity, strangerIdentity } from '../cast';
import type { Field } from '../field';
import { boundRoots, secondUri } from '../references';
import { type CertificateRow, certificateAttack, type Verifier } from '../steps/certificates';
import { exportCallerLeaf, exported, reachExport, rightExportCaller } from '../steps/reverse';
import { hour } from '../vantage/certificates';

const own = (field: Field) => exported(field).caller.identity;
const other = ({ cast }: Field) => consulIdentity(cast, ingressGatewayService);

const certificates: readonly CertificateRow[] = [
  {
    name: 'self-signed',
    title: 'a CA that nobody trusts',
    serves: ['M4', 'SP 800-204A SM-DR12'],
    ca: 'attacker',
    uris: (field) => [own(field)],
    how: ['tls-alert'],
  },
  {
    name: 'expired',
    title: 'the right name, but the leaf ran out',
    serves: ['M8', 'SP 800-204A SM-DR13'],
    ca: 'consul',
    uris: (field) => [own(field)],
    options: { from: -2 * hour, until: -hour },
    how: ['tls-alert'],
  },
  {
    name: 'other-service',
    title: 'the right CA, another service: to get as far as a request',
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    ca: 'consul',
    uris: (field) => [other(field)],
    how: ['tls-alert'],
  },
  {
    name: 'gateway-identity',
    title: "the right CA, Consul's own mesh gateway",
    serves: ['M6', 'https://github.com/hashicorp/consul/pull/13625'],
    ca: 'consul',
    uris: ({ cast }) => [meshGatewayIdentity(cast)],
    how: ['tls-alert', 'http-rule'],
  },
  {
    name: 'local-identity',
    title: "Consul's CA mints an identity of Istio's mesh",
    serves: ['M4', boundRoots],
    ca: 'consul',
    uris: ({ cast }) => [strangerIdentity(cast)],
    how: ['tls-alert', 'http-rule'],
  },
  {
    name: 'gateway-account',
    title: "Consul's CA mints the federation gateway's own identity",
    serves: ['M4', boundRoots],
    ca: 'consul',
    uris: ({ cast }) => [istioIdentity(cast.west.trustDomain, 'federation-gateway', 'federation-gateway')],
    how: ['tls-alert', 'http-rule'],
  },
  {
    name: 'two-uris-front',
    title: "a second URI behind the caller's",
    serves: ['M11', secondUri],
    ca: 'consul',
    uris: (field) => [own(field), other(field)],
    how: ['tls-alert', 'http-rule'],
  },
  {
    name: 'two-uris-behind',
    title: "a second URI before the caller's",
    serves: ['M11', secondUri],
    ca: 'consul',
    uris: (field) => [other(field), own(field)],
    how: ['tls-alert', 'http-rule'],
  },
  {
    name: 'two-uris-local',
    title: "an identity of Istio's mesh behind the caller's",
    serves: ['M11', secondUri, boundRoots],
    ca: 'consul',
    uris: (field) => [own(field), strangerIdentity(field.cast)],
    how: ['tls-alert', 'http-rule'],
  },
  {
    name: 'plane-ca',
    title: "the federation plane's CA, which signs for the other way, mints the caller",
    serves: ['M10', boundRoots],
    ca: 'plane',
    uris: (field) => [own(field)],
    how: ['tls-alert'],
  },
  {
    name: 'istio-ca',
    title: "Istio's own CA mints the caller",
    serves: ['M10', boundRoots],
    ca: 'istio',
    uris: (field) => [own(field)],
    how: ['tls-alert'],
  },
];

const federationGateway: Verifier = {
  group: 'reverse',
  ask: (field) => exported(field).asked,
  reach: reachExport,
  control: rightExportCaller,
  needs: 'export',
};

type Request = (back: Back) => (Ask & { readonly headers?: readonly string[] }) | undefined;

interface RequestRow extends AttackRow {
  /** Undefined when rows let the caller ask for everything of this kind. */
  readonly request?: Request;
  readonly sni?: (field: Field) => string | undefined;
  readonly how: readonly How[];
}

const normalised = 'https://github.com/hashicorp/consul/pull/23534';

/** Another method than the row's, on a path of the row. */
const otherMethod = ({ asked, refused }: Back) => (refused?.path === asked.path ? refused : undefined);
/** Where the caller may not go, by a path that begins where it may. */
const out =
  (dots: string): Request =>
  ({ asked, forbidden }) =>
    forbidden === undefined ? undefined : { ...asked, path: `${asked.path.replace(/\/$/, '')}${dots}${forbidden}` };
const outside: Request = ({ asked, forbidden }) =>
  forbidden === undefined ? undefined : { ...asked, path: forbidden };

const requests: readonly RequestRow[] = [
  {
    name: 'method',
    title: 'a method that the row does not name',
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    request: otherMethod,
    how: ['http-rule'],
  },
  {
    name: 'method-override',
    title: 'a method that the row does not name, which headers call one that it names',
    serves: ['M6', 'https://nvd.nist.gov/vuln/detail/CVE-2024-10006'],
    request: (back) => {
      const refused = otherMethod(back);
      return refused && { ...refused, headers: [`X-HTTP-Method-Override: ${back.asked.method}`] };
    },
    how: ['http-rule'],
  },
  {
    name: 'path',
    title: 'a path that the row does not name',
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    request: outside,
    how: ['http-rule'],
  },
  {
    name: 'path-dots',
    title: 'a path outside the row by dots',
    serves: ['M6', normalised],
    request: out('/..'),
    how: ['http-rule', 'malformed'],
  },
  {
    name: 'path-escaped',
    title: 'a path outside the row by an escaped slash',
    serves: ['M6', normalised],
    request: out('%2f..'),
    how: ['malformed', 'http-rule'],
  },
  {
    name: 'path-suffix',
    title: 'a path that begins as an allowed one does',
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    request: ({ asked, beyond }) => (beyond === undefined ? undefined : { ...asked, path: beyond }),
    how: ['http-rule'],
  },
  {
    name: 'other-host',
    title: "another service's name in Host, on a path that is its own",
    serves: ['M6', 'https://github.com/istio/istio/issues/28912'],
    request: (back) => {
      const asked = outside(back);
      return asked && { ...asked, headers: ['X-Forwarded-Host: stranger.stranger'] };
    },
    how: ['http-rule'],
  },
  {
    name: 'no-sni',
    title: 'no server name',
    serves: ['M5', 'SP 800-204A SM-DR1'],
    sni: () => undefined,
    how: ['no-way'],
  },
  {
    name: 'other-sni',
    title: 'the server name of a service that is not exported',
    serves: ['M10', 'SP 800-204A SM-DR2'],
    sni: (field) => exported(field).sni.replace(exported(field).service.name, field.cast.stranger.name),
    how: ['no-way'],
  },
  {
    name: 'cluster-sni',
    title: "the name of a cluster of Istio's (outbound_…), which an auto-passthrough gateway would follow",
    serves: ['M10', 'https://github.com/istio/istio/issues/36275'],
    sni: ({ cast }) => `outbound_.80_._.${cast.stranger.name}.${cast.stranger.namespace}.svc.cluster.local`,
    how: ['no-way'],
  },
];

function attack(
  name: string,
  title: string,
  serves: readonly string[],
  how: readonly How[],
  attempt: Attack<Field>['attempt'],
): Attack<Field> {
  return {
    id: `reverse/${name}`,
    group: 'reverse',
    title,
    serves,
    attempt,
    refusedWhen: by(...how),
    control: rightExportCaller,
    needs: 'export',
  };
}

export const reverseAttacks: readonly Attack<Field>[] = [
  attack('plaintext', 'a request in clear', ['M8', 'SP 800-204A SM-DR6'], ['not-tls'], (field) =>
    reachExport(field, { tried: 'GET in clear', plain: true }),
  ),
  attack('no-certificate', 'TLS without a certificate', ['M8', 'SP 800-204A SM-DR16'], ['tls-alert'], (field) =>
    reachExport(field, { tried: 'TLS without a certificate' }),
  ),
  ...certificates.map((row) => certificateAttack(federationGateway, row)),
  ...requests.map(
    (row): Attack<Field> => ({
      ...attack(row.name, row.title, row.serves, row.how, (field) => ask(field, row)),
      ...(row.request === undefined ? {} : { asks: asks(row.request) }),
    }),
  ),
];

function asks(request: (back: Back) => Ask | undefined): (cast: Cast) => Asked | undefined {
  return ({ lab, back }) => {
    const wanted = back && request(back);
    return wanted && { lab, from: back.caller.service, to: back.export.service, ...wanted };
  };
}

async function ask(field: Field, { request, sni }: RequestRow): Promise<Observation> {
  const back = backIn(field.cast);
  const wanted = request?.(back) ?? back.asked;
  const name = sni?.(field);
  const forName = sni === undefined ? '' : ` for server name ${name ?? '(none)'}`;
  const tried = `${line(wanted)}${forName} as the right caller`;
  const named = sni === undefined ? {} : { sni: name };
  return reachExport(field, { tried, leaf: await exportCallerLeaf(field), ...wanted, ...named });
}
