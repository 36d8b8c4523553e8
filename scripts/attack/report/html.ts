/** Results as one page for people, without anything from elsewhere: what was tried, what answered, what stopped it. */
import { type Group, groups, isGood, provesNothing, type Result, verdict } from '../attack';
import { escaped } from './escape';
import type { NotPlayed } from './report';
import { style } from './style';

export interface PageOptions {
  readonly lab: string;
  readonly began: Date;
  readonly seconds: number;
  /** @default - everything was */
  readonly notPlayed?: readonly NotPlayed[];
}

const about: Readonly<Record<Group, string>> = {
  identity: "Certificates that are not the consumer's, at the callee across the border.",
  'mesh-identity': "Certificates that are not the caller's, inside Istio.",
  gateway: "Server names and bytes that Consul's mesh gateway has no way for.",
  host: "The provider's own host, from beside it in Consul's network: past both gateways.",
  reverse: "Certificates, names and requests at Istio's federation gateway, from Consul's network.",
  peering: "The one port of Consul's servers that the other network reaches.",
  rules: 'Methods, headers and callers that no row names.',
  paths: 'Ways to write a forbidden path so that it looks allowed.',
  smuggling: 'Two requests written as one.',
  border: 'Direct ways from one network to the other, past every proxy.',
  credentials: 'What stolen Kubernetes tokens are good for.',
  exchange: 'A stolen trust exchange, within the kinds that it may write.',
  'control-plane': 'Control and telemetry ports, from tenants.',
  machine: 'What a program finds on its own machine and in its own pod.',
  plane: "The federation plane's Consul, from beside it.",
  guard: 'Containers of one pod, from each other.',
  import: "An import, from beside its consumer: in the consumer's own namespace, and on the wire.",
  impostor: "Somebody in a callee's place, whom the caller's own proxy must find out.",
  lifecycle: 'Permissions that are withdrawn, and things that somebody swapped.',
  capture: 'What an eavesdropper reads on the wires.',
  'known-limit': 'What the design can not stop. It is played, and then looked for where an operator looks.',
};

export function page(results: readonly Result[], { lab, began, seconds, notPlayed = [] }: PageOptions): string {
  const { good } = verdict(results);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Attacks on lab ${escaped(lab)}</title>
<style>${style}</style>
</head>
<body>
<h1>Attacks on lab ${escaped(lab)}</h1>
<p class="soft">${began.toISOString().slice(0, 19).replace('T', ' ')} UTC, ${seconds.toFixed(0)} s. Each was played for real; each has a control, the same step by whom it is meant for.</p>
<p class="${good ? 'good' : 'bad'}"><b>${good ? `Everything${notPlayed.length > 0 ? ' that was played' : ''} was refused, and every legitimate step worked.` : 'Not everything is as it should be.'}</b></p>
${sums(results)}
${wrong(results)}
${groups.flatMap((group) => section(group, results)).join('\n')}
${missing(notPlayed)}
</body>
</html>
`;
}

function sums(results: readonly Result[]): string {
  const counted = results.filter(({ detection }) => detection === undefined);
  const limits = results.filter(({ detection }) => detection !== undefined);
  const box = (have: number, of: number, what: string) =>
    `<div><b class="${have === of ? 'good' : 'bad'}">${have} of ${of}</b>${what}</div>`;
  return `<div class="sum">${[
    box(counted.filter(({ refused }) => refused).length, counted.length, 'attacks refused'),
    box(results.filter(({ control }) => control.ok).length, results.length, 'controls good'),
    ...(limits.length === 0
      ? []
      : [box(limits.filter(({ detection }) => detection?.ok).length, limits.length, 'known limits detected')]),
  ].join('')}</div>`;
}

function wrong(results: readonly Result[]): string {
  const bad = results.filter((result) => !isGood(result));
  if (bad.length === 0) return '';
  return `<h2 class="bad">What is wrong</h2>\n${bad.map((result) => entry(result, true)).join('\n')}`;
}

function missing(notPlayed: readonly NotPlayed[]): string {
  if (notPlayed.length === 0) return '';
  const items = notPlayed.map(({ id, why }) => `<li><code>${escaped(id)}</code>: ${escaped(why)}</li>`);
  return `<h2 id="not-played">Not played</h2>\n<p class="soft">This lab lacks something for them.</p>\n<ul>${items.join('')}</ul>`;
}

function section(group: Group, results: readonly Result[]): string[] {
  const own = results.filter((result) => result.group === group);
  if (own.length === 0) return [];
  return [
    `<h2 id="${group}">${group}</h2>\n<p class="soft">${escaped(about[group])}</p>\n${own.map((result) => entry(result, false)).join('\n')}`,
  ];
}

function entry(result: Result, open: boolean): string {
  const { id, title, serves, stoppedBy, evidence, control, detection, ms } = result;
  const by = detection?.evidence ?? stoppedBy ?? 'nobody';
  return `<details${open ? ' open' : ''}><summary>${word(result)}<b>${escaped(title)}</b><span class="by">${escaped(by)}</span></summary>
<div class="more"><dl>
<dt>Evidence</dt><dd><pre>${escaped(evidence.join('\n'))}</pre></dd>
<dt>Control: <span class="${control.ok ? 'good' : 'bad'}">${control.ok ? 'good' : 'failed'}</span></dt><dd>${escaped(control.evidence)}</dd>
${detection === undefined ? '' : `<dt>Detection: <span class="${detection.ok ? 'good' : 'bad'}">${detection.ok ? 'seen' : 'not seen'}</span></dt><dd>${escaped(detection.evidence)}</dd>\n`}<dt>Serves</dt><dd>${serves.map(reference).join(' · ')}</dd>
</dl><p class="soft"><code>${escaped(id)}</code>, ${(ms / 1000).toFixed(1)} s</p></div></details>`;
}

function word(result: Result): string {
  if (!result.control.ok) return '<span class="odd">no control</span>';
  if (provesNothing(result)) return '<span class="odd">no evidence</span>';
  if (result.detection !== undefined) {
    return result.detection.ok ? '<span class="odd">detected</span>' : '<span class="bad">unnoticed</span>';
  }
  return result.refused ? '<span class="good">refused</span>' : '<span class="bad">got through</span>';
}

function reference(served: string): string {
  return served.startsWith('https://')
    ? `<a href="${escaped(served)}">${escaped(served.replace('https://', ''))}</a>`
    : escaped(served);
}
