import type { GetModelResponse, LearningState, ModelSummary } from '@threatguard/proto';
import { cardPairs, isLearning, learningText, modelColumns } from '../../../model/models.ts';
import { shellWord } from '../../../model/shell-words.ts';
import { verdictsText } from '../../../model/triage-score.ts';
import type { DashboardSource } from '../../../services/dashboard-source.ts';
import type { Tone } from '../spans.ts';
import { type Act, type Look, list, type PageLine, page } from '../view.ts';
import { pair, said, wrapped } from './page-parts.ts';

const REFRESH_MS = 10_000;

/** Beside what is trained stand the baselines, which learn from each event and have no versions. */
const BASELINE = 'baseline';

function baselineOf(learning: LearningState): ModelSummary {
  const { learnedDays, neededDays } = learning;
  const state = isLearning(learning) ? `learning ${learnedDays ?? 0} of ${neededDays ?? 0} days` : 'active';
  return { name: BASELINE, version: 0, state, notice: learningText(learning) };
}

async function modelRows(source: DashboardSource): Promise<ModelSummary[]> {
  const { learning, models } = await source.listModels();
  return [baselineOf(learning ?? {}), ...(models ?? [])];
}

function modelTone({ state }: ModelSummary): Tone | undefined {
  if (state === 'active') return 'good';
  if (state === 'refused') return 'bad';
  return state === 'retired' ? 'dim' : 'medium';
}

const argOf = ({ name, version }: ModelSummary) => (version ? `${name ?? ''} ${version}` : (name ?? ''));

/** Acts on whatever has a version of a model in it. */
function modelActs<Row>(modelOf: (row: Row) => ModelSummary | undefined): readonly Act<Row>[] {
  const trained = (rows: readonly Row[]) => {
    const [model, ...others] = rows.map(modelOf);
    return model?.version && others.length === 0 ? model : undefined;
  };
  const act = (
    key: string,
    label: string,
    question: (model: ModelSummary) => string,
    run: (source: DashboardSource, model: ModelSummary) => Promise<GetModelResponse>,
  ): Act<Row> => ({
    key,
    label,
    needs: 'rules:write',
    asks: (rows) => {
      const model = trained(rows);
      return model && { kind: 'confirm', question: question(model) };
    },
    run: async (source, rows) => {
      const { model } = await run(source, trained(rows)!);
      return `${model?.name ?? ''} ${model?.version ?? 0} is in use`;
    },
  });
  return [
    act(
      'u',
      'use this version',
      ({ name, version }) => `take ${name} ${version} into use?`,
      (source, { name, version }) => source.activateModel({ name, version, force: false }),
    ),
    act(
      'B',
      'go back a version',
      ({ name }) => `go back to the version of ${name} that was in use before?`,
      (source, { name }) => source.rollbackModel(name ?? ''),
    ),
  ];
}

export const models = list<ModelSummary>({
  name: 'models',
  aliases: ['m', 'mo', 'learning'],
  summary: 'what was learned and trained: state, versions, alerts against the budget',
  refreshMs: REFRESH_MS,
  command: () => 'threatguard models list',
  rows: modelRows,
  id: argOf,
  columns: ({ nowMs }) =>
    modelColumns(nowMs).map((column) => {
      const cell = (model: ModelSummary) => (model.version ? column.cell(model) : '-');
      switch (column.title) {
        case 'STATE':
          return { ...column, tone: modelTone };
        case 'TRAINED':
          return { ...column, cell, order: ({ trainedAtUs }: ModelSummary) => trainedAtUs ?? 0 };
        case 'ALERTS/WEEK':
          return {
            ...column,
            cell,
            order: ({ alertsLastWeek }: ModelSummary) => alertsLastWeek ?? 0,
            tone: ({ alertsLastWeek, alertsAllowed }: ModelSummary) =>
              (alertsLastWeek ?? 0) > (alertsAllowed ?? 0) ? 'bad' : undefined,
          };
        case 'VERSION':
        case 'ROWS':
          return { ...column, cell };
        default:
          return column;
      }
    }),
  open: (model) => ({ view: 'model', arg: argOf(model) }),
  acts: modelActs((model) => model),
  empty: 'nothing was learned yet',
});

/** What the overview says of them. */
export function modelLines({ learning, models: all }: { learning: LearningState; models: readonly ModelSummary[] }) {
  const active = all.filter(({ state }) => state === 'active');
  const refused = all.filter(({ state }) => state === 'refused').length;
  const place = { view: 'models', arg: '' };
  const verdicts = verdictsText(learning);
  const names = active.map(({ name, version }) => `${name} ${version}`).join(', ');
  return [
    {
      ...said(`  ${learningText(learning)}`, isLearning(learning) ? 'medium' : undefined),
      place,
    },
    {
      spans: [
        { text: `  in use: ${names || 'none but the baselines'}` },
        ...(refused > 0 ? [{ text: `, ${refused} refused`, tone: 'bad' as const }] : []),
      ],
      place,
    },
    ...(verdicts ? [{ ...said(`  ${verdicts}`, 'dim' as const), place }] : []),
  ];
}

/** A model with its card; of the baselines how far they are. */
interface ModelPage {
  model: ModelSummary;
  card: string;
  learning: LearningState | undefined;
}

async function loadModel(source: DashboardSource, arg: string): Promise<ModelPage> {
  const [name = '', version = '0'] = arg.split(' ');
  if (name === BASELINE) {
    const learning = (await source.listModels()).learning ?? {};
    return { model: baselineOf(learning), card: '', learning };
  }
  const { model, card } = await source.modelCard(name, Number(version) || 0);
  return { model: model ?? {}, card: card ?? '', learning: undefined };
}

function pageLines({ model, card, learning }: ModelPage, look: Look): PageLine[] {
  const heading: PageLine = {
    spans: [
      { text: argOf(model), tone: 'title' },
      { text: `  ${model.state ?? ''}`, tone: modelTone(model) },
    ],
    value: argOf(model),
  };
  if (learning) {
    const count = (name: string, value: number | null | undefined) => pair(name, String(value ?? 0));
    return [
      heading,
      said(''),
      ...wrapped(learningText(learning), look),
      ...wrapped(verdictsText(learning) ?? 'triage has learned from enough verdicts', look),
      said(''),
      pair('budget', `${learning.alertsPerHostDay ?? 0} alerts a host and day`),
      count('hours kept', learning.hoursStored),
      count('forgotten', learning.entitiesEvicted),
      count('came late', learning.eventsLate),
    ];
  }
  const pairs = cardPairs(model, card, { utc: look.utc, nowMs: look.nowMs }).slice(1);
  return [
    heading,
    said(''),
    ...pairs.flatMap(([name, value]) => {
      const [first, ...rest] = wrapped(value, { ...look, columns: look.columns - NAME_COLUMNS });
      const text = first?.spans[0]?.text.trim() ?? '';
      const tail = rest.map((line) => ({ ...said(`${' '.repeat(NAME_COLUMNS)}${line.spans[0]!.text.trim()}`), value }));
      return [{ ...pair(name, text), value }, ...tail];
    }),
  ];
}

/** What `pair` leaves for a name. */
const NAME_COLUMNS = 13;

export const model = page<ModelPage>({
  name: 'model',
  aliases: ['card'],
  summary: 'the card of a model: features, data, metrics, digest, signature',
  takes: 'a name and a version: isolation-forest 3',
  refreshMs: REFRESH_MS,
  command: (arg) =>
    arg === BASELINE ? 'threatguard models list' : `threatguard models show ${arg.split(' ').map(shellWord).join(' ')}`,
  load: loadModel,
  lines: pageLines,
  acts: modelActs(({ model: shown }) => shown),
});
