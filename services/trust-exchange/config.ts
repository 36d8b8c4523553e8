/** Reads the plane's config file once, at the edge. Everything behind it trusts its types. */
import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { parseCidr } from '../../model/cidr';
import type { ConsumerConfig, ExportConfig, PlaneConfig } from '../../model/federation';
import { consulServiceIdentity, istioTrustDomain } from '../../model/identity';
import { ConfigError } from './errors';

const label = z.string().check(z.regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a lower-case DNS label'));
const text = z.string().check(z.minLength(1, 'must not be empty'));

const consumerSchema = z.object({ service: label, namespace: label, secret: text, identity: text });
const importSchema = z.object({
  name: label,
  service: label,
  namespace: label,
  sni: text,
  identity: text,
  consumers: z.array(consumerSchema),
});
const exportSchema = z.object({ name: label, service: label, namespace: label, secret: text, identity: text });
const port = z.int().check(z.minimum(1), z.maximum(65_535));
const planeSchema = z.object({
  lab: text,
  mesh: label,
  peer: label,
  datacenter: label,
  trustDomain: text,
  peerTrustDomain: text,
  peerNetwork: text,
  peerPort: port,
  imports: z.array(importSchema),
  exports: z.array(exportSchema),
  gateway: z.optional(z.object({ address: z.ipv4(), port })),
  configEntries: z.array(z.record(z.string(), z.unknown())),
});

/** One Secret to keep: the leaf of one consumer or export towards this plane's peer. */
export interface Target {
  /** `namespace/secret`, unique. */
  readonly key: string;
  readonly namespace: string;
  readonly secret: string;
  readonly service: string;
  readonly identity: string;
}

/** Reads and checks the config file. Throws {@link ConfigError}, which names every fault found. */
export function loadConfig(file: string): PlaneConfig {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(file, [error instanceof Error ? error.message : String(error)]);
  }
  return parseConfig(content, file);
}

export function parseConfig(content: unknown, file: string): PlaneConfig {
  const result = planeSchema.safeParse(content);
  if (!result.success) {
    throw new ConfigError(
      file,
      result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    );
  }
  const { gateway, ...rest } = result.data;
  const config: PlaneConfig = { ...rest, ...(gateway === undefined ? {} : { gateway }) };
  const faults = crossChecks(config);
  if (faults.length > 0) throw new ConfigError(file, faults);
  return config;
}

/** The Secrets to keep, one per consumer however many imports it has, and one per export. */
export function targetsOf(config: PlaneConfig): readonly Target[] {
  const targets = new Map<string, Target>();
  for (const consumer of [...config.imports.flatMap((item) => item.consumers), ...config.exports]) {
    const { namespace, secret, service, identity } = consumer;
    targets.set(targetKey(consumer), { key: targetKey(consumer), namespace, secret, service, identity });
  }
  return [...targets.values()];
}

export function targetKey(consumer: { readonly namespace: string; readonly secret: string }): string {
  return `${consumer.namespace}/${consumer.secret}`;
}

/** Trust domains that no peer may ever speak for. */
export function ownTrustDomains(config: PlaneConfig): readonly string[] {
  return [istioTrustDomain, config.trustDomain];
}

function crossChecks(config: PlaneConfig): string[] {
  const faults: string[] = [];
  if (parseCidr(config.peerNetwork) === undefined) {
    faults.push(`peerNetwork: "${config.peerNetwork}" is not an IPv4 network such as 10.20.0.0/16`);
  }
  if (ownTrustDomains(config).includes(config.peerTrustDomain)) {
    faults.push(`peerTrustDomain: "${config.peerTrustDomain}" is one of our own trust domains`);
  }
  const identities = new Map<string, string>();
  const names = new Set<string>();
  config.imports.forEach((item, index) => {
    const at = `imports.${index}`;
    const name = `${item.namespace}/${item.name}`;
    if (names.has(name)) faults.push(`${at}.name: "${name}" occurs twice`);
    names.add(name);
    if (!item.identity.startsWith(`spiffe://${config.peerTrustDomain}/`)) {
      faults.push(`${at}.identity: "${item.identity}" is not of the peer's trust domain ${config.peerTrustDomain}`);
    }
    item.consumers.forEach((consumer, position) => {
      faults.push(...leafFaults(config, `${at}.consumers.${position}`, consumer, identities));
    });
  });
  config.exports.forEach((item, index) => {
    faults.push(...leafFaults(config, `exports.${index}`, item, identities));
  });
  if (config.exports.length > 0 && config.gateway === undefined) {
    faults.push('gateway: is missing; the peer must be told where it reaches the exports');
  }
  return faults;
}

/** @param identities what each Secret looked at so far carries */
function leafFaults(
  config: PlaneConfig,
  at: string,
  item: ConsumerConfig | ExportConfig,
  identities: Map<string, string>,
): string[] {
  const faults: string[] = [];
  const expected = consulServiceIdentity(config.trustDomain, config.datacenter, item.service);
  if (item.identity !== expected) faults.push(`${at}.identity: "${item.identity}" must be "${expected}"`);
  const known = identities.get(targetKey(item));
  if (known !== undefined && known !== item.identity) {
    faults.push(`${at}.secret: "${item.secret}" already carries ${known}`);
  }
  identities.set(targetKey(item), item.identity);
  return faults;
}
