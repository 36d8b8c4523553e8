/** The stacks that synth wrote, and work over them in the order of their dependencies. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readStackFiles } from '../plan/stacks';

/** One stack in a folder of its own, ready for Terraform. */
export interface Stack {
  readonly name: string;
  /** Folder that holds `cdk.tf.json`. */
  readonly folder: string;
  /** Names of stacks that must be there before this one. */
  readonly dependsOn: readonly string[];
}

/** File of a stack's plan in its folder. */
export const planFile = 'cdk.tf.json';

/**
 * Stacks of a synthesized plan.
 * @param outdir the folder that synth wrote
 * @throws FailureError when nothing was synthesized there
 */
export function readStacks(outdir: string): Stack[] {
  return readStackFiles(outdir).map(({ name, folder, dependsOn }) => ({ name, folder, dependsOn }));
}

interface PlanJson {
  readonly terraform?: { readonly backend?: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

/** Where a stack's state is kept. */
export type StateLocation =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'remote'; readonly backend: string };

/** Reads it from the stack's plan, so that nothing needs to be initialised first. */
export function stateLocation({ folder }: Stack): StateLocation {
  const plan = JSON.parse(readFileSync(join(folder, planFile), 'utf8')) as PlanJson;
  const [backend, settings] = Object.entries(plan.terraform?.backend ?? {})[0] ?? ['local', {}];
  if (backend !== 'local') return { kind: 'remote', backend };
  return { kind: 'file', file: resolve(folder, typeof settings.path === 'string' ? settings.path : defaultStateFile) };
}

const defaultStateFile = 'terraform.tfstate';

/** The same stacks with the arrows turned round: what is destroyed first. */
export function reversed(stacks: readonly Stack[]): Stack[] {
  return stacks.map((stack) => ({
    ...stack,
    dependsOn: stacks.filter(({ dependsOn }) => dependsOn.includes(stack.name)).map(({ name }) => name),
  }));
}

/**
 * Works on every stack after those it depends on, at most `width` at a time. After a failure nothing new is begun and
 * what runs is let finish. An arrow to a stack that is not in the list counts as done.
 * @throws the first failure; {@link AggregateError} when several stacks failed on their own
 */
export async function overStacks(
  stacks: readonly Stack[],
  width: number,
  work: (stack: Stack) => Promise<void>,
): Promise<void> {
  const waiting = new Map(stacks.map((stack) => [stack.name, stack]));
  const undone = new Set(waiting.keys());
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for (;;) {
    const ready = [...waiting.values()].filter(({ dependsOn }) => !dependsOn.some((name) => undone.has(name)));
    for (const stack of failures.length > 0 ? [] : ready.slice(0, width - running.size)) {
      waiting.delete(stack.name);
      const job = work(stack)
        .then(
          () => void undone.delete(stack.name),
          (error: unknown) => void failures.push(error),
        )
        .finally(() => running.delete(job));
      running.add(job);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (failures.length > 1) throw new AggregateError(failures);
  if (failures.length === 1) throw failures[0];
  if (waiting.size > 0) throw new Error(`stacks depend on each other in a circle: ${[...waiting.keys()].join(', ')}`);
}
