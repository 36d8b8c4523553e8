/** Plays attacks: groups beside each other, and within a group some at once where none disturbs the other. */
import type { Progress } from '../progress';
import { type Attack, type Group, Lacking, play, type Result } from './attack';
import type { NotPlayed } from './report/report';
import { settled } from './settle';

/** Groups that change the lab for a while. They are played when all others are done, one by one. */
const alone: readonly Group[] = ['impostor', 'lifecycle', 'capture', 'known-limit'];

/** Groups whose evidence is a counter of the same proxy: one attack at a time, whichever group it is of. */
const counted: readonly Group[] = ['identity', 'gateway', 'host'];

/** Attacks of another group that are played at once. Most of their time is waiting for a proxy to write its log. */
const width = 4;

export interface RunOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Told of each attack that finds out while it is played that the lab lacks something for it. @default - nobody */
  readonly lacking?: (notPlayed: NotPlayed) => void;
}

/** Results in the order of the attacks given. */
export async function playAll<F>(
  attacks: readonly Attack<F>[],
  field: F,
  { progress, signal, lacking }: RunOptions,
): Promise<Result[]> {
  const results = new Map<string, Result>();
  /** How far it has come is told by every group that plays, whichever group's attack has just ended. */
  const telling = new Set<() => void>();
  const playGroup = async (group: Group) => {
    const own = attacks.filter((attack) => attack.group === group);
    await progress.step(group, async (say) => {
      const left = [...own];
      let title = '';
      const tell = () => say(`${results.size} of ${attacks.length}: ${title}`);
      telling.add(tell);
      const playNext = async (): Promise<void> => {
        for (let attack = left.shift(); attack !== undefined; attack = left.shift()) {
          signal?.throwIfAborted();
          title = attack.title;
          tell();
          const result = await play(attack, field).catch((error: unknown) => {
            if (!(error instanceof Lacking)) throw error;
            lacking?.({ id: attack.id, group: attack.group, why: error.message });
          });
          if (result !== undefined) results.set(attack.id, result);
          for (const one of telling) one();
        }
      };
      const single = counted.includes(group) || alone.includes(group);
      await settled(Array.from({ length: single ? 1 : width }, playNext));
      telling.delete(tell);
      signal?.throwIfAborted();
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

/** Counted groups one after the other; every other one beside them. */
function laned(present: readonly Group[]): (readonly Group[])[] {
  const one = present.filter((group) => counted.includes(group));
  return [one, ...present.filter((group) => !counted.includes(group)).map((group) => [group])];
}

async function inOrder(list: readonly Group[], work: (group: Group) => Promise<void>): Promise<void> {
  for (const group of list) await work(group);
}
