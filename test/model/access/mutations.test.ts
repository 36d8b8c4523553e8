/** The comparison of meaning.test.ts can fail: each deliberate break of one generated policy is noticed. */
import type { Json } from '../../../model/access/envoy';
import type { KubeObject } from '../../../model/kube';
import { compare, questionsOf } from '../../support/checker';
import { labOf, smallFile } from '../../support/labs';
import { type Policies, policiesOf } from '../../support/policies';
import type { Point } from '../../support/way';

const program = { port: 8080, program: 'a.js' };
const lab = labOf({
  services: { ...smallFile.services, 'west/admin': program, 'east/shop': program, 'east/store': program },
  access: [
    { from: 'west/frontend', to: 'west/backend', methods: ['GET'], paths: ['/api/', '/v1.0'] },
    { from: 'west/backend', to: 'east/info', methods: ['GET'], paths: ['/places'] },
    { from: 'west/admin', to: 'east/info', methods: ['GET', 'DELETE'] },
    { from: 'east/info', to: 'west/backend', methods: ['GET'], paths: ['/healthz'] },
    { from: 'east/shop', to: 'west/backend', methods: ['GET', 'POST'], paths: ['/orders/'] },
    { from: 'east/shop', to: 'east/info', paths: ['/places', '/shops/'] },
    { from: 'east/shop', to: 'east/store' },
  ],
});
const questions = questionsOf(lab, 5_000, 3);

function different(made: Policies): Set<Point['name'] | 'all'> {
  return new Set(compare(lab, made, questions).differences.map(({ at }) => at));
}

/** Policies with one text of one kind of object replaced; it must be there. */
function broken(kind: string, name: string, from: string | RegExp, to: string, made = policiesOf(lab)): Policies {
  let hits = 0;
  const change = <T>(value: T): T => {
    const text = JSON.stringify(value);
    const other = text.replace(from, to);
    if (other !== text) hits += 1;
    return JSON.parse(other);
  };
  const istio = made.istio.map((one) => (isNamed(one, kind, name) ? change(one) : one));
  const consul = made.consul.map((one) => (one.Kind === kind && one.Name === name ? change(one) : one));
  const plane = made.plane.map((one) => (`plane ${one.Kind}` === kind && one.Name === name ? change(one) : one));
  const listeners = new Map(
    [...made.listeners].map(([id, one]): [string, Json] => [
      id,
      kind === 'listener' && id === name ? change(one) : one,
    ]),
  );
  expect(hits).toBe(1);
  return { istio, consul, plane, listeners };
}

function isNamed({ kind, metadata }: KubeObject, wanted: string, name: string): boolean {
  return kind === wanted && `${metadata.namespace}/${metadata.name}` === name;
}

function without(made: Policies, kind: string, ...names: string[]): Policies {
  const istio = made.istio.filter((one) => !names.some((name) => isNamed(one, kind, name)));
  const consul = made.consul.filter((one) => !(one.Kind === kind && names.includes(one.Name)));
  const plane = made.plane.filter((one) => !(`plane ${one.Kind}` === kind && names.includes(one.Name)));
  expect(istio.length + consul.length + plane.length).toBe(
    made.istio.length + made.consul.length + made.plane.length - names.length,
  );
  return { ...made, istio, consul, plane };
}

test('unbroken, they differ in nothing', () => {
  const { passed, refused, differences } = compare(lab, policiesOf(lab), questions);
  expect(differences).toEqual([]);
  expect([passed > 500, refused > 500]).toEqual([true, true]);
});

const policy = 'AuthorizationPolicy';
const info = 'east/info/info';
const breaks: readonly (readonly [what: string, at: Point['name'], make: (made: Policies) => Policies])[] = [
  ['no methods at a callee in Istio', 'policy', () => broken(policy, 'backend/backend', '"methods":["GET"],', '')],
  [
    'one method more',
    'policy',
    () => broken(policy, 'backend/backend', '"methods":["GET"]', '"methods":["GET","PUT"]'),
  ],
  ['a prefix for an exact path', 'policy', () => broken(policy, 'backend/backend', '"/v1.0"', '"/v1.0*"')],
  ['an exact path for a prefix', 'policy', () => broken(policy, 'backend/backend', '"/api/*"', '"/api/"')],
  ['no paths', 'policy', () => broken(policy, 'backend/backend', ',"paths":["/api/*","/v1.0"]', '')],
  [
    'any principal',
    'policy',
    () => broken(policy, 'backend/backend', /cluster\.local\/ns\/frontend\/sa\/frontend/, '*'),
  ],
  ['a principal by its end', 'policy', () => broken(policy, 'backend/backend', 'cluster.local/ns/frontend', '*')],
  ['a principal by its beginning', 'policy', () => broken(policy, 'backend/backend', '/frontend/sa/frontend', '/*')],
  [
    'no source at all',
    'policy',
    () => broken(policy, 'backend/backend', /"from":\[\{"source":\{"principals":\["[^"]*frontend"\]\}\}\],/, ''),
  ],
  [
    'one caller too many',
    'policy',
    () =>
      broken(
        policy,
        'backend/backend',
        '"cluster.local/ns/frontend/sa/frontend"',
        '"cluster.local/ns/frontend/sa/frontend","cluster.local/ns/admin/sa/admin"',
      ),
  ],
  ['any port of the pod', 'policy', () => broken(policy, 'backend/backend', ',"ports":["8080"]', '')],
  [
    'another port of the pod',
    'policy',
    () => broken(policy, 'backend/backend', '"ports":["8080"]', '"ports":["8081"]'),
  ],
  [
    'any port of the pod behind the gateway',
    'behind gateway',
    () => broken(policy, 'backend/backend', /,"ports":\["8080"\](?!.*"ports")/, ''),
  ],
  [
    'a switch of protocols at a callee in Istio',
    'policy',
    () => broken(policy, 'backend/backend', /,"when":\[\{"key":"request.headers[^}]*\}\]/, ''),
  ],
  [
    'a switch of protocols at the federation gateway',
    'gateway',
    () => broken(policy, 'federation-gateway/backend-east', /,\{"key":"request.headers[^}]*\}/, ''),
  ],
  [
    'a switch of protocols at the ingress gateway',
    'ingress',
    () => broken(policy, 'istio-ingress/page', /,"when":\[\{"key":"request.headers[^}]*\}\]/, ''),
  ],
  [
    'a switch of protocols in the listener',
    'listener',
    () =>
      broken('listener', info, '"normalize_path"', '"upgrade_configs":[{"upgrade_type":"websocket"}],"normalize_path"'),
  ],
  ['another selector', 'policy', () => broken(policy, 'backend/backend', '"app":"backend"', '"app":"other"')],
  [
    'no default deny, and no policy of a service without rows',
    'policy',
    (made) => without(made, policy, 'istio-system/deny-all', 'admin/admin'),
  ],
  [
    'the ingress gateway as caller of a service that is no page',
    'policy',
    () =>
      broken(
        policy,
        'admin/admin',
        '"rules":[]',
        '"rules":[{"from":[{"source":{"principals":["cluster.local/ns/istio-ingress/sa/istio-ingress"]}}]}]',
      ),
  ],
  [
    'any method at the ingress gateway',
    'ingress',
    () => broken(policy, 'istio-ingress/page', /"rules":\[.*\]/, '"rules":[{}]'),
  ],
  [
    'paths read in two ways in Istio',
    'policy',
    () => broken('EnvoyFilter', 'istio-system/refuse-escaped-slashes', /"merge_slashes":true,/g, ''),
  ],
  [
    'escaped slashes let through in Istio',
    'policy',
    () =>
      broken(
        'EnvoyFilter',
        'istio-system/refuse-escaped-slashes',
        /,"path_with_escaped_slashes_action":"REJECT_REQUEST"/g,
        '',
      ),
  ],
  [
    'escaped dots let through in Istio',
    'gateway',
    () => broken('EnvoyFilter', 'istio-system/refuse-escaped-slashes', /\[\.\]\[\.\]\?;/g, 'nothing'),
  ],
  ['no Sidecar', 'egress', (made) => without(made, 'Sidecar', 'frontend/frontend')],
  [
    'a Sidecar that tells of everything',
    'egress',
    () => broken('Sidecar', 'frontend/frontend', /"hosts":\[.*?\]/, '"hosts":["*/*"]'),
  ],
  [
    'a Sidecar without a callee',
    'egress',
    () => broken('Sidecar', 'frontend/frontend', /"hosts":\[.*?\]/, '"hosts":["~/*"]'),
  ],
  [
    'no rule about paths at the federation gateway',
    'gateway',
    () => broken(policy, 'federation-gateway/backend-east', ',"paths":["/healthz"]', ''),
  ],
  [
    "one foreign caller with another's rows",
    'gateway',
    () => broken(policy, 'federation-gateway/backend-east', '/svc/info"', '/svc/shop"'),
  ],
  [
    'a foreign caller by its end',
    'gateway',
    () =>
      broken(policy, 'federation-gateway/backend-east', /"principals":\["[^"]*\/svc\/info"\]/, '"principals":["*"]'),
  ],
  [
    'another server name',
    'gateway',
    () => broken(policy, 'federation-gateway/backend-east', /"values":\["backend/g, '"values":["other'),
  ],
  [
    'a caller missing among the names of the gateway',
    'gateway',
    () => broken('Gateway', 'federation-gateway/backend-east', '/svc/info"', '/svc/nobody"'),
  ],
  [
    'a caller missing in the filter',
    'gateway',
    () => broken('EnvoyFilter', 'federation-gateway/backend-east', '/svc/info"', '/svc/nobody"'),
  ],
  [
    'no rules behind the gateway',
    'behind gateway',
    () => broken(policy, 'backend/backend', ',"paths":["/healthz"]', ''),
  ],
  ['nothing exported by the plane', 'export', (made) => without(made, 'plane exported-services', 'default')],
  [
    'the plane exports to another peer',
    'export',
    () => broken('plane exported-services', 'default', '"Peer":"east"', '"Peer":"other"'),
  ],
  ['nothing exported by Consul', 'export', (made) => without(made, 'exported-services', 'default')],
  ['one export too many', 'export', () => broken('exported-services', 'default', '"Name":"info"', '"Name":"*"')],
  ['no intentions', 'intention', (made) => without(made, 'service-intentions', 'info')],
  ['any source', 'intention', () => broken('service-intentions', 'info', '"Name":"shop"', '"Name":"*"')],
  ['any source of the peer', 'intention', () => broken('service-intentions', 'info', '"Name":"backend"', '"Name":"*"')],
  [
    'a source of another peer',
    'intention',
    () => broken('service-intentions', 'info', '"Peer":"west"', '"Peer":"north"'),
  ],
  [
    'a foreign source taken for a local one',
    'intention',
    () => broken('service-intentions', 'info', ',"Peer":"west"', ''),
  ],
  [
    'an extra source',
    'intention',
    () => broken('service-intentions', 'info', '"Sources":[', '"Sources":[{"Name":"store","Action":"allow"},'),
  ],
  [
    'intentions of another service',
    'intention',
    () => broken('service-intentions', 'info', '"Name":"info"', '"Name":"store2"'),
  ],
  [
    'no match on a method in the listener',
    'listener',
    () => broken('listener', info, /"exact":"DELETE"/g, '"exact":"PUT"'),
  ],
  [
    'a prefix for an exact path in the listener',
    'listener',
    () => broken('listener', info, /"regex":"\/places[^"]*"/g, '"regex":"/places.*"'),
  ],
  [
    'a query that hides the path',
    'listener',
    () => broken('listener', info, /"regex":"\/places[^"]*"/g, '"regex":"/places"'),
  ],
  [
    'allowed by default in the listener',
    'listener',
    () => broken('listener', info, /"name":"deny","action":"DENY"/g, '"name":"allow","action":"ALLOW"'),
  ],
  [
    "one caller with another's identity in the listener",
    'listener',
    () => broken('listener', info, '/svc/backend"', '/svc/backend2"'),
  ],
  ['double slashes kept by the listener', 'listener', () => broken('listener', info, '"merge_slashes":true,', '')],
  [
    'escaped slashes let through by the listener',
    'listener',
    () => broken('listener', info, '"path_with_escaped_slashes_action":"REJECT_REQUEST",', ''),
  ],
  ['escaped dots let through by the listener', 'listener', () => broken('listener', info, '[.][.]?;', 'nothing')],
  [
    'connections only where requests matter',
    'listener',
    (made) => ({
      ...made,
      listeners: new Map([...made.listeners, [info, made.listeners.get('east/store/store') ?? {}]]),
    }),
  ],
];

/** Breaks that no other point makes up for. */
let felt = 0;

test.each(breaks)('%s is noticed at: %s', (_what, at, make) => {
  const found = different(make(policiesOf(lab)));
  if (found.has('all')) felt += 1;
  // Where paths are read otherwise, what the program gets differs, whichever point is named.
  expect([...found]).toEqual(expect.arrayContaining(found.has(at) ? [at] : ['all']));
  expect(found.size).toBeGreaterThan(0);
});

test('most breaks let a request through, or stop one, on the whole way', () => {
  expect(felt).toBeGreaterThan(breaks.length / 2);
});
