// In which order test files begin. Where nothing is known of earlier runs, as in CI, vitest begins with the largest file; a long one
// that is small would then run alone in the end, with the other cores idle.
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Half a minute and more each, the longest first; most of it waiting. */
const LONG = [
  'test/system/packages.test.ts',
  'test/system/soak-agent-stress.test.ts',
  'test/system/soak-collector.test.ts',
  'test/system/crash-servers.test.ts',
  'test/system/crash-disk-full.test.ts',
  'test/system/soak-agent.test.ts',
  'test/system/kill.test.ts',
  'test/system/crash-agent.test.ts',
];

/** As vitest has it, but of each project these first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONG.indexOf(relative(this.ctx.config.root, moduleId));
      return at < 0 ? LONG.length : at;
    };
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project);
    return [...byProject.values()].flatMap((each) => each.sort((a, b) => rank(a) - rank(b)));
  }
}
