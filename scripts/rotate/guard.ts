/** `isthmus rotate guard MESH`: new certificates for guard's webhook, followed until the old CA is trusted no more. */
import type { ClusterAccess } from '../../model/cluster';
import { guardedNamespaces } from '../../model/guard/namespaces';
import { guardKeeperName, guardNamespace, guardSecret, rotateAnnotation } from '../../model/guard/webhook';
import type { Lab, Mesh } from '../../model/lab';
import { times } from '../../services/guard-webhook/rotation';
import { clusterOf } from '../cluster';
import { FailureError, UsageError } from '../errors';
import { kubectl } from '../kubectl';
import { until } from '../machine/until';
import type { Progress } from '../progress';
import { certificates } from '../status/certificates';
import { type GuardCas, guardCas, rotationOf, trustedCas } from './guard-certificates';

export interface GuardRotationResult {
  readonly mesh: string;
  /** Whether it was under way already: it was followed, and none was asked for. */
  readonly followed: boolean;
  /** SHA-256 fingerprints of the CAs, hexadecimal with colons. */
  readonly old: string;
  readonly new: string;
  /** Milliseconds until the old CA was trusted no more. */
  readonly ms: number;
}

export interface RotateGuardOptions {
  readonly progress: Progress;
  /** Stops the watching. The keeper goes on: nothing is left half-way. */
  readonly signal: AbortSignal;
}

/** Milliseconds that a step may take beyond what the keeper waits for: its own looks, a slow API, a keeper's restart. */
const slack = 60_000;

/** Milliseconds between two looks. */
const interval = 1_000;

/** Asks the mesh's keeper for new certificates, unless it is at it, and waits for the end. Admissions go on. */
export async function rotateGuard(lab: Lab, mesh: Mesh, options: RotateGuardOptions): Promise<GuardRotationResult> {
  requireGuard(lab, mesh);
  const { signal } = options;
  const cluster = clusterOf(lab, mesh);
  const begin = Date.now();
  const before = await guardCas(cluster, signal);
  if (before.current === '') {
    throw new FailureError(
      `guard of mesh ${mesh.name} has no certificate yet: its keeper has not started. What now: isthmus status`,
    );
  }
  const followed = rotationOf(before) !== 'none';
  if (!followed) await ask(cluster, signal);
  const old = before.previous === '' ? before.current : before.previous;
  const last = await follow(cluster, mesh, old, options);
  return { mesh: mesh.name, followed, old: fingerprint(old), new: fingerprint(last.current), ms: Date.now() - begin };
}

function requireGuard(lab: Lab, mesh: Mesh): void {
  if (guardedNamespaces(lab, mesh).length > 0) return;
  const guarded = lab.meshes.filter((other) => guardedNamespaces(lab, other).length > 0).map(({ name }) => name);
  const allowed = guarded.length === 0 ? 'no mesh of this lab has one' : `meshes with a guard: ${guarded.join(', ')}`;
  throw new UsageError(`mesh ${mesh.name} has no guard: none of its namespaces is guarded; ${allowed}`);
}

async function ask(cluster: ClusterAccess, signal: AbortSignal): Promise<void> {
  const asked = `${rotateAnnotation}=${new Date().toISOString()}`;
  const args = ['annotate', 'secret', guardSecret, '--namespace', guardNamespace, '--overwrite', asked];
  await kubectl(cluster, args, { signal });
}

interface Stage {
  readonly title: string;
  /** What is waited for, for people. */
  readonly why: string;
  /** Milliseconds that the keeper takes on purpose. */
  readonly takes: number;
  readonly over: (cas: GuardCas) => boolean | Promise<boolean>;
}

/** @param old CA that is to be trusted no more */
async function follow(
  cluster: ClusterAccess,
  mesh: Mesh,
  old: string,
  { progress, signal }: RotateGuardOptions,
): Promise<GuardCas> {
  const stages: readonly Stage[] = [
    {
      title: 'a new CA is trusted beside the old one',
      why: 'the keeper makes it at its next look',
      takes: 0,
      over: ({ current, next }) => next !== '' || current !== old,
    },
    {
      title: 'its certificate serves',
      why: 'API servers hear of a CA before it is used',
      takes: times.settle,
      over: ({ current }) => current !== old,
    },
    {
      title: 'the old CA is trusted no more',
      why: 'every replica of the webhook reads the new certificate before',
      takes: times.overlap,
      over: async ({ current, previous }) =>
        previous === '' && (await trustedCas(cluster, signal)).every((trusted) => trusted === current),
    },
  ];
  let seen: GuardCas | undefined;
  for (const stage of stages) {
    const look = async () => {
      seen = await guardCas(cluster, signal);
      return stage.over(seen);
    };
    await progress.step(`guard of ${mesh.name}: ${stage.title}`, (say) => wait(stage, look, mesh, { say, signal }));
  }
  return seen ?? guardCas(cluster, signal);
}

async function wait(
  { title, why, takes }: Stage,
  look: () => Promise<boolean>,
  mesh: Mesh,
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  say(takes === 0 ? why : `${why}: about ${takes / 1000} s`);
  if (await until(look, { timeout: takes + slack, interval, signal })) return;
  throw new FailureError(
    `guard of mesh ${mesh.name}: after ${(takes + slack) / 1000} s it is not so that ${title}. What serves goes on. ` +
      `What now: isthmus status; isthmus exec ${mesh.name} -- kubectl logs -n ${guardNamespace} deploy/${guardKeeperName}`,
  );
}

function fingerprint(pem: string): string {
  return certificates(pem)[0]?.fingerprint256 ?? '';
}
