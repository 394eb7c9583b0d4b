// What is typed after `:`, and views under names of their own.
import { suggest } from '@threatguard/proto';
import type { Dashboard } from './dashboard.ts';

/** Candidates shown beside a command that is typed. */
const CANDIDATES_MAX = 8;

/** Goes where the command says, or says why it cannot. */
export function runCommand(dashboard: Dashboard, typed: string) {
  const { views, saved, quit } = dashboard.parts;
  const [name = ''] = typed.trim().split(/\s+/);
  const arg = typed.trim().slice(name.length).trim();
  if (name === '') return;
  if (name === 'q' || name === 'quit') return quit();
  if (saved.find(name)) return goSaved(dashboard, name);
  const view = views.find((each) => each.name === name || each.aliases.includes(name));
  if (!view) return dashboard.say(`there is no view "${name}"${suggest(name, namesOf(dashboard))}`, 'bad');
  if (view.takes && !view.mayTakeNone && !arg) return dashboard.say(`:${view.name} needs ${view.takes}`, 'bad');
  // What follows the name of a list is what is looked for in it.
  if (!view.takes && arg) dashboard.go({ view: view.name, arg: '' }, { filter: arg });
  else dashboard.go({ view: view.name, arg });
}

/** What a command that is typed could become. */
export function candidatesFor(dashboard: Dashboard, text: string): string[] {
  const typed = text.trimStart();
  if (typed.includes(' ')) return [];
  const begins = (name: string) => name.startsWith(typed);
  const found = [...dashboard.parts.views.map(({ name }) => name), ...dashboard.parts.saved.names()].filter(begins);
  return (found.length > 0 ? found : namesOf(dashboard).filter(begins)).slice(0, CANDIDATES_MAX);
}

/** Asks for a name, and keeps the view under it. */
export function saveView(dashboard: Dashboard): void {
  const { place, filter, sort } = dashboard.state.top;
  const { views, saved } = dashboard.parts;
  dashboard.ask({
    purpose: 'answer',
    label: 'save this view as: ',
    enter: (name) => {
      if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) {
        return dashboard.say('a name is of lower case letters, digits and dashes', 'bad');
      }
      if (views.some((view) => view.name === name || view.aliases.includes(name))) {
        return dashboard.say(`"${name}" is a view of its own`, 'bad');
      }
      const problem = saved.save(name, { ...place, filter, sort, wide: dashboard.state.snapshot().wide });
      dashboard.say(problem || `saved: :${name} comes back here`, problem ? 'bad' : 'good');
    },
  });
}

function goSaved(dashboard: Dashboard, name: string) {
  const { view, arg, filter, sort, wide } = dashboard.parts.saved.find(name)!;
  if (!dashboard.parts.views.some((each) => each.name === view)) {
    return dashboard.say(`there is no view "${view}" any more`, 'bad');
  }
  dashboard.state.set({ wide });
  dashboard.go({ view, arg }, { filter, sort });
}

/** Names of views, aliases and saved views. */
function namesOf({ parts }: Dashboard): string[] {
  return [...parts.views.flatMap(({ name, aliases }) => [name, ...aliases]), ...parts.saved.names()];
}
