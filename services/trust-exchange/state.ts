/** `state`: what the plane and its exchange know, as JSON for `isthmus status`. */
import { request } from 'node:http';
import type { PlaneConfig } from '../../model/federation';
import { fingerprintText, readCertificates } from './certificate';
import type { ConsulClient, ConsulRoots } from './consul';
import { gatewaysOf, type HealthEntry } from './endpoints';
import { readPeering } from './pairing';
import type { ExchangeStatus } from './status';

export interface RootState {
  /** Upper-case pairs with colons. */
  readonly sha256: string;
  /** ISO 8601. */
  readonly notAfter: string;
  readonly active: boolean;
}

export interface PlaneState {
  readonly trustDomain: string;
  readonly roots: readonly RootState[];
  readonly peering: {
    readonly name: string;
    readonly state: string;
    readonly roots: readonly Omit<RootState, 'active'>[];
  };
  /** Imports as the plane lists them. */
  readonly services: readonly { readonly name: string; readonly gateways: readonly string[] }[];
  /** The exchange's `/status`; null when it does not answer. */
  readonly exchange: ExchangeStatus | null;
}

export async function planeState(consul: ConsulClient, config: PlaneConfig, statusSocket: string): Promise<PlaneState> {
  const roots = await consul.get<ConsulRoots>('/v1/connect/ca/roots');
  const peering = await readPeering(consul, config.peer);
  const services = config.imports.map(async (item) => {
    const path = `/v1/health/connect/${encodeURIComponent(item.service)}?peer=${config.peer}`;
    const { peerTrustDomain, peerNetwork } = config;
    const { endpoints } = gatewaysOf(await consul.get<HealthEntry[]>(path), { item, peerTrustDomain, peerNetwork });
    return { name: item.service, gateways: endpoints.map(({ address, port: number }) => `${address}:${number}`) };
  });
  return {
    trustDomain: roots.TrustDomain,
    roots: roots.Roots.flatMap((root) =>
      describe(root.RootCert).map((facts) => ({ ...facts, active: root.ID === roots.ActiveRootID })),
    ),
    peering: {
      name: config.peer,
      state: peering?.State ?? 'absent',
      roots: (peering?.PeerCAPems ?? []).flatMap(describe),
    },
    services: await Promise.all(services),
    exchange: await exchangeStatus(statusSocket),
  };
}

function describe(pem: string): Omit<RootState, 'active'>[] {
  return (readCertificates(pem) ?? []).map((root) => ({
    sha256: fingerprintText(root),
    notAfter: new Date(root.notAfter).toISOString(),
  }));
}

function exchangeStatus(socketPath: string): Promise<ExchangeStatus | null> {
  return new Promise((resolve) => {
    const outgoing = request({ socketPath, path: '/status', signal: AbortSignal.timeout(5_000) }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('error', () => resolve(null));
      incoming.on('end', () => {
        try {
          resolve(JSON.parse(text) as ExchangeStatus);
        } catch {
          resolve(null);
        }
      });
    });
    outgoing.on('error', () => resolve(null));
    outgoing.end();
  });
}
