/**
 * Who broke into one host of Consul's mesh tries the secrets of another. The hosts of the lab are on one machine and
 * share its files and processes: only users keep them apart.
 */
import { existsSync } from 'node:fs';
import { type HostFiles, hostFiles } from '../../../model/hosts';
import { stateFolder } from '../../../model/names';
import { envoyDaemon } from '../../hosts/envoy';
import { listDaemons } from '../../machine/daemon';
import { type Attack, by, type Control } from '../attack';
import type { Field } from '../field';
import { leastPrivilege } from '../references';
import { answer, observe } from '../steps/observe';
import { deniedByKernel } from '../steps/permission';
import type { Attempt } from '../vantage/agent';
import type { Place } from '../vantage/places';

/** Who tries, on one host, and whose host it is that he looks into. */
interface Way {
  /** Begins the ids. */
  readonly name: string;
  readonly thief: Place;
  /** For people. */
  readonly who: string;
  readonly whose: string;
  readonly host: (field: Field) => string;
  /** The user of the proxy there. */
  readonly proxy: Place;
}

const fromGateway: Way = {
  name: 'other-host',
  thief: 'gateway',
  who: "the mesh gateway's proxy",
  whose: "the provider's host",
  host: ({ cast }) => cast.provider.name,
  proxy: 'sidecar',
};

const fromAgent: Way = { ...fromGateway, thief: 'gateway-agent', who: 'the agent beside the mesh gateway' };

const toGateway: Way = {
  name: 'gateway-host',
  thief: 'sidecar',
  who: "the provider's proxy",
  whose: "the mesh gateway's host",
  host: () => 'mesh-gateway',
  proxy: 'gateway',
};

const fromProgram: Way = {
  ...toGateway,
  name: 'program-gateway-host',
  thief: 'provider',
  who: "the provider's program",
};

interface Row {
  readonly name: string;
  /** What is tried, for people. */
  readonly what: string;
  readonly attempt: (files: HostFiles, proxy: () => number) => Attempt;
  /** Whose it is, who does the very same; `root` owns what no program of the host may read either. */
  readonly owner: 'proxy' | 'agent' | 'root';
}

const token: Row = {
  name: 'service-token',
  what: "reads the service's Consul token",
  attempt: ({ serviceToken }) => ({ kind: 'file', path: serviceToken }),
  owner: 'root',
};

const agentRows: readonly Row[] = [
  {
    name: 'agent-key',
    what: "reads the agent's TLS key",
    attempt: ({ key }) => ({ kind: 'file', path: key }),
    owner: 'agent',
  },
  {
    name: 'agent-secrets',
    what: "reads the agent's token and the gossip key",
    attempt: ({ agentSecrets }) => ({ kind: 'file', path: agentSecrets }),
    owner: 'agent',
  },
  {
    name: 'consul-api',
    what: "asks the agent's API",
    attempt: ({ httpSocket }) => ({ kind: 'ask', socketPath: httpSocket, path: '/v1/status/leader' }),
    owner: 'agent',
  },
];

const proxyRows: readonly Row[] = [
  {
    name: 'bootstrap',
    what: "reads the proxy's bootstrap, with the token inside",
    attempt: ({ envoyBootstrap }) => ({ kind: 'file', path: envoyBootstrap }),
    owner: 'proxy',
  },
  {
    name: 'admin',
    what: "asks the proxy's admin interface",
    attempt: ({ envoyAdminSocket }) => ({ kind: 'ask', socketPath: envoyAdminSocket, path: '/certs' }),
    owner: 'proxy',
  },
  {
    name: 'memory',
    what: "opens the proxy's memory, where leaf and key are",
    attempt: (_files, proxy) => ({ kind: 'open', path: `/proc/${proxy()}/mem` }),
    owner: 'proxy',
  },
  {
    name: 'environ',
    what: "reads the proxy's environment",
    attempt: (_files, proxy) => ({ kind: 'file', path: `/proc/${proxy()}/environ` }),
    owner: 'proxy',
  },
  {
    name: 'signal',
    what: 'sends the proxy a signal',
    // Changes nothing of a process that runs; the kernel asks the same as for SIGKILL.
    attempt: (_files, proxy) => ({ kind: 'signal', pid: proxy(), signal: 'SIGCONT' }),
    owner: 'proxy',
  },
];

function attack(way: Way, { name, what, attempt, owner }: Row): Attack<Field> {
  const step = (field: Field) => attempt(filesOf(way, field), () => proxyOf(way, field));
  return {
    id: `machine/${way.name}-${name}`,
    group: 'machine',
    title: `${way.who}, with the files and processes of ${way.whose}: ${what}`,
    serves: leastPrivilege,
    attempt: async (field) => {
      const tried = step(field);
      const seen = await field.from(way.thief, tried);
      return observe(said(tried), seen, { stop: deniedByKernel(seen) });
    },
    refusedWhen: by('permission'),
    control: async (field) => {
      const tried = step(field);
      return owner === 'root' ? isThere(tried) : succeeds(field, owner === 'proxy' ? way.proxy : owner, tried);
    },
  };
}

function filesOf({ host }: Way, field: Field): HostFiles {
  return hostFiles(field.cast.lab.name, field.cast.east.name, host(field));
}

/** Process id of the proxy on that host. */
function proxyOf({ host }: Way, field: Field): number {
  const { lab, east } = field.cast;
  const name = envoyDaemon({ mesh: east.name, name: host(field) });
  const found = listDaemons(stateFolder(lab.name)).find((daemon) => daemon.name === name && daemon.running);
  if (found === undefined) throw new Error(`${name} does not run`);
  return found.pid;
}

function said(tried: Attempt): string {
  switch (tried.kind) {
    case 'ask':
      return `GET ${tried.path} at ${tried.socketPath}`;
    case 'signal':
      return `${tried.signal} to process ${tried.pid}`;
    case 'open':
      return `opens ${tried.path} to read and write`;
    case 'file':
      return `reads ${tried.path}`;
    default:
      return tried.kind;
  }
}

async function succeeds(field: Field, place: Place, tried: Attempt): Promise<Control> {
  const seen = await field.from(place, tried);
  const ok = ['read', 'opened', 'signalled'].includes(seen.end) || seen.status === 200;
  // An answer may name certificates: that there was one is what counts.
  const came = seen.status === undefined ? answer(seen) : String(seen.status);
  return { ok, evidence: `its own user: ${said(tried)}: ${came}` };
}

async function isThere(tried: Attempt): Promise<Control> {
  const ok = tried.kind === 'file' && existsSync(tried.path);
  return { ok, evidence: `root alone: ${said(tried)}: ${ok ? 'it is there' : 'it is not there'}` };
}

export const otherHostAttacks: readonly Attack<Field>[] = [
  ...[token, ...proxyRows].map((row) => attack(fromGateway, row)),
  ...agentRows.map((row) => attack(fromAgent, row)),
  ...[token, ...proxyRows].map((row) => attack(toGateway, row)),
  ...proxyRows.map((row) => attack(fromProgram, row)),
];
