/** The access table as a person reads it: a matrix where it fits the terminal, a list where it does not. */
import { pairText, ruleText } from '../../model/access/changes';
import type { AccessReport } from '../commands/access';

const gap = '  ';

/** @param width columns of the terminal */
export function formatMatrix(report: AccessReport, width: number): string {
  const pods = inPods(report);
  if (report.grants.length === 0) {
    return ['The access table is empty: nobody may call anybody.', ...pods].join('\n');
  }
  const lines = matrix(report);
  const text = lines.every((line) => [...line].length <= width) ? lines : list(report);
  return [...text, ...pods, '', 'What is not there is refused. A path with … is a prefix.'].join('\n');
}

/** What guard lets pass between the containers of a pod. */
function inPods({ pods }: AccessReport): string[] {
  if (pods.length === 0) return [];
  return [
    '',
    'Inside a pod, between its containers:',
    ...pods.flatMap(({ pod, pairs }) =>
      pairs.length === 0 ? [`  ${pod}: nothing`] : pairs.map((pair) => `  ${pod}: ${pairText(pair)}`),
    ),
  ];
}

function list({ grants }: AccessReport): string[] {
  const longest = Math.max(...grants.map(({ from, to }) => from.length + to.length + 3));
  return grants.flatMap(({ from, to, rules }) =>
    rules.map((rule, index) => `${(index === 0 ? `${from} → ${to}` : '').padEnd(longest)}${gap}${ruleText(rule)}`),
  );
}

function matrix({ services, grants }: AccessReport): string[] {
  const callees = services.filter((id) => grants.some(({ to }) => to === id));
  const callers = [...services, 'anybody'].filter((id) => grants.some(({ from }) => from === id));
  const cell = (from: string, to: string): string[] => {
    const rules = grants.find((grant) => grant.from === from && grant.to === to)?.rules ?? [];
    return rules.length === 0 ? ['–'] : rules.map(ruleText);
  };
  const rows = [
    { head: 'from ↓  to →', cells: callees.map((to) => [to]) },
    ...callers.map((from) => ({ head: from, cells: callees.map((to) => cell(from, to)) })),
  ];
  const first = Math.max(...rows.map(({ head }) => head.length));
  const widths = callees.map((_, at) =>
    Math.max(...rows.flatMap(({ cells }) => (cells[at] ?? []).map((text) => text.length))),
  );
  return rows.flatMap(({ head, cells }) => {
    const height = Math.max(...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, line) =>
      [(line === 0 ? head : '').padEnd(first), ...cells.map((texts, at) => (texts[line] ?? '').padEnd(widths[at] ?? 0))]
        .join(gap)
        .trimEnd(),
    );
  });
}
