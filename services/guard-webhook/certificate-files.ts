/** What to serve, from files: the kubelet puts the Secret there, so that no pod that others can call needs a token. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../common/errors';
import type { Log } from '../common/log';
import { type Generation, validityOf } from './generation';

export interface CertificateFilesOptions {
  /** Folder of `ca.crt`, `tls.crt` and `tls.key`. */
  readonly folder: string;
  readonly host: string;
  readonly log: Log;
  /** Called with what to serve, whenever it is another one. */
  readonly onGeneration: (generation: Generation) => void;
}

export class CertificateFiles {
  /** End of what is served, milliseconds since the epoch; undefined until something is. */
  notAfter: number | undefined;
  private served = '';
  private complaint = '';

  constructor(private readonly options: CertificateFilesOptions) {}

  /** Reads the files. Those that do not belong together, as while they are replaced, change nothing. */
  look(): void {
    const { folder, host, log, onGeneration } = this.options;
    try {
      const read = (name: string) => readFileSync(join(folder, name), 'utf8');
      const generation = { ca: read('ca.crt'), certificate: read('tls.crt'), key: read('tls.key') };
      if (generation.certificate === this.served) return;
      const validity = validityOf(generation, host);
      if (validity === undefined) throw new Error(`${folder} holds no certificate for ${host} with its key and CA`);
      onGeneration(generation);
      this.served = generation.certificate;
      this.notAfter = validity.notAfter;
      this.complaint = '';
      log.info({ notAfter: new Date(validity.notAfter).toISOString() }, 'serves a certificate');
    } catch (error) {
      const message = messageOf(error);
      if (message !== this.complaint) log.warn({}, message);
      this.complaint = message;
    }
  }
}
