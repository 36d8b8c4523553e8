import { AbandonedError, StoppedError } from '../../../scripts/errors';
import { together } from '../../../scripts/machine/build';

const untilStopped = (stop: AbortSignal) =>
  new Promise<void>((_resolve, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason));
  });

describe('together', () => {
  it('runs lanes side by side', async () => {
    const seen: string[] = [];
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    await together(undefined, [
      async () => {
        await opened;
        seen.push('waited');
      },
      async () => {
        seen.push('opened');
        open();
      },
    ]);
    expect(seen).toEqual(['opened', 'waited']);
  });

  it('stops the others when one fails, and throws what failed first', async () => {
    let reason: unknown;
    const lanes = together(undefined, [
      async (stop) => {
        await untilStopped(stop).catch((error: unknown) => {
          reason = error;
          throw error;
        });
      },
      async () => {
        throw new Error('no network');
      },
    ]);
    await expect(lanes).rejects.toThrow('no network');
    expect(reason).toBeInstanceOf(AbandonedError);
  });

  it('throws the reason when it is stopped from outside', async () => {
    const stop = new AbortController();
    const lanes = together(stop.signal, [untilStopped, untilStopped]);
    stop.abort(new StoppedError('SIGINT'));
    await expect(lanes).rejects.toThrow('stopped by SIGINT');
  });
});
