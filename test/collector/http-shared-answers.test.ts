import { describe, expect, it } from 'vitest';
import { alertsAnswer } from '../../collector/src/http/schemas/threat.ts';
import { SharedAnswers, writeSharedOnce } from '../../collector/src/http/shared-answers.ts';

/** Looks that are ended by hand, in the order they began. */
function lab() {
  const looks: { signal: AbortSignal; end: (answer: string) => void; fail: (error: Error) => void }[] = [];
  const answers = new SharedAnswers<string>();
  const ask = (key: string, due = new AbortController().signal) =>
    answers.ask(key, due, (signal) => {
      const { promise, resolve: end, reject: fail } = Promise.withResolvers<string>();
      looks.push({ signal, end, fail });
      return promise;
    });
  return { looks, ask };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a question that many ask at once', () => {
  it('is looked for once more, however many come while one is looked for, and never answered with what was before', async () => {
    const { looks, ask } = lab();
    const first = ask('newest');
    await turn();
    const later = Array.from({ length: 50 }, () => ask('newest'));
    await turn();
    expect(looks).toHaveLength(1);
    looks[0]!.end('before');
    expect(await first).toBe('before');
    await turn();
    expect(looks).toHaveLength(2);
    looks[1]!.end('after');
    expect(new Set(await Promise.all(later))).toEqual(new Set(['after']));
  });

  it('waits for no other question, and keeps nothing when it is answered', async () => {
    const { looks, ask } = lab();
    const both = [ask('a'), ask('b')];
    await turn();
    expect(looks).toHaveLength(2);
    for (const { end } of looks) end('x');
    await Promise.all(both);
    void ask('a').catch(() => undefined);
    await turn();
    expect(looks).toHaveLength(3);
  });

  it('fails for those who shared it, and not for who asks next', async () => {
    const { looks, ask } = lab();
    const first = ask('a');
    await turn();
    const next = ask('a');
    looks[0]!.fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await turn();
    looks[1]!.end('there again');
    expect(await next).toBe('there again');
  });

  it('goes on while somebody waits for it, and is ended with the last who leaves', async () => {
    const { looks, ask } = lab();
    const [one, other] = [new AbortController(), new AbortController()];
    const leaving = [ask('a', one.signal), ask('a', other.signal)].map((asked) =>
      expect(asked).rejects.toMatchObject({ code: 'cancelled' }),
    );
    await turn();
    one.abort();
    await turn();
    expect(looks[0]!.signal.aborted).toBe(false);
    other.abort();
    await Promise.all(leaving);
    expect(looks[0]!.signal.aborted).toBe(true);
    looks[0]!.fail(new Error('ended'));
    await turn();
    const anew = ask('a');
    await turn();
    looks[1]!.end('anew');
    expect(await anew).toBe('anew');
  });
});

it('a shared answer is held against its schema, and written once', () => {
  const write = writeSharedOnce({ schema: alertsAnswer, method: 'GET', url: '/' });
  const answer = { alerts: [], next: '', secret: 'x' };
  expect(write(answer)).toBe('{"alerts":[],"next":""}');
  answer.next = 'changed';
  expect(write(answer)).toContain('"next":""');
  expect(() => write({ alerts: 'none', next: '' })).toThrow();
});
