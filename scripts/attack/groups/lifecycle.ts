/** Permissions that are withdrawn, and things that somebody swapped: what was open ends, and what is wrong is put back. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { serviceIntentions } from '../../../model/access/consul';
import { meshGatewayPort } from '../../../model/gateways';
import { shortId } from '../../../model/lab';
import { federationNamespace, importLabel } from '../../../model/names';
import { pairOf } from '../../../model/pair';
import { FailureError } from '../../errors';
import { until } from '../../machine/until';
import { pair } from '../../pairing/pair';
import { again } from '../again';
import { type Attack, by, type Control, type Observation, type Stop } from '../attack';
import { insideIn } from '../cast';
import type { Field } from '../field';
import { forged } from '../steps/certificates';
import { callerLeaf, consumerBytes } from '../steps/consumer';
import { drainedBy, told } from '../steps/drain';
import { observe } from '../steps/observe';
import { consul, peeringActive } from '../steps/peering';
import { calls } from '../steps/program';
import { providerBytes, reach, rightLeaf } from '../steps/provider';
import type { Seen } from '../vantage/agent';

/** Milliseconds that a change may take to reach a proxy. */
const patience = 20_000;

const stopped = ({ stop }: Observation) => stop !== undefined;

async function works(field: Field): Promise<void> {
  // The way, and what the consumer's own proxy knows of it: the endpoint comes back later than the trust.
  const good = async () => (await rightLeaf(field)).ok && (await calls(field, 'provider')).ok;
  if (await until(good, { timeout: 60_000, interval: 300 })) return;
  throw new FailureError(`${shortId(field.cast.consumer)} does not reach ${shortId(field.cast.provider)} any more`);
}

/** Takes the provider's rows away while `work` runs, as `up` does after a row left the table. */
async function withoutRow<T>(field: Field, work: () => Promise<T>): Promise<T> {
  const { lab, provider } = field.cast;
  const entry = serviceIntentions(lab, provider);
  const restore = async () => {
    await consul(field).put('/v1/config', entry);
    await works(field);
  };
  return field.undone(restore, async () => {
    await consul(field).delete(`/v1/config/service-intentions/${provider.name}`);
    return work();
  });
}

/** The consumer's connection to the provider, through Consul's mesh gateway. */
function holding(field: Field, seconds: number): Promise<Seen> {
  const { cast } = field;
  return field.leaf().then((leaf) =>
    field.from('west', {
      kind: 'hold',
      host: cast.eastNetwork.meshGateway,
      port: meshGatewayPort,
      secure: { servername: cast.entry.sni, ...leaf },
      request: providerBytes(field).replace('\r\nConnection: close', ''),
      seconds,
    }),
  );
}

async function openConnection(field: Field): Promise<Observation> {
  const { settings } = field.lab;
  // The proxy learns of it, then drains for as long as it promises to requests.
  const most = settings.drainSeconds + 10;
  const [held, steady] = [holding(field, most), holdingBeside(field, most)];
  await delay(1_500);
  let removed = 0;
  const [seen, beside] = await withoutRow(field, () => {
    removed = Date.now();
    return Promise.all([held, steady]);
  });
  const what = drainedBy({ seen, beside, removed, drainSeconds: settings.drainSeconds });
  const stop: Stop | undefined =
    what === undefined ? undefined : { how: 'drained', who: `${shortId(field.cast.provider)}'s proxy`, what };
  const { consumer } = field.cast;
  const note = `beside it, with its row, ${shortId(insideIn(field.cast).service)} to ${shortId(consumer)}: ${told(beside, removed)}`;
  return observe(
    'an open connection goes on asking after its row was removed',
    { ...seen, end: `${seen.end}: ${told(seen, removed)}` },
    { stop, notes: [note] },
  );
}

/** A connection of as many seconds whose row stays: the caller's to the consumer, within Istio. */
async function holdingBeside(field: Field, seconds: number): Promise<Seen> {
  const { consumer } = field.cast;
  const { cert, key } = await callerLeaf(field);
  return field.from('west', {
    kind: 'hold',
    host: await field.podAddress(consumer),
    port: consumer.port,
    secure: { cert, key },
    request: consumerBytes(field, insideIn(field.cast).asked).replace('\r\nConnection: close', ''),
    seconds,
  });
}

async function removedPeering(field: Field): Promise<Observation> {
  const { lab, west, east } = field.cast;
  // Whoever stole the leaf stole it before.
  const leaf = await field.leaf();
  const restore = async () => {
    await pair(pairOf(lab, west, east), () => {});
    await works(field);
    const active = async () => (await peeringActive(field)).ok;
    await until(active, { timeout: patience });
  };
  return field.undone(restore, async () => {
    await consul(field).delete(`/v1/peering/${west.name}`);
    const tried = "the consumer's leaf, stolen before the peering was removed";
    return again(() => reach(field, { tried, leaf }), stopped, { timeout: patience, interval: 500 });
  });
}

const swapTitle = "the leaf and key in the federation Secret are swapped for an attacker's";

/** Somebody who may write the Secret swaps what it holds; the trust exchange compares it with what the peering says. */
async function swappedLeaf(field: Field): Promise<Observation> {
  const { consumer, consumerSecret, consumerOutside } = field.cast;
  const path = `/api/v1/namespaces/${consumer.namespace}/secrets/${consumerSecret}`;
  const { cert, key } = await forged(field, 'attacker', { uris: [consumerOutside] });
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  const data: Readonly<Record<string, string>> = { 'tls.crt': encoded(cert), 'tls.key': encoded(key) };
  const before = await dataOf(field, path);
  const restore = async () => {
    await field.kube.asAdmin({ method: 'PATCH', path, body: { data: before } });
  };
  const done = field.willUndo(restore);
  const began = Date.now();
  await field.kube.asAdmin({ method: 'PATCH', path, body: { data } });
  const mended = async () =>
    Object.entries(await dataOf(field, path)).every(([key, text]) => data[key] === undefined || data[key] !== text);
  const ok = await until(mended, { timeout: patience, interval: 50 });
  const took = Date.now() - began;
  const now = await dataOf(field, path);
  const roots = fingerprint(now['ca.crt']);
  if (!ok) await field.restoring(restore);
  done();
  await works(field);
  const stop: Stop | undefined =
    ok && roots === fingerprint(before['ca.crt'])
      ? {
          how: 'mended',
          who: 'the trust exchange',
          what: `had a leaf of its own signed, and wrote it, after ${took} ms`,
        }
      : undefined;
  const end = ok ? `put back after ${took} ms` : 'left as it was';
  return observe(swapTitle, { end }, { notes: [`roots now: ${roots}`], stop });
}

async function dataOf(field: Field, path: string): Promise<Readonly<Record<string, string>>> {
  const { body } = await field.kube.asAdmin({ method: 'GET', path });
  return (body as { data?: Record<string, string> }).data ?? {};
}

function fingerprint(encoded = ''): string {
  try {
    return new X509Certificate(Buffer.from(encoded, 'base64')).fingerprint256;
  } catch {
    return 'none';
  }
}

/** An endpoint of the import that nobody but an administrator could add. */
async function strayEntry(field: Field): Promise<Observation> {
  const { entry, eastNetwork } = field.cast;
  const base = `/apis/networking.istio.io/v1/namespaces/${federationNamespace}/workloadentries`;
  const name = `${entry.name}-attack`;
  const labels = { [importLabel]: entry.name };
  const remove = async () => {
    await field.kube.asAdmin({ method: 'DELETE', path: `${base}/${name}` });
  };
  const done = field.willUndo(remove);
  const began = Date.now();
  const body = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { name, namespace: federationNamespace, labels },
    spec: { address: eastNetwork.ingressGateway, ports: { http: meshGatewayPort }, labels },
  };
  const { status } = await field.kube.asAdmin({ method: 'POST', path: base, body });
  const gone = async () => (await field.kube.asAdmin({ method: 'GET', path: `${base}/${name}` })).status === 404;
  const ok = status === 201 && (await until(gone, { timeout: patience, interval: 50 }));
  const took = Date.now() - began;
  if (!ok) await field.restoring(remove);
  done();
  await works(field);
  const stop: Stop | undefined = ok
    ? { how: 'mended', who: 'the trust exchange', what: `removed it after ${took} ms` }
    : undefined;
  const end = ok ? `removed after ${took} ms` : `still there (${status})`;
  return observe(`an endpoint ${name} beside the import's own`, { end }, { stop });
}

const answered = (field: Field): Promise<Control> => calls(field, 'provider');

export const lifecycleAttacks: readonly Attack<Field>[] = [
  {
    id: 'lifecycle/open-connection',
    group: 'lifecycle',
    title: 'a connection that is open goes on after its row was removed',
    serves: ['M6', 'https://github.com/hashicorp/consul/issues/16779'],
    needs: 'inside',
    attempt: openConnection,
    refusedWhen: by('drained'),
    control: async (field) => {
      const { end, answers = 0 } = await holding(field, 3);
      return { ok: end === 'open' && answers >= 3, evidence: `with its row, ${answers} answers in 3 s, then ${end}` };
    },
  },
  {
    id: 'lifecycle/removed-row',
    group: 'lifecycle',
    title: 'a new connection after its row was removed',
    serves: ['M6', 'SP 800-204B SAUZ-SR-1'],
    attempt: (field) =>
      withoutRow(field, async () => {
        const leaf = await field.leaf();
        const tried = "the consumer's own leaf, without a row";
        return again(() => reach(field, { tried, leaf }), stopped, { timeout: patience, interval: 300 });
      }),
    refusedWhen: by('connection-rule', 'http-rule', 'tls-alert'),
    control: rightLeaf,
  },
  {
    id: 'lifecycle/removed-peering',
    group: 'lifecycle',
    title: 'a stolen leaf after the peering was removed',
    serves: ['M9', 'SP 800-207A'],
    attempt: removedPeering,
    refusedWhen: by('tls-alert', 'no-way', 'connection-rule'),
    control: rightLeaf,
  },
  {
    id: 'lifecycle/leaf-swapped',
    group: 'lifecycle',
    title: swapTitle,
    serves: ['M4', 'https://github.com/istio/istio/issues/50420'],
    attempt: swappedLeaf,
    refusedWhen: by('mended'),
    control: answered,
  },
  {
    id: 'lifecycle/stray-endpoint',
    group: 'lifecycle',
    title: "an endpoint of somebody's own beside the import's",
    serves: ['M11', 'https://github.com/istio-ecosystem/admiral/issues/294'],
    attempt: strayEntry,
    refusedWhen: by('mended'),
    control: answered,
  },
];
