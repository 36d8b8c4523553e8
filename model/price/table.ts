/** Prices by item and region, each with its date and with the page of AWS to check it against. */
import { hourly, type Micros, micros, monthly, type Rate } from './money';
import raw from './table.json';

/** What a price is for: an hour, a month, or a gigabyte (kept for a month, or moved once). */
type Unit = 'hour' | 'unit-hour' | 'month' | 'GB' | 'GB-month';

export interface Price {
  readonly item: string;
  readonly region: string;
  readonly usd: Micros;
  readonly per: Unit;
  /** A day on which it is known to have held, as `2026-09-18`. */
  readonly asOf: string;
  /** AWS's own page. */
  readonly source: string;
}

/** Items that depend on what exactly is used, such as `ec2.t3.medium`, start with one of these. */
export const priceFamily = { onDemand: 'ec2', spot: 'spot', volume: 'ebs' } as const;

const everywhere = '*';

/** Every price of the table. */
export const prices: readonly Price[] = Object.entries(raw.items).flatMap(([item, { per, page, in: regions }]) =>
  Object.entries(regions).map(
    ([region, [usd = '', asOf = '']]): Price => ({
      item,
      region,
      usd: micros(usd),
      per: per as Unit,
      asOf,
      source: (raw.pages as Readonly<Record<string, string>>)[page] ?? '',
    }),
  ),
);

/** ISO code of the currency of every price. */
export const currency = raw.currency;

/** Date of the newest price. */
export const newest =
  prices
    .map(({ asOf }) => asOf)
    .toSorted()
    .at(-1) ?? '';

const index = new Map(prices.map((price) => [`${price.item} ${price.region}`, price]));

/** The price of an item in a region; undefined when the table has none. */
export function findPrice(item: string, region: string): Price | undefined {
  return index.get(`${item} ${region}`) ?? index.get(`${item} ${everywhere}`);
}

/**
 * What `quantity` costs.
 * @param quantity pieces that are there all the time; or gigabytes or pieces a month, as the price's unit says
 */
export function rate({ usd, per }: Price, quantity: number): Rate {
  return per === 'hour' || per === 'unit-hour' ? hourly(usd, quantity) : monthly(usd, quantity);
}
