import { ConfigError, readConfig } from '@threatguard/proto/config';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const schema = z.strictObject({
  listen: z.string().default('127.0.0.1:7443'),
  database: z.strictObject({ url: z.url().optional(), poolMax: z.int().min(1).default(4) }).prefault({}),
});

function read(text: string, environment: Record<string, string> = {}) {
  const overrides = { THREATGUARD_DATABASE_URL: 'database.url', THREATGUARD_LISTEN: 'listen' };
  return readConfig(schema, { file: 'collector.yaml', text, environment, overrides });
}

describe('configuration', () => {
  it('has its defaults without a file', () => {
    expect(read('')).toEqual({ listen: '127.0.0.1:7443', database: { poolMax: 4 } });
  });

  it('is overridden by the environment', () => {
    const config = read('listen: 0.0.0.0:1', {
      THREATGUARD_LISTEN: '[::1]:7000',
      THREATGUARD_DATABASE_URL: 'postgres://x/y',
    });
    expect(config).toEqual({ listen: '[::1]:7000', database: { url: 'postgres://x/y', poolMax: 4 } });
  });

  it.each([
    [
      'a key of no meaning, with the nearest one',
      'listen: a\ndatabase:\n  poolmax: 3\n',
      'collector.yaml:3: database.poolmax: there is no such key; did you mean "poolMax"?',
    ],
    [
      'a key far from every other, with those that are valid',
      'colour: blue\n',
      'collector.yaml:1: colour: there is no such key; valid: listen, database',
    ],
    ['a value of the wrong type, with its line', '\n\nlisten: 5\n', 'collector.yaml:3: listen:'],
    ['a value out of range', 'database:\n  poolMax: 0\n', 'collector.yaml:2: database.poolMax:'],
    ['text that is not YAML, with its line', 'listen: "a\n', 'collector.yaml:'],
    ['a list where keys belong', '- a\n', 'collector.yaml:1: the file:'],
  ])('refuses %s', (_name, text, message) => {
    expect(() => read(text)).toThrow(ConfigError);
    expect(() => read(text)).toThrow(message);
  });

  it('names the variable when an override is wrong', () => {
    expect(() => read('', { THREATGUARD_DATABASE_URL: 'not a url' })).toThrow('environment THREATGUARD_DATABASE_URL');
  });
});
