/**
 * Enforces the cluster's NetworkPolicies on the lab's node, whose plain CNI plugin knows none. It stands for what the
 * network plug-in does elsewhere. When it ends its last rules stay, and pods that it did not know pass nothing.
 *
 * Arguments: the API's address, the folder of `ca.crt`, `network-policy.crt` and `network-policy.key`, the network of
 * the node's pods.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkPolicy } from '../../model/network-policy/policy';
import { makeLog } from '../common/log';
import { faultOf, ruleset } from './compile';
import type { NamespaceObject, PodObject } from './state';
import { type Nft, Table } from './table';
import { type ApiOptions, Watch } from './watch';

/** Milliseconds in which changes are put together. */
const gather = 10;

/** Milliseconds between looks whether the rules in force are still ours. */
const look = 5_000;

const nft: Nft = (args, input) => spawnSync('nft', args, { ...(input !== undefined && { input }), encoding: 'utf8' });

const log = makeLog('network-policy');

function main([server, folder, podNetwork]: readonly string[]): void {
  if (server === undefined || folder === undefined || podNetwork === undefined) {
    process.stderr.write('usage: main.js SERVER FOLDER POD-NETWORK\n');
    process.exitCode = 2;
    return;
  }
  const read = (name: string) => readFileSync(join(folder, name));
  const api: ApiOptions = {
    server,
    ca: read('ca.crt'),
    certificate: read('network-policy.crt'),
    key: read('network-policy.key'),
  };
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  enforce(api, podNetwork, stop.signal);
}

function enforce(api: ApiOptions, podNetwork: string, signal: AbortSignal): void {
  const failed = (reason: string) => log.warn({}, reason);
  const pods = new Watch<PodObject>(api, '/api/v1/pods', later, failed);
  const namespaces = new Watch<NamespaceObject>(api, '/api/v1/namespaces', later, failed);
  const policies = new Watch<NetworkPolicy>(api, '/apis/networking.k8s.io/v1/networkpolicies', later, failed);
  for (const watch of [pods, namespaces, policies]) void watch.run(signal);
  const table = new Table(nft, ['ip', 'network-policy'], log);
  let waiting = false;
  let last = '';
  const mend = setInterval(() => table.mend(), look);
  signal.addEventListener('abort', () => clearInterval(mend), { once: true });

  function later(): void {
    if (!waiting) setTimeout(now, gather);
    waiting = true;
  }

  function now(): void {
    waiting = false;
    const state = { pods: pods.all, namespaces: namespaces.all, policies: policies.all };
    // Half of the picture would open what the other half closes.
    if (state.pods === undefined || state.namespaces === undefined || state.policies === undefined) return;
    const known = { pods: state.pods, namespaces: state.namespaces, policies: state.policies };
    const rules = ruleset(known, podNetwork, process.pid);
    if (rules === last) return;
    last = rules;
    for (const fault of state.policies.flatMap((policy) => faultOf(policy) ?? [])) log.error({}, fault);
    if (table.load(rules)) log.info({ pods: state.pods.length, policies: state.policies.length }, 'rules');
  }
}

main(process.argv.slice(2));
