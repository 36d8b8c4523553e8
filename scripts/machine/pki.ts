/** Certificates of one Kubernetes node: its own two authorities, kept in the state folder, readable by root only. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { writePrivate } from './private-file';

/** A certificate to issue. */
export interface Request {
  /** File name without ending: NAME.crt and NAME.key. */
  readonly name: string;
  readonly commonName: string;
  readonly organization?: string;
  readonly dns?: readonly string[];
  readonly addresses?: readonly string[];
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 86_400_000;
/** A lab that lives longer is raised anew; Kubernetes' own installers use a year, too. */
const lifeDays = 365;

/**
 * Makes a complete set of certificates and the service-account key pair (`sa.key`, `sa.pub`) unless it is there.
 * The set appears at once, so a kill never leaves half of one.
 * @param authorities authority name → what it issues; each is written as AUTHORITY.crt (its key is kept only for `keep`)
 */
export async function ensurePki(
  folder: string,
  authorities: Readonly<Record<string, readonly Request[]>>,
  keep: readonly string[],
): Promise<void> {
  if (existsSync(join(folder, 'sa.pub'))) return;
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(fresh, { mode: 0o700 });
  x509.cryptoProvider.set(webcrypto as Crypto);
  for (const [authority, requests] of Object.entries(authorities)) {
    const keys = await makeKeys();
    const name = `CN=isthmus-${authority}`;
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity(),
      name,
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      ],
    });
    writePrivate(fresh, `${authority}.crt`, certificate.toString('pem'));
    if (keep.includes(authority)) writePrivate(fresh, `${authority}.key`, await privatePem(keys));
    for (const request of requests) await issue(fresh, request, name, keys.privateKey);
  }
  const account = await makeKeys();
  writePrivate(fresh, 'sa.key', await privatePem(account));
  const spki = await webcrypto.subtle.exportKey('spki', account.publicKey);
  writePrivate(fresh, 'sa.pub', x509.PemConverter.encode(spki, 'PUBLIC KEY'));
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}

async function issue(folder: string, request: Request, issuer: string, signingKey: CryptoKey): Promise<void> {
  const keys = await makeKeys();
  const names: x509.JsonGeneralNames = [
    ...(request.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(),
    subject: [
      ...(request.organization === undefined ? [] : [{ O: [request.organization] }]),
      { CN: [request.commonName] },
    ],
    issuer,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  writePrivate(folder, `${request.name}.crt`, certificate.toString('pem'));
  writePrivate(folder, `${request.name}.key`, await privatePem(keys));
}

function validity(): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const random = webcrypto.getRandomValues(new Uint8Array(16));
  // A serial number is a positive integer: the first bit must be off.
  random[0] = (random[0] ?? 0) & 0x7f;
  return {
    serialNumber: Buffer.from(random).toString('hex'),
    // Clocks of a machine and its snapshots differ by minutes.
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + lifeDays * day),
  };
}

async function makeKeys(): Promise<CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
}

async function privatePem(keys: CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}
