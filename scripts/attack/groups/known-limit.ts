/** What the design can not stop. Each is played, and then looked for where an operator looks. */
import { readFileSync } from 'node:fs';
import { serviceHost } from '../../../model/consul-hosts';
import { hostFiles } from '../../../model/hosts';
import { shortId } from '../../../model/lab';
import { field as logField } from '../../call/log';
import { ConsulApi } from '../../hosts/consul-api';
import { ensureRegistration } from '../../hosts/registration';
import { runningPods } from '../../kubectl';
import { until } from '../../machine/until';
import { status } from '../../status/status';
import { again } from '../again';
import { line } from '../asks';
import { type Attack, by, type Control, type Observation } from '../attack';
import { refusedAtProvider, refusedIn } from '../cast';
import type { Field } from '../field';
import { grpcAnswer } from '../steps/grpc';
import { observe } from '../steps/observe';
import { accepted, exchange, newToken, peeringActive, type Token } from '../steps/peering';
import { providerBytes, reach, rightLeaf } from '../steps/provider';

/** Nothing here must be refused. */
const never = by();

async function stolenLeaf(field: Field): Promise<Observation> {
  const { consumer, asked } = field.cast;
  const tried = `${line(asked)} with ${shortId(consumer)}'s own leaf and key, from another machine, within its hour`;
  return reach(field, { tried, leaf: await field.leaf() });
}

/** The gateway's log has the address that the call came from: it is no pod of the consumer. */
async function fromElsewhere(field: Field, seen: Observation): Promise<Control> {
  const { consumer } = field.cast;
  const pods = await runningPods(field.cluster, consumer.namespace, { app: consumer.name });
  const own = pods.map(({ status: { podIP } }) => podIP);
  const inward = logField(seen.log, 'remote');
  const line = await (await field.log('gateway')).line((entry) => logField(entry, 'upstreamLocal') === inward);
  const from = logField(line, 'remote')?.split(':')[0];
  return {
    ok: from !== undefined && !own.includes(from),
    evidence: `the mesh gateway's log has it come from ${from ?? 'nowhere'}; ${shortId(consumer)} runs at ${own.join(', ')}`,
  };
}

/** The token of the last attempt: its owner tries it when the thief is done. */
const tokenKey = 'token that a thief used first';

async function thiefFirst(field: Field): Promise<Observation> {
  const token = await field.remembered(tokenKey, () => newToken(field, 'thief'));
  return observe('a thief uses a pairing token before its owner does', grpcAnswer(await exchange(field, token)));
}

async function ownerRefused(field: Field): Promise<Control> {
  const token = await field.remembered<Token>(tokenKey, () => newToken(field, 'thief'));
  const seen = await exchange(field, token);
  return { ok: !accepted(seen), evidence: `its owner's own pairing fails: ${grpcAnswer(seen).end}` };
}

function registration(field: Field) {
  const { lab, provider } = field.cast;
  const host = serviceHost(lab, provider);
  const files = hostFiles(lab.name, provider.mesh, provider.name);
  const token = readFileSync(files.serviceToken, 'utf8').trim();
  return { host, token, api: new ConsulApi(files.httpSocket, token) };
}

async function beyondRow(field: Field): Promise<Observation> {
  const refused = refusedIn(field.cast);
  const send = [providerBytes(field, refused)];
  return reach(field, { tried: `${line(refused)} with the leaf of the consumer`, leaf: await field.leaf(), send });
}

/** Registers the service anew with its own token, without the listener that carries our rules. */
async function withoutListener(field: Field): Promise<Observation> {
  const { host, token, api } = registration(field);
  if (host.registration === undefined) throw new Error('the provider is not registered');
  const restore = async () => {
    await ensureRegistration(host, token);
    const ruled = async () => (await beyondRow(field)).stop?.how === 'http-rule';
    if (!(await until(ruled, { timeout: 30_000, interval: 300 }))) throw new Error('the public listener is not back');
  };
  const { SidecarService } = host.registration.Connect as { SidecarService: { Proxy: object } };
  const Connect = { SidecarService: { ...SidecarService, Proxy: { ...SidecarService.Proxy, Config: {} } } };
  return field.undone(restore, async () => {
    await api.put('/v1/agent/service/register', { ...host.registration, Connect });
    const open = ({ status: answered, stop }: Observation) => answered !== undefined && stop === undefined;
    const seen = await again(() => beyondRow(field), open, { timeout: 15_000, interval: 300 });
    // The operator looks while it is so.
    const { problems } = (await status(field.lab)).meshes.find(({ name }) => name === field.cast.east.name) ?? {
      problems: [],
    };
    return {
      ...seen,
      tried: `registers ${shortId(field.cast.provider)} without its public listener, then what no row allows`,
      notes: [...seen.notes, ...problems.map((line) => `isthmus status: ${line}`)],
    };
  });
}

/** Roots that somebody with the right to write the Secret put there are what the trust exchange compares with: it alarms. */
async function swappedRoots(field: Field): Promise<Observation> {
  const { consumer, consumerSecret } = field.cast;
  const path = `/api/v1/namespaces/${consumer.namespace}/secrets/${consumerSecret}`;
  const { body } = await field.kube.asAdmin({ method: 'GET', path });
  const { data } = body as { data: Readonly<Record<string, string>> };
  const restore = async () => {
    await field.kube.asAdmin({ method: 'PATCH', path, body: { data } });
  };
  const since = Date.now();
  return field.undone(restore, async () => {
    const { certificate } = await field.authority('attacker');
    await field.kube.asAdmin({
      method: 'PATCH',
      path,
      body: { data: { 'ca.crt': Buffer.from(certificate).toString('base64') } },
    });
    const told = (line: string | undefined) => line !== undefined;
    const event = await again(() => warning(field, since), told, { timeout: 15_000, interval: 300 });
    const tried = `writes another root into Secret ${consumer.namespace}/${consumerSecret}`;
    return observe(tried, { end: 'it stays there' }, { notes: event === undefined ? [] : [`event: ${event}`] });
  });
}

interface KubeEvent {
  readonly message: string;
  readonly involvedObject: { readonly name: string };
  readonly metadata: { readonly creationTimestamp: string };
}

/** The trust exchange's warning on the Secret. */
async function warning(field: Field, since: number): Promise<string | undefined> {
  const { consumer, consumerSecret } = field.cast;
  const { body } = await field.kube.asAdmin({ method: 'GET', path: `/api/v1/namespaces/${consumer.namespace}/events` });
  const found = (body as { items: KubeEvent[] }).items.find(
    ({ involvedObject, message, metadata }) =>
      involvedObject.name === consumerSecret &&
      message.startsWith('bundle-') &&
      new Date(metadata.creationTimestamp).getTime() > since - 1_500,
  );
  return found?.message;
}

export const knownLimits: readonly Attack<Field>[] = [
  {
    id: 'known-limit/stolen-leaf',
    group: 'known-limit',
    title: "the consumer's leaf and key, stolen, within their hour",
    serves: ['M8', 'SP 800-204A SM-DR13'],
    attempt: stolenLeaf,
    refusedWhen: never,
    control: rightLeaf,
    detect: fromElsewhere,
  },
  {
    id: 'known-limit/token-first',
    group: 'known-limit',
    title: 'a pairing token, stolen, used before its owner uses it',
    serves: ['M9', 'https://github.com/kumahq/kuma/issues/3884'],
    attempt: thiefFirst,
    refusedWhen: never,
    control: peeringActive,
    detect: ownerRefused,
  },
  {
    id: 'known-limit/roots-swapped',
    group: 'known-limit',
    title: "the peer's roots in the federation Secret, swapped after pairing by whoever may write the Secret",
    serves: ['M4', 'https://github.com/istio/istio/issues/50420'],
    attempt: swappedRoots,
    refusedWhen: never,
    control: rightLeaf,
    detect: async (_field, { notes }) => ({ ok: notes.length > 0, evidence: notes[0] ?? 'no event told of it' }),
  },
  {
    id: 'known-limit/registration',
    group: 'known-limit',
    title: 'the provider is registered anew, with its own token, without the rules of the plan',
    serves: ['M6', 'https://github.com/hashicorp/consul/issues/10699'],
    attempt: withoutListener,
    asks: refusedAtProvider,
    refusedWhen: never,
    control: rightLeaf,
    detect: async (_field, { notes }) => {
      const line = notes.find((note) => note.startsWith('isthmus status:'));
      return {
        ok: line?.includes('without the public listener') === true,
        evidence: line ?? 'isthmus status said nothing',
      };
    },
  },
];
