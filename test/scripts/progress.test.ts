import { AbandonedError, StoppedError } from '../../scripts/errors';
import { elapsed, makeProgress } from '../../scripts/progress';

function stream(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 60, write: (text: string) => written.push(text), text: () => written.join('') };
}

describe('elapsed', () => {
  it.each([
    [400, '0.4s'],
    [12_340, '12.3s'],
    [59_900, '59.9s'],
    [60_000, '1m00s'],
    [184_000, '3m04s'],
    [3_599_600, '60m00s'],
  ])('says %d ms as %s', (milliseconds, text) => {
    expect(elapsed(0, milliseconds)).toBe(text);
  });
});

describe('makeProgress', () => {
  it('writes one plain line per step where there is no terminal', async () => {
    const out = stream(false);
    const result = await makeProgress(out, {}).step('build consul', async (say) => {
      say('12 packages');
      return 7;
    });
    expect(result).toBe(7);
    expect(out.text()).toMatch(/^✓ build consul \(\d+\.\ds\)\n$/);
  });

  it('shows a failed step with its title and passes the failure on', async () => {
    const out = stream(false);
    const failing = makeProgress(out, {}).step('build consul', async () => {
      throw new Error('no compiler');
    });
    await expect(failing).rejects.toThrow('no compiler');
    expect(out.text()).toMatch(/^✗ build consul \(failed after \d+\.\ds\)\n$/);
  });

  it('leaves no line of a passing step, whatever becomes of it', async () => {
    const out = stream(false);
    const progress = makeProgress(out, {});
    await expect(progress.step('looking', async () => 7, { passing: true })).resolves.toBe(7);
    const failing = progress.step('looking', () => Promise.reject(new Error('nobody there')), { passing: true });
    await expect(failing).rejects.toThrow('nobody there');
    expect(out.text()).toBe('');
  });

  it('writes that a step lasts, and then its detail every half minute, where there is no terminal', async () => {
    jest.useFakeTimers();
    const out = stream(false);
    let end = () => {};
    const step = makeProgress(out, {}).step('build consul', async (say) => {
      say('12 packages');
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    });
    jest.advanceTimersByTime(999);
    expect(out.text()).toBe('');
    jest.advanceTimersByTime(1);
    expect(out.text()).toBe('… build consul\n');
    jest.advanceTimersByTime(59_999);
    expect(out.text()).toBe('… build consul\n… build consul 31.0s · 12 packages\n');
    end();
    await step;
    jest.advanceTimersByTime(120_000);
    expect(out.text().split('\n').slice(2)).toEqual(['✓ build consul (1m01s)', '']);
    jest.useRealTimers();
  });

  it.each([
    [new StoppedError('SIGINT'), /^- build consul \(stopped after \d+\.\ds\)\n$/],
    [new AbandonedError('given up'), /^- build consul \(stopped after \d+\.\ds\)\n$/],
  ])('does not call a step failed that was only stopped: %s', async (error, text) => {
    const out = stream(false);
    const stopped = makeProgress(out, {}).step('build consul', async () => {
      throw error;
    });
    await expect(stopped).rejects.toBe(error);
    expect(out.text()).toMatch(text);
  });

  it('redraws running steps on a terminal and clears them at the end', async () => {
    const out = stream(true);
    await makeProgress(out, { NO_COLOR: '1' }).step('build consul', async () => {});
    const [running, ended] = out.text().split('\r\u001b[1A\u001b[0J');
    expect(running).toMatch(/^… build consul .*\n$/);
    expect(ended).toMatch(/^✓ build consul \(.*\)\n$/);
  });

  it('writes a line of its own above the running steps, over the ^C that a terminal echoes', async () => {
    const out = stream(true);
    const progress = makeProgress(out, { NO_COLOR: '1' });
    await progress.step('build consul', async () => progress.note('stopping'));
    const [, noted] = out.text().split('\r\u001b[1A\u001b[0J');
    expect(noted).toMatch(/^stopping\n✓ build consul /);
  });

  it.each([
    [true, {}, true],
    [true, { NO_COLOR: '1' }, false],
    [false, {}, false],
  ])('with a terminal %s and environment %j colours: %s', async (isTTY, env, coloured) => {
    const out = stream(isTTY);
    await makeProgress(out, env).step('x', async () => {});
    expect(out.text().includes('\u001b[32m')).toBe(coloured);
  });
});
