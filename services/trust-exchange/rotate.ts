/** `rotate`: gives the plane a new root. Consul cross-signs it with the old one, so no request is lost. */
import type { PlaneConfig } from '../../model/federation';
import { until } from '../common/until';
import { fingerprintText, readCertificates } from './certificate';
import type { ConsulClient, ConsulRoots } from './consul';
import { PlaneError } from './errors';
import { makeRoot } from './issue';

/** SHA-256 fingerprints, upper-case pairs with colons. */
export interface Rotation {
  readonly old: string;
  readonly new: string;
}

const patience = 30_000;

export async function rotateRoot(consul: ConsulClient, config: PlaneConfig, now: number): Promise<Rotation> {
  const old = await activeRoot(consul);
  const { key, certificate } = await makeRoot(config.trustDomain, now);
  const wanted = fingerprint(certificate);
  // The PUT replaces the whole configuration: a value that is left out falls back to Consul's default (leaves of 72 h).
  await consul.put('/v1/connect/ca/configuration', {
    Provider: 'consul',
    Config: { PrivateKey: key, RootCert: certificate, LeafCertTTL: '1h', IntermediateCertTTL: '8760h' },
  });
  const done = await until(async () => (await activeRoot(consul)) === wanted, { timeout: patience, interval: 100 });
  if (!done)
    throw new PlaneError(`the plane took the new root ${wanted} but did not activate it in ${patience / 1_000} s`);
  return { old, new: wanted };
}

async function activeRoot(consul: ConsulClient): Promise<string> {
  const { Roots, ActiveRootID } = await consul.get<ConsulRoots>('/v1/connect/ca/roots');
  return fingerprint(Roots.find((root) => root.ID === ActiveRootID)?.RootCert ?? '');
}

function fingerprint(pem: string): string {
  const root = readCertificates(pem)?.[0];
  return root === undefined ? '' : fingerprintText(root);
}
