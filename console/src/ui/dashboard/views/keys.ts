import type { KeysReport } from '@threatguard/proto';
import { keysLines } from '../../../model/keys.ts';
import { type Act, page } from '../view.ts';
import { said } from './page-parts.ts';

function control(key: string, action: 'pause' | 'resume' | 'abort', question: string): Act<KeysReport> {
  return {
    key,
    label: `${action} the rotation`,
    needs: 'keys:write',
    asks: ([report]) => (report?.rotation && !report.rotation.endedAtUs ? { kind: 'confirm', question } : undefined),
    run: async (source) => {
      await source.controlRotation(action);
      return `${action}: done`;
    },
  };
}

export const keys = page<KeysReport>({
  name: 'keys',
  aliases: ['k', 'epochs'],
  summary: 'ML-KEM epochs and the rotation in progress',
  refreshMs: 1_000,
  command: () => 'threatguard keys status --watch',
  load: (source) => source.getKeys(),
  lines: (report, look) =>
    keysLines(report, { utc: look.utc, columns: look.columns - 2 }).map((text) => said(`  ${text}`)),
  acts: [
    {
      key: 'R',
      label: 'rotate',
      needs: 'keys:write',
      asks: () => ({ kind: 'confirm', question: 'begin a new ML-KEM epoch for the whole fleet?' }),
      run: async (source) => {
        const { keys: report } = await source.rotateKeys({});
        return `epoch ${report?.rotation?.epoch ?? '?'} is announced`;
      },
    },
    control('P', 'pause', 'hold the rotation where it is?'),
    control('U', 'resume', 'go on with the rotation?'),
    control('B', 'abort', 'end the rotation, and go back to the epoch before?'),
  ],
});
