/** Assumptions from a command line. */
import { type Assumptions, assumptionText, defaultAssumptions } from '../../model/price/assumptions';
import { UsageError } from '../errors';

/**
 * `natGb=50` and the like, over the defaults.
 * @throws UsageError for a name that is none, or a value that is no amount
 */
export function assume(texts: readonly string[]): Assumptions {
  const given = texts.map((text) => {
    const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(text) ?? [];
    const amount = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
    if (!Object.hasOwn(assumptionText, name) || Number.isNaN(amount)) {
      const allowed = Object.entries(defaultAssumptions).map(([known, usual]) => `${known}=${usual}`);
      throw new UsageError(
        `--assume ${JSON.stringify(text)} is not NAME=AMOUNT. Names and defaults: ${allowed.join(', ')}. Amounts are numbers that are not negative.`,
      );
    }
    return [name, amount];
  });
  return { ...defaultAssumptions, ...Object.fromEntries(given) };
}
