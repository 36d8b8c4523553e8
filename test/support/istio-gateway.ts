/** A tiny interpreter of the EnvoyFilter and Gateway objects that we generate: how requests are read, and who connects. */
import * as z from 'zod';
import type { Reading } from '../../model/access/request';
import type { KubeObject } from '../../model/kube';
import { meshFilterReading } from './envoy-rbac';

const manager = z.object({
  merge_slashes: z.literal(true).optional(),
  path_with_escaped_slashes_action: z.literal('REJECT_REQUEST').optional(),
});
const patches = z.object({
  configPatches: z.array(
    z.object({
      applyTo: z.string(),
      match: z.object({ context: z.enum(['SIDECAR_INBOUND', 'GATEWAY']) }),
      patch: z.object({ operation: z.string(), value: z.object({ typed_config: z.unknown() }).loose() }),
    }),
  ),
});

/** What every version of Istio does by itself: it resolves dots, cuts fragments off, and lets escaped slashes pass. */
const byDefault: Reading = { mergeSlashes: false, escapedSlashes: 'keep', bareDots: 'keep', fragment: 'cut' };

/** How proxies of a mesh read requests that come in. */
export function readingsOf(objects: readonly KubeObject[]): (context: 'SIDECAR_INBOUND' | 'GATEWAY') => Reading {
  const found = objects
    .filter(({ kind, metadata }) => kind === 'EnvoyFilter' && metadata.namespace === 'istio-system')
    .flatMap(({ spec }) => patches.parse(spec).configPatches)
    .map(({ applyTo, match, patch }) => ({
      context: match.context,
      ...(applyTo === 'NETWORK_FILTER' ? manager.parse(patch.value.typed_config) : {}),
      ...(applyTo === 'HTTP_FILTER' ? { bareDots: meshFilterReading(patch.value.typed_config) } : {}),
    }));
  const readings = (['SIDECAR_INBOUND', 'GATEWAY'] as const).map((context) => {
    const own = found.filter((one) => one.context === context);
    const reading: Reading = {
      mergeSlashes: own.some((one) => one.merge_slashes === true) || byDefault.mergeSlashes,
      escapedSlashes: own.some((one) => one.path_with_escaped_slashes_action !== undefined) ? 'refuse' : 'keep',
      bareDots: own.some((one) => one.bareDots === 'refuse') ? 'refuse' : 'keep',
      fragment: byDefault.fragment,
    };
    return [context, reading] as const;
  });
  const byContext = new Map(readings);
  return (context) => byContext.get(context) ?? byDefault;
}

const gateway = z.object({
  servers: z.array(
    z.strictObject({
      port: z.object({ number: z.number(), name: z.string(), protocol: z.literal('HTTPS') }),
      hosts: z.tuple([z.string().startsWith('./')]),
      tls: z.strictObject({
        mode: z.literal('MUTUAL'),
        credentialName: z.string().min(1),
        // An empty list would mean any name.
        subjectAltNames: z.array(z.string().min(1)).min(1),
        minProtocolVersion: z.string(),
      }),
    }),
  ),
});

/** Whether the gateway takes a certificate under a server name. */
export function gatewayServers(objects: readonly KubeObject[]): (sni: string, identity: string) => boolean {
  const servers = objects
    .filter(({ kind }) => kind === 'Gateway')
    .flatMap(({ spec }) => gateway.parse(spec).servers)
    .map(({ hosts: [host], tls }) => [host.replace('./', ''), new Set(tls.subjectAltNames)] as const);
  const names = new Map(servers);
  return (sni, identity) => names.get(sni)?.has(identity) === true;
}
