// An exception from an alert, as a form: its argument is what the command takes, so `y` shows the command that makes it.

import type { FieldValue, PreviewExceptionResponse } from '@threatguard/proto';
import { ConsoleError } from '../../../model/console-error.ts';
import { EXPIRES_DEFAULT, exceptionRequest, reachLines, readExpiry } from '../../../model/exception.ts';
import { shellWord } from '../../../model/shell-words.ts';
import type { DashboardSource } from '../../../services/dashboard-source.ts';
import { type Look, type PageLine, type Place, page } from '../view.ts';
import { heading, pair, said } from './page-parts.ts';

/** One after the other by enter; any other is typed. */
const EXPIRIES = ['7d', '30d', '90d', '365d', 'never'];
const FIELD_COLUMNS = 28;

interface Wanted {
  alert: string;
  /** None for all that may be the same another time. */
  fields: readonly string[];
  expires: string;
}

interface Form {
  wanted: Wanted;
  preview: PreviewExceptionResponse;
}

/** `01kah2 --field user.name --expires 90d` */
function readWanted(arg: string): Wanted {
  const [alert = '', ...words] = arg.split(/\s+/);
  const fields: string[] = [];
  let expires = EXPIRES_DEFAULT;
  for (let at = 0; at < words.length; at += 2) {
    const value = words[at + 1];
    if (value === undefined || !['--field', '--expires'].includes(words[at]!)) {
      throw new ConsoleError('usage', `"${words[at]}" is not known here; --field NAME and --expires 30d are`);
    }
    if (words[at] === '--field') fields.push(value);
    else expires = value;
  }
  readExpiry(expires);
  return { alert, fields, expires };
}

function placeOf({ alert, fields, expires }: Wanted): Place {
  const named = fields.map((field) => ` --field ${field}`).join('');
  return { view: 'except', arg: `${alert}${named}${expires === EXPIRES_DEFAULT ? '' : ` --expires ${expires}`}` };
}

async function load(source: DashboardSource, arg: string): Promise<Form> {
  const wanted = readWanted(arg);
  const preview = await source.previewException({ alertId: wanted.alert, fields: [...wanted.fields] });
  return { wanted, preview };
}

function fieldLine(
  { field = '', value, name }: FieldValue,
  { asked, without, place }: { asked: boolean; without: number | undefined; place: Place | undefined },
): PageLine {
  const more = without === undefined ? '' : `, without it ${without}`;
  return {
    spans: [
      { text: `  [${asked ? 'x' : ' '}] `, tone: asked ? 'accent' : 'dim' },
      { text: `${(field ?? '').padEnd(FIELD_COLUMNS)} ` },
      { text: more ? `${more.slice(2).padEnd(14)} ` : ' '.repeat(15), tone: 'medium' },
      { text: `${name || value || ''}` },
    ],
    place,
    value: value ?? '',
  };
}

/** All fields by name, so that one stays where it is when it is taken in or out. */
function fieldLines(
  { conditions, others, reach }: PreviewExceptionResponse,
  to: (fields: readonly string[]) => Place,
): PageLine[] {
  const asked = (conditions ?? []).map(({ field }) => field ?? '');
  const without = new Map((reach?.without ?? []).map(({ field, count }) => [field, count ?? 0]));
  const all = [...(conditions ?? []), ...(others ?? [])];
  return all
    .toSorted((a, b) => ((a.field ?? '') < (b.field ?? '') ? -1 : 1))
    .map((each) => {
      const field = each.field ?? '';
      if (!asked.includes(field))
        return fieldLine(each, { asked: false, without: undefined, place: to([...asked, field]) });
      const rest = asked.filter((other) => other !== field);
      // Nothing asked for would be everything the rule ever finds.
      return fieldLine(each, {
        asked: true,
        without: without.get(field),
        place: rest.length > 0 ? to(rest) : undefined,
      });
    });
}

function lines({ wanted, preview }: Form, look: Look): PageLine[] {
  const next = EXPIRIES[(EXPIRIES.indexOf(wanted.expires) + 1) % EXPIRIES.length]!;
  return [
    said(`No more alerts of ${preview.ruleTitle ?? ''} (${preview.ruleId ?? ''})`, 'title'),
    pair('from alert', preview.alertId ?? '', { view: 'alert', arg: preview.alertId ?? '' }),
    ...heading('where each of these is what it is in the alert (enter or space: with it or without)'),
    ...fieldLines(preview, (fields) => placeOf({ ...wanted, fields })),
    said(''),
    pair(
      'ends in',
      wanted.expires === 'never' ? 'never' : wanted.expires,
      placeOf({ ...wanted, fields: wanted.fields, expires: next }),
    ),
    ...heading('It would have hidden, of what is stored'),
    ...reachLines(preview, { utc: look.utc, columns: look.columns - 2 }).map((text) => said(`  ${text}`)),
    said(''),
    said('  S saves it; the alert itself stays as it is', 'dim'),
  ];
}

export const except = page<Form>({
  name: 'except',
  aliases: [],
  summary: 'an exception from an alert, with what it would have hidden',
  takes: 'the id of an alert',
  refreshMs: 0,
  form: true,
  command: (arg) => `threatguard alerts except ${arg.split(' ').map(shellWord).join(' ')}`,
  load,
  lines,
  acts: [
    {
      key: 'e',
      label: 'another end',
      asks: () => ({ kind: 'text', question: 'it ends in (12h, 30d, never):', required: true }),
      run: async (_source, [form], { answer }) => {
        readExpiry(answer);
        return { said: '', leadsTo: placeOf({ ...form!.wanted, expires: answer }) };
      },
    },
    {
      key: 'S',
      label: 'save it',
      asks: ([form]) =>
        form?.preview.conditions?.length
          ? { kind: 'text', question: 'save this exception; why (may be empty):', required: false }
          : undefined,
      run: async (source, [form], { answer }) => {
        const { preview, wanted } = form!;
        const request = exceptionRequest(preview, { reason: answer, expiresSeconds: readExpiry(wanted.expires) });
        const { exception } = await source.addException(request);
        return { said: `exception ${exception?.id ?? ''} is in force`, leadsTo: 'back' };
      },
    },
  ],
});
