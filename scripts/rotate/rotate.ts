/** `isthmus rotate root MESH`: a new root CA, followed until the other side trusts it. */
import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { resolvedImports } from '../../model/imports';
import type { Lab, Mesh } from '../../model/lab';
import { federationSecret } from '../../model/names';
import { planes } from '../../model/planes';
import { makeRoot } from '../../services/trust-exchange/issue';
import { clusterOf } from '../cluster';
import { withConsul } from '../clusters/consul';
import { FailureError, UsageError } from '../errors';
import type { ConsulApi } from '../hosts/consul-api';
import { kubectl } from '../kubectl';
import { until } from '../machine/until';
import { inPlane } from '../pairing/pair';
import { certificates } from '../status/certificates';

export interface RotationResult {
  readonly mesh: string;
  /** Name of the mesh that has to learn of the new root. */
  readonly peer: string;
  /** SHA-256 fingerprints, hexadecimal with colons. */
  readonly old: string;
  readonly new: string;
  /** Milliseconds until the other side listed the new root. */
  readonly ms: number;
}

/** Longest time for the new root to reach the other side, in milliseconds. */
const patience = 30_000;

/**
 * Rotates the root by which a mesh is known to the other side: Consul's own, or the federation plane's for Istio.
 * Old roots stay trusted for some hours: rotation is not revocation.
 */
export async function rotateRoot(lab: Lab, mesh: Mesh): Promise<RotationResult[]> {
  const pairs = planes(lab);
  switch (mesh.kind) {
    case 'istio':
      return Promise.all(
        pairs.filter(({ own }) => own.name === mesh.name).map(({ peer }) => rotatePlane(lab, mesh, peer)),
      );
    case 'consul':
      return rotateConsul(
        lab,
        mesh,
        pairs.filter(({ peer }) => peer.name === mesh.name).map(({ own }) => own),
      );
  }
}

async function rotatePlane(lab: Lab, own: Mesh, peer: Mesh): Promise<RotationResult> {
  return withConsul(lab, peer, async (api) => {
    const begin = Date.now();
    const { stdout } = await inPlane(clusterOf(lab, own), peer.name, 'rotate');
    const rotated = JSON.parse(stdout) as { old: string; new: string };
    const listed = async () => {
      const { PeerCAPems } = await api.get<{ PeerCAPems: string[] }>(`/v1/peering/${own.name}`);
      return has(PeerCAPems.join('\n'), rotated.new);
    };
    await awaitRoot(listed, peer.name, rotated.new);
    return { mesh: own.name, peer: peer.name, ...rotated, ms: Date.now() - begin };
  });
}

async function rotateConsul(lab: Lab, own: Mesh, others: readonly Mesh[]): Promise<RotationResult[]> {
  if (own.existing) {
    throw new UsageError(
      `mesh ${own.name} is an existing mesh: its root CA is not the lab's to replace. Rotate it in Consul itself; the other side learns of it`,
    );
  }
  return withConsul(lab, own, (api) => rotateConsulRoot(lab, own, others, api));
}

async function rotateConsulRoot(
  lab: Lab,
  own: Mesh,
  others: readonly Mesh[],
  api: ConsulApi,
): Promise<RotationResult[]> {
  const before = await api.get<{ Roots: { RootCert: string; Active: boolean }[] }>('/v1/connect/ca/roots');
  const old = fingerprint(before.Roots.find(({ Active }) => Active)?.RootCert ?? '');
  const { key, certificate } = await makeRoot(own.trustDomain, Date.now());
  const fresh = fingerprint(certificate);
  const begin = Date.now();
  // The PUT replaces the whole configuration: without LeafCertTTL leaves would live 72 hours.
  await api.put('/v1/connect/ca/configuration', {
    Provider: 'consul',
    Config: { PrivateKey: key, RootCert: certificate, LeafCertTTL: '1h', IntermediateCertTTL: '8760h' },
  });
  return Promise.all(
    others.map(async (other) => {
      const consumers = resolvedImports(lab, other)
        .filter(({ peer }) => peer.name === own.name)
        .flatMap(({ consumers }) => consumers);
      const listed = async () => {
        const secrets = consumers.map(async ({ name, namespace }) => {
          const args = [
            'get',
            'secret',
            federationSecret(name, own.name),
            '-n',
            namespace,
            '-o',
            'jsonpath={.data.ca\\.crt}',
          ];
          return Buffer.from((await kubectl(clusterOf(lab, other), args)).stdout, 'base64').toString();
        });
        return (await Promise.all(secrets)).every((pem) => has(pem, fresh));
      };
      await awaitRoot(listed, other.name, fresh);
      return { mesh: own.name, peer: other.name, old, new: fresh, ms: Date.now() - begin };
    }),
  );
}

async function awaitRoot(listed: () => Promise<boolean>, side: string, root: string): Promise<void> {
  if (await until(listed, { timeout: patience, interval: 50 })) return;
  throw new FailureError(
    `the new root ${root} has not reached mesh ${side} after ${patience / 1000} s. The old one still works. What now: isthmus status`,
  );
}

function has(pem: string, sha256: string): boolean {
  return certificates(pem).some(({ fingerprint256 }) => plain(fingerprint256) === plain(sha256));
}

function plain(sha256: string): string {
  return sha256.replaceAll(':', '').toLowerCase();
}

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}
