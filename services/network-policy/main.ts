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
import { type ApiOptions, Watch } from './watch';

/** Milliseconds in which changes are put together. */
const gather = 10;

/** Milliseconds between looks whether the rules in force are still ours. */
const look = 5_000;

const table = ['ip', 'network-policy'];

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
  let waiting = false;
  let last = '';
  let inForce = '';
  const mend = setInterval(() => {
    if (last === '' || listed() === inForce) return;
    log.warn({}, 'somebody changed the rules');
    last = '';
    now();
  }, look);
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
    const rules = ruleset({ pods: state.pods, namespaces: state.namespaces, policies: state.policies }, podNetwork);
    if (rules === last) return;
    for (const fault of state.policies.flatMap((policy) => faultOf(policy) ?? [])) log.error({}, fault);
    const { status, stderr } = spawnSync('nft', ['-f', '-'], { input: rules, encoding: 'utf8' });
    if (status !== 0) {
      log.error({ status }, stderr);
      return;
    }
    last = rules;
    inForce = listed();
    log.info({ pods: state.pods.length, policies: state.policies.length }, 'rules');
  }
}

/** The rules as the kernel has them, without its counters. */
function listed(): string {
  return spawnSync('nft', ['--stateless', 'list', 'table', ...table], { encoding: 'utf8' }).stdout;
}

main(process.argv.slice(2));
