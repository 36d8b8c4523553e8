/** Programs of the distribution that the lab needs: installed where that is ours to do, else asked for by one message. */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { FailureError } from '../errors';
import type { Progress } from '../progress';
import { run } from './exec';

/** Command → Debian package that has it. */
const always = {
  ip: 'iproute2',
  iptables: 'iptables',
  nft: 'nftables',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  mount: 'mount',
  setpriv: 'util-linux',
  tcpdump: 'tcpdump',
  tar: 'tar',
} as const;

/** Needed only to build or fetch what the cache lacks. */
const whenBuilding = {
  unzip: 'unzip',
  mmdebstrap: 'mmdebstrap',
  python3: 'python3',
  'dpkg-deb': 'dpkg',
} as const;

/** Debian packages of the commands that this machine lacks. */
export async function missingPackages(building: boolean): Promise<readonly string[]> {
  const wanted = { ...always, ...(building ? whenBuilding : {}) };
  const missing = new Set(
    Object.entries(wanted)
      .filter(([command]) => !onPath(command))
      .map(([, name]) => name as string),
  );
  if (building && !(await hasPip())) missing.add('python3-pip');
  return [...missing];
}

/**
 * Installs what is missing with apt-get. Throws {@link FailureError} with the exact command where it can't: not root,
 * or no Debian or Ubuntu.
 * @param building whether something has to be built or fetched, which needs more programs
 */
export async function ensurePackages(progress: Progress, building: boolean): Promise<void> {
  const missing = await missingPackages(building);
  if (missing.length === 0) return;
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (!onPath('apt-get') || process.getuid?.() !== 0) {
    throw new FailureError(
      `this machine lacks programs the lab needs, from the Debian packages ${missing.join(', ')}; install them with \`${command}\` or your distribution's equivalent`,
    );
  }
  await progress.step(`install ${missing.join(', ')}`, async (say) => {
    // Not to be stopped: a package that is installed by half is worse than a wait of seconds.
    const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, onLine: say };
    const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', ...missing], options);
    await install().catch(async () => {
      await run('apt-get', ['update'], options);
      await install();
    });
  });
}

/** Whether PATH has a program. System folders count even where an ordinary user's PATH leaves them out. */
export function onPath(command: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(join(folder, command)));
}

async function hasPip(): Promise<boolean> {
  const answer = await run('python3', ['-m', 'pip', '--version']).catch(() => undefined);
  return answer !== undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return existsSync(path);
  } catch {
    return false;
  }
}
