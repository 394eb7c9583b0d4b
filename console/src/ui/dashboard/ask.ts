import type { Dashboard } from './dashboard.ts';
import type { Asked } from './view.ts';

/** Asks the person what an act needs, then does it; leaving off by esc does nothing. */
export function askFor(dashboard: Dashboard, asked: Asked, done: (given: { answer: string; reason: string }) => void) {
  const ask = (label: string, enter: (text: string) => void) => dashboard.ask({ purpose: 'answer', label, enter });
  switch (asked.kind) {
    case 'nothing':
      return done({ answer: '', reason: '' });
    case 'confirm':
      return dashboard.show({
        kind: 'menu',
        title: asked.question,
        choices: [
          { key: 'y', label: 'yes', choose: () => done({ answer: 'y', reason: '' }) },
          { key: 'n', label: 'no', choose: () => dashboard.say('left as it is') },
        ],
      });
    case 'text':
      return ask(`${asked.question} `, (answer) => {
        if (asked.required && !answer.trim()) dashboard.say('left as it is: nothing was written', 'bad');
        else done({ answer: answer.trim(), reason: '' });
      });
    case 'words':
      return ask(`${asked.question} `, (answer) => {
        if (answer.trim() === asked.words) done({ answer, reason: '' });
        else dashboard.say(`left as it is: that is not "${asked.words}"`, 'bad');
      });
    case 'choice':
      return dashboard.show({
        kind: 'menu',
        title: asked.question,
        choices: asked.choices.map(({ key, label, value }) => ({
          key,
          label,
          choose: () => ask(`${asked.reason} `, (reason) => done({ answer: value, reason: reason.trim() })),
        })),
      });
  }
}
