/** Strings of a plan's JSON that Terraform would read as expressions, each with its address. */
import type { Plan } from './synth';

export function expressions({ stacks }: Plan): string[] {
  return stacks.flatMap(({ name, text }) => walk(name, JSON.parse(text)));
}

function walk(at: string, value: unknown): string[] {
  if (typeof value === 'string') return isExpression(value) ? [`${at}: ${value}`] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    ...(isExpression(key) ? [`${at}: key ${key}`] : []),
    ...walk(`${at}.${key}`, item),
  ]);
}

/** Reads as Terraform does, from the left: a doubled mark before the brace is the mark itself. */
function isExpression(text: string): boolean {
  return /[$%]\{/.test(text.replaceAll(/\$\$\{|%%\{/g, '·'));
}
