/** Drives Terraform over the stacks of a lab: up in the order of their dependencies, down in the opposite one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stateFileName } from '../../model/names';
import { FailureError, ProgramError, UsageError } from '../errors';
import type { Progress } from '../progress';
import { type ChildResult, runChild } from './child';
import { failureOf } from './diagnose';
import { Follower } from './lines';
import { type TerraformProgram, terraformEnvironment } from './program';
import { AppliedRecord } from './record';
import { overStacks, reversed, type Stack, stateLocation } from './stacks';
import { type Owner, otherOwner, readState, readStateFile, type StateSummary } from './state';

export interface DriveOptions {
  /** Folder that holds the state files: the parent of synth's output. */
  readonly checkout: string;
  /** For whom; a state that belongs to somebody else is not touched. */
  readonly owner: Owner & { readonly lab: string };
  readonly program: TerraformProgram;
  readonly progress: Progress;
  /** The first Ctrl-C: Terraform ends in good order. */
  readonly signal?: AbortSignal;
  /** Stacks at work at the same time. @default 2 */
  readonly width?: number;
  /** Work to do before a stack is applied or destroyed, by stack name; not for one of which there is nothing. */
  readonly before?: Readonly<{ [stack: string]: (say: (line: string) => void) => Promise<void> }>;
  /** What lies in a network part that AWS refuses to delete, by its id. @default - nothing is told */
  readonly inTheWay?: (id: string) => Promise<readonly string[]>;
  readonly env?: NodeJS.ProcessEnv;
}

/** Resources that were created, changed or destroyed, by stack; a stack that was left out is not there. */
export type Changes = ReadonlyMap<string, number>;

/**
 * Applies all stacks. Safe to repeat, after a failure and after any interruption: Terraform goes on from its state.
 * Providers are fetched and the owners of all states compared before anything is created.
 */
export async function applyStacks(stacks: readonly Stack[], options: DriveOptions): Promise<Changes> {
  const driver = new Driver(options);
  return driver.work(async () => {
    await options.progress.step(`prepare ${stacks.length} stacks`, async (say) => {
      for (const stack of stacks) {
        say(stack.name);
        await driver.initialise(stack);
        driver.assertOwn(stack, await driver.state(stack));
      }
    });
    await overStacks(stacks, options.width ?? defaultWidth, (stack) => driver.apply(stack));
  });
}

/**
 * Destroys what the given stacks and earlier applies of this lab made, in the opposite order. A stack that was applied
 * is destroyed by what was applied then. One whose state is empty is left out; state files stay.
 */
export async function destroyStacks(stacks: readonly Stack[], options: DriveOptions): Promise<Changes> {
  const driver = new Driver(options);
  const order = reversed(appliedOr(stacks, options));
  return driver.work(async () => {
    // What belongs to somebody else is known before the first resource goes.
    for (const stack of order) {
      if (stateLocation(stack).kind === 'file') driver.assertOwn(stack, await driver.state(stack));
    }
    await overStacks(order, options.width ?? defaultWidth, (stack) => driver.destroy(stack));
  });
}

/** Stacks of this lab that may still hold something: those given, and those that were applied once. */
export function appliedOr(
  stacks: readonly Stack[],
  { checkout, owner }: Pick<DriveOptions, 'checkout' | 'owner'>,
): Stack[] {
  const applied = new AppliedRecord(checkout, owner.lab).stacks();
  const known = new Set(applied.map(({ name }) => name));
  return [...applied, ...stacks.filter(({ name }) => !known.has(name))];
}

/** Two: a mesh each. More would make Terraform's own ten requests at a time run into AWS's rate limits. */
const defaultWidth = 2;

/** Seconds to wait for a lock: a Terraform that was just interrupted still writes its state. */
const lockTimeout = '-lock-timeout=10s';

/** Types whose loss takes others' data along: `up` changes them and never destroys them. */
const kept: ReadonlySet<string> = new Set(['aws_vpc', 'aws_subnet', 'aws_eks_cluster']);

/** What a person reads after the first Ctrl-C. */
const stopping = 'stopping: please wait, Terraform writes its state (a second Ctrl-C may lose what is being made)';

class Driver {
  private readonly record: AppliedRecord;
  private readonly env: Record<string, string>;
  private readonly counts = new Map<string, number>();
  /** Inits share the plugin cache, which is not safe to fill twice at once. */
  private lastInit: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: DriveOptions) {
    this.record = new AppliedRecord(options.checkout, options.owner.lab);
    this.env = terraformEnvironment(options.env);
  }

  /** Runs the whole; an interruption is told as what it is, whatever Terraform says of it. */
  async work(body: () => Promise<void>): Promise<Changes> {
    const { signal, progress } = this.options;
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    // A step, so that it stays in sight and shows how long it takes.
    const onAbort = () => void progress.step(stopping, () => ended);
    signal?.addEventListener('abort', onAbort);
    try {
      await body();
      return this.counts;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof AggregateError)) throw error;
      // Several stacks failed on their own: all that is to be mended, at once.
      const errors: unknown[] = error.errors;
      const fault = errors.find((one) => !(one instanceof FailureError || one instanceof UsageError));
      if (fault !== undefined) throw fault;
      throw new FailureError(errors.map((one) => (one instanceof Error ? one.message : String(one))).join('\n'));
    } finally {
      signal?.removeEventListener('abort', onAbort);
      end();
    }
  }

  /** Fetches providers and finds the state of a stack. */
  async initialise(stack: Stack): Promise<void> {
    const left = join(stack.folder, 'errored.tfstate');
    if (existsSync(left)) {
      const push = `${this.options.program.command} -chdir=${stack.folder} state push errored.tfstate`;
      throw new FailureError(
        `${stack.name}: Terraform once could not write its state and left it in ${left}\n    fix:     ${push}, then remove that file, then the same isthmus command again`,
      );
    }
    const turn = this.lastInit.then(async () => {
      // Every provider is pinned to one version: an upgrade is what a new pin asks for, and nothing else.
      await this.terraform(stack, ['init', '-input=false', '-upgrade', '-json', lockTimeout]);
    });
    this.lastInit = turn.catch(() => {});
    await turn;
  }

  state(stack: Stack): Promise<StateSummary> {
    return readState(stack, this.options.program, this.env);
  }

  /** Refuses a state that is somebody else's, and one that would be left behind. */
  assertOwn(stack: Stack, state: StateSummary): void {
    const { owner, checkout } = this.options;
    const location = stateLocation(stack);
    const file = location.kind === 'file' ? location.file : join(checkout, stateFileName(stack.name));
    const local = location.kind === 'file' ? state : readStateFile(file);
    if (location.kind === 'remote' && local.resources.length > 0) {
      throw new FailureError(
        `${stack.name}: ${file} holds ${local.resources.length} resources, and the lab file keeps state in ${location.backend}. Nothing was changed.\n    fix:     isthmus down with the lab file as it was; or move it: ${this.options.program.command} -chdir=${stack.folder} state push ${file}, and put ${file} away`,
      );
    }
    if (state.resources.length === 0) return;
    const other = otherOwner(owner, state, this.record.owner(stack.name));
    if (other === undefined) return;
    const where = location.kind === 'file' ? file : `its state in ${location.backend}`;
    throw new UsageError(
      `${stack.name}: ${where} is of ${other}. Nothing was changed.\n    fix:     take that lab down first, with the settings and credentials that raised it; or use a checkout of its own for each lab`,
    );
  }

  async apply(stack: Stack): Promise<void> {
    await this.options.progress.step(stack.name, async (say) => {
      await this.assertKept(stack, say);
      await this.options.before?.[stack.name]?.(say);
      this.record.begin(stack, this.options.owner);
      await this.change(stack, [], say);
    });
  }

  /** Nobody who changes a lab file expects that its clusters go, with all that runs there. That is what `down` is for. */
  private async assertKept(stack: Stack, say: (line: string) => void): Promise<void> {
    const { resources } = await this.state(stack);
    if (!resources.some((address) => kept.has(address.split('.')[0] ?? ''))) return;
    const { planned } = await this.terraform(stack, ['plan', '-input=false', '-json', lockTimeout], say);
    const lost = planned.filter(
      // What was never whole may be made anew.
      ({ type, action, reason }) => kept.has(type) && ['delete', 'replace'].includes(action) && reason !== 'tainted',
    );
    if (lost.length === 0) return;
    throw new UsageError(
      `${stack.name}: what the lab file says now would destroy ${lost.map(({ address }) => address).join(', ')} and all that is in it. Nothing of ${stack.name} was changed.\n    fix:     put networks, zones, versions, VPCs and clusters in the lab file back as they were; or isthmus down, then isthmus up`,
    );
  }

  async destroy(stack: Stack): Promise<void> {
    const remote = stateLocation(stack).kind === 'remote';
    if (remote) await this.initialise(stack);
    const state = await this.state(stack);
    if (remote) this.assertOwn(stack, state);
    if (state.resources.length === 0) {
      this.record.forget(stack.name);
      return;
    }
    await this.options.progress.step(`destroy ${stack.name}`, async (say) => {
      await this.options.before?.[stack.name]?.(say);
      if (!remote) await this.initialise(stack);
      await this.change(stack, ['-destroy'], say);
      const left = (await this.state(stack)).resources;
      if (left.length > 0) {
        throw new FailureError(
          `${stack.name}: still there after destroy: ${left.join(', ')}. What now: isthmus down again`,
        );
      }
      this.record.forget(stack.name);
    });
  }

  private async change(stack: Stack, extra: readonly string[], say: (line: string) => void): Promise<void> {
    const args = ['apply', ...extra, '-input=false', '-auto-approve', '-json', lockTimeout];
    const follower = await this.terraform(stack, args, say);
    this.counts.set(stack.name, follower.changes);
  }

  private async terraform(
    stack: Stack,
    args: readonly string[],
    say: (line: string) => void = () => {},
  ): Promise<Follower> {
    const { program, signal, inTheWay } = this.options;
    const follower = new Follower();
    const timer = setInterval(() => say(follower.status()), 1_000);
    let result: ChildResult;
    try {
      result = await runChild(program.command, args, {
        folder: stack.folder,
        env: this.env,
        onLine: (line) => {
          follower.take(line);
          say(follower.status());
        },
        ...(signal === undefined ? {} : { signal }),
      });
    } finally {
      clearInterval(timer);
    }
    if (result.status === 0) return follower;
    signal?.throwIfAborted();
    const scene = { stack: stack.name, folder: stack.folder, command: program.command };
    if (follower.diagnostics.length > 0) throw await failureOf(follower.diagnostics, scene, inTheWay);
    const said = follower.rest.join('\n');
    throw new ProgramError(`${program.command} ${args[0]} of ${stack.name}`, result.status, said);
  }
}
