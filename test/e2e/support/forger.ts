/**
 * A thief with a CA key: makes leaves with any URIs. With the federation plane's it calls info through Consul's mesh
 * gateway, from inside Istio's network; with Consul's, the federation gateway from info's host.
 */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { resolvedExports } from '../../../model/exports';
import { resolvedImports } from '../../../model/imports';
import { type Lab, mesh } from '../../../model/lab';
import { hostsNetwork, netns } from '../../../model/local';
import { planeNamespace } from '../../../model/names';
import { federationTrustDomain } from '../../../model/planes';
import { clusterOf } from '../../../scripts/cluster';
import { managementApi } from '../../../scripts/hosts/consul-api';
import { kubectl } from '../../../scripts/kubectl';
import { run } from '../../../scripts/machine/exec';
import { inPlane } from '../../../scripts/pairing/pair';
import { makeRoot } from '../../../services/trust-exchange/issue';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface StolenCa {
  readonly certificate: string;
  readonly key: string;
}

/** Makes the plane's root one whose key the thief knows, as a rotation; resolves when Consul trusts it. */
export async function stealCa(lab: Lab): Promise<StolenCa> {
  const stolen = await makeRoot(federationTrustDomain(lab, 'west', 'east'), Date.now());
  const program = `
    const { readFileSync } = require('node:fs');
    const { request } = require('node:http');
    const { text } = require('node:stream/consumers');
    text(process.stdin).then((body) => {
      const token = JSON.parse(readFileSync('/plane/data/acl.json', 'utf8')).acl.tokens.initial_management;
      const sent = request({ socketPath: '/plane/sockets/http.sock', method: 'PUT', path: '/v1/connect/ca/configuration', headers: { 'X-Consul-Token': token } }, (response) => {
        response.pipe(process.stderr);
        response.on('end', () => process.exit(response.statusCode === 200 ? 0 : 1));
      });
      sent.end(body);
    });`;
  const body = {
    Provider: 'consul',
    Config: { PrivateKey: stolen.key, RootCert: stolen.certificate, LeafCertTTL: '1h', IntermediateCertTTL: '8760h' },
  };
  const at = ['exec', '-i', 'plane-0', '-n', planeNamespace('east'), '-c', 'consul', '--'];
  await kubectl(clusterOf(lab, 'west'), [...at, 'node', '-e', program], { input: JSON.stringify(body) });
  // `state` answers only after the CA is set; callers wait for the other side with a call that must succeed.
  await inPlane(clusterOf(lab, 'west'), 'east', 'state');
  return stolen;
}

/** The same for Consul's own CA, as a hostile peer would have it. */
export async function stealPeerCa(lab: Lab): Promise<StolenCa> {
  const east = mesh(lab, 'east');
  const stolen = await makeRoot(east.trustDomain, Date.now());
  await managementApi(lab.name, 'east').put('/v1/connect/ca/configuration', {
    Provider: 'consul',
    Config: { PrivateKey: stolen.key, RootCert: stolen.certificate, LeafCertTTL: '1h', IntermediateCertTTL: '8760h' },
  });
  return stolen;
}

/** Status 0 with the reason when refused before HTTP. */
export interface Answered {
  readonly status: number;
  readonly error?: string;
}

/** Calls `GET /healthz` of info with a leaf that has these URIs. */
export async function callWithLeaf(lab: Lab, ca: StolenCa, uris: readonly string[]): Promise<Answered> {
  const [entry] = resolvedImports(lab, mesh(lab, 'west'));
  const target = { host: hostsNetwork(mesh(lab, 'east')).meshGateway, port: 8443, servername: entry?.sni };
  return ask(netns(lab.name, 'west'), { ...target, ...(await makeLeaf(ca, uris)) }, 'GET /healthz');
}

/**
 * Calls the federation gateway from info's host with a leaf that has these URIs.
 * @param change server name and request line, where they are not those of info's row
 */
export async function callGatewayWithLeaf(
  lab: Lab,
  ca: StolenCa,
  uris: readonly string[],
  change: { readonly servername?: string; readonly request?: string } = {},
): Promise<Answered> {
  const [entry] = resolvedExports(lab, mesh(lab, 'west'));
  const { address, port } = mesh(lab, 'west').gateway ?? { address: '', port: 0 };
  const target = { host: address, port, servername: change.servername ?? entry?.sni };
  const leaf = await makeLeaf(ca, uris);
  return ask(netns(lab.name, 'east-info'), { ...target, ...leaf }, change.request ?? 'GET /healthz');
}

async function ask(namespace: string, target: object, request: string): Promise<Answered> {
  const program = `
    const { connect } = require('node:tls');
    const { text } = require('node:stream/consumers');
    const done = (answer) => { console.log(JSON.stringify(answer)); process.exit(0); };
    text(process.stdin).then((input) => {
      const { request, ...target } = JSON.parse(input);
      const socket = connect({ ...target, rejectUnauthorized: false, timeout: 5000 }, () => socket.write(request));
      let answer = '';
      socket.on('data', (chunk) => { answer += chunk; });
      socket.on('timeout', () => done({ status: 0, error: 'timeout' }));
      socket.on('error', (error) => done({ status: 0, error: error.code ?? error.message }));
      socket.on('close', () => done({ status: Number(answer.split(' ')[1] ?? 0), error: answer === '' ? 'closed' : undefined }));
    });`;
  const text = `${request} HTTP/1.1\r\nHost: info\r\nConnection: close\r\n\r\n`;
  const { stdout } = await run(process.execPath, ['-e', program], {
    netns: namespace,
    input: JSON.stringify({ ...target, request: text }),
  });
  return JSON.parse(stdout.trim()) as Answered;
}

async function makeLeaf(ca: StolenCa, uris: readonly string[]): Promise<{ cert: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(ca.key), algorithm, false, [
    'sign',
  ]);
  const issuer = new X509Certificate(ca.certificate);
  const leaf = await X509CertificateGenerator.create({
    subject: '',
    issuer: issuer.subject,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        uris.map((value) => ({ type: 'url' as const, value })),
        true,
      ),
    ],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: leaf.toString('pem'), key };
}
