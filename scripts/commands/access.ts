/** `isthmus access`: who may call whom, and which row and object decides. */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { type Caller, callerOf, type Refusal } from '../../model/access/decide';
import { type Explanation, explain } from '../../model/access/explain';
import { grants, pageRule, rowsBetween } from '../../model/access/table';
import { canonicalId, type Lab, shortId } from '../../model/lab';
import type { outputs } from '../../model/output';
import { linesOf } from '../../model/parse';
import { formatMatrix } from '../access/format';
import { opaBundle } from '../access/opa';
import { pathArgument, serviceArgument } from '../arguments';
import { shownPath } from '../load';
import type { Cli } from './cli';

export type AccessReport = z.output<typeof outputs.access>;
export type ExplainReport = z.output<(typeof outputs)['access-explain']>;
type Lines = readonly (number | undefined)[];

export function addAccessCommands({ program, lab, config, say, json }: Cli): void {
  const access = program
    .command('access')
    .description('who may call whom, from the access table; exit status 0')
    .option('--json', 'machine-readable output')
    .option('--opa <folder>', 'write the table as a bundle for Open Policy Agent instead')
    .action((options: { json?: boolean; opa?: string }) => {
      const wanted = lab();
      if (options.opa !== undefined) {
        const files = opaBundle(wanted, linesIn(config(), wanted), options.opa);
        return options.json === true ? json({ files }) : say(`Wrote ${files.join(', ')} to ${options.opa}.`);
      }
      const report = accessReport(wanted, linesIn(config(), wanted));
      if (options.json === true) json(report);
      else say(formatMatrix(report, process.stdout.columns ?? 120));
    });
  access
    .command('explain <from> <to> <method> <path>')
    .description('whether a request passes, by which row, and which object of which mesh decides; FROM may be anybody')
    .option('--upgrade', 'as a request to switch to another protocol, such as a websocket')
    .option('--json', 'machine-readable output')
    .action(
      (
        from: string,
        to: string,
        method: string,
        path: string,
        _options: unknown,
        command: { optsWithGlobals(): { json?: boolean; upgrade?: boolean } },
      ) => {
        const wanted = lab();
        const options = command.optsWithGlobals();
        const given = { from, to, method, path, upgrade: options.upgrade === true };
        const report = explainReport(wanted, linesIn(config(), wanted), given);
        if (options.json === true) json(report);
        else say(formatExplain(report, shownPath(config())));
        if (!report.allowed) process.exitCode = 1;
      },
    );
}

function linesIn(file: string, lab: Lab): Lines {
  return linesOf(readFileSync(file, 'utf8'), 'access', lab.access.length);
}

export function accessReport(lab: Lab, lines: Lines): AccessReport {
  const rows = grants(lab).map(({ from, to }) => ({
    from: shortId(from),
    to: shortId(to),
    rules: rowsBetween(lab, from, to).map((row) => ({
      row,
      line: lines[row] ?? null,
      methods: [...(lab.access[row]?.methods ?? [])],
      paths: [...(lab.access[row]?.paths ?? [])],
    })),
  }));
  const pages = lab.services
    .filter(({ expose }) => expose === 'page')
    .map((page) => ({
      from: 'anybody',
      to: shortId(page),
      rules: [{ row: null, line: null, methods: [...pageRule.methods], paths: [] }],
    }));
  const pods = lab.services
    .filter(({ containers, guard }) => containers.length + guard.length > 0)
    .map((one) => ({ pod: shortId(one), pairs: one.guard.map((pair) => ({ ...pair })) }));
  return { services: lab.services.map(shortId), grants: [...rows, ...pages], pods };
}

export interface ExplainArguments {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  /** Whether the request asks to switch to another protocol. @default - it does not */
  readonly upgrade?: boolean;
}

export function explainReport(lab: Lab, lines: Lines, given: ExplainArguments): ExplainReport {
  const caller: Caller = given.from === 'anybody' ? 'anybody' : callerOf(lab, serviceArgument(lab, given.from).id);
  const callee = serviceArgument(lab, given.to);
  const { method } = given;
  const target = pathArgument(given.path);
  const found = explain(lab, caller, callee, method, target, given.upgrade);
  const { decision, decidedBy, points } = found;
  const asked = { from: caller === 'anybody' ? caller : shortId(caller), to: shortId(callee), method, target };
  if (decidedBy === undefined) {
    const why = `not decided by this lab: mesh ${callee.mesh} was there before, and its own policies decide inside it`;
    return {
      ...asked,
      allowed: false,
      read: null,
      reason: 'not decided',
      why,
      rows: [],
      decidedBy: null,
      points: [...points],
    };
  }
  const rows = decision.allowed
    ? decision.ground.kind === 'row'
      ? [decision.ground.index]
      : []
    : 'rows' in decision.refusal
      ? decision.refusal.rows
      : [];
  const reason = decision.allowed ? decision.ground.kind : decision.refusal.kind;
  return {
    ...asked,
    allowed: decision.allowed,
    read: decision.target ?? null,
    reason,
    why: whyOf(found, lab, given.from),
    rows: rows.map((row) => ({ row, line: lines[row] ?? null })),
    // What a proxy can't read in one way only, it refuses before any object of ours is asked.
    decidedBy: reason === 'unreadable' ? null : decidedBy,
    points: [...points],
  };
}

function whyOf({ decision }: Explanation, lab: Lab, from: string): string {
  if (decision.allowed) {
    return decision.ground.kind === 'page'
      ? 'the service is exposed as a page, which anybody may read'
      : 'a row allows it';
  }
  return refusalText(decision.refusal, lab, canonicalId(from));
}

function refusalText(refusal: Refusal, lab: Lab, from: string): string {
  switch (refusal.kind) {
    case 'no row':
      return from === 'anybody' ? 'the service is not exposed as a page' : 'no row lets the one call the other';
    case 'unreadable':
      return `a proxy refuses the request before any rule: ${refusal.why}`;
    case 'upgrade':
      return 'no proxy on the way reads what follows a switch of protocols: only a row without methods and paths allows it';
    case 'method': {
      const allowed = refusal.rows.flatMap((row) => lab.access[row]?.methods ?? []);
      return `no row allows this method; allowed: ${[...new Set(allowed.length > 0 ? allowed : pageRule.methods)].join(', ')}`;
    }
    case 'path': {
      const allowed = refusal.rows.flatMap((row) => lab.access[row]?.paths ?? []);
      return `no row allows this path with this method; allowed: ${[...new Set(allowed)].join(', ')}`;
    }
  }
}

/** The verdict as text for a person. */
export function formatExplain(report: ExplainReport, file: string): string {
  const { allowed, from, to, method, target, read, reason, why, rows, decidedBy, points } = report;
  const places = rows.map(({ row, line }) => `access[${row}]${line === null ? '' : `, ${file}:${line}`}`);
  return [
    `${reason === 'not decided' ? 'NOT DECIDED' : allowed ? 'ALLOWED' : 'REFUSED'}  ${from} → ${to}  ${method} ${target}`,
    `  ${why}${places.length === 0 ? '' : ` (${places.join('; ')})`}`,
    ...(read !== null && read !== target ? [`  read by the proxies as ${read}`] : []),
    ...(decidedBy === null ? [] : [`  decided at ${decidedBy.at}: ${decidedBy.object}`]),
    ...(points.length === 0 ? [] : ['  on the way:']),
    ...points.map(
      ({ at, object, enforces }) => `    ${at}  ${object}  ${enforces === 'help' ? 'help only' : `checks ${enforces}`}`,
    ),
  ].join('\n');
}
