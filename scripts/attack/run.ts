/** Plays attacks: groups beside each other, the attacks of one group one after the other. */
import type { Progress } from '../progress';
import { type Attack, type Group, isGood, play, type Result } from './attack';

/** Groups that change the lab for a while. They are played when all others are done, one by one. */
const alone: readonly Group[] = ['lifecycle', 'capture'];

/** Groups that read the same proxy's counters must not run beside each other. */
const lanes: readonly (readonly Group[])[] = [['identity', 'gateway']];

export interface RunOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** Results in the order of the attacks given. */
export async function playAll<F>(
  attacks: readonly Attack<F>[],
  field: F,
  { progress, signal }: RunOptions,
): Promise<Result[]> {
  const results = new Map<string, Result>();
  const playGroup = async (group: Group) => {
    const own = attacks.filter((attack) => attack.group === group);
    await progress.step(group, async (say) => {
      for (const attack of own) {
        signal?.throwIfAborted();
        say(`${results.size + 1} of ${attacks.length}: ${attack.title}`);
        results.set(attack.id, await play(attack, field));
        signal?.throwIfAborted();
      }
      const bad = own.filter(({ id }) => isBad(results.get(id)));
      say(bad.length === 0 ? '' : `${bad.length} of ${own.length} not as they should be`);
    });
  };
  const present = [...new Set(attacks.map(({ group }) => group))];
  const beside = present.filter((group) => !alone.includes(group));
  await settled(laned(beside).map((lane) => inOrder(lane, playGroup)));
  await inOrder(
    present.filter((group) => alone.includes(group)),
    playGroup,
  );
  return attacks.flatMap(({ id }) => results.get(id) ?? []);
}

function isBad(result: Result | undefined): boolean {
  return result === undefined || !isGood(result);
}

/** Groups that share a lane stay together; every other one has a lane of its own. */
function laned(present: readonly Group[]): (readonly Group[])[] {
  const shared = lanes.map((lane) => lane.filter((group) => present.includes(group)));
  const single = present.filter((group) => !lanes.flat().includes(group)).map((group) => [group]);
  return [...shared, ...single].filter((lane) => lane.length > 0);
}

async function inOrder(list: readonly Group[], work: (group: Group) => Promise<void>): Promise<void> {
  for (const group of list) await work(group);
}

/** Waits for all, also when one fails: what was made is removed only when nobody uses it any more. */
async function settled(work: readonly Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(work);
  const failed = ended.find((end): end is PromiseRejectedResult => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
