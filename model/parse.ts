/** YAML text → {@link Lab}, once, at the edge: every fault of a file is found in one go. */
import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { crossCheck, type LooseLab } from './check';
import { checkPrograms } from './check-programs';
import { complete } from './complete';
import type { Fault } from './fault';
import { type Lab, platforms } from './lab';
import { nearest } from './nearest';
import { accessSchema, imagesSchema, labSchema, meshSchema, serviceSchema, settingsSchema } from './schema';
import { awsSchema } from './schema-aws';

export type Parsed = { readonly lab: Lab; readonly faults: [] } | { readonly lab?: never; readonly faults: Fault[] };

/**
 * Reads a lab file. Returns either a complete lab or all its faults, in the order of the file.
 * @param isThere whether a program's path, as it stands in the file, leads to a file
 */
export function parseLab(text: string, isThere: (path: string) => boolean = () => true): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, logLevel: 'error' });
  const lineAt = (offset: number | undefined) => (offset === undefined ? {} : { line: lines.linePos(offset).line });
  const unreadable = [...syntaxFaults(document, lineAt), ...aliasFaults(document, lineAt)];
  if (unreadable.length > 0) return { faults: unreadable };
  const located = (fault: Fault): Fault => ({ ...fault, ...lineAt(offsetOf(document, fault.path)) });
  const faults: Fault[] = [];
  const loose = readEntries(document.toJS() ?? {}, faults);
  if (loose !== undefined) faults.push(...crossCheck(loose), ...checkPrograms(loose, isThere));
  if (loose === undefined || faults.length > 0) {
    return { faults: faults.map(located).sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) };
  }
  return { lab: complete(loose), faults: [] };
}

/**
 * Lines of a list or mapping's entries in a lab file, from 1.
 * @param text a lab file without faults
 */
export function linesOf(text: string, key: 'access', count: number): (number | undefined)[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  return Array.from({ length: count }, (_, index) => {
    const offset = offsetOf(document, [key, index]);
    return offset === undefined ? undefined : lines.linePos(offset).line;
  });
}

type LineAt = (offset: number | undefined) => { line?: number };

function syntaxFaults({ errors }: Document, lineAt: LineAt): Fault[] {
  return errors.map((error) => ({
    path: [],
    ...lineAt(error.pos[0]),
    problem: `is not YAML: ${error.message.split('\n')[0]?.replace(/ at line .*$/, '')}`,
    fix: 'mend the syntax; labs/local.yaml shows the form',
  }));
}

/** An alias may stand for itself, for nothing, or for a thousand copies; a lab file needs none. */
function aliasFaults(document: Document, lineAt: LineAt): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias: (_key, { source, range }) => {
      const problem = 'holds a YAML alias, which lab files do not have';
      faults.push({ path: [], ...lineAt(range?.[0]), value: `*${source}`, problem, fix: 'write the value out' });
    },
  });
  return faults;
}

/** Where a path begins in the file: its key, or that of the innermost part that is there. */
function offsetOf(document: Document, path: Fault['path']): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const name = path[depth - 1];
    const key = isMap(parent)
      ? parent.items.map((pair) => pair.key).find((found) => isScalar(found) && found.value === name)
      : document.getIn(path.slice(0, depth), true);
    if (isNode(key) && !isAlias(key) && key.range) return key.range[0];
  }
  return undefined;
}

/** The names and lists of an access row, whatever else is wrong with it. */
const looseRowSchema = z
  .object({
    from: z.string().optional().catch(undefined),
    to: z.string().optional().catch(undefined),
    methods: z.array(z.string()).optional().catch(undefined),
    paths: z.array(z.string()).optional().catch(undefined),
  })
  .catch({});

function readEntries(raw: unknown, faults: Fault[]): LooseLab | undefined {
  const top = read(labSchema, raw, [], faults);
  // Even a file with faults at the top is read as deep as its shape allows.
  const shape = z.object({
    name: z.string().catch('lab'),
    meshes: z.record(z.string(), z.unknown()).catch({}),
    services: z.record(z.string(), z.unknown()).catch({}),
    access: z.array(z.unknown()).catch([]),
    settings: z.unknown().optional(),
    platform: z.enum(platforms).optional().catch(undefined),
    aws: z.unknown().optional(),
    images: z.unknown().optional(),
  });
  const parts = shape.safeParse(top ?? raw);
  if (!parts.success) return undefined;
  const { name, platform, meshes, services, access, settings, aws, images } = parts.data;
  const entries = <T>(schema: z.ZodType<T>, of: Record<string, unknown>, key: string) =>
    Object.entries(of).map(([id, value]) => ({ id, value: read(schema, value ?? {}, [key, id], faults) }));
  return {
    name,
    platform,
    hasAws: aws !== undefined,
    aws: aws === undefined ? undefined : read(awsSchema, aws ?? {}, ['aws'], faults),
    images: read(imagesSchema, images ?? {}, ['images'], faults),
    meshes: entries(meshSchema, meshes, 'meshes'),
    services: entries(serviceSchema, services, 'services'),
    access: access.map((row, index) => ({
      ...looseRowSchema.parse(row),
      value: read(accessSchema, row, ['access', index], faults),
    })),
    settings: read(settingsSchema, settings ?? {}, ['settings'], faults),
  };
}

function read<T>(schema: z.ZodType<T>, value: unknown, path: (string | number)[], faults: Fault[]): T | undefined {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  faults.push(...result.error.issues.flatMap((issue) => toFaults(issue, path)));
  return undefined;
}

function toFaults(issue: z.core.$ZodIssue, base: (string | number)[]): Fault[] {
  const path = [...base, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key], key, allowedKeys(base, issue.path)));
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      if (issue.input === undefined) return [missing(path, allowed.join(', '))];
      const near = nearest(String(issue.input), allowed);
      const fix = near === undefined ? `write one of: ${allowed.join(', ')}` : `did you mean ${near}?`;
      return [
        { path, value: issue.input, problem: 'is not one of the allowed values', allowed: allowed.join(', '), fix },
      ];
    }
    case 'invalid_type': {
      if (issue.input === undefined) return [missing(path, describe(issue.expected))];
      const expected = describe(issue.expected);
      return [{ path, value: issue.input, problem: 'has the wrong type', allowed: expected, fix: `write ${expected}` }];
    }
    case 'too_small':
    case 'too_big': {
      const what = boundOf(issue, path);
      return [{ path, value: issue.input, problem: 'is out of range', allowed: what, fix: `write ${what}` }];
    }
    case 'invalid_key':
      return issue.issues.map((inner) => ({
        path,
        value: path.at(-1),
        problem: 'is not a valid name',
        allowed: inner.message.replace(/^must be /, ''),
        fix: 'rename it',
      }));
    case 'custom': {
      const allowed = issue.message.replace(/^must be /, '');
      const { problem = 'is not valid', fix = `write ${allowed}` } = issue.params ?? {};
      return [{ path, value: issue.input, problem, allowed, fix }];
    }
    default: {
      const allowed = issue.message.replace(/^must be /, '');
      return [{ path, value: issue.input, problem: 'is not valid', allowed, fix: `write ${allowed}` }];
    }
  }
}

function boundOf(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, of: Fault['path']): string {
  const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
  switch (issue.origin) {
    case 'array':
      return of[0] === 'access' ? `${bound} entry, or leave the key out for "all"` : `${bound} entries`;
    case 'string':
      return `${bound} character`;
    default:
      return bound;
  }
}

function missing(path: Fault['path'], allowed: string): Fault {
  return { path, problem: 'is missing', allowed, fix: `add ${String(path.at(-1))}` };
}

function unknownKey(path: Fault['path'], key: string, allowed: readonly string[]): Fault {
  const near = nearest(key, allowed);
  const fix = near === undefined ? 'remove it' : `did you mean ${near}?`;
  return { path, problem: 'is not a known key', value: key, allowed: allowed.join(', '), fix };
}

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  /** Of entries whose keys are names; false where there are none. */
  readonly additionalProperties?: Shape | false;
  readonly items?: Shape;
}

/** Keys that may stand at a place below an entry. */
function allowedKeys(base: readonly (string | number)[], below: readonly PropertyKey[]): readonly string[] {
  const schemas = {
    meshes: meshSchema,
    services: serviceSchema,
    access: accessSchema,
    settings: settingsSchema,
    aws: awsSchema,
    images: imagesSchema,
  };
  const schema = schemas[base[0] as keyof typeof schemas] ?? labSchema;
  const whole = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape;
  const place = below.reduce<Shape | undefined>(
    (shape, key) => shape?.properties?.[String(key)] || shape?.additionalProperties || shape?.items || undefined,
    whole,
  );
  return Object.keys(place?.properties ?? schema.shape);
}

function describe(expected: string): string {
  const words: Record<string, string> = {
    int: 'a whole number',
    number: 'a number',
    string: 'text',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping of keys to values',
    record: 'a mapping of names to values',
  };
  return words[expected] ?? expected;
}
