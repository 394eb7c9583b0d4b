import { describe, expect, it } from 'vitest';
import { ConsoleError } from '../../console/src/model/console-error.ts';
import { untilReached } from '../../console/src/services/until-reached.ts';

const AWAY = new ConsoleError('unreachable', 'no collector answers');

/** Fails with these, one after the other, then answers. */
function failing(...errors: Error[]) {
  return async () => {
    const error = errors.shift();
    if (error) throw error;
    return 'answer';
  };
}

describe('what is asked of a collector that may be starting', () => {
  const { signal } = new AbortController();

  it('is asked again until it answers, each reason told once', async () => {
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    expect(await untilReached(failing(AWAY, AWAY), { signal, onNote })).toBe('answer');
    expect(notes).toEqual(['no collector answers']);
  });

  it('fails where the collector refuses, and where it is away for too long', async () => {
    const refusal = new ConsoleError('refused', 'no');
    await expect(untilReached(failing(AWAY, refusal), { signal })).rejects.toBe(refusal);
    await expect(untilReached(failing(AWAY), { signal, msMax: 0 })).rejects.toBe(AWAY);
  });

  it('is not asked again once nobody waits', async () => {
    const stop = new AbortController();
    const asked = untilReached(() => Promise.reject(AWAY), { signal: stop.signal });
    stop.abort();
    await expect(asked).rejects.toThrow('abort');
  });
});
