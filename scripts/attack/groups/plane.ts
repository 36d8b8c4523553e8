/** The federation plane: what reaches its Consul, and what the trust exchange's own tokens are not good for. */
import { planeNamespace } from '../../../model/names';
import { FailureError } from '../../errors';
import { type Attack, type AttackRow, by, type Control, type Stop } from '../attack';
import type { Field } from '../field';
import { coordination, leastPrivilege } from '../references';
import { ownPort, withinStop } from '../steps/border';
import { observe } from '../steps/observe';
import type { Seen } from '../vantage/agent';

const api = '/plane/sockets/http.sock';
/** The trust exchange's own tokens. */
export const tokens = { reading: '/plane/tokens/reading.token', signing: '/plane/tokens/signing.token' } as const;

interface ApiRow extends AttackRow {
  readonly method: string;
  readonly path: (field: Field) => string;
  readonly body?: object;
  /** @default - none */
  readonly token?: keyof typeof tokens;
  /** What there is then, and was not before, if it gets through. @default - nothing */
  readonly made?: string;
}

/** Name that no plan uses. */
const ownName = 'isthmus-attack';

const rows: readonly ApiRow[] = [
  {
    name: 'leaf-without-token',
    title: "the consumer's leaf and key without a token, once they were issued",
    serves: ['M4', 'SP 800-204A SM-DR16'],
    method: 'GET',
    path: ({ cast }) => `/v1/agent/connect/ca/leaf/${cast.consumer.name}`,
  },
  {
    name: 'config-without-token',
    title: "the server's configuration without a token",
    serves: ['M15', 'SP 800-204A SM-DR16'],
    method: 'GET',
    path: () => '/v1/agent/self',
  },
  {
    name: 'reading-token-leaf',
    title: "another service's leaf with the token for reading",
    serves: leastPrivilege,
    method: 'GET',
    path: ({ cast }) => `/v1/agent/connect/ca/leaf/${cast.stranger.name}`,
    token: 'reading',
  },
  {
    name: 'reading-token-ca',
    title: "the CA's configuration with the token for reading",
    serves: ['M4', 'SP 800-204A SM-DR12'],
    method: 'GET',
    path: () => '/v1/connect/ca/configuration',
    token: 'reading',
  },
  {
    name: 'reading-token-backup',
    title: 'a backup of everything with the token for reading',
    serves: leastPrivilege,
    method: 'GET',
    path: () => '/v1/snapshot',
    token: 'reading',
  },
  {
    name: 'signing-token-peer',
    title: 'a new peering with the token for signing',
    serves: ['M9', 'SP 800-204B SAUZ-SR-1'],
    method: 'POST',
    path: () => '/v1/peering/token',
    body: { PeerName: ownName },
    token: 'signing',
    made: `/v1/peering/${ownName}`,
  },
  {
    name: 'signing-token-export',
    title: 'an export with the token for signing',
    serves: ['M11', 'SP 800-204B APE-SR-3'],
    method: 'PUT',
    // Consul knows one name for it, the plan's: `cas=0` writes only what is not there, so none is ever overwritten.
    path: () => '/v1/config?cas=0',
    body: {
      Kind: 'exported-services',
      Name: 'default',
      Services: [{ Name: ownName, Consumers: [{ Peer: ownName }] }],
    },
    token: 'signing',
    made: '/v1/config/exported-services/default',
  },
  {
    name: 'signing-token-intention',
    title: 'an intention with the token for signing',
    serves: ['M11', 'SP 800-204B APE-SR-3'],
    method: 'PUT',
    path: () => '/v1/config',
    body: { Kind: 'service-intentions', Name: ownName, Sources: [{ Name: '*', Action: 'allow' }] },
    token: 'signing',
    made: `/v1/config/service-intentions/${ownName}`,
  },
  {
    name: 'signing-token-acl',
    title: 'more rights with the token for signing',
    serves: leastPrivilege,
    method: 'GET',
    path: () => '/v1/acl/tokens',
    token: 'signing',
  },
];

function apiAttack(row: ApiRow): Attack<Field> {
  const { name, title, serves, method, path, body, token } = row;
  return {
    id: `plane/${name}`,
    group: 'plane',
    title: `from the trust exchange: ${title}`,
    serves,
    attempt: async (field) => {
      const headers = token === undefined ? {} : { headerFiles: { 'x-consul-token': tokens[token] } };
      const seen = await field.from('exchange', {
        kind: 'ask',
        socketPath: api,
        method,
        path: path(field),
        ...headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (row.made !== undefined && wrote(seen)) {
        const removal = { kind: 'ask', socketPath: api, method: 'DELETE', path: row.made, ...headers } as const;
        field.willUndo(async () => {
          const { status } = await field.from('exchange', removal);
          if (status !== 200) throw new FailureError(`${row.made} is still in the plane's Consul (${status})`);
        });
      }
      const whose = token === undefined ? 'without a token' : `with the token for ${token}`;
      return observe(`${method} ${path(field)} ${whose}`, untold(seen), { stop: aclStop(seen) });
    },
    refusedWhen: by('unauthorized'),
    control: exchangeReads,
  };
}

/** Whether a change was made. A write with a condition that does not hold answers 200, too, and says so. */
export function wrote({ status, text = '' }: Pick<Seen, 'status' | 'text'>): boolean {
  return status === 200 && text.trim() !== 'false';
}

/** What is given to somebody who must not have it may be a key: only a refusal is told in its own words. */
export function untold({ text, ...seen }: Seen): Seen {
  if (text === undefined || seen.status === 403) return { ...seen, ...(text === undefined ? {} : { text }) };
  return { ...seen, text: `(${text.length} characters or more, not shown)` };
}

function aclStop({ status, text = '' }: Seen): Stop | undefined {
  if (status !== 403 || !/Permission denied|ACL not found|permission/i.test(text)) return undefined;
  return { how: 'unauthorized', who: "the plane's Consul", what: `403, ${text.trim().split('\n')[0]?.slice(0, 160)}` };
}

/** The exchange's own token reads what it is for. */
async function exchangeReads(field: Field): Promise<Control> {
  const headerFiles = { 'x-consul-token': tokens.reading };
  const path = `/v1/peering/${field.cast.east.name}`;
  const seen = await field.from('exchange', { kind: 'ask', socketPath: api, path, headerFiles });
  const ok = seen.status === 200 && seen.text?.includes('"ACTIVE"') === true;
  return { ok, evidence: `GET ${path} with the token for reading: ${seen.status ?? seen.end}` };
}

const files: readonly (readonly [name: string, title: string, path: string])[] = [
  ['management-token', 'the management token', '/plane/data/acl.json'],
  ['raft', "the database, with the CA's key", '/plane/data/consul/raft/peers.info'],
];

const ports = [1, 8300, 8301, 8302, 8500, 8501, 8502, 8503, 8600];

export const planeAttacks: readonly Attack<Field>[] = [
  ...rows.map(apiAttack),
  ...files.map(
    ([name, title, path]): Attack<Field> => ({
      id: `plane/${name}`,
      group: 'plane',
      title: `from the trust exchange: reads ${title}`,
      serves: leastPrivilege,
      attempt: async (field) => {
        const seen = await field.from('exchange', { kind: 'file', path });
        const what = seen.end === 'ENOENT' ? 'is not mounted there (ENOENT)' : seen.end;
        const stop: Stop | undefined = ['ENOENT', 'EACCES', 'EPERM'].includes(seen.end)
          ? { how: seen.end === 'ENOENT' ? 'absent' : 'permission', who: "the plane's pod", what }
          : undefined;
        return observe(`reads ${path}`, seen, { stop });
      },
      refusedWhen: by('absent', 'permission'),
      control: async (field) => {
        const script = 'console.log(require("fs").statSync(process.argv[1]).size)';
        const namespace = planeNamespace(field.cast.east.name);
        const said = await field.exec(namespace, 'plane-0', 'consul', 'node', '-e', script, path);
        return { ok: Number(said.trim()) > 0, evidence: `${path} in Consul's own container: ${said.trim()} bytes` };
      },
    }),
  ),
  {
    id: 'plane/ports',
    group: 'plane',
    title: "a pod of another namespace dials every port of the plane's Consul",
    serves: coordination,
    attempt: async (field) => {
      const host = await field.addressOf(planeNamespace(field.cast.east.name), { app: 'plane' });
      const [source, localPort, began] = [await field.ownAddress('plain'), ownPort(), Date.now()];
      const seen = await field.from('plain', { kind: 'ports', host, ports, localPort, timeout: 2_000 });
      const own = `tcp and src host ${source} and src port ${localPort} and dst host ${host}`;
      const packets = await field.capture('node').packets(own, began);
      const stop = withinStop(packets, seen, ports, "the plane's pod");
      const end = `open: ${(seen.open ?? []).join(', ') || 'none'}; ${JSON.stringify(seen.counted ?? {})}`;
      return observe(
        `TCP to ports ${ports.join(', ')} of ${host}`,
        { ...seen, end },
        {
          notes: packets.slice(0, 3).map((line) => `node: ${line}`),
          stop,
        },
      );
    },
    refusedWhen: by('firewall', 'not-listening'),
    control: exchangeReads,
  },
];
