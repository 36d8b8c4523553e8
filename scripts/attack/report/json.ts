/** Results for programs; `docs/schema/attack.schema.json` holds the shape. */
import type { z } from 'zod';
import type { outputs } from '../../../model/output';
import { type Attack, type Result, verdict } from '../attack';
import type { NotPlayed } from './report';

export function attackOutputOf(
  results: readonly Result[],
  notPlayed: readonly NotPlayed[],
): z.output<typeof outputs.attack> {
  const { good, through, unproven, unnoticed } = verdict(results);
  return {
    good,
    through: [...through],
    unproven: [...unproven],
    unnoticed: [...unnoticed],
    attacks: results.map(({ serves, evidence, unclear: _unclear, ...rest }) => ({
      ...rest,
      serves: [...serves],
      evidence: [...evidence],
    })),
    notPlayed: notPlayed.map(({ id, why }) => ({ id, why })),
  };
}

/** What there is to play; `docs/schema/attack-list.schema.json` holds the shape. */
export function attackListOf(attacks: readonly Attack<never>[]): z.output<(typeof outputs)['attack-list']> {
  return { attacks: attacks.map(({ id, group, title, serves }) => ({ id, group, title, serves: [...serves] })) };
}
