/** An estimate as text for a person. */
import { type Assumptions, assumptionText } from '../../model/price/assumptions';
import { money, total } from '../../model/price/money';
import { currency } from '../../model/price/table';
import { datesOf, type Estimate, type Item, regionsOf } from './estimate';
import type { Saving } from './savings';

/** Never in a plan, so never in a total. */
const beside = [
  'traffic to the internet',
  'requests to keys and to S3 (state)',
  'keeping logs',
  'CPU credits of t3 nodes that stay busy',
  'tax',
];

const longest = 62;

/** Items by mesh, what is not priced, what was assumed, what would save. */
export function formatEstimate(
  found: Estimate,
  meshes: readonly string[],
  savings: readonly Saving[],
  { hint }: { readonly hint: string },
): string {
  const { first, last } = datesOf(found);
  const names = [...new Set(found.items.map(({ address }) => groupOf(address, meshes)))];
  // The meshes first, as the lab file has them; then what lies between.
  const order = meshes.map(groupName);
  const groups = [...order.filter((name) => names.includes(name)), ...names.filter((name) => !order.includes(name))];
  const width = Math.max(12, ...found.items.map((item) => Math.min(longest, label(item).length)));
  const row = (text: string, perHour: string, perMonth: string) =>
    `${clip(text).padEnd(width + 2)}${perHour.padStart(10)}${perMonth.padStart(11)}`.trimEnd();
  const body = groups.flatMap((group) => {
    const items = found.items.filter(({ address }) => groupOf(address, meshes) === group);
    const sum = total(items);
    return [
      '',
      row(group, money(sum.perHour, 4), money(sum.perMonth, 2)),
      ...items.map((item) => row(`  ${label(item)}`, money(item.perHour, 4), money(item.perMonth, 2))),
    ];
  });
  return [
    `Region ${regionsOf(found).join(', ') || 'none'}. Prices in ${currency} of ${first === last ? first : `${first} to ${last}`}, before tax. ~ assumed or estimated.`,
    '',
    row('', 'per hour', 'per month'),
    ...body.slice(1),
    '',
    row(totalLabel(found), money(found.perHour, 4), money(found.perMonth, 2)),
    ...notPriced(found),
    ...assumed(found.assumptions, hint),
    '',
    `Beside it: ${beside.join(', ')}.`,
    ...(savings.length === 0 ? [] : ['', 'Cheaper:', ...savings.map(saved)]),
  ].join('\n');
}

/** A total that leaves something out says so. */
function totalLabel({ gaps }: Estimate): string {
  const count = new Set(gaps.map(({ address }) => address)).size;
  return count === 0 ? 'total' : `total, without ${count} resource${count === 1 ? '' : 's'} not priced`;
}

function label({ address, what, estimate }: Item): string {
  return `${address.replace(/\/[a-z0-9_]+\..*$/, '')}  ${what}${estimate ? ' ~' : ''}`;
}

function clip(text: string): string {
  return text.length > longest + 2 ? `${text.slice(0, longest + 1)}…` : text;
}

/** `network-west` belongs to mesh west; what belongs to no mesh lies between them. */
function groupOf(address: string, meshes: readonly string[]): string {
  const stack = address.slice(0, address.indexOf('/'));
  const mesh = meshes.find((name) => stack.endsWith(`-${name}`));
  return mesh === undefined ? stack : groupName(mesh);
}

function groupName(mesh: string): string {
  return `mesh ${mesh}`;
}

function notPriced({ gaps }: Estimate): string[] {
  if (gaps.length === 0) return [];
  const addresses = [...new Set(gaps.map(({ address }) => address))];
  const what = (of: string) => gaps.filter(({ address }) => address === of).map(({ what: text }) => `    ${text}`);
  return [
    '',
    'Not priced, so not in the total:',
    ...addresses.flatMap((address) => [`  ${address}`, ...what(address)]),
  ];
}

function assumed(assumptions: Assumptions, hint: string): string[] {
  const names = Object.keys(assumptions) as (keyof Assumptions)[];
  return [
    '',
    `Assumed (${hint}):`,
    ...names.map((name) => `  ${`${name}=${assumptions[name]}`.padEnd(14)} ${assumptionText[name]}`),
  ];
}

function saved({ advice, perMonth }: Saving): string {
  return perMonth === undefined ? `  ${advice}` : `  ${advice} (saves about ${money(perMonth, 2)} a month)`;
}
