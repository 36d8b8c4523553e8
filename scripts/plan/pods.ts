/** Pods of a release while Helm waits for them: what they wait for, and when waiting has no sense any more. */
import { setTimeout as delay } from 'node:timers/promises';
import { FailureError } from '../errors';
import { kubectl } from '../kubectl';
import { clusterOfResource } from './cluster';
import type { PlannedResource } from './read';

interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  readonly state: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    readonly initContainerStatuses?: ContainerStatus[];
    readonly containerStatuses?: ContainerStatus[];
  };
}

/** Reasons that no waiting mends: images of the lab are there or are not. */
const noImage = ['ErrImageNeverPull', 'ImagePullBackOff', 'InvalidImageName', 'CreateContainerConfigError'];

/** A program that fails this often at its start is not waiting for something that comes up beside it. */
const mostRestarts = 4;

/** Runs Helm, and ends it with the cause as soon as a pod of the release's namespace can't become ready. */
export async function withoutHopelessPods(
  resource: PlannedResource,
  say: (line: string) => void,
  signal: AbortSignal | undefined,
  helm: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const done = helm(both).finally(() => stop.abort());
  let hopeless: string | undefined;
  const watching = (async () => {
    while (!both.aborted) {
      await delay(3_000, undefined, { signal: both }).catch(() => {});
      if (both.aborted) return;
      hopeless = await findHopeless(resource, say).catch(() => undefined);
      if (hopeless !== undefined) stop.abort();
    }
  })();
  const result = await done.then(
    () => undefined,
    (error: unknown) => error,
  );
  await watching;
  if (hopeless !== undefined) throw new FailureError(hopeless);
  if (result !== undefined) throw result;
}

async function findHopeless(resource: PlannedResource, say: (line: string) => void): Promise<string | undefined> {
  const namespace = String(resource.values.namespace);
  const cluster = clusterOfResource(resource);
  const at = ['--namespace', namespace];
  const { stdout } = await kubectl(cluster, [...at, 'get', 'pods', '-o', 'json'], { timeout: 10_000 });
  for (const { metadata, status } of (JSON.parse(stdout) as { items: Pod[] }).items) {
    const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
    if (scheduled?.status === 'False') say(`${namespace}/${metadata.name}: ${scheduled.message ?? 'no node takes it'}`);
    for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
      const { reason = '', message = '' } = container.state.waiting ?? {};
      if (reason !== '') say(`${namespace}/${metadata.name}: ${container.name}: ${reason}`);
      if (noImage.includes(reason))
        return `${namespace}/${metadata.name}: container ${container.name}: ${reason}: ${message}`;
      if (reason === 'CrashLoopBackOff' && container.restartCount >= mostRestarts) {
        const log = await kubectl(cluster, [
          ...at,
          'logs',
          metadata.name,
          '-c',
          container.name,
          '--previous',
          '--tail=12',
        ]).catch(() => undefined);
        return `${namespace}/${metadata.name}: container ${container.name} ended ${container.restartCount} times at its start. Its last words:\n${log?.stdout.trim() ?? '(none)'}`;
      }
    }
  }
  return undefined;
}
