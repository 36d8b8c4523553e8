/** Money as whole millionths of a dollar, so that rows add up to their total exactly. */

/** Whole millionths of a US dollar. */
export type Micros = number;

/** Hours that AWS counts for a month. */
export const hoursPerMonth = 730;

const whole = 1_000_000;

/**
 * Reads a price such as `0.0252`.
 * @throws Error when the text is no price, or has more than six decimals
 */
export function micros(usd: string): Micros {
  const [, dollars, decimals = ''] = /^(\d+)(?:\.(\d{1,6}))?$/.exec(usd) ?? [];
  if (dollars === undefined) throw new Error(`${JSON.stringify(usd)} is no price with at most six decimals`);
  return Number(dollars) * whole + Number(decimals.padEnd(6, '0'));
}

/** The same as a number of dollars, for JSON. */
export function dollars(amount: Micros): number {
  return amount / whole;
}

/** As people write it: `12.41`, with `decimals` digits behind the point. */
export function money(amount: Micros, decimals: number): string {
  return dollars(amount).toFixed(decimals);
}

/** What something costs while it is there. */
export interface Rate {
  readonly perHour: Micros;
  readonly perMonth: Micros;
}

/** `quantity` of something that is billed by the hour. */
export function hourly(price: Micros, quantity: number): Rate {
  return { perHour: Math.round(price * quantity), perMonth: Math.round(price * quantity * hoursPerMonth) };
}

/** `quantity` a month of something that is billed by the month or by the gigabyte. */
export function monthly(price: Micros, quantity: number): Rate {
  return { perHour: Math.round((price * quantity) / hoursPerMonth), perMonth: Math.round(price * quantity) };
}

/** The total of rows: they are rounded already, so that it equals them. */
export function total(rates: readonly Rate[]): Rate {
  return {
    perHour: rates.reduce((sum, { perHour }) => sum + perHour, 0),
    perMonth: rates.reduce((sum, { perMonth }) => sum + perMonth, 0),
  };
}
