/** Stands in for `scripts/plan/types`: a world without machines, where every step can be watched, held or broken. */
import type { PlannedResource } from '../../scripts/plan/read';
import type { Context, Handler } from '../../scripts/plan/types';
import { short } from './plans';

/** What happened, in order: `+a` apply begun, `a` applied, `-a` delete begun, `a gone`. */
export const events: string[] = [];

/** What is there: short id → values. */
export const world = new Map<string, string>();

/** Steps that fail: `+a` or `-a`. */
export const broken = new Set<string>();

/** Steps that have failed. */
export const failures: string[] = [];

const held = new Map<string, Promise<void>>();

/** Keeps a step (`+a`, `-a`) from ending until the returned function is called. */
export function hold(step: string): () => void {
  let release = () => {};
  held.set(step, new Promise((resolve) => (release = resolve)));
  return release;
}

export function reset(): void {
  events.length = 0;
  world.clear();
  broken.clear();
  failures.length = 0;
  held.clear();
}

async function step(name: string): Promise<void> {
  events.push(name);
  await (held.get(name) ?? new Promise((resolve) => setImmediate(resolve)));
  if (broken.has(name)) {
    failures.push(name);
    throw new Error(`${name} failed`);
  }
}

const fake: { -readonly [K in keyof Handler]: Handler[K] } = {
  async apply(resource: PlannedResource, { say }: Context) {
    const id = short(resource.id);
    say(`working on ${id}`);
    // Half of it is there, whatever happens next.
    world.set(id, 'half');
    await step(`+${id}`);
    world.set(id, JSON.stringify(resource.values));
    events.push(id);
  },
  async present({ id }: PlannedResource) {
    return world.has(short(id));
  },
  async delete(resource: PlannedResource) {
    const id = short(resource.id);
    await step(`-${id}`);
    world.delete(id);
    events.push(`${id} gone`);
  },
  replaces: (before, after) => before.values.key !== after.values.key,
};

export const handlers = {
  terraform_data: fake,
  helm_release: fake,
  kubernetes_namespace_v1: fake,
  consul_config_entry: fake,
};
