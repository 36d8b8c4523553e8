/** Plans as files that people review: what is text inside text is opened, what changes with every build has a name. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { root } from './labs';
import { type Json, resources, type Stack, unescaped } from './synth';

/**
 * Compares with `test/golden/NAME.json`, or writes it when UPDATE_GOLDEN is set.
 * @param name file name without its ending
 */
export function expectGolden(name: string, value: unknown): void {
  const file = join(root, 'test/golden', `${name}.json`);
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (process.env.UPDATE_GOLDEN !== undefined) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  // As data, for the better difference; as text, so that the order counts, too.
  expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  expect(text).toBe(readFileSync(file, 'utf8'));
}

/** A stack as a reviewer wants it. */
export function reviewable(stack: Stack): Json {
  const { name, dependencies, provider, terraform } = stack;
  const own = resources({ folder: '', stacks: [stack] });
  return {
    name,
    dependencies,
    terraform,
    provider,
    resources: Object.fromEntries(own.map(({ address, values }) => [address, opened(withoutTwins(values))])),
  };
}

/** A host's spec stands in the environment of its command and in what triggers it; once is enough to read. */
function withoutTwins({ '//': _metadata, ...values }: Json): Json {
  const triggers = Object.values((values.triggers_replace ?? {}) as Record<string, string>);
  const shown = (text: string) => (triggers.includes(text) ? '(as in triggers_replace)' : text);
  const provisioner = (values.provisioner ?? []) as { 'local-exec': { environment?: Record<string, string> } }[];
  return {
    ...values,
    ...(provisioner.length > 0 && {
      provisioner: provisioner.map(({ 'local-exec': exec }) => ({
        'local-exec': {
          ...exec,
          environment: Object.fromEntries(
            Object.entries(exec.environment ?? {}).map(([key, text]) => [key, shown(text)]),
          ),
        },
      })),
    }),
  };
}

/** Texts that hold data, read: JSON, and the YAML of Helm values. */
function opened(value: unknown): unknown {
  if (typeof value === 'string') return openedText(value);
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, opened(item)]));
}

function openedText(text: string): unknown {
  const plain = unescaped(text);
  if (/^[{[]/.test(plain)) return openedJson(plain);
  if (/^\w+:.*\n/.test(plain)) return opened(parse(plain));
  return plain.replace(/(assets\/[\w-]+\/)[0-9A-F]{32}/, '$1ASSET');
}

function openedJson(text: string): unknown {
  try {
    return opened(JSON.parse(text));
  } catch {
    // An expression of another language, such as a CEL list.
    return text;
  }
}
