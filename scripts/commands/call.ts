/** `isthmus call`: arguments in, hops out. */
import { grants } from '../../model/access/table';
import { type Lab, type Service, shortId } from '../../model/lab';
import { methodArgument, pathArgument, serviceArgument } from '../arguments';
import { call } from '../call/call';
import type { CallResult } from '../call/hop';
import { UsageError } from '../errors';

export interface CallArguments {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly path?: string | undefined;
  readonly method?: string | undefined;
}

/** Without names: the first row of the table that crosses the border. */
export async function callCommand(lab: Lab, given: CallArguments): Promise<CallResult> {
  const { from, to } = endpoints(lab, given);
  const method = methodArgument(given.method ?? 'GET');
  const path = given.path === undefined ? defaultPath(lab, from, to) : pathArgument(given.path);
  const result = await call(lab, from, to, { method, path });
  const note = `no row of the access table lets ${shortId(from)} call ${shortId(to)}`;
  return rulesOf(lab, from, to).length > 0 ? result : { ...result, note };
}

function endpoints(lab: Lab, { from, to }: CallArguments): { from: Service; to: Service } {
  if (from !== undefined && to !== undefined) return { from: serviceArgument(lab, from), to: serviceArgument(lab, to) };
  if (from !== undefined)
    throw new UsageError('name both ends: isthmus call FROM TO [PATH], for example west/backend east/info');
  const rows = grants(lab);
  const row = rows.find((grant) => grant.from.mesh !== grant.to.mesh) ?? rows[0];
  if (row === undefined)
    throw new UsageError('the access table is empty: nobody may call anybody. Add a row under access');
  return row;
}

/** The callee's health path where a row allows it, else the first path that a row names. */
function defaultPath(lab: Lab, from: Service, to: Service): string {
  const paths = rulesOf(lab, from, to).map((rule) => rule.paths);
  const named = paths.flat();
  const covers = (path: string) => path === to.health || (path.endsWith('/') && to.health.startsWith(path));
  return paths.some((list) => list.length === 0) || named.some(covers) ? to.health : (named[0] ?? to.health);
}

function rulesOf(lab: Lab, from: Service, to: Service) {
  return grants(lab).find((grant) => grant.from.id === from.id && grant.to.id === to.id)?.rules ?? [];
}

/** The call as text for a person. */
export function formatCall(result: CallResult): string {
  const { from, to, method, path, status, ms, hops, ok, error } = result;
  const verdict = status === 0 ? `no answer: ${error ?? 'unknown'}` : `${status} in ${ms.toFixed(1)} ms`;
  const allowed = status >= 400 && hops.length > 0 && hops.every(({ refused }) => refused === undefined);
  const head = ok ? 'ok' : allowed ? 'ALLOWED, BUT ANSWERED WITH AN ERROR' : 'NOT OK';
  const lines = [`${head}  ${from} → ${to}  ${method} ${path}  ${verdict}`];
  for (const { at, identity, sni, refused, status: seen } of hops) {
    lines.push(`  ${at}${seen === undefined ? '' : `  ${seen}`}`);
    lines.push(`    peer ${identity ?? '(passes TLS on, sees no identity)'}`);
    if (sni !== null) lines.push(`    sni  ${sni}`);
    if (refused !== undefined) lines.push(`    refused: ${refused}`);
  }
  if (result.note !== undefined) lines.push(`  ${result.note}`);
  else if (hops.length === 0) lines.push('  no proxy logged this request');
  return lines.join('\n');
}
