/** Results for programs; `docs/schema/attack.schema.json` holds the shape. */
import type { z } from 'zod';
import type { outputs } from '../../../model/output';
import { type Result, verdict } from '../attack';
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
    attacks: results.map(({ serves, evidence, ...rest }) => ({
      ...rest,
      serves: [...serves],
      evidence: [...evidence],
    })),
    notPlayed: notPlayed.map(({ id, why }) => ({ id, why })),
  };
}
