// What an analyst does next, by the tactic of an alert: our own words, shown beside the alert.

const STEPS: Record<string, readonly string[]> = {
  'initial-access': [
    'Is the address one that should log on here? Look at everything about it.',
    'Which account, and what did its session do after the logon? Look at the entity timeline.',
  ],
  'credential-access': [
    'Did one of the attempts succeed? Look for a logon of the same address or user afterwards.',
    'Block the address, and change the password where one succeeded.',
  ],
  execution: [
    'Who started it? Follow the process tree up to a logon or a service.',
    'Take the hash of the image and hunt it on every host.',
  ],
  persistence: [
    'What was added: an account, a key, a unit, a cron entry? Compare with what was deployed.',
    'Hunt the same path and hash on every host before removing it here.',
  ],
  'privilege-escalation': [
    'Which account became root, by which program? Look at what ran before in the same session.',
    'Is the program or the sudo rule meant to allow it?',
  ],
  'defense-evasion': [
    'What was hidden, and since when is the log of this host not whole? See the losses of the agent.',
    'Export evidence now: what was sent is proven even where the host was cleaned.',
  ],
  discovery: ['Was it a person or a tool of operations? Look at the parent and the terminal.'],
  'lateral-movement': [
    'From where to where? Look at the other host in the same minutes.',
    'Which credentials were used on both?',
  ],
  collection: ['What was read, and did it leave? Look at connections of the same process.'],
  'command-and-control': [
    'Isolate the host, or block the address, and keep the process for memory.',
    'Hunt the address on every host.',
  ],
  exfiltration: ['How much left, to where? Look at bytes sent by the process.', 'Block the destination.'],
  impact: ['Stop it first: isolate the host.', 'Then export evidence and follow the story back.'],
};

const ALWAYS = 'Close it with a verdict: triage learns from each.';

/** Sentences, at most six. */
export function nextSteps(tactics: readonly string[]): string[] {
  const steps = tactics.flatMap((tactic) => STEPS[tactic] ?? []);
  return [...new Set(steps)].slice(0, 5).concat(ALWAYS);
}
