/** Methods, headers and callers that the rows do not name, asked for by programs and by thieves with the right leaf. */
import { type Attack, type AttackRow, by, type Control, type How, type Observation } from '../attack';
import { outsideIdentity } from '../cast';
import type { Field } from '../field';
import { callerLeaf, consumerHost, reachConsumer, rightCaller } from '../steps/consumer';
import { asProgram, type Callee, calls } from '../steps/program';
import { reach, requestBytes, rightLeaf } from '../steps/provider';

/** With the consumer's own leaf, at the provider. */
function atProvider(
  name: string,
  title: string,
  serves: readonly string[],
  request: { readonly method: string; readonly headers?: readonly string[]; readonly path?: string },
  how: readonly How[] = ['http-rule'],
): Attack<Field> {
  return {
    id: `rules/${name}`,
    group: 'rules',
    title,
    serves,
    attempt: async (field) => {
      const { provider } = field.cast;
      const { method, headers = [], path = provider.health } = request;
      const send = [requestBytes(method, path, provider.name, headers)];
      const tried = [`${method} ${path}`, ...headers].join(', ');
      return reach(field, { tried: `${tried}, with the consumer's own leaf`, leaf: await field.leaf(), send });
    },
    refusedWhen: by(...how),
    control: rightLeaf,
  };
}

const methods: readonly Attack<Field>[] = [
  ...(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const).map((method) =>
    atProvider(
      `provider-${method.toLowerCase()}`,
      `${method} where the row says GET`,
      ['M6', 'SP 800-204B SAUZ-SR-1'],
      { method },
      ['http-rule', 'malformed'],
    ),
  ),
  atProvider(
    'provider-unknown-method',
    'a method that nobody knows',
    ['M6', 'https://github.com/hashicorp/consul/issues/10699'],
    { method: 'FETCH' },
    ['http-rule', 'malformed', 'not-tls'],
  ),
  atProvider(
    'provider-lower-case',
    'get in small letters',
    ['M6', 'https://github.com/hashicorp/consul/issues/10536'],
    { method: 'get' },
    ['http-rule', 'malformed'],
  ),
  atProvider(
    'method-override',
    'POST with headers that call it a GET (X-HTTP-Method-Override and others)',
    ['M6', 'https://nvd.nist.gov/vuln/detail/CVE-2024-10006'],
    {
      method: 'POST',
      headers: ['X-HTTP-Method-Override: GET', 'X-HTTP-Method: GET', 'X-Method-Override: GET', 'Content-Length: 0'],
    },
  ),
  atProvider(
    'connect',
    'CONNECT, which would make the provider a way to somewhere else',
    ['M6', 'SP 800-204A SM-DR8'],
    { method: 'CONNECT', path: '127.0.0.1:8500' },
    ['http-rule', 'malformed'],
  ),
];

/**
 * Asks to switch to a websocket. Behind an answer of 101 nobody would hold the bytes to methods and paths; a program that
 * knows no websockets answers as ever, which is through as well.
 */
const switching = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='];
const switchTitle = 'a GET that the row allows, as a switch to a websocket';
const switchServes = ['M6', 'SP 800-204B SAUZ-SR-1'];

/** The request, with the header that says to proxies that it is for a switch. */
function switchBytes(path: string, host: string): string {
  return requestBytes('GET', path, host, switching).replace('Connection: close', 'Connection: Upgrade, close');
}

const switches: readonly Attack<Field>[] = [
  {
    id: 'rules/provider-upgrade',
    group: 'rules',
    title: `${switchTitle}, at the provider`,
    serves: switchServes,
    attempt: async (field) => {
      const { provider } = field.cast;
      const send = [switchBytes(provider.health, provider.name)];
      return reach(field, { tried: `GET ${provider.health}, Upgrade: websocket`, leaf: await field.leaf(), send });
    },
    refusedWhen: by('http-rule'),
    control: rightLeaf,
  },
  {
    id: 'rules/consumer-upgrade',
    group: 'rules',
    title: `${switchTitle}, at the consumer`,
    serves: switchServes,
    attempt: async (field) => {
      const { allowedPrefix } = field.cast;
      const send = [switchBytes(allowedPrefix, consumerHost(field))];
      const tried = `GET ${allowedPrefix}, Upgrade: websocket`;
      return reachConsumer(field, { tried, leaf: await callerLeaf(field), send });
    },
    refusedWhen: by('http-rule'),
    control: rightCaller,
  },
];

/** Says another identity than its certificate in the header by which proxies tell programs who calls. */
function forgedXfcc(
  name: string,
  title: string,
  ask: (field: Field, header: string) => Promise<Observation>,
  claims: (field: Field) => string,
  control: (field: Field) => Promise<Control>,
): Attack<Field> {
  return {
    id: `rules/${name}`,
    group: 'rules',
    title,
    serves: ['M5', 'https://github.com/hashicorp/consul/pull/13625', 'https://github.com/istio/istio/issues/28912'],
    attempt: async (field) => {
      const forged = claims(field);
      const seen = await ask(field, `X-Forwarded-Client-Cert: By=spiffe://x/y;Hash=00;URI=${forged}`);
      // The program says in its answer whom its proxy told it about.
      const caller = /"caller":"([^"]*)"/.exec(seen.text ?? '')?.[1];
      if (caller === undefined || caller === forged) return seen;
      const what = `was told the verified identity ${caller}, not the claimed one`;
      return { ...seen, stop: { how: 'not-believed', who: "the callee's program", what } };
    },
    refusedWhen: by('not-believed'),
    control,
  };
}

/** A path that the program answers with who called it; the health path does not. */
const tellingPath = '/places';

const headers: readonly Attack<Field>[] = [
  forgedXfcc(
    'forged-xfcc-provider',
    'a forged X-Forwarded-Client-Cert at the provider',
    async (field, header) => {
      const send = [requestBytes('GET', tellingPath, field.cast.provider.name, [header])];
      return reach(field, { tried: `GET ${tellingPath} with ${header}`, leaf: await field.leaf(), send });
    },
    ({ cast }) => outsideIdentity(cast, cast.caller.name),
    rightLeaf,
  ),
  forgedXfcc(
    'forged-xfcc-consumer',
    'a forged X-Forwarded-Client-Cert at the consumer',
    async (field, header) => {
      const { allowedPrefix } = field.cast;
      const send = [requestBytes('GET', allowedPrefix, consumerHost(field), [header])];
      return reachConsumer(field, {
        tried: `GET ${allowedPrefix} with ${header}`,
        leaf: await callerLeaf(field),
        send,
      });
    },
    ({ cast }) => `spiffe://${cast.west.trustDomain}/ns/kube-system/sa/admin`,
    rightCaller,
  ),
];

interface ProgramRow extends AttackRow {
  readonly from: 'consumer' | 'caller' | 'neighbour';
  readonly to: Callee;
  readonly method?: string;
  readonly path?: (field: Field) => string;
  readonly headers?: (field: Field) => Readonly<Record<string, string>>;
  readonly how: readonly How[];
}

const programRows: readonly ProgramRow[] = [
  {
    name: 'program-post',
    title: "the consumer's own program, through its own proxy, with POST",
    serves: ['M6', 'M16'],
    from: 'consumer',
    to: 'provider',
    method: 'POST',
    how: ['http-rule'],
  },
  {
    name: 'program-caller-delete',
    title: "the caller's own program with DELETE",
    serves: ['M6', 'M16'],
    from: 'caller',
    to: 'consumer',
    method: 'DELETE',
    how: ['http-rule'],
  },
  {
    name: 'program-caller-path',
    title: "the caller's own program on a path outside its row",
    serves: ['M6', 'M16'],
    from: 'caller',
    to: 'consumer',
    path: ({ cast }) => cast.forbiddenPath,
    how: ['http-rule'],
  },
  {
    name: 'program-without-row',
    title: 'a program of the mesh that no row names',
    serves: ['M6', 'SP 800-204B APE-SR-3'],
    from: 'neighbour',
    to: 'consumer',
    how: ['http-rule', 'firewall'],
  },
  {
    name: 'program-without-row-xfcc',
    title: "a program that no row names, with the caller's identity in a forged header",
    serves: ['M6', 'https://github.com/hashicorp/consul/pull/13625'],
    from: 'neighbour',
    to: 'consumer',
    headers: ({ cast }) => ({ 'x-forwarded-client-cert': `By=spiffe://x/y;URI=${cast.callerIdentity}` }),
    how: ['http-rule', 'firewall'],
  },
  {
    name: 'caller-to-provider',
    title: 'a program without a row calls the import by the address that leads there',
    serves: ['M10', 'SP 800-204A SM-DR2'],
    from: 'caller',
    to: 'provider',
    how: ['no-way'],
  },
  {
    name: 'neighbour-to-provider',
    title: 'a workload of another namespace calls the import',
    serves: ['M10', 'SP 800-204A SM-DR2'],
    from: 'neighbour',
    to: 'provider',
    how: ['no-way'],
  },
];

function programAttack(row: ProgramRow): Attack<Field> {
  const { name, title, serves, from, to, method = 'GET', path, headers: extra, how } = row;
  return {
    id: `rules/${name}`,
    group: 'rules',
    title,
    serves,
    attempt: (field) =>
      asProgram(field, {
        from,
        to,
        method,
        ...(path === undefined ? {} : { path: path(field) }),
        ...(extra === undefined ? {} : { headers: extra(field) }),
      }),
    refusedWhen: by(...how),
    control: (field) => calls(field, to),
  };
}

export const ruleAttacks: readonly Attack<Field>[] = [
  ...methods,
  ...switches,
  ...headers,
  ...programRows.map(programAttack),
];
