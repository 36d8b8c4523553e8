/** The field that attacks are played on: the raised lab, attackers in it, and what shows afterwards what happened. */
import { hostFiles } from '../../model/hosts';
import type { Lab, Service } from '../../model/lab';

import { hostProgramUid, netns, uids } from '../../model/local';
import { federationGateway, kubeconfigFile, planeNamespace, stateFolder } from '../../model/names';
import { podOf } from '../call/proxies';
import { clusterOf, kubeconfigOf, kubectlFlags } from '../cluster';
import { FailureError } from '../errors';
import { envoyAdmin } from '../hosts/envoy';
import { hostFirewallTable } from '../hosts/firewall';
import { runnable } from '../hosts/runnable';
import { kubectl, runningPods } from '../kubectl';
import { locate } from '../machine/binaries';
import { logFile } from '../machine/daemon';
import { entered, run } from '../machine/exec';
import { type Cast, castOf } from './cast';
import { eachTried, settled } from './settle';
import { Agent, type Attempt, agentProgram, type Seen } from './vantage/agent';
import { Capture } from './vantage/capture';
import { type Authority, type Leaf, makeAuthority } from './vantage/certificates';
import { attackerAddress, attackerHost, makeHost, removeHost } from './vantage/host';
import { KubeApi } from './vantage/kube';
import { followCommand, followFile, type ProxyLog } from './vantage/logs';
import {
  type Attacker,
  attackerContainer,
  attackers,
  awaitAttacker,
  makeAttackers,
  removeAttackers,
} from './vantage/pods';
import { consulAuthority, federationLeaf, istioAuthority, planeAuthority } from './vantage/thief';

/** Where an attack can be made from. */
export type Place =
  /** The consumer's and the caller's own containers, as if their programs were broken into. */
  | 'consumer'
  | 'caller'
  /** The container beside the consumer's own. */
  | 'companion'
  /** A pod of the mesh without a row, and a pod without a proxy. */
  | 'neighbour'
  | 'plain'
  /** A process without rights in the network of Istio's mesh. */
  | 'west'
  /** The provider's own user on its host. */
  | 'provider'
  /** The mesh gateway's own user on its host. */
  | 'gateway'
  /** A process without rights on a machine of Consul's network that is nobody's, and on the border router. */
  | 'east'
  | 'border'
  /** The trust exchange's container in the federation plane's pod. */
  | 'exchange';

/** Whose CA key a thief holds. `attacker` is a CA that nobody trusts. */
export type Whose = 'plane' | 'consul' | 'istio' | 'attacker';

/** Bytes of each packet on the node that are kept: who speaks to whom is all that is asked there. */
const headersOnly = 128;

const podsKey = 'attackers';

/** Proxies whose logs are read. */
type Logged = 'provider' | 'consumer' | 'caller' | 'gateway' | 'neighbour' | 'federation';

/** A user without any right. */
const nobody = 65534;

export class Field {
  readonly cast: Cast;
  readonly kube: KubeApi;
  private readonly agents = new Map<Place, Promise<Agent>>();
  private readonly once = new Map<string, Promise<unknown>>();
  private readonly logs = new Map<string, ProxyLog>();
  private readonly undoing: (() => Promise<void>)[] = [];
  private readonly captures = new Map<'border' | 'node', Capture>();
  /** How many changes are being undone now: nothing of that is stopped half-way. */
  private restorings = 0;

  constructor(
    readonly lab: Lab,
    private readonly signal?: AbortSignal,
  ) {
    this.cast = castOf(lab);
    this.kube = new KubeApi(kubeconfigFile(lab.name, this.cast.west.name));
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
    const keep = (where: 'border' | 'node') => (capture: Capture) => this.captures.set(where, capture);
    await settled([
      Capture.start(netns(lab.name, 'border')).then(keep('border')),
      Capture.start(netns(lab.name, west.name), headersOnly).then(keep('node')),
    ]);
    await settled([
      ...(ahead ? [this.attackerPods()] : []),
      makeHost(lab, provider),
      this.log('provider'),
      this.log('consumer'),
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
        for (const agent of this.agents.values()) (await agent.catch(() => undefined))?.stop();
      },
      ...[...this.logs.values(), ...this.captures.values()].map((program) => async () => program.stop()),
      async () => this.kube.close(),
      () => removeHost(this.lab, this.cast.provider),
      ...(this.once.has(podsKey) ? [() => removeAttackers(this.cluster)] : []),
    ]);
    if (errors.length === 0) return;
    const said = errors.map((error) => `  ${error instanceof Error ? error.message : String(error)}`);
    throw new FailureError(`lab ${this.lab.name} is not as it was:\n${said.join('\n')}\nWhat now: isthmus up`);
  }

  /** Does what needs a change of the lab, then undoes it. What fails to be undone is tried again by {@link leave}. */
  async undone<T>(undo: () => Promise<void>, work: () => Promise<T>): Promise<T> {
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
    if (this.restorings === 0) this.signal?.throwIfAborted();
    return (await this.agent(place)).try(attempt);
  }

  agent(place: Place): Promise<Agent> {
    const known = this.agents.get(place) ?? this.start(place);
    this.agents.set(place, known);
    return known;
  }

  authority(whose: Whose): Promise<Authority> {
    const { lab, west, east } = this.cast;
    const takes: Readonly<Record<Whose, () => Promise<Authority>>> = {
      plane: () => planeAuthority(this.cluster, east.name),
      consul: () => consulAuthority(lab.name, east.name),
      istio: () => istioAuthority(clusterOf(lab, west)),
      attacker: () => makeAuthority(),
    };
    return this.remembered(`authority ${whose}`, takes[whose]);
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
    return this.remembered(`pod ${service.id}`, () => this.addressOf(service.namespace, { app: service.name }));
  }

  /** Address that an attacker's packets come from, where it is a pod's or a network's own. */
  async ownAddress(place: Place): Promise<string> {
    const { consumer, caller, westNetwork, eastNetwork } = this.cast;
    if (place === 'west') return westNetwork.node;
    if (place === 'east') return attackerAddress(eastNetwork);
    if (place === 'consumer' || place === 'caller') return this.podAddress(place === 'consumer' ? consumer : caller);
    if (place === 'neighbour' || place === 'plain') {
      // It has one when it runs.
      await this.agent(place);
      return this.addressOf(attackers[place].namespace, { app: place });
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

  /** The log of a proxy: a service's own, or that of Consul's mesh gateway. */
  async log(whose: Logged): Promise<ProxyLog> {
    const known = this.logs.get(whose) ?? (await this.remembered(`log ${whose}`, () => this.follow(whose)));
    this.logs.set(whose, known);
    return known;
  }

  /** The log of a service's own program. */
  async programLog(whose: 'provider' | 'consumer'): Promise<ProxyLog> {
    const key = `${whose}-program`;
    const known = this.logs.get(key) ?? (await this.remembered(`log ${key}`, () => this.followProgram(whose)));
    this.logs.set(key, known);
    return known;
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

  /** Does something once in a run, however many attacks ask for it. */
  remembered<T>(key: string, make: () => Promise<T>): Promise<T> {
    const known = (this.once.get(key) as Promise<T> | undefined) ?? make();
    this.once.set(key, known);
    return known;
  }

  private async follow(whose: Logged): Promise<ProxyLog> {
    const { lab, east, provider, consumer, caller } = this.cast;
    const host = { provider: provider.name, gateway: 'mesh-gateway' } as const;
    if (whose === 'provider' || whose === 'gateway') {
      return followFile(logFile(stateFolder(lab.name), `${east.name}-${host[whose]}-envoy`));
    }
    if (whose === 'federation') return this.followPod(federationGateway, `deploy/${federationGateway}`, 'istio-proxy');
    const [pod, namespace] =
      whose === 'neighbour'
        ? [attackers.neighbour.name, attackers.neighbour.namespace]
        : await this.podName(whose === 'consumer' ? consumer : caller);
    if (whose === 'neighbour') {
      await this.attackerPods();
      await awaitAttacker(this.cluster, attackers.neighbour);
    }
    return this.followPod(namespace, pod, 'istio-proxy');
  }

  private async followProgram(whose: 'provider' | 'consumer'): Promise<ProxyLog> {
    const { lab, east, provider, consumer } = this.cast;
    if (whose === 'provider')
      return followFile(logFile(stateFolder(lab.name), `${east.name}-${provider.name}-program`));
    const { pod, container } = await podOf(lab, consumer);
    return this.followPod(consumer.namespace, pod, container);
  }

  private async followPod(namespace: string, pod: string, container: string): Promise<ProxyLog> {
    const flags = kubectlFlags(await kubeconfigOf(this.cluster));
    // From this moment, however long kubectl takes to start: the attack does not wait for it.
    const since = `--since-time=${new Date().toISOString()}`;
    const args = ['logs', '--follow', since, pod, '--namespace', namespace, '--container', container];
    return followCommand(locate('kubectl'), [...flags, ...args]);
  }

  private async podName(service: Service): Promise<[string, string]> {
    return [(await podOf(this.lab, service)).pod, service.namespace];
  }

  private async start(place: Place): Promise<Agent> {
    const { lab, east, west, consumer, caller, provider, providerAddress } = this.cast;
    switch (place) {
      case 'consumer':
      case 'caller': {
        const service = place === 'consumer' ? consumer : caller;
        const { pod, container } = await podOf(lab, service);
        return this.inPod(place, service.namespace, pod, container);
      }
      case 'companion': {
        const { pod } = await podOf(lab, consumer);
        return this.inPod(place, consumer.namespace, pod, consumer.containers[0]?.name ?? '');
      }
      case 'neighbour':
      case 'plain':
        return this.inAttacker(attackers[place]);
      case 'exchange':
        return this.inPod(place, planeNamespace(east.name), 'plane-0', 'trust-exchange');
      case 'provider':
        return this.inNetwork(place, `${east.name}-${provider.name}`, hostProgramUid(providerAddress));
      case 'gateway':
        return this.inNetwork(place, `${east.name}-mesh-gateway`, uids.hostEnvoy);
      case 'east':
        return this.inNetwork(place, `${east.name}-${attackerHost}`, nobody);
      case 'west':
        return this.inNetwork(place, west.name, nobody);
      case 'border':
        return this.inNetwork(place, 'border', nobody);
    }
  }

  private attackerPods(): Promise<void> {
    return this.remembered(podsKey, () => makeAttackers(this.cluster, this.cast.west, this.signal));
  }

  private async inAttacker(attacker: Attacker): Promise<Agent> {
    await this.attackerPods();
    await awaitAttacker(this.cluster, attacker);
    return this.inPod(attacker.name, attacker.namespace, attacker.name, attackerContainer);
  }

  private async inPod(place: string, namespace: string, pod: string, container: string): Promise<Agent> {
    const flags = kubectlFlags(await kubeconfigOf(this.cluster));
    const at = ['exec', '--stdin', pod, '--namespace', namespace, '--container', container, '--'];
    return Agent.start(`${place} (${namespace}/${pod})`, locate('kubectl'), [
      ...flags,
      ...at,
      'node',
      '-e',
      agentProgram,
    ]);
  }

  private async inNetwork(place: string, part: string, uid: number): Promise<Agent> {
    const user = [
      `--reuid=${uid}`,
      `--regid=${uid}`,
      '--clear-groups',
      '--no-new-privs',
      '--bounding-set=-all',
      '--inh-caps=-all',
    ];
    const program = [...user, '--', runnable(this.lab.name, 'node'), '-e', agentProgram];
    return Agent.start(`${place} (${part})`, ...entered(netns(this.lab.name, part), 'setpriv', program));
  }
}
