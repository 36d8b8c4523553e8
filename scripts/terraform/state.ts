/** What Terraform's state says, read without changing it: how much there is, and whose it is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { labTag } from '../../model/names';
import { FailureError } from '../errors';
import { run } from '../machine/exec';
import type { TerraformProgram } from './program';
import { type Stack, stateLocation } from './stacks';

/** Whose a state is. What is not known is left out. */
export interface Owner {
  readonly lab?: string;
  readonly region?: string;
  readonly account?: string;
}

export interface StateSummary {
  /** Addresses of the resources that it holds. */
  readonly resources: readonly string[];
  /** Owners that the resources themselves name by their tags and ARNs. */
  readonly owner: {
    readonly labs: readonly string[];
    readonly regions: readonly string[];
    readonly accounts: readonly string[];
  };
  readonly outputs: Readonly<Record<string, unknown>>;
}

const schema = z.object({
  outputs: z.record(z.string(), z.object({ value: z.unknown() })).default({}),
  resources: z
    .array(
      z.object({
        mode: z.string(),
        type: z.string(),
        name: z.string(),
        instances: z.array(z.object({ attributes: z.record(z.string(), z.unknown()).nullish() })).default([]),
      }),
    )
    .default([]),
});

/** State before anything was applied. */
const emptyState: StateSummary = {
  resources: [],
  owner: { labs: [], regions: [], accounts: [] },
  outputs: {},
};

/**
 * Reads a state.
 * @param text the JSON of a state file or of `terraform state pull`; an empty one is a state that was never written
 * @param where for the message
 * @throws FailureError when it can't be read: going on without it would lose what it knows
 */
export function parseState(text: string, where: string): StateSummary {
  if (text.trim() === '') return emptyState;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const { data } = schema.safeParse(json);
  if (data === undefined) {
    throw new FailureError(
      `${where} is no Terraform state. Nothing was changed.\n    fix:     put the newest backup in its place (${where}.backup, or an older version of the object in S3), then try again`,
    );
  }
  const managed = data.resources.filter(({ mode }) => mode === 'managed');
  const attributes = managed.flatMap(({ instances }) => instances.map((instance) => instance.attributes ?? {}));
  const arns = attributes.map(({ arn }) => /^arn:aws[^:]*:[^:]*:([^:]*):(\d{12}):/.exec(String(arn)));
  return {
    resources: managed.filter(({ instances }) => instances.length > 0).map(({ type, name }) => `${type}.${name}`),
    owner: {
      labs: distinct(attributes.map(({ tags_all: tags }) => (isRecord(tags) ? tags[labTag] : undefined))),
      // Global services have no region in their ARNs.
      regions: distinct(arns.map((arn) => arn?.[1])),
      accounts: distinct(arns.map((arn) => arn?.[2])),
    },
    outputs: Object.fromEntries(Object.entries(data.outputs).map(([name, { value }]) => [name, value])),
  };
}

/** Reads a state file; a missing one is an empty state. */
export function readStateFile(file: string): StateSummary {
  return existsSync(file) ? parseState(readFileSync(file, 'utf8'), file) : emptyState;
}

/** A state file of a checkout. */
export interface LocalState extends StateSummary {
  readonly stack: string;
  /** Its name in the checkout. */
  readonly file: string;
}

/** The states in a checkout, of whatever lab, that hold anything. */
export function localStates(checkout: string): LocalState[] {
  return readdirSync(checkout).flatMap((file) => {
    const stack = /^terraform\.(.+)\.tfstate$/.exec(file)?.[1];
    if (stack === undefined) return [];
    const state = readStateFile(join(checkout, file));
    return state.resources.length === 0 ? [] : [{ ...state, stack, file }];
  });
}

/** Reads a stack's state, wherever it is. One that is not in a file takes an initialised stack. */
export async function readState(
  stack: Stack,
  { command }: TerraformProgram,
  env: Readonly<Record<string, string>>,
): Promise<StateSummary> {
  const location = stateLocation(stack);
  if (location.kind === 'file') return readStateFile(location.file);
  const { stdout } = await run(command, ['state', 'pull'], { cwd: stack.folder, env });
  return parseState(stdout, `the state of ${stack.name} in ${location.backend}`);
}

/**
 * Why a stack's state may not be touched by this lab: what it belongs to is something else.
 * @returns such as `lab demo, not weather`; `undefined` when nothing speaks against it
 */
export function otherOwner(own: Owner, state: StateSummary, recorded: Owner = {}): string | undefined {
  const { labs, regions, accounts } = state.owner;
  const differences = [
    difference('lab', own.lab, [...labs, recorded.lab]),
    difference('region', own.region, [...regions, recorded.region]),
    difference('account', own.account, [...accounts, recorded.account]),
  ].filter((text) => text !== undefined);
  return differences.length === 0 ? undefined : differences.join('; ');
}

function difference(what: string, own: string | undefined, found: readonly (string | undefined)[]): string | undefined {
  const others = distinct(found).filter((value) => value !== own);
  if (own === undefined || others.length === 0) return undefined;
  return `${what} ${others.join(', ')}, not ${own}`;
}

function distinct(values: readonly unknown[]): string[] {
  return [...new Set(values.filter((value): value is string => typeof value === 'string' && value !== ''))];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
