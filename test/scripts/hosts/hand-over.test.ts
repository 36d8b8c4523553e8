/** A lab that an earlier version raised: its agents' files become the present users'. */
import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hostUsers } from '../../../model/host-users';
import { type HostFiles, type HostPlace, hostFiles } from '../../../model/hosts';
import { handOver } from '../../../scripts/hosts/hand-over';
import { stopDaemon } from '../../../scripts/machine/daemon';

jest.mock('../../../scripts/machine/daemon');

const mockBase = mkdtempSync(join(tmpdir(), 'hand-over-'));
jest.mock('../../../model/names', () => ({
  ...jest.requireActual('../../../model/names'),
  stateFolder: (lab: string) => `${mockBase}/${lab}`,
}));

const asRoot = process.getuid?.() === 0 ? test : test.skip;
const former = 5202;
const owners = (paths: readonly string[]) => paths.map((path) => lstatSync(path).uid);

afterAll(() => rmSync(mockBase, { recursive: true, force: true }));
beforeEach(() => jest.mocked(stopDaemon).mockReset());

function host(lab: string, owner: number): { place: HostPlace; files: HostFiles; inside: string[] } {
  const place: HostPlace = {
    ...{ lab, mesh: 'east', name: 'info', role: 'service', address: '10.20.0.20', prefix: 24 },
    ...{ border: '10.20.0.1', datacenter: 'dc1', serverAddress: '10.20.0.10' },
  };
  const files = hostFiles(lab, 'east', 'info');
  const inside = [files.tls, files.key, files.data, join(files.data, 'raft'), join(files.data, 'raft/raft.db')];
  for (const folder of [files.tls, join(files.data, 'raft')]) mkdirSync(folder, { recursive: true });
  for (const file of [files.key, join(files.data, 'raft/raft.db')]) writeFileSync(file, 'x');
  for (const path of inside) chownSync(path, owner, owner);
  chmodSync(dirname(files.folder), 0o711);
  return { place, files, inside };
}

asRoot('they change hands once its programs have ended, and only once', async () => {
  const { place, inside } = host('old', former);
  const { consul } = hostUsers(place);
  jest.mocked(stopDaemon).mockImplementation(async () => {
    expect(owners(inside)).toEqual(inside.map(() => former));
  });
  expect(await handOver(place)).toBe(true);
  expect(jest.mocked(stopDaemon).mock.calls.map(([, name]) => name)).toEqual([
    'east-info-envoy',
    'east-info-program',
    'east-info-consul',
  ]);
  expect(owners(inside)).toEqual(inside.map(() => consul));
  expect(await handOver(place)).toBe(false);
});

asRoot('what the former user linked to stays whose it is', async () => {
  const { place, files } = host('linked', former);
  const outside = join(mockBase, 'outside');
  writeFileSync(outside, 'x');
  symlinkSync(outside, join(files.data, 'link'));
  const alien = join(files.data, 'alien');
  writeFileSync(alien, 'x');
  await handOver(place);
  expect(owners([outside, alien])).toEqual([0, 0]);
});

asRoot('after a kill half-way the next run does the rest', async () => {
  const { place, files, inside } = host('half', former);
  const { consul } = hostUsers(place);
  for (const path of [files.tls, files.key]) chownSync(path, consul, consul);
  expect(await handOver(place)).toBe(true);
  expect(owners(inside)).toEqual(inside.map(() => consul));
});

asRoot('a new host, and one that has its users, are left alone', async () => {
  const fresh = { ...host('fresh', former).place, name: 'another' };
  expect(await handOver(fresh)).toBe(false);
  const { place } = host('present', former);
  const { inside } = host('present', hostUsers(place).consul);
  expect(await handOver(place)).toBe(false);
  expect(owners(inside)).toEqual(inside.map(() => hostUsers(place).consul));
  expect(stopDaemon).not.toHaveBeenCalled();
});
