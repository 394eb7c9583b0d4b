import type { Framework } from '../framework.ts';

/** AICPA Trust Services Criteria 2017 (points of focus of 2022). */
export const SOC2: Framework = {
  title: 'SOC 2, Trust Services Criteria (2017, revised 2022)',
  controls: [
    {
      id: 'CC4.1',
      title: 'Monitoring of controls',
      asks: 'It is evaluated whether controls are there and work.',
      facts: ['agents', 'losses', 'refusals', 'host_audit'],
      notShown: 'Who reviewed these figures.',
    },
    {
      id: 'CC6.1',
      title: 'Logical access',
      asks: 'Access to information is restricted by identities, keys and boundaries.',
      facts: ['authentication', 'operators', 'transport', 'keys'],
      notShown: 'Access to systems without an agent, and whether each right was needed.',
    },
    {
      id: 'CC6.2',
      title: 'Accounts are authorised',
      asks: 'Accounts are registered before they are used, and removed when no longer needed.',
      facts: ['accounts', 'audit'],
      notShown: 'The approval behind each account.',
    },
    {
      id: 'CC6.3',
      title: 'Changes of rights',
      asks: 'Rights follow roles, least privilege and separation of duties.',
      facts: ['accounts', 'privileged'],
      notShown: 'Which role a person has.',
    },
    {
      id: 'CC6.6',
      title: 'Threats from outside',
      asks: 'Systems are protected against access from outside their boundaries.',
      facts: ['authentication', 'failing_users', 'alerts'],
      notShown: 'Firewalls and networks.',
    },
    {
      id: 'CC6.7',
      title: 'Data on the way',
      asks: 'Data are protected while they are transmitted.',
      facts: ['transport', 'certificates', 'keys'],
      notShown: 'Transmission of anything but what this system collects.',
    },
    {
      id: 'CC6.8',
      title: 'Unauthorised software',
      asks: 'Unauthorised or malicious software is prevented or detected.',
      facts: ['files', 'alerts'],
      notShown: 'Prevention: this system detects.',
    },
    {
      id: 'CC7.1',
      title: 'Changes of configuration',
      asks: 'Changes that bring vulnerabilities are detected.',
      facts: ['files', 'host_audit', 'exceptions'],
      notShown: 'Scans for vulnerabilities.',
    },
    {
      id: 'CC7.2',
      title: 'Anomalies',
      asks: 'Systems are watched for what may be an attack or a failure.',
      facts: ['events', 'losses', 'alerts', 'agents'],
      notShown: 'What no rule speaks of.',
    },
    {
      id: 'CC7.3, CC7.4',
      title: 'Evaluation and response',
      asks: 'Events are evaluated, and incidents handled by a defined programme.',
      facts: ['alerts', 'handling', 'incidents', 'audit_chain'],
      notShown: 'The programme itself, and what was done outside this system.',
    },
  ],
};
