/** The field that attacks are played on: the raised lab, attackers in it, and what shows afterwards what happened. */
import { hostFiles } from '../../model/hosts';
import type { Lab, Service } from '../../model/lab';
import { netns } from '../../model/local';
import { attackNamespace } from '../../model/names';
import { forgetCaptures } from '../capture/folder';
import { clusterOf } from '../cluster';
import { FailureError } from '../errors';
import { envoyAdmin } from '../hosts/envoy';
import { hostFirewallTable } from '../hosts/firewall';
import { kubectl, runningPods } from '../kubectl';
import { run } from '../machine/exec';
import { type Cast, castOf, insideIn } from './cast';
import { eachTried, settled } from './settle';
import type { Agent, Attempt, Seen } from './vantage/agent';
import { Capture } from './vantage/capture';
import type { Authority, Leaf } from './vantage/certificates';
import { attackerAddress, makeHost, removeHost } from './vantage/host';
import { KubeClient } from './vantage/kube';
import type { ProxyLog } from './vantage/logs';
import { type Place, startAgent } from './vantage/places';
import { type AttackerName, attackersOf, awaitAttacker, makeAttackers, removeAttackers } from './vantage/pods';
import { followProgram, followProxy, type Logged } from './vantage/proxy-logs';
import { authorityOf, federationLeaf, type Whose } from './vantage/thief';

/** Bytes of each packet on the node that are kept: who speaks to whom is all that is asked there. */
const headersOnly = 128;

const podsKey = 'attackers';

export class Field {
  readonly cast: Cast;
  readonly kube: KubeClient;
  private readonly agents = new Map<Place, Promise<Agent>>();
  private readonly once = new Map<string, Promise<unknown>>();
  private readonly logs = new Map<string, Promise<ProxyLog>>();
  private readonly undoing: (() => Promise<void>)[] = [];
  private readonly captures = new Map<'border' | 'node', Capture>();
  /** How many changes are being undone now: nothing of that is stopped half-way. */
  private restorings = 0;
  /** What every attempt sees when the run is stopped: some would go on for half a minute. */
  private readonly stopped: Promise<Seen>;

  constructor(
    readonly lab: Lab,
    private readonly signal?: AbortSignal,
  ) {
    this.stopped = new Promise((resolve) => {
      signal?.addEventListener('abort', () => resolve({ end: 'agent: stopped' }), { once: true });
    });
    this.cast = castOf(lab);
    this.kube = new KubeClient(lab.name, this.cast.west.name);
  }

  get cluster() {
    return clusterOf(this.lab, this.cast.west);
  }

  /**
   * Makes what most attacks need. Whatever was made is removed by {@link leave}, also when this fails.
   * @param ahead whether attackers' pods start now, or when an attack asks for one
   */
  async enter(ahead = true): Promise<void> {
    const { lab, west, provider } = this.cast;
    await this.forgetEarlier();
    const keep = (where: 'border' | 'node') => (capture: Capture) => this.captures.set(where, capture);
    await settled([
      Capture.start(lab.name, 'border').then(keep('border')),
      Capture.start(lab.name, west.name, headersOnly).then(keep('node')),
    ]);
    await settled([
      ...(ahead ? [this.attackerPods()] : []),
      makeHost(lab, provider),
      this.log('provider'),
      this.log('consumer'),
    ]);
  }

  /** Removes what a run left that was ended at once. The lock of the lab is held: no other is at work. */
  private async forgetEarlier(): Promise<void> {
    forgetCaptures(this.lab.name);
    const path = `/api/v1/namespaces/${attackNamespace}`;
    const { status } = await this.kube.asAdmin({ method: 'GET', path });
    await settled([
      removeHost(this.lab, this.cast.provider),
      ...(status === 200 ? [removeAttackers(this.cluster, this.cast)] : []),
    ]);
  }

  /**
   * Undoes every change, last made first, ends every program of ours and removes every object; each whatever becomes
   * of the others. Throws {@link FailureError} when something stays.
   */
  async leave(): Promise<void> {
    const errors = await eachTried([
      ...this.undoing.toReversed().map((undo) => () => this.restoring(undo)),
      async () => {
        for (const program of [...this.agents.values(), ...this.logs.values()])
          (await program.catch(() => undefined))?.stop();
      },
      ...[...this.captures.values()].map((capture) => () => capture.stop()),
      async () => this.kube.close(),
      () => removeHost(this.lab, this.cast.provider),
      ...(this.once.has(podsKey) ? [() => removeAttackers(this.cluster, this.cast)] : []),
    ]);
    if (errors.length === 0) return;
    const said = errors.map((error) => `  ${error instanceof Error ? error.message : String(error)}`);
    throw new FailureError(`lab ${this.lab.name} is not as it was:\n${said.join('\n')}\nWhat now: isthmus up`);
  }

  /** Does what needs a change of the lab, then undoes it. What fails to be undone is tried again by {@link leave}. */
  async undone<T>(undo: () => Promise<void>, work: () => Promise<T>): Promise<T> {
    this.signal?.throwIfAborted();
    const done = this.willUndo(undo);
    try {
      return await work();
    } finally {
      await this.restoring(undo);
      done();
    }
  }

  /** Undoes something, also when the run was stopped. */
  async restoring(undo: () => Promise<void>): Promise<void> {
    this.restorings += 1;
    try {
      await undo();
    } finally {
      this.restorings -= 1;
    }
  }

  /** Remembers how to undo a change of the lab. Whoever undid it already calls what is returned. */
  willUndo(undo: () => Promise<void>): () => void {
    this.undoing.push(undo);
    return () => {
      const index = this.undoing.indexOf(undo);
      if (index >= 0) this.undoing.splice(index, 1);
    };
  }

  /** Tries one thing from one place. */
  async from(place: Place, attempt: Attempt): Promise<Seen> {
    const stoppable = this.restorings === 0;
    if (stoppable) this.signal?.throwIfAborted();
    const seen = (await this.agent(place)).try(attempt);
    return stoppable ? Promise.race([seen, this.stopped]) : seen;
  }

  agent(place: Place): Promise<Agent> {
    return held(this.agents, place, () => this.start(place));
  }

  authority(whose: Whose): Promise<Authority> {
    return this.remembered(`authority ${whose}`, () => authorityOf(whose, this.cast));
  }

  /** The consumer's own federation leaf. */
  leaf(): Promise<Leaf> {
    const { consumer, consumerSecret } = this.cast;
    return this.remembered('leaf', () => federationLeaf(this.cluster, consumer.namespace, consumerSecret));
  }

  token(namespace: string, account: string, audience?: string): Promise<string> {
    return this.remembered(`token ${namespace} ${account} ${audience ?? ''}`, () =>
      this.kube.tokenOf(namespace, account, audience),
    );
  }

  /** Address of a running pod of a service of Istio's mesh. */
  podAddress(service: Service): Promise<string> {
    return this.addressOf(service.namespace, { app: service.name });
  }

  /** Address that an attacker's packets come from, where it is a pod's or a network's own. */
  async ownAddress(place: Place): Promise<string> {
    const { consumer, westNetwork, eastNetwork } = this.cast;
    if (place === 'west') return westNetwork.node;
    if (place === 'east') return attackerAddress(eastNetwork);
    if (place === 'consumer' || place === 'caller')
      return this.podAddress(place === 'consumer' ? consumer : insideIn(this.cast).service);
    if (place === 'neighbour' || place === 'plain' || place === 'sibling') {
      // It has one when it runs.
      await this.agent(place);
      const { namespace, name } = attackersOf(this.cast)[place];
      return this.addressOf(namespace, { app: name });
    }
    throw new Error(`${place} is in no pod`);
  }

  addressOf(namespace: string, labels: Readonly<Record<string, string>>): Promise<string> {
    return this.remembered(`address ${namespace} ${JSON.stringify(labels)}`, async () => {
      const [pod] = await runningPods(this.cluster, namespace, labels);
      if (pod?.status.podIP === undefined) throw new Error(`no running pod ${JSON.stringify(labels)} in ${namespace}`);
      return pod.status.podIP;
    });
  }

  /** The log of a proxy: a service's own, or that of a gateway. */
  log(whose: Logged): Promise<ProxyLog> {
    return held(this.logs, whose, () => this.follow(whose));
  }

  /** The log of a service's own program. */
  programLog(whose: 'provider' | 'consumer'): Promise<ProxyLog> {
    return held(this.logs, `${whose}-program`, () => followProgram(whose, this.cast));
  }

  /** A counter of an Envoy on a host of the Consul mesh. */
  async counter(host: string, name: string): Promise<number> {
    const { envoyAdminSocket } = hostFiles(this.lab.name, this.cast.east.name, host);
    const said = await envoyAdmin(envoyAdminSocket, `/stats?filter=${encodeURIComponent(`^${name}$`)}`);
    return Number(/: (\d+)/.exec(said)?.[1] ?? 0);
  }

  /** Packets that the firewall of a host of the Consul mesh has refused so far. */
  async refusals(host: string): Promise<number> {
    const at = { netns: netns(this.lab.name, `${this.cast.east.name}-${host}`) };
    // A host without its firewall has refused nothing.
    const { stdout } = await run('nft', ['list', 'chain', 'inet', hostFirewallTable, 'in'], { ...at, allow: [0, 1] });
    return Number(/counter packets (\d+)/.exec(stdout)?.[1] ?? 0);
  }

  /** Packets so far: on the border router, or on the interfaces of Istio's node. */
  capture(where: 'border' | 'node'): Capture {
    const capture = this.captures.get(where);
    if (capture === undefined) throw new Error('nothing captures packets');
    return capture;
  }

  async kubectl(...args: string[]): Promise<string> {
    return (await kubectl(this.cluster, args)).stdout;
  }

  /** What a command prints in a container, as the administrator runs it there. */
  exec(namespace: string, pod: string, container: string, ...command: string[]): Promise<string> {
    return this.kubectl('exec', pod, '--namespace', namespace, '--container', container, '--', ...command);
  }

  /** Does something once in a run, however many attacks ask for it. */
  remembered<T>(key: string, make: () => Promise<T>): Promise<T> {
    return held(this.once, key, make) as Promise<T>;
  }

  private async start(place: Place): Promise<Agent> {
    if (place === 'neighbour' || place === 'plain' || place === 'sibling') await this.attackerPod(place);
    return startAgent(place, this.cast);
  }

  private async follow(whose: Logged): Promise<ProxyLog> {
    if (whose === 'neighbour' || whose === 'sibling') await this.attackerPod(whose);
    return followProxy(whose, this.cast);
  }

  private async attackerPod(name: AttackerName): Promise<void> {
    await this.attackerPods();
    await awaitAttacker(this.cluster, attackersOf(this.cast)[name]);
  }

  private attackerPods(): Promise<void> {
    return this.remembered(podsKey, () => makeAttackers(this.cluster, this.cast, this.signal));
  }
}

/** What a map holds under a key, made first when there is nothing. */
function held<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}
