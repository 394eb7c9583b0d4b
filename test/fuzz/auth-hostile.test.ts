import { Activity, Outcome } from '@threatguard/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AuthParser } from '../../agent/src/sensors/auth/parse.ts';
import { hostileName, PEER, REFUSED_LINES } from '../support/hostile-names.ts';

const clock = { nowUs: Date.UTC(2026, 10, 21) * 1000, timeZone: 'UTC' };
const parser = new AuthParser('auth.file');
const { address, port } = PEER;
const { FAILURE } = Outcome;

describe('a hostile name forges neither address nor outcome, and what could be read in two ways is withheld and named', () => {
  it.each(REFUSED_LINES)('%s', (_kind, of, outcome = FAILURE) => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const { event } = parser.parse(`Nov 21 10:00:00 host ${of(name)}`, clock);
        if (!event) return; // not understood is counted, and forges nothing
        const { sourceAddress, sourcePort } = event.authentication ?? {};
        const missing = event.missing ?? [];
        expect([address, '']).toContain(sourceAddress ?? '');
        expect([port, 0]).toContain(sourcePort ?? 0);
        expect(event.outcome === outcome || missing.includes('event.outcome')).toBe(true);
        expect(event.activity).not.toBe(Activity.LOGOFF);
        expect(event.class).toBe(1);
      }),
      { numRuns: 400, seed: 4 },
    );
  });

  it.each(REFUSED_LINES)('%s: an ordinary name comes out with its peer', (kind, of) => {
    const { event } = parser.parse(`Nov 21 10:00:00 host ${of('alice')}`, clock);
    expect(event).not.toBeNull();
    if (kind !== 'su') expect(event?.authentication?.sourceAddress).toBe(address);
    expect(event?.missing ?? []).toEqual([]);
  });
});

it('a name or command in sudo, doas and su does not change the outcome or who did it', () => {
  const lines: [string, (n: string) => string, Outcome][] = [
    ['directory', (n) => `sudo[7]: alice : TTY=pts/0 ; PWD=/tmp/${n} ; USER=root ; COMMAND=/bin/sh`, Outcome.SUCCESS],
    ['command', (n) => `sudo[7]: alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/echo ${n}`, Outcome.SUCCESS],
    [
      'refused',
      (n) => `sudo[7]: alice : command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/echo ${n}`,
      FAILURE,
    ],
    ['doas', (n) => `doas[7]: alice ran command ${n} as root from /`, Outcome.SUCCESS],
    ['doas refused', (n) => `doas[7]: command not permitted for alice: ${n}`, FAILURE],
  ];
  for (const [kind, of, outcome] of lines)
    fc.assert(
      fc.property(hostileName, (name) => {
        const { event } = parser.parse(`Nov 21 10:00:00 host ${of(name)}`, clock);
        if (!event) return;
        expect(event.outcome, kind).toBe(outcome);
        expect(event.user?.name, kind).toBe('alice');
        const target = event.targetUser?.name;
        expect(target === 'root' || !target, `${kind}: target ${target}`).toBe(true);
      }),
      { numRuns: 400, seed: 4 },
    );
});
