import type { FactId } from './facts.ts';

/** One requirement of a framework, as far as what is collected says anything about it. */
interface Control {
  /** As the framework numbers it. */
  id: string;
  title: string;
  /** What it asks for, in our words. */
  asks: string;
  facts: readonly FactId[];
  /** What nothing here can show. */
  notShown: string;
}

export interface Framework {
  title: string;
  controls: readonly Control[];
}
