/** The driver when it is stopped or killed: Terraform writes its state all the same. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoppedError } from '../../../scripts/errors';
import { until } from '../../../scripts/machine/until';
import type { Progress } from '../../../scripts/progress';
import { driving, specs } from './driving';

const lab = driving();
const { apply, destroy, done } = lab;

describe('Ctrl-C', () => {
  test.each(['apply', 'destroy'] as const)(
    'is passed on to %s: state is written, the person is told to wait',
    async (verb) => {
      if (verb === 'destroy') await apply();
      lab.checkout.forgetCalls();
      const hold = join(lab.checkout.folder, 'never');
      lab.checkout.script(Object.fromEntries(Object.keys(specs).map((name) => [name, { hold }])));
      const stop = new AbortController();
      const told: string[] = [];
      const progress: Progress = {
        note: () => {},
        step: async (title, work) => {
          told.push(title);
          return work(() => {});
        },
      };
      const running = (verb === 'apply' ? apply : destroy)({ signal: stop.signal, progress });
      const ended = expect(running).rejects.toThrow(new StoppedError('SIGINT'));
      const expected = verb === 'apply' ? 2 : 1;
      expect(
        await until(async () => done(verb).filter((call) => call.startsWith('+')).length === expected, {
          timeout: 20_000,
          interval: 10,
        }),
      ).toBe(true);
      stop.abort(new StoppedError('SIGINT'));
      await ended;
      expect(told.at(-1)).toMatch(/^stopping: please wait/);
      expect(done(verb).filter((call) => call.startsWith('^'))).toHaveLength(expected);
      expect(done(verb).filter((call) => call.startsWith('+'))).toHaveLength(expected);
      // The resource that was being made when the signal came is finished, and the state knows it.
      if (verb === 'apply')
        expect([...lab.checkout.state('network-west'), ...lab.checkout.state('network-east')].sort()).toEqual([
          'ne',
          'nw',
        ]);
      else expect([lab.checkout.state('border'), lab.checkout.state('cluster-west')]).toEqual([[], ['cw', 'gw']]);
      lab.checkout.script({});
      await destroy();
      expect(Object.keys(specs).flatMap((name) => lab.checkout.state(name))).toEqual([]);
    },
  );
});

describe('the command that drives', () => {
  /** A process of its own that applies, and ends as `isthmus` does. */
  function command(): { readonly child: ChildProcess; readonly ended: Promise<number | null> } {
    const args = ['--require', require.resolve('tsx/cjs'), require.resolve('../../support/drive-child.ts')];
    const child = spawn(process.execPath, [...args, lab.checkout.folder, lab.checkout.outdir], {
      env: lab.checkout.env,
      stdio: 'ignore',
    });
    return { child, ended: new Promise((resolve) => child.once('exit', resolve)) };
  }
  const called = async (call: string, count = 1) =>
    expect([
      call,
      await until(async () => lab.checkout.calls().filter((one) => one === call).length === count, {
        timeout: 60_000,
        interval: 10,
      }),
    ]).toEqual([call, true]);

  test('may be killed: Terraform goes on to its end, and its state knows everything', async () => {
    const hold = join(lab.checkout.folder, 'go');
    lab.checkout.script({ 'network-west': { hold }, 'network-east': { hold } });
    const { child, ended } = command();
    await called('+network-west apply');
    child.kill('SIGKILL');
    await ended;
    writeFileSync(hold, '');
    await called('-network-west apply');
    expect(lab.checkout.state('network-west')).toEqual(['nw']);
  });

  test('hands a second Ctrl-C on, so that Terraform saves what it knows and ends', async () => {
    const stuck = { hold: join(lab.checkout.folder, 'never'), stuck: true };
    lab.checkout.script({ 'network-west': stuck, 'network-east': stuck });
    const { child, ended } = command();
    await called('+network-west apply');
    await called('+network-east apply');
    child.kill('SIGINT');
    await called('^network-west apply');
    await called('^network-east apply');
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    await called('^network-west apply', 2);
    await called('^network-east apply', 2);
  });
});
