import type { Framework } from '../framework.ts';

/** 45 CFR Part 164, subpart C. */
export const HIPAA: Framework = {
  title: 'HIPAA Security Rule, 45 CFR 164 subpart C',
  controls: [
    {
      id: '164.308(a)(1)(ii)(D)',
      title: 'Review of system activity',
      asks: 'Audit logs, access reports and incidents are reviewed regularly.',
      facts: ['alerts', 'handling', 'audit'],
      notShown: 'Review of what raised no alert.',
    },
    {
      id: '164.308(a)(5)(ii)(C)',
      title: 'Log-in monitoring',
      asks: 'Attempts to log in are watched and discrepancies reported.',
      facts: ['authentication', 'failing_users'],
      notShown: 'Log-ins to applications with health records.',
    },
    {
      id: '164.308(a)(6)(ii)',
      title: 'Response and reporting',
      asks: 'Security incidents are found, answered and documented.',
      facts: ['incidents', 'handling', 'alerts'],
      notShown: 'Which incident was a breach of health information, and who was notified.',
    },
    {
      id: '164.312(a)(1)',
      title: 'Access control',
      asks: 'Only those with rights have access.',
      facts: ['accounts', 'privileged', 'operators'],
      notShown: 'Rights within applications.',
    },
    {
      id: '164.312(b)',
      title: 'Audit controls',
      asks: 'Activity in systems with health information is recorded and examined.',
      facts: ['events', 'agents', 'losses', 'audit_chain'],
      notShown: 'Which hosts hold health information.',
    },
    {
      id: '164.312(c)(1)',
      title: 'Integrity',
      asks: 'Health information is protected from improper alteration or destruction.',
      facts: ['files', 'heads'],
      notShown: 'Records inside databases.',
    },
    {
      id: '164.312(d)',
      title: 'Authentication',
      asks: 'Whoever asks for access is who they claim to be.',
      facts: ['authentication', 'transport'],
      notShown: 'How persons proved who they are.',
    },
    {
      id: '164.312(e)(1)',
      title: 'Transmission',
      asks: 'Health information is guarded while transmitted.',
      facts: ['transport', 'keys', 'certificates'],
      notShown: 'Transmission by anything but this system.',
    },
    {
      id: '164.316(b)(2)(i)',
      title: 'Six years',
      asks: 'Documentation is kept for six years.',
      facts: ['retention_settings', 'retention'],
      notShown: 'Policies and procedures themselves.',
    },
  ],
};
