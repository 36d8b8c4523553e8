/** Makes keys, certificate requests and a new root. The only file that touches private key material in the clear. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const year = 365 * 24 * 3_600_000;

export interface KeyAndRequest {
  /** PKCS#8 PEM. */
  readonly key: string;
  /** PKCS#10 PEM. */
  readonly request: string;
}

export interface KeyAndRoot {
  readonly key: string;
  readonly certificate: string;
}

/** A fresh EC P-256 key and a request for a leaf with exactly one name: the URI `identity`. */
export async function requestLeaf(identity: string): Promise<KeyAndRequest> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new SubjectAlternativeNameExtension([{ type: 'url', value: identity }]),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth]),
    ],
  });
  return { key: await exportKey(keys.privateKey), request: `${request.toString('pem')}\n` };
}

/** A fresh self-signed root CA of a trust domain. Ten years, as the roots that Consul makes itself. */
export async function makeRoot(trustDomain: string, now: number): Promise<KeyAndRoot> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    new SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(keys.publicKey),
  ];
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=Isthmus plane root ${new Date(now).toISOString()}`,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 10 * year),
    keys,
    signingAlgorithm: algorithm,
    extensions,
  });
  return { key: await exportKey(keys.privateKey), certificate: `${certificate.toString('pem')}\n` };
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
