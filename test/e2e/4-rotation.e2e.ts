/** Both roots rotate while calls go on. */
import { mesh, service } from '../../model/lab';
import { ownConnectionHeader } from '../../model/names';
import { type LoadResult, loadProgram } from '../../scripts/bench/load';
import { execute, urlOf } from '../../scripts/call/request';
import { rotateRoot } from '../../scripts/rotate/rotate';
import { openLab } from './support/labs';

const { lab } = openLab();
const backend = service(lab, 'west/backend/backend');
const info = service(lab, 'east/info/info');

async function load(headers: Record<string, string>): Promise<LoadResult> {
  const wanted = { url: `${urlOf(lab, backend, info)}/healthz`, headers, rate: 40, seconds: 20, warmUp: 1 };
  const { stdout } = await execute(lab, backend, ['-e', loadProgram, JSON.stringify(wanted)]);
  return JSON.parse(stdout.trim()) as LoadResult;
}

test('no call fails while the root of each side is replaced, on new and on reused connections', async () => {
  const loads = Promise.all([load({}), load({ [ownConnectionHeader]: '1' })]);
  const [west] = await rotateRoot(lab, mesh(lab, 'west'));
  const [east] = await rotateRoot(lab, mesh(lab, 'east'));
  for (const rotation of [west, east]) expect(rotation?.new).not.toBe(rotation?.old);
  for (const result of await loads) {
    expect(result.failed).toBe(0);
    expect(result.samples.length).toBe(800);
  }
});
