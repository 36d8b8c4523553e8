/** Certificates for tests that speak TLS: one root, and leaves with any URIs. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto as Crypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** PEM texts of a certificate and its key. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface Root {
  readonly pem: string;
  readonly leaf: (uris: readonly string[]) => Promise<Identity>;
}

export async function makeRoot(): Promise<Root> {
  const keys = await keyPair();
  const root = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=root',
    keys,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return { pem: root.toString('pem'), leaf: (uris) => makeLeaf(root, keys.privateKey, uris) };
}

async function makeLeaf(root: X509Certificate, signingKey: CryptoKey, uris: readonly string[]): Promise<Identity> {
  const keys = await keyPair();
  const names = uris.map((value) => ({ type: 'url' as const, value }));
  const leaf = await X509CertificateGenerator.create({
    subject: 'CN=leaf',
    issuer: root.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: leaf.toString('pem'), key };
}

function keyPair(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}
