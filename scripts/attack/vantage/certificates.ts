/** Certificates as attackers make them: any names, any dates, from any CA whose key they hold. */
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate as Parsed,
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto as Crypto);

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
/** Milliseconds. */
export const hour = 3_600_000;

/** A CA certificate and its key, PEM. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

/** A client's certificate chain and key, PEM. */
export interface Leaf {
  readonly cert: string;
  readonly key: string;
}

export interface LeafOptions {
  readonly uris: readonly string[];
  /** @default - none */
  readonly dns?: readonly string[];
  /** Milliseconds from now. @default - a minute ago */
  readonly from?: number;
  /** Milliseconds from now. @default - in an hour */
  readonly until?: number;
}

/** A CA that nobody trusts, with the name of one that somebody may. */
export async function makeAuthority(name = 'CN=attacker', uri?: string): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    signingAlgorithm: ecdsa,
    notBefore: new Date(Date.now() - hour),
    notAfter: new Date(Date.now() + 24 * hour),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      ...(uri === undefined ? [] : [new SubjectAlternativeNameExtension([{ type: 'url', value: uri }])]),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await pem(keys.privateKey) };
}

/** A CA with the very names of another one, but a key of its own. */
export function impostorOf({ certificate }: Authority, uri: string): Promise<Authority> {
  return makeAuthority(new Parsed(certificate).subject, uri);
}

/** A leaf of a CA, with the CA's own certificate behind it. */
export async function mintLeaf(authority: Authority, options: LeafOptions): Promise<Leaf> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const signer = createPrivateKey(authority.key);
  const algorithm = signer.asymmetricKeyType === 'rsa' ? rsa : ecdsa;
  const names = [
    ...options.uris.map((value) => ({ type: 'url' as const, value })),
    ...(options.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
  ];
  const leaf = await X509CertificateGenerator.create({
    subject: '',
    issuer: new Parsed(authority.certificate).subject,
    notBefore: new Date(Date.now() + (options.from ?? -60_000)),
    notAfter: new Date(Date.now() + (options.until ?? hour)),
    publicKey: keys.publicKey,
    signingKey: await imported(signer, algorithm),
    signingAlgorithm: algorithm,
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth]),
      ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names, true)]),
    ],
  });
  return { cert: `${leaf.toString('pem')}\n${authority.certificate.trim()}\n`, key: await pem(keys.privateKey) };
}

/** A certificate request for URIs, and nothing else. */
export async function requestFor(...uris: readonly string[]): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: ecdsa,
    extensions: [
      new SubjectAlternativeNameExtension(
        uris.map((value) => ({ type: 'url' as const, value })),
        true,
      ),
    ],
  });
  return request.toString('pem');
}

/** Which of some private keys belongs to a certificate. */
export function keyOf(certificate: string, keys: readonly string[]): string | undefined {
  const wanted = spki(new X509Certificate(certificate).publicKey);
  return keys.find((key) => spki(createPublicKey(key)) === wanted);
}

function spki(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

function imported(key: KeyObject, algorithm: typeof ecdsa | typeof rsa): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}

async function pem(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
