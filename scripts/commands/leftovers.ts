/** `isthmus leftovers`: what still exists in an AWS region that carries a lab's mark; with `--delete`, removes it. */
import { awsClients } from '../aws/clients';
import { type FindOptions, type Found, findLeftovers } from '../aws/leftovers/find';
import { priceOfLeftover } from '../aws/leftovers/price';
import { removeLeftovers } from '../aws/leftovers/remove';
import type { Leftover, Unseen } from '../aws/leftovers/resource';
import { whoAmI } from '../aws/preflight/credentials';
import { awsFacts } from '../aws/preflight/facts';
import { formatProblems } from '../aws/preflight/problem';
import { FailureError, UsageError } from '../errors';
import type { Progress } from '../progress';

/** Leftovers are priced from the table of `isthmus cost`, unless `priceOf` says otherwise. */
export interface LeftoversRequest extends FindOptions {
  readonly region: string;
  /** Whether to remove what is found. */
  readonly delete: boolean;
  /** Shows what would be removed and asks. Not called when there is nothing. */
  readonly confirm: (report: LeftoversReport) => Promise<boolean>;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** What `--json` prints. */
export interface LeftoversReport {
  readonly lab: string;
  readonly region: string;
  /** AWS account that was asked. */
  readonly account: string;
  readonly items: readonly LeftoverRow[];
  readonly unseen: readonly Unseen[];
  readonly notes: readonly string[];
  /** `TYPE ID` of what this run removed. */
  readonly removed: readonly string[];
}

interface LeftoverRow {
  readonly type: string;
  readonly id: string;
  /** `global` for IAM. */
  readonly region: string;
  /** USD; null when the price is not known. */
  readonly perHour: number | null;
  readonly name: string;
  /** Which tag, name or VPC made it the lab's. */
  readonly why: string;
  /** Command line that removes it. */
  readonly remove: string;
  /** Why `--delete` did not remove it. */
  readonly stays?: string;
}

/** Looks, and removes if asked and confirmed. */
export async function leftovers(request: LeftoversRequest): Promise<LeftoversReport> {
  const { progress, lab, region, signal } = request;
  const clients = awsClients(region);
  const options: FindOptions = { priceOf: (item) => priceOfLeftover(item, region), ...request };
  try {
    const who = await whoAmI(awsFacts(clients, clients));
    if ('problem' in who) throw new UsageError(formatProblems([who.problem], 'anything was looked at'));
    const { account } = who.identity;
    const found = await progress.step(`look for what is left of lab ${lab} in ${region}`, () =>
      findLeftovers(clients, options),
    );
    const report = reportOf(found, account);
    if (!request.delete || found.items.length === 0) return report;
    if (!(await request.confirm(report))) throw new FailureError('nothing was deleted');
    const { left, failed, removed } = await progress.step('remove it', (say) =>
      removeLeftovers(clients, found, { ...options, clusters: found.clusters, say, ...(signal && { signal }) }),
    );
    // What could not be decided before is not decided by what is gone now.
    return reportOf({ ...left, unseen: [...found.unseen, ...left.unseen] }, account, failed, removed);
  } finally {
    clients.close();
  }
}

/** Reports of several regions as one. What is global is in each of them. */
export function together(reports: readonly LeftoversReport[]): LeftoversReport {
  const [first] = reports;
  if (first === undefined) throw new Error('no report');
  const distinct = <T>(list: readonly T[], key: (item: T) => string) => [
    ...new Map(list.map((item) => [key(item), item])).values(),
  ];
  return {
    ...first,
    region: reports.map(({ region }) => region).join(', '),
    items: distinct(
      reports.flatMap(({ items }) => items),
      ({ type, id, region }) => `${region} ${type} ${id}`,
    ),
    unseen: reports.flatMap(({ unseen }) => unseen),
    notes: distinct(
      reports.flatMap(({ notes }) => notes),
      (note) => note,
    ),
    removed: reports.flatMap(({ removed }) => removed),
  };
}

/** Whether it is proved that nothing is left. */
export function isNothingLeft({ items, unseen }: LeftoversReport): boolean {
  return items.length === 0 && unseen.length === 0;
}

export function reportOf(
  found: Found,
  account: string,
  failed: ReadonlyMap<string, string> = new Map(),
  removed: readonly string[] = [],
): LeftoversReport {
  const { lab, region, unseen, notes } = found;
  return {
    lab,
    region,
    account,
    items: found.items.map((item) => row(item, failed.get(item.id))),
    unseen,
    notes,
    removed,
  };
}

function row({ type, id, region, perHour, name, why, remove }: Leftover, stays: string | undefined): LeftoverRow {
  return { type, id, region, perHour: perHour ?? null, name, why, remove, ...(stays === undefined ? {} : { stays }) };
}

/** The report as people read it. */
export function formatLeftovers(report: LeftoversReport): string {
  const { lab, region, account, items, unseen, notes, removed } = report;
  const place = `lab ${lab} in ${region}, account ${account},`;
  const blocks = [
    ...(removed.length === 0 ? [] : [`Removed: ${removed.length}.`]),
    isNothingLeft(report) ? `Nothing of ${place} is left.` : '',
    items.length === 0 ? '' : formatItems(items, place),
    unseen.map(formatUnseen).join('\n'),
    notes.map((note) => `note: ${note}`).join('\n'),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function formatItems(items: readonly LeftoverRow[], place: string): string {
  const lines = items.map(({ type, id, region, perHour, name, why, remove, stays }) => {
    const title = [type, id, ...(name === '' || name === id ? [] : [`(${name})`])].join(' ');
    const price = perHour === null ? 'not priced' : perHour === 0 ? 'free' : `$${perHour.toFixed(4)} an hour`;
    const facts = [...(region === 'global' ? ['in every region'] : []), price, why];
    const kept = stays === undefined ? '' : `\n  was not removed: ${stays}`;
    return `${title}\n  ${facts.join(' · ')}${kept}\n  ${remove}`;
  });
  const priced = items.flatMap(({ perHour }) => perHour ?? []);
  const unpriced = items.length - priced.length;
  const total = priced.reduce((sum, price) => sum + price, 0);
  const cost = priced.length === 0 ? '' : `, $${total.toFixed(4)} an hour`;
  const rest = unpriced === 0 || priced.length === 0 ? '' : ` and ${unpriced} not priced`;
  const count = `${items.length} ${items.length === 1 ? 'thing' : 'things'}`;
  const up = items.some(({ type }) => type === 'aws_eks_cluster');
  const advice = up
    ? 'There is a cluster: if the lab is up, `isthmus down` takes it down. If nothing else knows of it any more, `isthmus leftovers --delete` removes what it safely can.'
    : '`isthmus leftovers --delete` removes what it safely can, in the right order.';
  return `${lines.join('\n')}\n\n${count} left of ${place.slice(0, -1)}${cost}${rest}. ${advice}`;
}

function formatUnseen({ service, reason, permissions }: Unseen): string {
  const missing = permissions === undefined ? '' : `; missing permission: ${permissions.join(' or ')}`;
  return `could not look: ${service}: ${reason}${missing}`;
}
