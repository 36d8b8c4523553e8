/** What other programs may rely on in `isthmus cost --json`. More fields are fine. */
import * as z from 'zod';

const amount = z.number().nonnegative().describe('in the currency, at most six decimals');

export const costOutput = z.object({
  currency: z.string(),
  region: z.string().describe('regions of what is priced, joined by a comma; empty when nothing is'),
  asOf: z.iso.date().describe('date of the oldest price in use'),
  perHour: amount.describe('sum of the items'),
  perMonth: amount.describe('sum of the items; a month has 730 hours'),
  items: z.array(
    z.object({
      address: z.string().describe('STACK/TYPE.NAME'),
      what: z.string(),
      perHour: amount,
      perMonth: amount,
      source: z.url().describe("AWS's page with this price"),
    }),
  ),
  unpriced: z.array(z.string()).describe('addresses of what costs something, or may, and is not or not fully priced'),
  assumptions: z.record(z.string(), z.number()),
});

/** The same as JSON Schema. Fields that are not named are allowed. */
export function costSchema(): unknown {
  return z.toJSONSchema(costOutput, { io: 'input' });
}
