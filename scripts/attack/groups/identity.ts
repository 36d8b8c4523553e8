/** Certificates that are not the consumer's, at the provider: TLS is passed on untouched, so its own proxy must refuse. */
import { consulGatewayIdentity, consulServiceIdentity, istioIdentity, planeDatacenter } from '../../../model/identity';
import { ingressGatewayService } from '../../../model/names';
import { federationTrustDomain } from '../../../model/planes';
import { line } from '../asks';
import { type Attack, by } from '../attack';
import { consulIdentity, outsideIdentity } from '../cast';
import type { Field } from '../field';
import { boundRoots, secondUri } from '../references';
import { type CertificateRow, certificateAttack, type Verifier } from '../steps/certificates';
import { reach, rightLeaf } from '../steps/provider';
import { hour, impostorOf, mintLeaf } from '../vantage/certificates';

type Names = CertificateRow['uris'];

const own: Names = ({ cast }) => [cast.consumerOutside];
const other: Names = ({ cast }) => [outsideIdentity(cast, cast.stranger.name)];
const local: Names = ({ cast }) => [consulIdentity(cast, ingressGatewayService)];
const domain = ({ cast }: Field) => federationTrustDomain(cast.lab, cast.west.name, cast.east.name);

const rows: readonly CertificateRow[] = [
  {
    name: 'self-signed',
    title: 'a CA that nobody trusts signs the right name',
    serves: ['M4', 'SP 800-204A SM-DR12'],
    ca: 'attacker',
    uris: own,
    how: ['tls-alert'],
  },
  {
    name: 'expired',
    title: 'the right CA and name, but the leaf ran out an hour ago',
    serves: ['M8', 'SP 800-204A SM-DR13'],
    ca: 'plane',
    uris: own,
    options: { from: -2 * hour, until: -hour },
    how: ['tls-alert'],
  },
  {
    name: 'not-yet-valid',
    title: 'the right CA and name, but the leaf begins in two hours',
    serves: ['M8', 'SP 800-204A SM-DR13'],
    ca: 'plane',
    uris: own,
    options: { from: 2 * hour, until: 3 * hour },
    how: ['tls-alert'],
  },
  {
    name: 'other-service',
    title: 'the right CA, the name of another service of the mesh: to get as far as a request',
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    ca: 'plane',
    uris: other,
    how: ['connection-rule'],
  },
  {
    name: 'unknown-service',
    title: 'the right CA, the name of a service that no row knows: to get as far as a request',
    serves: ['M6', 'https://github.com/hashicorp/consul/issues/20653'],
    ca: 'plane',
    uris: ({ cast }) => [outsideIdentity(cast, 'nobody')],
    how: ['connection-rule'],
  },
  {
    name: 'other-case',
    title: 'the right CA, the right name in capitals',
    serves: ['M6', 'SP 800-207A'],
    ca: 'plane',
    uris: ({ cast }) => [outsideIdentity(cast, cast.consumer.name.toUpperCase())],
    how: ['connection-rule', 'http-rule', 'tls-alert'],
  },
  {
    name: 'other-datacenter',
    title: 'the right CA and service, in a datacenter that does not exist',
    serves: ['M10', 'SP 800-207A'],
    ca: 'plane',
    uris: (field) => [consulServiceIdentity(domain(field), 'elsewhere', field.cast.consumer.name)],
    how: ['connection-rule', 'http-rule'],
  },
  {
    name: 'gateway-identity',
    title: "the plane's CA names a mesh gateway",
    serves: ['M10', 'https://github.com/hashicorp/consul/pull/13625'],
    ca: 'plane',
    uris: (field) => [consulGatewayIdentity(domain(field), planeDatacenter)],
    how: ['connection-rule', 'http-rule'],
  },
  {
    name: 'local-identity',
    title: "the plane's CA mints an identity of the Consul mesh itself",
    serves: ['M4', boundRoots],
    ca: 'plane',
    uris: local,
    how: ['tls-alert'],
  },
  {
    name: 'two-uris-local',
    title: "a second URI: a local service's behind another federation identity",
    serves: ['M11', secondUri],
    ca: 'plane',
    uris: (field) => [...other(field), ...local(field)],
    how: ['connection-rule', 'http-rule'],
  },
  {
    name: 'two-uris-behind',
    title: "a second URI: the consumer's behind another service's",
    serves: ['M11', secondUri],
    ca: 'plane',
    uris: (field) => [...other(field), ...own(field)],
    how: ['connection-rule', 'http-rule'],
  },
  {
    name: 'two-uris-front',
    title: "a second URI: another service's behind the consumer's",
    serves: ['M11', secondUri],
    ca: 'plane',
    uris: (field) => [...own(field), ...other(field)],
    how: ['connection-rule', 'http-rule'],
  },
  {
    name: 'no-uri',
    title: 'the right CA, a DNS name in place of a SPIFFE ID',
    serves: ['M10', 'SP 800-204A SM-DR16'],
    ca: 'plane',
    uris: () => [],
    options: { dns: ['backend', 'backend.backend.svc.cluster.local'] },
    how: ['tls-alert'],
  },
  {
    name: 'istio-ca-foreign-name',
    title: "Istio's own CA mints the consumer's federation identity",
    serves: ['M10', boundRoots],
    ca: 'istio',
    uris: own,
    how: ['tls-alert'],
  },
  {
    name: 'istio-workload',
    title: "the consumer's own Istio identity, which is not for the outside",
    serves: ['M10', 'https://github.com/istio/istio/issues/15401'],
    ca: 'istio',
    uris: ({ cast }) => [istioIdentity(cast.west.trustDomain, cast.consumer.namespace, cast.consumer.name)],
    how: ['tls-alert'],
  },
  {
    name: 'consul-ca-foreign-name',
    title: "Consul's own CA mints the consumer's federation identity",
    serves: ['M4', boundRoots],
    ca: 'consul',
    uris: own,
    how: ['tls-alert'],
  },
];

const provider: Verifier = {
  group: 'identity',
  ask: ({ cast }) => cast.asked,
  reach,
  control: rightLeaf,
};

export const identityAttacks: readonly Attack<Field>[] = [
  {
    id: 'identity/no-certificate',
    group: 'identity',
    title: 'no certificate at all',
    serves: ['M8', 'SP 800-204A SM-DR6'],
    attempt: (field) => reach(field, { tried: `${line(field.cast.asked)} over TLS without a certificate` }),
    refusedWhen: by('tls-alert'),
    control: rightLeaf,
  },
  ...rows.map((row) => certificateAttack(provider, row)),
  {
    id: 'identity/withdrawn-root',
    group: 'identity',
    title: 'a leaf of a root with the same names as the trusted one, as after a rotation that is over',
    serves: ['M4', 'https://github.com/istio/istio/issues/30947'],
    attempt: async (field) => {
      const authority = await impostorOf(await field.authority('plane'), `spiffe://${domain(field)}`);
      const leaf = await mintLeaf(authority, { uris: own(field) });
      return reach(field, { tried: "a leaf of another root with the plane's names", leaf });
    },
    refusedWhen: by('tls-alert'),
    control: rightLeaf,
  },
  {
    id: 'identity/leaf-signs',
    group: 'identity',
    title: "the consumer's leaf is used as a CA to sign another one",
    serves: ['M8', 'SP 800-204A SM-DR15'],
    attempt: async (field) => {
      const { cert, key } = await field.leaf();
      const leaf = await mintLeaf({ certificate: cert, key }, { uris: own(field) });
      return reach(field, { tried: "a leaf signed by the consumer's own leaf", leaf });
    },
    refusedWhen: by('tls-alert'),
    control: rightLeaf,
  },
];
