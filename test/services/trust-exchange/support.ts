/** Certificates and configs for the tests of the trust exchange. Made once for a file, in process. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { PlaneConfig } from '../../../model/federation';
import { consulServiceIdentity, peeredServiceSni } from '../../../model/identity';
import { makeRoot } from '../../../services/trust-exchange/issue';

cryptoProvider.set(webcrypto as Crypto);

export const ours = '11111111-1111-4111-8111-111111111111.consul';
export const theirs = '22222222-2222-4222-8222-222222222222.consul';
export const backend = consulServiceIdentity(ours, 'istio', 'backend');
export const info = consulServiceIdentity(theirs, 'dc1', 'info');
export const infoSni = peeredServiceSni('info', 'west', theirs);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hour = 3_600_000;

export interface Authority {
  readonly pem: string;
  /** Signs a PKCS#10 request as Consul does: it keeps the name and sets usages and validity itself. */
  readonly sign: (request: string, change?: Partial<LeafShape>) => Promise<string>;
}

export interface LeafShape {
  readonly identities: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
  readonly usages: number;
  readonly purposes: readonly ExtendedKeyUsage[];
  readonly ca: boolean;
}

export async function authority(trustDomain: string): Promise<Authority> {
  const { key, certificate } = await makeRoot(trustDomain, Date.now());
  const signingKey = await webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(key), algorithm, true, [
    'sign',
  ]);
  return {
    pem: certificate,
    sign: async (request, change = {}) => {
      const csr = new Pkcs10CertificateRequest(request);
      const names = csr.extensions.find((item) => item instanceof SubjectAlternativeNameExtension);
      const asked = names?.names.items ?? [];
      const shape: LeafShape = {
        identities: asked.map((name) => name.value),
        notBefore: Date.now() - 60_000,
        notAfter: Date.now() + hour,
        usages: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment,
        purposes: [ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth],
        ca: false,
        ...change,
      };
      const extensions: Extension[] = [
        new BasicConstraintsExtension(shape.ca, undefined, true),
        new KeyUsagesExtension(shape.usages, true),
        new ExtendedKeyUsageExtension([...shape.purposes]),
        new SubjectAlternativeNameExtension(shape.identities.map((value) => ({ type: 'url' as const, value }))),
      ];
      const leaf = await X509CertificateGenerator.create({
        issuer: new X509Certificate(certificate).subject,
        publicKey: csr.publicKey,
        signingKey,
        signingAlgorithm: algorithm,
        notBefore: new Date(shape.notBefore),
        notAfter: new Date(shape.notAfter),
        extensions,
      });
      return `${leaf.toString('pem')}\n`;
    },
  };
}

export function planeConfig(change: Partial<PlaneConfig> = {}): PlaneConfig {
  return {
    lab: 'weather',
    mesh: 'west',
    peer: 'east',
    datacenter: 'istio',
    trustDomain: ours,
    peerTrustDomain: theirs,
    peerNetwork: '10.20.0.0/16',
    peerPort: 8443,
    imports: [
      {
        name: 'info-east',
        service: 'info',
        namespace: 'federation',
        sni: infoSni,
        identity: info,
        consumers: [{ service: 'backend', namespace: 'weather', secret: 'backend-east-federation', identity: backend }],
      },
    ],
    exports: [],
    configEntries: [],
    ...change,
  };
}
