/** Faults of a pod as lines of one message: an admission answer has no more. */
import { type Fault, formatPath } from '../fault';
import { limits } from './size';

/** The first faults, each as one line, and how many more there are. */
export function formatReasons(faults: readonly Fault[]): string[] {
  const more = faults.length - limits.faults;
  const reasons = faults.slice(0, limits.faults).map(formatReason);
  return more > 0 ? [...reasons, `and ${more} more`] : reasons;
}

export function formatReason({ path, problem, value, allowed, fix }: Fault): string {
  const parts = [
    `${formatPath(path)}: ${problem}`,
    ...(value === undefined ? [] : [`value: ${cut(JSON.stringify(value))}`]),
    ...(allowed === undefined ? [] : [`allowed: ${cut(allowed)}`]),
    `fix: ${fix}`,
  ];
  return parts.join('; ');
}

/** Letters of one value in a message. */
const longest = 1_000;

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
