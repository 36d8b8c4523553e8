/** A fault of a pod as one line: an admission answer is one message. */
import { type Fault, formatPath } from '../fault';

export function formatReason({ path, problem, value, allowed, fix }: Fault): string {
  const parts = [
    `${formatPath(path)}: ${problem}`,
    ...(value === undefined ? [] : [`value: ${JSON.stringify(value)}`]),
    ...(allowed === undefined ? [] : [`allowed: ${allowed}`]),
    `fix: ${fix}`,
  ];
  return parts.join('; ');
}
