/** A tiny interpreter of the config entries of Consul that say who may connect; an unknown field is an error. */
import * as z from 'zod';
import type { ConfigEntry } from '../../model/access/consul';

/** Who connects: a service of the same Consul, or of the peer that it knows by this name. */
export interface Source {
  readonly name: string;
  readonly peer?: string | undefined;
}

const intentions = z.strictObject({
  Kind: z.literal('service-intentions'),
  Name: z.string().min(1),
  Sources: z
    .array(z.strictObject({ Name: z.string().min(1), Action: z.literal('allow'), Peer: z.string().min(1).optional() }))
    .min(1),
});

/**
 * Reads intentions; the answer says whether a service takes a connection. The default is to deny. A certificate of a
 * peer is matched by the peer's trust domain, so a source without peer is never a foreign one.
 */
export function intentionsOf(entries: readonly ConfigEntry[]): (callee: string, source: Source) => boolean {
  const read = entries.filter(({ Kind }) => Kind === 'service-intentions').map((entry) => intentions.parse(entry));
  const byName = new Map(read.map(({ Name, Sources }) => [Name, Sources]));
  if (byName.size !== read.length) throw new Error('Consul keeps one entry of a kind and name');
  return (callee, { name, peer }) =>
    [...(byName.get(callee) ?? []), ...(byName.get('*') ?? [])].some(
      (source) => source.Peer === peer && (source.Name === name || source.Name === '*'),
    );
}

const exported = z.strictObject({
  Kind: z.literal('exported-services'),
  Name: z.literal('default'),
  Services: z
    .array(
      z.strictObject({
        Name: z.string().min(1),
        Consumers: z.array(z.strictObject({ Peer: z.string().min(1) })).min(1),
      }),
    )
    .min(1),
});

/** Reads exports; the answer says whether a peer is told of a service and its roots are trusted for it. */
export function exportsOf(entries: readonly ConfigEntry[]): (service: string, peer: string) => boolean {
  const read = entries.filter(({ Kind }) => Kind === 'exported-services').map((entry) => exported.parse(entry));
  const pairs = read.flatMap(({ Services }) =>
    Services.flatMap(({ Name, Consumers }) => Consumers.map(({ Peer }) => `${Name} ${Peer}`)),
  );
  const known = new Set(pairs);
  return (service, peer) => known.has(`${service} ${peer}`) || known.has(`* ${peer}`);
}
