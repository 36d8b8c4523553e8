/**
 * One generation of the webhook's certificates: a CA that signs a single serving certificate and is never used again,
 * so that its key is kept nowhere. The only file that touches private key material in the clear.
 */
import 'reflect-metadata';
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface Generation {
  /** PEM of the CA's certificate: what API servers trust. */
  readonly ca: string;
  /** PEM of the serving certificate. */
  readonly certificate: string;
  /** PKCS#8 PEM. */
  readonly key: string;
}

export interface Validity {
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Clocks of API servers may be behind ours. */
const skew = 5 * 60_000;

/**
 * @param host the one name that the serving certificate is for
 * @param life milliseconds from `now` that it is valid
 */
export async function makeGeneration(host: string, now: number, life: number): Promise<Generation> {
  const validity = { notBefore: new Date(now - skew), notAfter: new Date(now + life) };
  const authority = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const name = `CN=${host} CA ${new Date(now).toISOString()}`;
  const ca = await X509CertificateGenerator.createSelfSigned({
    name,
    ...validity,
    keys: authority,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const leaf = await X509CertificateGenerator.create({
    subject: `CN=${host}`,
    issuer: ca.subject,
    ...validity,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
      await AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { ca: `${ca.toString('pem')}\n`, certificate: `${leaf.toString('pem')}\n`, key: `${key}\n` };
}

/** When a generation is valid; undefined when it can not serve: unreadable, for another host, or of another CA. */
export function validityOf({ ca, certificate, key }: Generation, host: string): Validity | undefined {
  try {
    const issuer = new X509Certificate(ca);
    const leaf = new X509Certificate(certificate);
    const right =
      issuer.ca &&
      leaf.checkIssued(issuer) &&
      leaf.verify(issuer.publicKey) &&
      leaf.checkHost(host) !== undefined &&
      leaf.checkPrivateKey(createPrivateKey(key));
    return right
      ? { notBefore: new Date(leaf.validFrom).getTime(), notAfter: new Date(leaf.validTo).getTime() }
      : undefined;
  } catch {
    return undefined;
  }
}
