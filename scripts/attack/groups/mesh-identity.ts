/** Certificates that are not the caller's, at the consumer's own proxy in Istio: no foreign CA may mint a name of ours. */
import { istioIdentity } from '../../../model/identity';
import { line } from '../asks';
import { type Attack, by } from '../attack';
import { insideIn } from '../cast';
import type { Field } from '../field';
import { boundRoots, secondUri } from '../references';
import { type CertificateRow, certificateAttack, type Verifier } from '../steps/certificates';
import { reachConsumer, rightCaller } from '../steps/consumer';
import { hour } from '../vantage/certificates';

const caller = ({ cast }: Field) => [insideIn(cast).identity];
const stranger = ({ cast }: Field) => [istioIdentity(cast.west.trustDomain, 'default', 'default')];

const rows: readonly CertificateRow[] = [
  {
    name: 'self-signed',
    title: "a CA that nobody trusts signs the caller's name",
    serves: ['M8', 'SP 800-204A SM-DR12'],
    ca: 'attacker',
    uris: caller,
    how: ['tls-alert'],
  },
  {
    name: 'plane-ca-local-name',
    title: "the federation plane's CA mints an identity of Istio's mesh",
    serves: ['M4', boundRoots],
    ca: 'plane',
    uris: caller,
    how: ['tls-alert'],
  },
  {
    name: 'consul-ca-local-name',
    title: "Consul's CA mints an identity of Istio's mesh",
    serves: ['M4', boundRoots, 'https://github.com/istio/istio/issues/37096'],
    ca: 'consul',
    uris: caller,
    how: ['tls-alert'],
  },
  {
    name: 'plane-ca-two-uris',
    title: "the federation plane's CA puts an identity of Istio's mesh behind its own",
    serves: ['M11', secondUri],
    ca: 'plane',
    uris: (field) => [field.cast.consumerOutside, ...caller(field)],
    how: ['tls-alert'],
  },
  {
    name: 'federation-identity',
    title: 'a federation identity, which is for the other mesh, used inside',
    serves: ['M10', 'SP 800-207A'],
    ca: 'plane',
    uris: ({ cast }) => [cast.consumerOutside],
    how: ['tls-alert'],
  },
  {
    name: 'expired',
    title: "Istio's own CA and the caller's name, but the leaf ran out",
    serves: ['M8', 'SP 800-204A SM-DR13'],
    ca: 'istio',
    uris: caller,
    options: { from: -2 * hour, until: -hour },
    how: ['tls-alert'],
  },
  {
    name: 'other-service',
    title: "Istio's own CA, an account without a row",
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    ca: 'istio',
    uris: stranger,
    how: ['http-rule'],
  },
  {
    name: 'same-account-elsewhere',
    title: "Istio's own CA, the caller's account name in another namespace",
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    ca: 'istio',
    uris: ({ cast }) => [istioIdentity(cast.west.trustDomain, 'default', insideIn(cast).service.name)],
    how: ['http-rule'],
  },
];

const consumer: Verifier = {
  group: 'mesh-identity',
  ask: ({ cast }) => insideIn(cast).asked,
  needs: 'inside',
  reach: reachConsumer,
  control: rightCaller,
};

export const meshIdentityAttacks: readonly Attack<Field>[] = [
  {
    id: 'mesh-identity/plaintext',
    group: 'mesh-identity',
    title: 'a request in clear to a pod of the mesh',
    serves: ['M16', 'SP 800-204A SM-DR6'],
    attempt: (field) => reachConsumer(field, { tried: `${line(insideIn(field.cast).asked)} in clear`, plain: true }),
    refusedWhen: by('not-tls'),
    control: rightCaller,
    needs: 'inside',
  },
  {
    id: 'mesh-identity/no-certificate',
    group: 'mesh-identity',
    title: 'TLS without a certificate to a pod of the mesh',
    serves: ['M16', 'SP 800-204A SM-DR16'],
    attempt: (field) =>
      reachConsumer(field, { tried: `${line(insideIn(field.cast).asked)} over TLS without a certificate` }),
    refusedWhen: by('tls-alert'),
    control: rightCaller,
    needs: 'inside',
  },
  ...rows.map((row) => certificateAttack(consumer, row)),
];
