/**
 * What a thief would have to steal first, taken with the machine's own rights: CA keys and leaves. They stay in this
 * process's memory and end with it; the lab's trust is not changed.
 */
import type { ClusterAccess } from '../../../model/cluster';
import { hostFiles, managementTokenFile, serverHostName } from '../../../model/hosts';
import { planeNamespace } from '../../../model/names';
import { clusterOf } from '../../cluster';
import { FailureError } from '../../errors';
import { kubectl } from '../../kubectl';
import { run } from '../../machine/exec';
import { certificates } from '../../status/certificates';
import type { Cast } from '../cast';
import { type Authority, keyOf, type Leaf, makeAuthority } from './certificates';

/**
 * Reads Consul's CA key off its disk, where the log of its database has it: arguments are the data folder, the API's
 * socket, and a file with the management token, plain or in an agent's config. Prints `{roots, keys}`, PEM.
 */
const program = `
const { readdirSync, readFileSync } = require('node:fs');
const { request } = require('node:http');
const { join } = require('node:path');
const { json } = require('node:stream/consumers');
const [folder, socketPath, file] = process.argv.slice(1);
const text = readFileSync(file, 'utf8').trim();
const token = text.startsWith('{') ? JSON.parse(text).acl.tokens.initial_management : text;
const pem = /-----BEGIN (EC |RSA |)PRIVATE KEY-----[A-Za-z0-9+\\/=\\s]+?-----END \\1PRIVATE KEY-----/g;
const files = readdirSync(join(folder, 'raft'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const keys = files.flatMap((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'latin1').match(pem) ?? []);
request({ socketPath, path: '/v1/connect/ca/roots', headers: { 'X-Consul-Token': token } }, async (response) => {
  const { Roots } = await json(response);
  console.log(JSON.stringify({ roots: Roots.filter((root) => root.Active).map((root) => root.RootCert), keys: [...new Set(keys)] }));
}).end();
`;

/** Whose CA key a thief holds. `attacker` is a CA that nobody trusts. */
export type Whose = 'plane' | 'consul' | 'istio' | 'attacker';

export function authorityOf(whose: Whose, { lab, west, east }: Cast): Promise<Authority> {
  switch (whose) {
    case 'plane':
      return planeAuthority(clusterOf(lab, west), east.name);
    case 'consul':
      return consulAuthority(lab.name, east.name);
    case 'istio':
      return istioAuthority(clusterOf(lab, west));
    case 'attacker':
      return makeAuthority();
  }
}

/** The CA of the federation plane towards a peer. */
async function planeAuthority(cluster: ClusterAccess, peer: string): Promise<Authority> {
  const at = ['exec', 'plane-0', '--namespace', planeNamespace(peer), '--container', 'consul', '--'];
  const args = ['/plane/data/consul', '/plane/sockets/http.sock', '/plane/data/acl.json'];
  const { stdout } = await kubectl(cluster, [...at, 'node', '-e', program, ...args]);
  return fromDisk('the federation plane', stdout);
}

/** The CA of a Consul mesh on hosts. */
async function consulAuthority(lab: string, mesh: string): Promise<Authority> {
  const { data, httpSocket } = hostFiles(lab, mesh, serverHostName);
  const args = [data, httpSocket, managementTokenFile(lab, mesh)];
  const { stdout } = await run(process.execPath, ['-e', program, ...args]);
  return fromDisk(`mesh ${mesh}`, stdout);
}

function fromDisk(whose: string, stdout: string): Authority {
  const { roots, keys } = JSON.parse(stdout) as { roots: string[]; keys: string[] };
  const [certificate] = roots;
  const key = certificate === undefined ? undefined : keyOf(certificate, keys);
  if (certificate === undefined || key === undefined) {
    throw new FailureError(`the CA key of ${whose} was not found on its disk: attacks that need it can't be played`);
  }
  return { certificate, key };
}

/** Istio's own CA. */
async function istioAuthority(cluster: ClusterAccess): Promise<Authority> {
  const data = await secretData(cluster, 'istio-system', 'istio-ca-secret');
  const { 'ca-cert.pem': certificate = '', 'ca-key.pem': key = '' } = data;
  return { certificate, key };
}

/** The federation leaf that a consumer uses right now. */
export async function federationLeaf(cluster: ClusterAccess, namespace: string, secret: string): Promise<Leaf> {
  const { 'tls.crt': cert = '', 'tls.key': key = '' } = await secretData(cluster, namespace, secret);
  if (certificates(cert).length === 0)
    throw new FailureError(`Secret ${namespace}/${secret} holds no leaf. What now: isthmus status`);
  return { cert, key };
}

async function secretData(cluster: ClusterAccess, namespace: string, name: string): Promise<Record<string, string>> {
  const { stdout } = await kubectl(cluster, ['get', 'secret', name, '--namespace', namespace, '--output', 'json']);
  const { data = {} } = JSON.parse(stdout) as { data?: Record<string, string> };
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}
