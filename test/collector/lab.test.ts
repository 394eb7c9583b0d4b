import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, readNumber, readNumericTable } from '../../collector/src/lab/csv.ts';
import { readLabelled } from '../../collector/src/lab/mixed-table.ts';
import { joinGaps, readSeries } from '../../collector/src/lab/series.ts';
import { xgboostModel } from '../support/xgboost-model.ts';

const BIN = join(import.meta.dirname, '..', '..', 'collector', 'bin', 'threatguard-collector.js');
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threatguard-lab-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function lab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, 'lab', ...args], { encoding: 'utf8' });
  return { status, stdout, stderr, lines: stdout.trimEnd().split('\n') };
}

describe('tables of numbers', () => {
  it.each([
    ['1', 1],
    [' -2.5e3 ', -2500],
    ['.5', 0.5],
    ['True', 1],
    ['false', 0],
    ['', Number.NaN],
    ['NA', Number.NaN],
    ['-', Number.NaN],
    ['-1e308', -1e100],
    ['0x10', undefined],
    ['1e999', undefined],
    ['1,5', undefined],
    ['Infinity', undefined],
    ['one', undefined],
  ])('a cell %j is %j', (cell, value) => {
    expect(readNumber(cell)).toEqual(value);
  });

  it.each([
    ['a byte order mark and CRLF', '\uFEFFa,b\r\n1,2\r\n3,4\r\n'],
    ['semicolons', 'a;b\n1;2\n3;4\n'],
    ['tabs', 'a\tb\n1\t2\n3\t4'],
    ['quotes and empty lines', '"a","b"\n\n"1",2\n3,"4"\n\n'],
  ])('are read with %s', (_, text) => {
    const { columns, matrix } = readNumericTable(file('t.csv', text));
    expect(columns).toEqual(['a', 'b']);
    expect([...matrix.values]).toEqual([1, 2, 3, 4]);
  });

  it('say what is missing in words of their own, and nothing a terminal would obey', () => {
    const path = file('t.csv', 'a\n\u001b[2J\n');
    expect(() => readNumericTable(path, ['b'])).toThrow(
      new DataError('column_missing', `${path}:1: there is no column "b"`),
    );
    const { status, stderr } = lab('cluster', '--data', path, '--eps', '1', '--min-points', '1');
    expect(status).toBe(1);
    expect(stderr).toBe(`${path}:2: left out: "?[2J" in the column "a" is not a number\n`);
  });

  it('leave out what cannot be read, by line, and know which rows are left', () => {
    const path = file('t.csv', 'a,b,b\n1,2,3\n1,x,3\n1,2\n"4\n",5,\n');
    const { columns, matrix, positions, rows, bad } = readNumericTable(path);
    expect(columns).toEqual(['a', 'b', 'b.2']);
    expect([...matrix.values]).toEqual([1, 2, 3, 4, 5, Number.NaN]);
    expect([...positions]).toEqual([0, 3]);
    expect(rows).toBe(4);
    expect(bad.kept).toEqual([
      { line: 3, reason: '"x" in the column "b" is not a number' },
      { line: 4, reason: '2 cells where the header has 3' },
    ]);
  });
});

describe('lab score', () => {
  const train = () =>
    file('train.csv', `a,b\n${Array.from({ length: 200 }, (_, i) => `${i % 14},${(i * 7) % 13}`).join('\n')}\n`);

  it.each(['isolation-forest', 'lof', 'autoencoder'])(
    '%s: a header, then one score for each row, the same each time',
    (detector) => {
      const score = file('score.csv', 'label,b,a\n0,6,7\n1,60,-70\n0,5,5\n');
      const args = ['score', '--detector', detector, '--train', train(), '--score', score, '--seed', '3'];
      const { status, lines, stdout } = lab(...args);
      expect(status).toBe(0);
      expect(lines).toHaveLength(4);
      expect(lines[0]).toBe('score');
      const [ordinary, odd, other] = lines.slice(1).map(Number);
      expect(odd).toBeGreaterThan(Math.max(ordinary!, other!));
      expect(lab(...args).stdout).toBe(stdout);
    },
  );

  it.each(['isolation-forest', 'lof', 'autoencoder'])('%s: a number as large as there are is anomalous', (detector) => {
    const score = file('score.csv', 'a,b\n6,6\n1e308,-1e308\n');
    const { status, lines } = lab('score', '--detector', detector, '--train', train(), '--score', score);
    expect(status).toBe(0);
    expect(Number.isFinite(Number(lines[2]))).toBe(true);
    expect(Number(lines[2])).toBeGreaterThan(Number(lines[1]));
  });

  it('keeps the place of a row that cannot be scored, names it, and says so by its exit code', () => {
    const score = file('score.csv', 'a,b\n1,2\nx,2\n3,4\n');
    const { status, lines, stderr } = lab('score', '--detector', 'lof', '--train', train(), '--score', score);
    expect(status).toBe(1);
    expect(lines).toHaveLength(4);
    expect(lines[2]).toBe('NaN');
    expect(stderr).toContain(`${score}:3: left out: "x" in the column "a" is not a number`);
  });

  it.each([
    [['--detector', 'magic'], 2, '--detector is one of isolation-forest, lof, autoencoder'],
    [['--detector', 'lof'], 2, '--train FILE and --score FILE'],
    [['--detector', 'lof', '--train', '/nonexistent', '--score', '/nonexistent'], 1, '/nonexistent cannot be read'],
    [['--detector', 'lof', '--train', 'EMPTY', '--score', 'EMPTY'], 1, 'there is no header line'],
    [['--detector', 'lof', '--train', 'HEADER', '--score', 'HEADER'], 1, 'there is no row to learn from'],
    [['--detector', 'lof', '--train', 'GOOD', '--score', 'OTHER'], 1, 'there is no column "a"'],
    [['--detector', 'lof', '--train', 'GOOD', '--score', 'GOOD', '--seed', 'x'], 2, '--seed takes an integer'],
    [['--detector', 'lof', '--train', 'GOOD', '--score', 'GOOD', '--seed', ''], 2, '--seed takes an integer'],
  ])('refuses %j', (args, code, message) => {
    const named: Record<string, string> = {
      EMPTY: file('empty.csv', ''),
      HEADER: file('header.csv', 'a,b\n'),
      GOOD: file('good.csv', 'a,b\n1,2\n'),
      OTHER: file('other.csv', 'c,b\n1,2\n'),
    };
    const { status, stdout, stderr } = lab('score', ...args.map((word) => named[word] ?? word));
    expect(status).toBe(code);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });
});

describe('lab changepoints and lab cluster', () => {
  it('print a header, then an index with its probability, or a label for each row', () => {
    const level = Array.from({ length: 80 }, (_, at) => (at < 40 ? 1 : 5) + (at % 3) / 10);
    const changes = lab('changepoints', '--data', file('s.csv', `value\n${level.join('\n')}\n`));
    expect(changes).toMatchObject({
      status: 0,
      lines: ['index,probability', expect.stringMatching(/^40,[01]\.\d{4}$/)],
    });
    const table = file('c.csv', 'x,y\n0,0\n0,1\nx,1\n9,9\n1,0\n');
    const clusters = lab('cluster', '--data', table, '--eps', '1.1', '--min-points', '3');
    expect(clusters).toMatchObject({ status: 1, lines: ['label', '0', '0', 'NaN', '-1', '0'] });
    expect(clusters.stderr).toContain(`${table}:4: left out`);
  });

  it('read a series beside a column of times, and from standard input', () => {
    const level = Array.from({ length: 80 }, (_, at) => `2024-01-01,${(at < 40 ? 1 : 5) + (at % 3) / 10}`);
    const args = [BIN, 'lab', 'changepoints', '--data', '-'];
    const input = `day,value\n${level.join('\n')}\n`;
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', input });
    expect(stdout).toMatch(/^index,probability\n40,[01]\.\d{4}\n$/);
    expect(stderr).toBe('');
  });

  it.each([
    [['changepoints'], '--data FILE'],
    [['cluster', '--data', 'x'], '--eps takes a distance above 0'],
    [['cluster', '--data', 'x', '--eps', '-1', '--min-points', '1'], '--eps'],
    [['cluster', '--data', 'x', '--eps', '1', '--min-points', '1.5'], '--min-points takes a whole number above 0'],
  ])('refuse %j', (args, message) => {
    expect(lab(...args)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(message) });
  });
});

describe('series with gaps', () => {
  it('are joined by lines, and at the ends by what is nearest', () => {
    const table = readSeries(file('g.csv', 'time,value\na,\nb,1\nc,\nd,x\ne,4\nf,\n'));
    expect(table.columns).toEqual(['value']);
    expect([...joinGaps(table).values]).toEqual([1, 1, 2, 3, 4, 4]);
  });

  it('lab decompose: three columns that add up, of the column that is meant', () => {
    const rows = Array.from({ length: 24 }, (_, at) => `${at},${at + [0, 3, -3][at % 3]!}`);
    const path = file('d.csv', `hour,load\n${rows.join('\n')}\n`);
    const { status, lines } = lab('decompose', '--data', path, '--period', '3');
    expect(status).toBe(0);
    expect(lines[0]).toBe('trend,seasonal,remainder');
    lines.slice(1).forEach((line, at) => {
      const parts = line.split(',').map(Number);
      expect(parts[0]! + parts[1]! + parts[2]!).toBeCloseTo(at + [0, 3, -3][at % 3]!, 9);
    });
    expect(lab('decompose', '--data', path, '--period', '13')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('24 values are less than two seasons of 13'),
    });
    expect(lab('decompose', '--data', path, '--period', '3', '--column', 'x').stderr).toContain('there are hour, load');
    expect(lab('decompose', '--data', path).status).toBe(2);
  });
});

describe('lab predict', () => {
  it('prints what a model of XGBoost says of each row, by the columns it names', () => {
    const model = file('model.json', JSON.stringify(xgboostModel()));
    const rows = file('rows.csv', 'verb,bytes\n1,0.7\n0,x\n,\n');
    const { status, lines, stderr } = lab('predict', '--model', model, '--score', rows);
    expect(status).toBe(1);
    expect(lines[0]).toBe('prediction');
    // The first by hand: ln(1/3) + 0.6 + 0.3 through the logistic function.
    expect(Number(lines[1])).toBeCloseTo(1 / (1 + Math.exp(-(Math.log(1 / 3) + 0.9))), 6);
    expect(lines[2]).toBe('NaN');
    expect(lines).toHaveLength(4);
    expect(stderr).toContain(`${rows}:3: left out`);
  });

  it.each([
    [['predict'], 2, '--model FILE and --score FILE'],
    [['predict', '--model', 'MODEL', '--score', 'OTHER'], 1, 'there is no column "bytes"'],
    [['predict', '--model', 'OTHER', '--score', 'OTHER'], 1, 'not JSON'],
  ])('refuses %j', (args, code, message) => {
    const named: Record<string, string> = {
      MODEL: file('model.json', JSON.stringify(xgboostModel())),
      OTHER: file('other.csv', 'a\n1\n'),
    };
    const { status, stdout, stderr } = lab(...args.map((word) => named[word] ?? word));
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('lab forecast and lab decompose --online', () => {
  const used = () => {
    const rows = Array.from({ length: 60 }, (_, at) => 40 + at / 2 + (at % 4));
    return file('used.csv', `used\n${rows.join('\n')}\n`);
  };

  it('print what is to come with its interval, and when a limit is reached', () => {
    const args = ['--data', used(), '--horizon', '8', '--period', '4', '--limit', '75.5'];
    const { status, lines, stderr } = lab('forecast', ...args);
    expect(status).toBe(0);
    expect(lines).toHaveLength(9);
    expect(lines[0]).toBe('step,expected,lower,upper');
    const [step, expected, lower, upper] = lines[8]!.split(',').map(Number);
    expect(step).toBe(8);
    expect(expected).toBeCloseTo(40 + 67 / 2 + 3, 1);
    expect(lower).toBeLessThanOrEqual(expected!);
    expect(upper).toBeGreaterThanOrEqual(expected!);
    expect(stderr).toBe('75.5 is expected to be reached at step 8, may be at step 8\n');
  });

  it('take each value apart by those before it', () => {
    const { status, lines } = lab('decompose', '--data', used(), '--period', '4', '--online');
    expect(status).toBe(0);
    expect(lines.slice(1, 17)).toEqual(new Array(16).fill(',,'));
    const [trend, seasonal, remainder] = lines[60]!.split(',').map(Number);
    expect(trend! + seasonal! + remainder!).toBeCloseTo(40 + 59 / 2 + 3, 9);
  });

  it.each([
    [['forecast'], 2, '--data FILE'],
    [['forecast', '--data', 'x'], 2, '--horizon takes a whole number from 1'],
    [['forecast', '--data', 'x', '--horizon', '1000000'], 2, '--horizon'],
    [['forecast', '--data', 'x', '--horizon', '1', '--period', '0'], 2, '--period'],
    [['forecast', '--data', 'x', '--horizon', '1', '--confidence', '1'], 2, '--confidence'],
    [['forecast', '--data', 'x', '--horizon', '1', '--limit', 'y'], 2, '--limit takes a number'],
    [['forecast', '--data', 'EMPTY', '--horizon', '1'], 1, 'there is no value'],
    [['decompose', '--data', 'USED', '--period', '16', '--online'], 1, '60 values are less than four seasons of 16'],
  ])('refuse %j', (args, code, message) => {
    const named: Record<string, string> = { EMPTY: file('none.csv', 'a\n\n'), USED: used() };
    const { status, stdout, stderr } = lab(...args.map((word) => named[word] ?? word));
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('lab stream', () => {
  it('prints every row with its score, whatever its time, and names those it cannot read', () => {
    const path = file(
      'stream.csv',
      'timestamp,value\n2024-01-01 00:00:00,1\n2024-01-01 00:00:00,2\n2023-12-31,1\nnow,1\n1704070800,x\n1704070801,\n',
    );
    const { status, lines, stderr } = lab('stream', '--data', path);
    expect(status).toBe(1);
    expect(lines).toEqual([
      'timestamp,value,score',
      expect.stringMatching(/^2024-01-01 00:00:00,1,[01](\.\d+)?$/),
      expect.stringMatching(/^2024-01-01 00:00:00,2,0(\.\d+)?(e-\d+)?$/),
      expect.stringMatching(/^2023-12-31,1,/),
      'now,1,NaN',
      '1704070800,x,NaN',
      '1704070801,,0',
    ]);
    expect(stderr).toContain(`${path}:5: left out: "now" is not a time`);
    expect(stderr).toContain(`${path}:6: left out: "x" in the column "value" is not a number`);
    expect(lab('stream', '--data', file('other.csv', 'a,b,c\n1,2,3\n'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('the header has to name "timestamp" and "value"'),
    });
  });
});

describe('a table with labels', () => {
  it('is of numbers where hardly any cell is none, which is named as a row without a label is; what is infinite is a number', () => {
    const rows = Array.from({ length: 200 }, (_, at) => `${at},${at % 3 ? 'get' : '7'},${at % 2 ? 'good' : 'bad'}`);
    rows[4] = 'oops,get,bad';
    rows[6] = 'Infinity,get,bad';
    rows[8] = '8,get,';
    const { columns, labels, bad } = readLabelled(file('l.csv', `port,verb,verdict\n${rows.join('\n')}\n`), 'verdict');
    expect(columns.map(({ kind }) => kind)).toEqual(['number', 'category']);
    expect(columns[0]!.values[5]).toBe(Number.POSITIVE_INFINITY);
    expect(labels).toHaveLength(198);
    expect(bad.kept).toEqual([
      { line: 6, reason: '"oops" in the column "port" is not a number' },
      { line: 10, reason: 'the column "verdict" is empty' },
    ]);
  });
});

describe('lab classify', () => {
  const train = () =>
    file(
      'known.csv',
      `port,verb,verdict\n${Array.from({ length: 60 }, (_, at) => (at % 2 ? `${at},get,good` : `${at},"put, it",bad`)).join('\n')}\n`,
    );

  it.each(['random-forest', 'boosted-trees'])(
    '%s: the class and its probability, in the order of the rows',
    (detector) => {
      const score = file('new.csv', 'verdict,verb,port\n,get,3\n,"put, it",\n,other,x\n,never seen,3\n');
      const args = ['classify', '--detector', detector, '--train', train(), '--label', 'verdict', '--score', score];
      const { status, lines, stderr } = lab(...args);
      expect(status).toBe(1);
      expect(lines).toEqual([
        'class,probability',
        expect.stringMatching(/^good,[01]\.\d+$/),
        expect.stringMatching(/^bad,[01]\.\d+$/),
        ',NaN',
        expect.stringMatching(/^(good|bad),[01]\.\d+$/),
      ]);
      expect(stderr).toContain(`${score}:4: left out: "x" in the column "port" is not a number`);
    },
  );

  it.each([
    [['--detector', 'svm'], 2, '--detector is one of random-forest, boosted-trees'],
    [['--detector', 'random-forest', '--train', 'x'], 2, '--label COLUMN'],
    [
      ['--detector', 'random-forest', '--train', 'KNOWN', '--label', 'class', '--score', 'KNOWN'],
      1,
      'no column "class"',
    ],
    [
      ['--detector', 'random-forest', '--train', 'KNOWN', '--label', 'verdict', '--score', 'OTHER'],
      1,
      'no column "port"',
    ],
  ])('refuses %j', (args, code, message) => {
    const named: Record<string, string> = { KNOWN: train(), OTHER: file('other.csv', 'a\n1\n') };
    const { status, stdout, stderr } = lab('classify', ...args.map((word) => named[word] ?? word));
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('lab sequence', () => {
  it('prints a score for each line, higher for what does not follow', () => {
    const train = file('train.txt', 'open read close\n'.repeat(50));
    const score = file('score.txt', 'open read close\nclose\topen exec\n\nopen read close');
    const { status, lines } = lab('sequence', '--train', train, '--score', score);
    expect(status).toBe(0);
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe('score');
    expect(Number(lines[2])).toBeGreaterThan(Number(lines[1]));
    expect(lines[4]).toBe(lines[1]);
  });

  it.each([
    [['--train', 'x'], 2, '--train FILE and --score FILE'],
    [['--train', 'EMPTY', '--score', 'EMPTY'], 1, 'there is no sequence to learn from'],
  ])('refuses %j', (args, code, message) => {
    const empty = file('empty.txt', '\n\n');
    const { status, stderr } = lab('sequence', ...args.map((word) => (word === 'EMPTY' ? empty : word)));
    expect(status).toBe(code);
    expect(stderr).toContain(message);
  });
});
