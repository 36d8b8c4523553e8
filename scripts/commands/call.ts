/** `isthmus call`: arguments in, hops out. */
import { grants } from '../../model/access/table';
import type { Lab, Service } from '../../model/lab';
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
  return call(lab, from, to, { method, path });
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

/** The callee's health path where the row allows it, else the first path that the row names. */
function defaultPath(lab: Lab, from: Service, to: Service): string {
  const rules = grants(lab).find((grant) => grant.from.id === from.id && grant.to.id === to.id)?.rules ?? [];
  const [first] = rules.flatMap(({ paths }) => paths);
  return first === undefined || rules.some(({ paths }) => paths.length === 0) ? to.health : first;
}

/** The call as text for a person. */
export function formatCall(result: CallResult): string {
  const { from, to, method, path, status, ms, hops, ok, error } = result;
  const verdict = status === 0 ? `no answer: ${error ?? 'unknown'}` : `${status} in ${ms.toFixed(1)} ms`;
  const lines = [`${ok ? 'ok' : 'NOT OK'}  ${from} → ${to}  ${method} ${path}  ${verdict}`];
  for (const { at, identity, sni, refused, status: seen } of hops) {
    lines.push(`  ${at}${seen === undefined ? '' : `  ${seen}`}`);
    lines.push(`    peer ${identity ?? '(passes TLS on, sees no identity)'}`);
    if (sni !== null) lines.push(`    sni  ${sni}`);
    if (refused !== undefined) lines.push(`    refused: ${refused}`);
  }
  if (hops.length === 0) lines.push('  no proxy logged this request');
  return lines.join('\n');
}
