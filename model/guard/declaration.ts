/** What the author of a pod declares: which container may call which, on which port. */
// As a namespace: the named import would bundle Zod's translations into the webhook.
import * as z from 'zod';
import type { Fault } from '../fault';
import { nearest } from '../nearest';
import { annotationPrefix, annotations, proxyOfPort } from './names';
import { limits, tooMany } from './size';
import type { Container } from './types';

export type Protocol = 'TCP' | 'UDP';

/** A call that passes. `from` may be `to`: a container that calls itself, or an exec probe inside it. */
export interface Pair {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly protocol: Protocol;
}

export interface Declaration {
  readonly pairs: readonly Pair[];
  /** Containers that are one party: they share one user, and a pair of one is a pair of all. */
  readonly sharedUsers: readonly (readonly string[])[];
}

export interface ParsedDeclaration {
  /** What could be read. Of no use while there are faults. */
  readonly declaration: Declaration;
  readonly faults: readonly Fault[];
}

type Annotations = Readonly<Record<string, string>>;

const entrySchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  port: z.union([z.number(), z.string()]),
  protocol: z.enum(['TCP', 'UDP']).default('TCP'),
});

const looseSchema = z.object({
  from: z.string().optional().catch(undefined),
  to: z.string().optional().catch(undefined),
  port: z.union([z.number(), z.string()]).optional().catch(undefined),
});

/**
 * Reads the annotations of a pod. `containers` are the author's: neither a proxy's nor guard's.
 * Faults come at once, the first twenty or so; each says the annotation, the entry and the field.
 */
export function parseDeclaration(given: Annotations, containers: readonly Container[]): ParsedDeclaration {
  const faults: Fault[] = [...strangeKeys(given), ...switchedOff(given)];
  const pairs = parsePairs(given[annotations.allow], containers, faults);
  const sharedUsers = parseShared(given[annotations.sharedUsers], containers, faults);
  return { declaration: { pairs, sharedUsers }, faults };
}

function strangeKeys(given: Annotations): Fault[] {
  const known: readonly string[] = Object.values(annotations);
  return Object.keys(given)
    .filter((key) => key.startsWith(annotationPrefix) && !known.includes(key))
    .slice(0, limits.faults)
    .map((key) => {
      const meant = nearest(key, known);
      return {
        path: [key],
        problem: 'is no annotation of guard',
        allowed: known.slice(0, 3).join(', '),
        fix: meant === undefined ? 'remove it' : `write ${meant}`,
      };
    });
}

function switchedOff(given: Annotations): Fault[] {
  const value = given[annotations.enabled];
  if (value === undefined || value === 'true') return [];
  const fix = 'remove the annotation, or run the pod in a namespace that is not guarded';
  return [{ path: [annotations.enabled], problem: 'switches nothing off', value, allowed: '"true"', fix }];
}

function parsePairs(text: string | undefined, containers: readonly Container[], faults: Fault[]): Pair[] {
  const example = '[{"from": "app", "to": "cache", "port": 9000}]';
  const entries = parseList(annotations.allow, text, example, faults);
  const pairs: Pair[] = [];
  const seen = new Map<string, number>();
  entries.forEach((entry, index) => {
    if (faults.length > limits.faults) return;
    const path = [annotations.allow, index];
    const pair = parsePair(path, entry, containers, faults);
    if (pair === undefined) return;
    const key = JSON.stringify([pair.from, pair.to, pair.port, pair.protocol]);
    const twin = seen.get(key);
    if (twin !== undefined) {
      faults.push({ path, value: entry, problem: `says the same as entry ${twin}`, fix: 'remove one of the two' });
      return;
    }
    seen.set(key, index);
    pairs.push(pair);
  });
  return pairs;
}

function parseList(key: string, text: string | undefined, example: string, faults: Fault[]): unknown[] {
  if (text === undefined) return [];
  if (text.length > limits.declaration) {
    faults.push(tooMany([key], 'letters', text.length, limits.declaration));
    return [];
  }
  const allowed = `a JSON list, for example ${example}`;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.length <= limits.entries) return value;
    if (Array.isArray(value)) {
      faults.push(tooMany([key], 'entries', value.length, limits.entries));
      return [];
    }
    faults.push({ path: [key], problem: 'is no list', value: text, allowed, fix: 'write a JSON list' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    faults.push({ path: [key], problem: `is no JSON (${reason})`, value: text, allowed, fix: 'write a JSON list' });
  }
  return [];
}

function parsePair(
  path: (string | number)[],
  entry: unknown,
  containers: readonly Container[],
  faults: Fault[],
): Pair | undefined {
  const before = faults.length;
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) faults.push(...entryFaults(path, entry, parsed.error.issues));
  // What can be read of a wrong entry is looked at as well: all of its faults come at once.
  const { from, to, port, protocol } = parsed.success ? parsed.data : readable(entry);
  for (const [field, name] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (name !== undefined && !containers.some((container) => container.name === name)) {
      faults.push(unknownContainer([...path, field], name, containers));
    }
  }
  const callee = containers.find((container) => container.name === to);
  const number = port === undefined ? undefined : resolvePort([...path, 'port'], port, protocol, callee, faults);
  if (!parsed.success || number === undefined || faults.length > before) return undefined;
  return { from: parsed.data.from, to: parsed.data.to, port: number, protocol: parsed.data.protocol };
}

/** The fields of a wrong entry that are right by themselves. Which protocol was meant is not known then. */
function readable(entry: unknown): { from?: string; to?: string; port?: number | string; protocol?: Protocol } {
  const { from, to, port } = looseSchema.safeParse(entry).data ?? {};
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(port === undefined ? {} : { port }),
  };
}

function entryFaults(path: (string | number)[], entry: unknown, issues: readonly z.core.$ZodIssue[]): Fault[] {
  const strange = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  const meant = strange.slice(0, limits.faults).map((key) => nearest(key, fields));
  // A mistyped field is one fault, not a strange and a missing one.
  return issues
    .flatMap((issue) => shapeFaults(path, entry, issue))
    .filter(({ path: at, problem }) => problem !== missing || !meant.includes(String(at.at(-1))));
}

const fields = ['from', 'to', 'port', 'protocol'];
const missing = 'is missing';

function shapeFaults(path: (string | number)[], entry: unknown, issue: z.core.$ZodIssue): Fault[] {
  const allowed = '{"from": container, "to": container, "port": number or name, "protocol": "TCP" or "UDP"}';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, limits.faults).map((key) => {
      const meant = nearest(key, fields);
      const fix = meant === undefined ? 'remove it' : `write ${meant}`;
      return { path: [...path, key], problem: 'is no field of an entry', allowed: fields.join(', '), fix };
    });
  }
  const at = issue.path.filter((key) => typeof key !== 'symbol');
  const [field] = at;
  if (field === undefined) {
    return [{ path, problem: 'is no entry', value: entry, allowed, fix: 'write an object' }];
  }
  const value: unknown = Object.entries(entry ?? {}).find(([key]) => key === field)?.[1];
  if (value === undefined) return [{ path: [...path, ...at], problem: missing, allowed, fix: `add "${field}"` }];
  const kinds: Readonly<Record<string, string>> = {
    protocol: '"TCP" or "UDP"',
    port: '1 to 65535, or the name of a port',
  };
  const wanted = kinds[String(field)] ?? 'the name of a container';
  return [{ path: [...path, ...at], problem: 'is not allowed', value, allowed: wanted, fix: 'correct it' }];
}

/** Names among which a mistyped one is looked for. */
const compared = 20;

function unknownContainer(path: (string | number)[], name: string, containers: readonly Container[]): Fault {
  const names = containers.map((container) => container.name);
  const meant = nearest(name, names.slice(0, compared));
  return {
    path,
    problem: 'is no container of this pod that a declaration may name',
    value: name,
    allowed: names.join(', '),
    fix: meant === undefined ? 'write the name of a container' : `write ${meant}`,
  };
}

function resolvePort(
  path: (string | number)[],
  port: number | string,
  protocol: Protocol | undefined,
  callee: Container | undefined,
  faults: Fault[],
): number | undefined {
  if (typeof port === 'string') {
    if (callee === undefined) return undefined;
    const ports = (callee.ports ?? []).filter(
      (entry) => protocol === undefined || (entry.protocol ?? 'TCP') === protocol,
    );
    const named = ports.find((entry) => entry.name === port);
    if (named !== undefined) return resolvePort(path, named.containerPort, protocol, callee, faults);
    const names = ports.flatMap((entry) => (entry.name === undefined ? [] : [entry.name]));
    const meant = nearest(port, names.slice(0, compared));
    faults.push({
      path,
      problem: `is no ${protocol === undefined ? '' : `${protocol} `}port of container ${callee.name}`,
      value: port,
      allowed: names.length === 0 ? 'a number: the container names no port' : names.join(', '),
      fix: meant === undefined ? 'write the number' : `write ${meant}`,
    });
    return undefined;
  }
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    faults.push({ path, problem: 'is no port', value: port, allowed: '1 to 65535', fix: 'write the port' });
    return undefined;
  }
  const owner = proxyOfPort(port);
  if (owner !== undefined) {
    const problem = `belongs to ${owner === 'istio' ? "Istio's" : "Consul's"} proxy: the pair would open it`;
    faults.push({ path, problem, value: port, allowed: 'any other port', fix: 'let the container listen elsewhere' });
    return undefined;
  }
  return port;
}

const sharedSchema = z.array(z.string()).min(2);

function parseShared(text: string | undefined, containers: readonly Container[], faults: Fault[]): string[][] {
  const key = annotations.sharedUsers;
  const example = '[["migrate", "app"]]';
  const groups: string[][] = [];
  const seen = new Set<string>();
  parseList(key, text, example, faults).forEach((entry, index) => {
    if (faults.length > limits.faults) return;
    const parsed = sharedSchema.safeParse(entry);
    if (!parsed.success) {
      const allowed = 'a list of at least two container names';
      faults.push({ path: [key, index], problem: 'is no group', value: entry, allowed, fix: `write ${example}` });
      return;
    }
    parsed.data.forEach((name, place) => {
      if (faults.length > limits.faults) return;
      const path = [key, index, place];
      if (!containers.some((container) => container.name === name)) {
        faults.push(unknownContainer(path, name, containers));
      }
      if (seen.has(name)) faults.push({ path, problem: 'is named twice', value: name, fix: 'name it once' });
      seen.add(name);
    });
    groups.push(parsed.data);
  });
  return groups;
}
