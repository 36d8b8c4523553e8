/** TLS between Consul agents: a CA of this machine and one certificate per host, made by Consul's own tool. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hostUsers } from '../../model/host-users';
import { type HostPlace, hostFiles, meshSecretsFolder } from '../../model/hosts';
import { FailureError } from '../errors';
import { locate } from '../machine/binaries';
import { run } from '../machine/exec';
import { folder, owner, root, writeOwned } from './secret';

/** Days that a host's certificate lives, and how many must be left for it to stay. */
const lifetime = { days: 30, renewBelow: 10 };

const caFile = 'consul-agent-ca.pem';
const caKeyFile = 'consul-agent-ca-key.pem';

/** Folder of the mesh's agent CA; made at first use. Two processes at once agree on one CA. */
async function agentCa(lab: string, mesh: string): Promise<string> {
  const ca = join(meshSecretsFolder(lab, mesh), 'agent-ca');
  if (!existsSync(ca)) {
    const draft = await drafted(lab, mesh, ['ca', 'create', '-days=3650']);
    try {
      renameSync(draft, ca);
    } catch (error) {
      rmSync(draft, { recursive: true });
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return ca;
}

/**
 * Puts CA certificate, certificate and key into the host's TLS folder unless good ones are there.
 * @returns the fingerprint of the host's certificate, which changes when it was renewed
 */
export async function ensureAgentCertificate(host: HostPlace): Promise<string> {
  const files = hostFiles(host.lab, host.mesh, host.name);
  const ca = await agentCa(host.lab, host.mesh);
  const caPem = readFileSync(join(ca, caFile));
  const known = valid(files.certificate, files.key, new X509Certificate(caPem));
  if (known !== undefined) return known;
  const kind = host.role === 'server' ? ['-server', `-node=${host.name}`] : ['-client'];
  const draft = await drafted(host.lab, host.mesh, [
    'cert',
    'create',
    ...kind,
    `-dc=${host.datacenter}`,
    `-days=${lifetime.days}`,
    `-ca=${join(ca, caFile)}`,
    `-key=${join(ca, caKeyFile)}`,
  ]);
  try {
    const names = readdirSync(draft);
    const key = names.find((name) => name.endsWith('-key.pem'));
    const certificate = names.find((name) => name !== key);
    if (key === undefined || certificate === undefined) {
      throw new FailureError(
        `consul tls cert create made [${names.join(', ')}]; a certificate and a key were expected`,
      );
    }
    const agent = owner(hostUsers(host).consul);
    folder(files.tls, agent, 0o700);
    const pem = readFileSync(join(draft, certificate));
    writeOwned(files.caCertificate, caPem, agent);
    writeOwned(files.key, readFileSync(join(draft, key)), agent);
    writeOwned(files.certificate, pem, agent);
    return new X509Certificate(pem).fingerprint256;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Runs `consul tls` in a new folder that only root enters: the tool names its files itself. */
async function drafted(lab: string, mesh: string, args: readonly string[]): Promise<string> {
  const secrets = folder(meshSecretsFolder(lab, mesh), root, 0o700);
  const draft = mkdtempSync(join(secrets, 'draft-'));
  await run(locate('consul'), ['tls', ...args], { cwd: draft });
  return draft;
}

/** Fingerprint of a certificate of this CA and key with enough life left. */
function valid(certificateFile: string, keyFile: string, ca: X509Certificate): string | undefined {
  if (!existsSync(certificateFile) || !existsSync(keyFile)) return undefined;
  const certificate = new X509Certificate(readFileSync(certificateFile));
  const left = Date.parse(certificate.validTo) - Date.now();
  const fits =
    left > lifetime.renewBelow * 86_400_000 &&
    certificate.verify(ca.publicKey) &&
    certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile)));
  return fits ? certificate.fingerprint256 : undefined;
}
