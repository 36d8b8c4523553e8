/** The runner: makes the lab what the plan says, resource by resource, as far as possible at the same time. */
import type { Progress } from '../progress';
import type { PlannedResource } from './read';
import { hashOf, type Record } from './record';
import { type Context, handlers } from './types';

export interface ApplyOptions {
  readonly lab: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Work to do once before the first resource of a stack, by stack name. */
  readonly before?: Readonly<{ [stack: string]: () => Promise<void> }>;
}

/** What an apply did, by resource id. */
export interface Outcome {
  readonly applied: readonly string[];
  readonly deleted: readonly string[];
  readonly unchanged: readonly string[];
}

/**
 * Applies a plan. What the plan no longer holds is deleted first, so that a closed row is closed before a new one
 * opens. Safe to repeat, also after a kill: a resource is recorded as begun first, and with its hash once it is applied.
 */
export async function applyPlan(
  plan: readonly PlannedResource[],
  record: Record,
  options: ApplyOptions,
): Promise<Outcome> {
  const wanted = new Set(plan.map(({ id }) => id));
  const gone = record.all().filter(({ id }) => !wanted.has(id));
  const deleted = await deleteAll(gone, record, options);
  const applied: string[] = [];
  const unchanged: string[] = [];
  const stacks = new StackSteps(plan, options.progress);
  const jobs = new Map<string, Promise<void>>();
  const prepared = new Map<string, Promise<void>>();
  const prepare = ({ stack }: PlannedResource): Promise<void> => {
    const known = prepared.get(stack) ?? options.before?.[stack]?.() ?? Promise.resolve();
    prepared.set(stack, known);
    return known;
  };
  let failed = false;
  const job = (resource: PlannedResource): Promise<void> => {
    const known = jobs.get(resource.id);
    if (known !== undefined) return known;
    const below = plan.filter(({ id }) => resource.dependsOn.includes(id)).map(job);
    const started = Promise.all(below).then(async () => {
      // After the first failure nothing new is begun; what runs is let finish.
      if (failed) return;
      options.signal?.throwIfAborted();
      const changed = await stacks.run(resource, async (say) => {
        await prepare(resource);
        return applyOne(resource, record, { ...options, say });
      });
      (changed ? applied : unchanged).push(resource.id);
    });
    jobs.set(resource.id, started);
    return started;
  };
  const settled = await Promise.allSettled(
    plan.map((resource) =>
      job(resource).catch((error: unknown) => {
        failed = true;
        throw error;
      }),
    ),
  );
  const first = settled.find((result) => result.status === 'rejected');
  stacks.finish(first?.reason);
  if (first !== undefined) throw first.reason;
  return { applied, deleted, unchanged };
}

/**
 * Deletes resources in the opposite order of their making, and takes each from the record. Safe to repeat after a kill.
 * @param title what the progress says
 */
export async function deleteAll(
  resources: readonly PlannedResource[],
  record: Pick<Record, 'delete'>,
  options: ApplyOptions,
  title = `remove ${resources.length} resources that the plan no longer holds`,
): Promise<string[]> {
  let told: (line: string) => void = () => {};
  const jobs = new Map<string, Promise<void>>();
  const job = (resource: PlannedResource): Promise<void> => {
    const known = jobs.get(resource.id);
    if (known !== undefined) return known;
    const above = resources.filter(({ dependsOn }) => dependsOn.includes(resource.id)).map(job);
    const started = Promise.all(above).then(async () => {
      options.signal?.throwIfAborted();
      told(`removing ${resource.id.split('.').slice(1).join('.')}`);
      await handlers[resource.type].delete(resource, { lab: options.lab, say: () => {} });
      record.delete(resource.id);
    });
    jobs.set(resource.id, started);
    return started;
  };
  if (resources.length > 0) {
    await options.progress.step(title, async (say) => {
      told = say;
      // After a failure the others are still let finish: nothing goes on behind the caller's back.
      const settled = await Promise.allSettled(resources.map(job));
      const first = settled.find((result) => result.status === 'rejected');
      if (first !== undefined) throw first.reason;
    });
  }
  return resources.map(({ id }) => id);
}

/** Stands for the hash of a resource whose apply was begun; no real hash is like it. */
const begun = 'begun';

async function applyOne(resource: PlannedResource, record: Record, context: Context): Promise<boolean> {
  const handler = handlers[resource.type];
  const hash = hashOf(resource);
  const before = record.get(resource.id);
  if (before?.hash === hash && (await handler.present(resource, context))) return false;
  context.say(`applying ${resource.id.split('.').slice(1).join('.')}`);
  await handler.claim?.(resource, context);
  if (before !== undefined && handler.replaces(before, resource)) await handler.delete(before, context);
  // Half of it may be there after a failure, so that it must be deleted should it leave the plan.
  record.set(resource, begun);
  await handler.apply(resource, context);
  record.set(resource, hash);
  return true;
}

/** One step of the progress for each stack: from its first resource's start to its last one's end. */
class StackSteps {
  private readonly open = new Map<
    string,
    { left: number; say: (line: string) => void; end: (error?: unknown) => void }
  >();

  constructor(
    private readonly plan: readonly PlannedResource[],
    private readonly progress: Progress,
  ) {}

  async run<T>({ stack }: PlannedResource, work: (say: (line: string) => void) => Promise<T>): Promise<T> {
    const step = this.open.get(stack) ?? this.begin(stack);
    const result = await work((line) => step.say(line));
    step.left -= 1;
    if (step.left === 0) {
      this.open.delete(stack);
      step.end();
    }
    return result;
  }

  /** Ends the steps that a failure left open. */
  finish(error: unknown): void {
    for (const step of this.open.values()) step.end(error ?? new Error('not finished'));
    this.open.clear();
  }

  private begin(stack: string) {
    const step = {
      left: this.plan.filter((resource) => resource.stack === stack).length,
      say: (_: string) => {},
      end: (_?: unknown) => {},
    };
    this.open.set(stack, step);
    this.progress
      .step(stack, (say) => {
        step.say = say;
        return new Promise<void>((resolve, reject) => {
          step.end = (error) => (error === undefined ? resolve() : reject(error));
        });
      })
      // The failure itself reaches the caller from the resource that failed.
      .catch(() => {});
    return step;
  }
}
